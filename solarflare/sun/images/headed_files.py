"""Reads FITS and JPEG 2000 files: the header by astropy and sunpy, the pixels as a browse image, north up.

`headers.has_header` looks at a file's first bytes. Only for such files is this module imported, and with it astropy's
and sunpy's readers: a JPEG does not wait for them.
"""

import datetime as dt
import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from lxml import etree
from PIL import Image
from scipy import ndimage

from solarflare.sun.images import brightness, headers
from solarflare.sun.images.brightness import SATURATION, Pixels
from solarflare.sun.images.disk import EDGE_RADIUS, Disk
from solarflare.sun.images.headers import FITS, GZIP, JPEG_2000, LARGEST_SIDE, TOO_LARGE, Header, Stamp, Unusable
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

if TYPE_CHECKING:
    from sunpy.map import GenericMap

LARGEST_FILE = 400_000_000  # bytes, unpacked: 4096 x 4096 numbers of 64 bit, thrice

NEGLIGIBLE_ROLL = 0.1
"""Degrees. A smaller roll moves the limb by less than 0.2 % of the radius, less than a fit of the disk errs."""

FEWEST_VALUES = 0.95  # of the pixels of the disk; the others have no value
FEWEST_OF_A_SIGN = 0.05  # of the pixels of the disk: a line-of-sight field has both signs
SAME_SKY = 0.01  # of all pixels: so many of one value, from the corner on, are no measurement

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SunImage:
    """An image of the Sun, north up, with what its header says.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        Grey for a magnetogram, RGB for an EUV image. The first row is the top one.
    stamp : Stamp
        Instrument and time.
    disk : Disk
        The Sun's disk by the header, in pixels of `pixels`; ``fitted`` is False.
    """

    pixels: Pixels
    stamp: Stamp
    disk: Disk


def read_stamp(file: Path | BinaryIO, instrument: Instrument | None = None, time: dt.datetime | None = None) -> Stamp:
    """Return instrument and time of a file with a header; see `headers.stamp`, which also says what is refused."""
    header, _ = _open(file, pixels=False)
    with _reported():
        return headers.stamp(header, instrument, time)


def size(file: Path | BinaryIO) -> tuple[int, int]:
    """Return width and height in pixels of the image in a file with a header."""
    header, _ = _open(file, pixels=False)
    return int(header["NAXIS1"]), int(header["NAXIS2"])


def read(
    file: Path | BinaryIO,
    instrument: Instrument | None = None,
    time: dt.datetime | None = None,
    saturation: float = SATURATION,
) -> SunImage:
    """Return the image in a file with a header.

    Parameters
    ----------
    file : Path or binary file
        FITS (the first two-dimensional image in it; plain, gzipped or compressed by tiles) or JPEG 2000 with
        Helioviewer's header.
    instrument, time : str and datetime, optional
        What the file's name, or the table of images, says.
    saturation : float
        Gauss: the field from which a magnetogram is black or white. JPEG 2000 files are grey already.

    Raises
    ------
    Unusable
        If the file is broken, the header contradicts the name or lacks what is needed, or it is another product.
    """
    header, data = _open(file, pixels=True)
    with _reported():
        stamp = headers.stamp(header, instrument, time)
        values, disk = _north_up(header, data, stamp)
        if data.dtype == np.uint8:
            grey = np.nan_to_num(values).astype(np.uint8)
        elif stamp.instrument in MAGNETOGRAPHS:
            grey = _magnetogram(values, disk, EDGE_RADIUS[stamp.instrument], saturation)
        else:
            _require_values(~np.isnan(values), disk)
            grey = brightness.counts_to_grey(
                np.nan_to_num(values), stamp.instrument, headers.exposure(header), stamp.time
            )
    euv = stamp.instrument not in MAGNETOGRAPHS
    return SunImage(brightness.colours(grey, stamp.instrument) if euv else grey, stamp, disk)


@contextmanager
def _reported() -> Iterator[None]:
    """Turn what astropy and sunpy raise on a broken header into Unusable; silence what they warn of."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise Unusable(f"its header cannot be understood ({' '.join(str(error).split())})") from None


def _open(file: Path | BinaryIO, pixels: bool) -> tuple[Header, npt.NDArray[Any]]:
    """Return the header and, if `pixels`, the pixels in the order of FITS: the first row is the bottom one."""
    if headers.start(file).startswith(JPEG_2000):
        return _open_jpeg_2000(file, pixels)
    return _open_fits(file, pixels)


def _open_fits(file: Path | BinaryIO, pixels: bool) -> tuple[Header, npt.NDArray[Any]]:
    from astropy.io import fits

    content = headers.content(file)
    try:
        if content.startswith(GZIP):
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise Unusable("more bytes than any image of the Sun has")
        if not content.startswith(FITS):
            raise Unusable("not an image, but another file in gzip")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(io.BytesIO(content)) as hdus:
                hdu = next((hdu for hdu in hdus if hdu.is_image and len(hdu.shape) == 2), None)
                if hdu is None:
                    raise Unusable("a FITS file without a two-dimensional image")
                if max(hdu.shape) > LARGEST_SIDE:
                    raise Unusable(TOO_LARGE)
                info = hdu.fileinfo()
                if info["datLoc"] + info["datSpan"] > len(content):
                    raise Unusable("a truncated FITS file")
                header = {str(key): value for key, value in hdu.header.items() if key not in ("COMMENT", "HISTORY", "")}
                return header, np.asarray(hdu.data, dtype=np.float64) if pixels else np.empty((0, 0))
    except (OSError, EOFError, zlib.error, fits.VerifyError, ValueError, TypeError, LookupError) as error:
        raise Unusable(f"a broken FITS file ({' '.join(str(error).split())})") from None


def _open_jpeg_2000(file: Path | BinaryIO, pixels: bool) -> tuple[Header, npt.NDArray[Any]]:
    content = headers.content(file)
    try:
        header = _xml_header(content)
        with Image.open(io.BytesIO(content), formats=("JPEG2000",)) as image:
            if max(image.size) > LARGEST_SIDE:
                raise Unusable(TOO_LARGE)
            if image.mode != "L":
                raise Unusable(f"JPEG 2000 of mode {image.mode} instead of L")
            header = dict(header) | {"NAXIS1": image.width, "NAXIS2": image.height}
            return header, np.asarray(image)[::-1] if pixels else np.empty((0, 0), np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unusable(f"a broken or truncated JPEG 2000 file ({error})") from None


def _xml_header(content: bytes) -> Header:
    """Return the FITS header in the XML box of Helioviewer's JPEG 2000 (boxes: ISO/IEC 15444-1, annex I)."""
    place = 0
    while place + 8 <= len(content):
        length, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if kind == b"xml ":
            box = content[place + 8 : place + length if length else None]
            root = etree.fromstring(box.strip(b"\0 \n"), etree.XMLParser(resolve_entities=False, recover=True))
            of_fits = root.find(".//fits") if root is not None else None
            if of_fits is not None:
                return {str(element.tag).upper(): _typed(element.text or "") for element in of_fits}
        if length < 8:  # 0: up to the end; 1: a longer length follows, and no header is so long
            break
        place += length
    raise Unusable("JPEG 2000 without Helioviewer's header, so instrument, time and roll are not known")


def _typed(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _north_up(header: Header, data: npt.NDArray[Any], stamp: Stamp) -> tuple[Values, Disk]:
    """Return the pixels with north up, the top row first, and the disk by the header; NaN where there is no value."""
    height, width = data.shape
    if stamp.instrument == "gong":
        return data[::-1], _gong_disk(header, height)
    headers.require_pixels(header)
    turned = _map(header, _blank_like(data), stamp)
    angle = float(np.degrees(np.arctan2(*turned.rotation_matrix[::-1, 0])))
    if abs(angle) > 90:  # half a turn is exact; what is left is small
        data, angle = data[::-1, ::-1], angle - np.copysign(180, angle)
        flipped = {"CRPIX1": width + 1 - header["CRPIX1"], "CRPIX2": height + 1 - header["CRPIX2"]}
        matrix = {key for key in header if key.startswith(("PC", "CD1_", "CD2_"))}
        header = {key: value for key, value in header.items() if key not in matrix} | flipped | {"CROTA2": angle}
        turned = _map(header, _blank_like(data), stamp)
    rows = columns = 0
    if abs(angle) > NEGLIGIBLE_ROLL:
        turned = _map(header, data.astype(np.float64), stamp).rotate(order=1, missing=np.nan, recenter=False)
        data = turned.data
        rows, columns = (data.shape[0] - height) // 2, (data.shape[1] - width) // 2  # the turned map is larger
    x, y, radius = _place(turned)
    values = data[rows : rows + height, columns : columns + width][::-1]
    return values, Disk(round(x - columns, 2), round(height - 1 - (y - rows), 2), round(radius, 2), fitted=False)


def _map(header: Header, data: npt.NDArray[Any], stamp: Stamp) -> "GenericMap":
    """Return sunpy's map of an image, with the keys filled in that old headers lack."""
    from sunpy import log
    from sunpy.map import Map

    filled = {"CUNIT1": "arcsec", "CUNIT2": "arcsec", "WAVEUNIT": "angstrom"} | dict(header)
    filled |= {"DATE-OBS": f"{stamp.time:%Y-%m-%dT%H:%M:%S}", "CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN"}
    filled.pop("TIMESYS", None)
    if (angle := headers.roll(header)) is not None:
        filled["CROTA2"] = angle
    log.setLevel("ERROR")  # it says, for each image, what it fills in
    return Map(data, {key.lower(): value for key, value in filled.items()})


def _blank_like(data: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return zeros of the shape of some data, without their memory: enough for a map that tells only the place."""
    return np.broadcast_to(np.float32(0), data.shape)


def _place(sun_map: "GenericMap") -> tuple[float, float, float]:
    """Return centre (0-based, from the bottom left) and radius of the disk in a map's pixels."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    centre = sun_map.world_to_pixel(SkyCoord(0 * u.arcsec, 0 * u.arcsec, frame=sun_map.coordinate_frame))
    scale = (sun_map.scale[0].to_value(u.arcsec / u.pix) + sun_map.scale[1].to_value(u.arcsec / u.pix)) / 2
    return float(centre.x.value), float(centre.y.value), float(sun_map.rsun_obs.to_value(u.arcsec) / scale)


def _gong_disk(header: Header, height: int) -> Disk:
    """Return the disk by GONG's own keys: its images are north up, and CDELT1 is 0 or missing."""
    try:
        x, y = float(header["CRPIX1"]), float(header["CRPIX2"])
        radius = (float(header["FNDLMBMA"]) + float(header["FNDLMBMI"])) / 2
    except (KeyError, TypeError, ValueError):
        raise Unusable("its header has no CRPIX1, CRPIX2, FNDLMBMA and FNDLMBMI, so the disk is not known") from None
    return Disk(round(x - 1, 2), round(height - y, 2), round(radius, 2), fitted=False)


def _magnetogram(values: Values, disk: Disk, edge: float, saturation: float) -> Pixels:
    """Return a field's grey levels: the sky is black, and a pixel of the disk without a value has no field.

    The sky is what has no value, or one and the same value, from the edge of the image on. If there is no such sky, it
    is what is further than `edge` solar radii from the centre of the disk by the header.
    """
    empty = np.isnan(values)
    sky = _around(empty)
    if not sky.any():
        filling = values == values[0, 0]
        sky = _around(filling) if filling.mean() >= SAME_SKY else ~_within(values.shape, disk, edge)
    _require_values(~empty, disk)
    on_disk = values[_within(values.shape, disk) & ~empty & ~sky]
    if on_disk.size == 0 or min((on_disk > 0).mean(), (on_disk < 0).mean()) < FEWEST_OF_A_SIGN:
        raise Unusable("its values have one sign, and a line-of-sight field has both")
    grey = brightness.field_to_grey(np.nan_to_num(values), saturation)
    grey[sky] = 0
    return grey


def _require_values(there: npt.NDArray[np.bool_], disk: Disk) -> None:
    """Raise Unusable if too few pixels of the disk have a value."""
    of_disk = there[_within(there.shape, disk)]
    if of_disk.size == 0:
        raise Unusable("its header places the disk outside of the image")
    if (share := of_disk.mean()) < FEWEST_VALUES:
        raise Unusable(f"only {share:.0%} of the disk's pixels have a value")


def _within(shape: tuple[int, ...], disk: Disk, radii: float = 0.98) -> npt.NDArray[np.bool_]:
    """Return which pixels lie within some solar radii of the centre; the rim of the disk, beyond 0.98, may be cut."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (columns - disk.x) ** 2 + (rows - disk.y) ** 2 < (radii * disk.radius) ** 2


def _around(marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the marked pixels that are connected to the edge of the image."""
    labels, _ = ndimage.label(np.pad(marked, 1, constant_values=True))
    return (labels == labels[0, 0])[1:-1, 1:-1] & marked
