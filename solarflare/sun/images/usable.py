"""Tells why a file is not a usable image of an instrument."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd
import simplejpeg
from PIL import Image, UnidentifiedImageError

from solarflare.sun.images import imaging
from solarflare.sun.images.brightness import SATURATION
from solarflare.sun.images.disk import Disk, fit_disk
from solarflare.sun.images.headers import LARGEST_SIDE, TOO_LARGE, Unusable, content, has_header
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

if TYPE_CHECKING:
    from solarflare.sun.images.headed_files import SunImage

FORMATS = ("JPEG", "PNG")  # of files without a header; see `has_header` for the others
GONG_SHAPE = (860, 860)
MODES: dict[Instrument, tuple[str, ...]] = {
    "gong": ("L",),
    "hmi": ("L", "RGB"),
    "mdi": ("L", "RGB"),
    "aia171": ("RGB",),
    "aia193": ("RGB",),
    "aia211": ("RGB",),
}
"""Pillow modes of each instrument's JPEG and PNG files. Some archives store HMI's grey images as three equal
channels."""

MOST_COLOUR = 8
"""Grey levels by which the channels of a magnetogram may differ on average."""

DISAGREEMENT = 0.02
"""Radii by which the disk of the header and that of the pixels may differ. The fit errs by 0.5 % at most."""

SMALLEST_SIDE = 256
"""Pixels: a smaller image is a thumbnail."""


LEAST_SPREAD = 1.0
"""Grey levels: a row with a smaller standard deviation has no image. In 1,520 images of SDO, 5 of GONG and 80 of the
simulated Sun, the rows and columns of `MIDDLE` have at least 2.2, but for those of one broken image."""

MIDDLE = 0.6  # half of the side of a square inside the disk, in radii


def refusal(file: Path | BinaryIO, instrument: Instrument, time: dt.datetime | None = None) -> str | None:
    """Return why a file is not a usable image of an instrument, or None if it is usable.

    Parameters
    ----------
    file : Path or binary file
        JPEG, PNG, FITS or JPEG 2000. The whole image is decoded.
    instrument : str
        The expected instrument.
    time : datetime, optional
        The expected time (UTC). A header may contradict it.
    """
    try:
        return _refusal(file, instrument, time)
    except Unusable as reason:
        return str(reason)
    except UnidentifiedImageError:
        return what_else(file)
    except Image.DecompressionBombError:
        return TOO_LARGE
    except (OSError, SyntaxError, ValueError) as error:
        return "truncated" if "truncated" in str(error) else f"cannot be decoded ({error})"


def missing_part(grey: Pixels, disk: Disk) -> str | None:
    """Return which rows or columns across the disk have no image; None if all have one.

    Parameters
    ----------
    grey : (H, W) uint8
        The image.
    disk : Disk
        Where the disk is. It is inside the image.
    """
    reach = int(MIDDLE * disk.radius)
    top, left = round(disk.y) - reach, round(disk.x) - reach
    middle = grey[top : top + 2 * reach, left : left + 2 * reach]
    for what, axis, first in (("rows", 1, top), ("columns", 0, left)):
        blank = np.flatnonzero(middle.std(axis=axis) < LEAST_SPREAD)
        if len(blank):
            return f"{what} {first + blank[0]} to {first + blank[-1]} have one grey level, so a part of it is missing"
    return None


def _refusal(file: Path | BinaryIO, instrument: Instrument, time: dt.datetime | None) -> str | None:
    if has_header(file):
        image = imaging.read_with_header(file, instrument, time, SATURATION)
        height, width = image.pixels.shape[:2]
        return _wrong_shape(width, height, instrument) or _misplaced(image)
    with Image.open(file) as picture:
        if picture.format not in FORMATS:
            return f"not a JPEG, PNG, FITS or JPEG 2000 file but {picture.format}"
        if picture.mode not in MODES[instrument]:
            return f"mode {picture.mode} instead of {MODES[instrument][0]}"
        if reason := _wrong_shape(*picture.size, instrument):
            return reason
        if picture.format == "JPEG":
            try:
                # Pillow accepts a JPEG of which a part is missing, and fills the rest of the image.
                simplejpeg.decode_jpeg(content(file), colorspace="GRAY", strict=True)
            except ValueError:
                picture.load()  # if Pillow refuses it too, its reason is the better one
                raise
        else:
            picture.load()
        if instrument in MAGNETOGRAPHS and picture.mode == "RGB" and _is_coloured(picture):
            return f"coloured, and a magnetogram of {instrument} is grey"
    return None


def _wrong_shape(width: int, height: int, instrument: Instrument) -> str | None:
    if instrument == "gong" and (height, width) != GONG_SHAPE:
        return f"{width} x {height} pixels instead of 860 x 860"
    if width != height or width < SMALLEST_SIDE:
        return f"{width} x {height} pixels instead of a square of at least {SMALLEST_SIDE}"
    return TOO_LARGE if width > LARGEST_SIDE else None


def _is_coloured(picture: Image.Image) -> bool:
    """Return whether the channels of an RGB image differ by more than JPEG's rounding."""
    channels = np.asarray(picture.resize((64, 64), Image.Resampling.BOX), dtype=np.int16)
    return float(np.ptp(channels, axis=2).mean()) > MOST_COLOUR


def _misplaced(image: "SunImage") -> str | None:
    """Return how the disk that is fitted to the pixels contradicts the disk of the header; None if it does not."""
    instrument, time = image.stamp
    fit, said = (
        fit_disk(imaging.without_annotations(imaging.grey(image.pixels), instrument), instrument, pd.Timestamp(time)),
        image.disk,
    )
    apart = max(np.hypot(fit.x - said.x, fit.y - said.y), abs(fit.radius - said.radius))
    if not fit.fitted or apart <= DISAGREEMENT * said.radius:
        return None
    places = [f"({disk.x:.0f}, {disk.y:.0f}) with a radius of {disk.radius:.0f} pixels" for disk in (said, fit)]
    return f"its header places the disk at {places[0]}, and its pixels at {places[1]}"


def what_else(file: Path | BinaryIO) -> str:
    """Return what a file is that is no image."""
    start = file.read_bytes()[:512] if isinstance(file, Path) else b""
    page = start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head"))
    return "a web page, not an image" if page else "not an image"
