"""FITS and JPEG 2000 files with the headers that the observatories write, drawn around a disk that is known."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits
from PIL import Image
from scipy.ndimage import gaussian_filter

from solarflare.sun.images.disk import EDGE_RADIUS, Disk

Field = npt.NDArray[np.float64]

HMI = {
    "TELESCOP": "SDO/HMI",
    "INSTRUME": "HMI_SIDE1",
    "CONTENT": "MAGNETOGRAM",
    "BUNIT": "Gauss",
    "DATE-OBS": "2017-03-01T00:00:00.000",
    "T_OBS": "2017.03.01_00:00:37_TAI",
    "CTYPE1": "HPLN-TAN",
    "CTYPE2": "HPLT-TAN",
    "CUNIT1": "arcsec",
    "CUNIT2": "arcsec",
    "CRVAL1": 0.0,
    "CRVAL2": 0.0,
    "CROTA2": 0.0,
    "RSUN_OBS": 968.0,
    "DSUN_OBS": 148_200_000_000.0,
    "CRLN_OBS": 100.0,
    "CRLT_OBS": -7.2,
    "RSUN_REF": 696_000_000.0,
}
AIA = HMI | {
    "TELESCOP": "SDO/AIA",
    "INSTRUME": "AIA_2",
    "WAVELNTH": 211,
    "CONTENT": "",
    "BUNIT": "DN",
    "EXPTIME": 2.9,
    "DATE-OBS": "2014-02-01T12:00:00.000",
    "T_OBS": "2014-02-01T12:00:01Z",
    "RSUN_OBS": 974.0,
}
MDI_OF_SOLARMONITOR = {
    "TELESCOP": "SOHO",
    "INSTRUME": "MDI",
    "OBS_MODE": "FD_Magnetogram_Sum",
    "DATE-OBS": "28-Jul-2009 01:36:00.000",
    "CTYPE1": "solar-x",
    "CTYPE2": "solar-y",
    "CRVAL1": 0.0,
    "CRVAL2": 0.0,
    "P_ANGLE": 180.0,
    "RSUN_OBS": 954.0,
}
GONG = {
    "TELESCOP": "NSO-GONG",
    "ORIGIN": "National Solar Observatory -- GONG",
    "IMTYPE": "MAGNETIC",
    "BUNIT": "Gauss",
    "DATE-OBS": "2009/09/05",
    "TIME-OBS": "21:54:14.000",
    "CTYPE1": "GONGX",
    "CTYPE2": "GONGY",
    "CDELT1": 0.0,
    "CDELT2": 0.0,
}
"""Headers as the field has them: JSOC's HMI and AIA, SolarMonitor's MDI, GONG's own."""

WIDTH = 512
DISK = Disk(257.3, 253.1, 240.0, fitted=False)
AIA_DISK = Disk(257.3, 253.1, 203.0, fitted=False)
GONG_DISK = Disk(424.2, 419.5, 376.0, fitted=False)


def field(width: int = WIDTH, disk: Disk = DISK, sky: float = np.nan, edge: float = 1.0) -> Field:
    """Return a line-of-sight field in gauss, north up, the top row first: weak noise, and a spot.

    The field ends `edge` solar radii from the centre; `sky` is beyond. The spot, strong and positive, is half a radius
    north and a third of a radius east of the centre.
    """
    y, x = np.mgrid[:width, :width]
    noise = gaussian_filter(np.random.default_rng(3).normal(0, 60, (width, width)), 1)
    spot = np.hypot(x - (disk.x - disk.radius / 3), y - (disk.y - disk.radius / 2)) < disk.radius / 20
    values = np.where(spot, 900.0, noise)
    return np.where(np.hypot(x - disk.x, y - disk.y) <= edge * disk.radius, values, sky)


def counts(width: int = WIDTH, disk: Disk = AIA_DISK) -> Field:
    """Return AIA's counts (DN), north up: a bright limb, a fading corona, and a bright region in the north-east."""
    y, x = np.mgrid[:width, :width]
    away = np.hypot(x - disk.x, y - disk.y) / disk.radius
    limb = away / EDGE_RADIUS["aia211"]
    values = np.where(limb < 1, 150 + 300 * limb**8, 450 * np.exp(-(limb - 1) * 12)) + 1
    return values + 2000 * np.exp(-((x - disk.x + disk.radius / 3) ** 2 + (y - disk.y + disk.radius / 2) ** 2) / 200)


def place(header: dict[str, Any], disk: Disk, width: int = WIDTH) -> dict[str, Any]:
    """Return a header that says where the disk is, for an image with north up."""
    centre = {"CRPIX1": disk.x + 1, "CRPIX2": width - disk.y}
    if header["TELESCOP"] == "NSO-GONG":
        return header | centre | {"FNDLMBMA": disk.radius, "FNDLMBMI": disk.radius}
    scale = header["RSUN_OBS"] / disk.radius
    return header | centre | {"CDELT1": scale, "CDELT2": scale}


def half_turned(header: dict[str, Any], width: int = WIDTH) -> dict[str, Any]:
    """Return the header of the same image, turned by 180 degrees as JSOC's are."""
    return header | {"CRPIX1": width + 1 - header["CRPIX1"], "CRPIX2": width + 1 - header["CRPIX2"], "CROTA2": 180.0}


def write(path: Path, values: npt.NDArray[Any], header: dict[str, Any], compressed: bool = False) -> Path:
    """Write an image, the top row first, as FITS; by the ending of the name gzipped, or else compressed by tiles."""
    cards = fits.Header(list(header.items()))
    hdus: list[Any] = [fits.PrimaryHDU(values[::-1], cards)]
    if compressed:
        hdus = [fits.PrimaryHDU(), fits.CompImageHDU(values[::-1].astype(np.float32), cards, compression_type="RICE_1")]
    content = io.BytesIO()
    fits.HDUList(hdus).writeto(content)
    packed = gzip.compress(content.getvalue()) if path.suffix == ".gz" else content.getvalue()
    path.write_bytes(packed)
    return path


def write_jpeg_2000(path: Path, grey: npt.NDArray[np.uint8], header: dict[str, Any] | None) -> Path:
    """Write a grey image as JPEG 2000, with Helioviewer's XML box unless `header` is None."""
    content = io.BytesIO()
    Image.fromarray(grey).save(content, "JPEG2000")
    jp2 = content.getvalue()
    if header is not None:
        cards = "".join(f"<{key}>{value}</{key}>\n" for key, value in header.items())
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<meta>\n<fits>\n{cards}</fits>\n</meta>'.encode()
        box = (len(xml) + 8).to_bytes(4, "big") + b"xml " + xml
        after_signature_and_type = 12 + int.from_bytes(jp2[12:16], "big")
        jp2 = jp2[:after_signature_and_type] + box + jp2[after_signature_and_type:]
    path.write_bytes(jp2)
    return path
