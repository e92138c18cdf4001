"""Decode an image, blank the annotations printed on it, cut a square and resize it."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from solarflare.core.errors import InputError
from solarflare.sun.images.brightness import SATURATION
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.headers import Unusable, has_header
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

if TYPE_CHECKING:
    from solarflare.sun.images.headed_files import SunImage

Pixels = npt.NDArray[np.uint8]
ORIENTATION = Base.Orientation

ANNOTATIONS: dict[Instrument, tuple[tuple[float, float, float, float], ...]] = {
    "gong": ((8 / 860, 8 / 860, 96 / 860, 96 / 860), (8 / 860, 808 / 860, 256 / 860, 856 / 860)),
    "hmi": ((0.0, 0.96, 0.31, 1.0),),
    "mdi": (),
    "aia171": ((0.0, 0.90625, 0.5, 1.0),),
    "aia193": ((0.0, 0.90625, 0.5, 1.0),),
    "aia211": ((0.0, 0.90625, 0.5, 1.0),),
}
"""Boxes around the printed annotations: left, top, right, bottom, as fractions of width and height.

They are whole JPEG blocks (8 px, 16 px of colour), because a printed edge rings through its block. GONG: compass x and
y 10 to 88, caption x 10 to 251, y 810 to 849. AIA's browse images: caption in the lower 8 %, in 2010 the row above.
"""

SKY = 0.98
"""Distance from the disk's centre, in solar radii, beyond which a magnetogram is blanked: its edge is ragged from 0.98
to 0.99."""

CAPTION_WEST = 0.02
"""Western end of AIA's caption box, in solar radii west of the disk's centre. On 338 images it is at 0.012, and the box
begins 1.02 radii south of the centre."""

MAGNETIC_FIELD_OF_VIEW = 1.0
EUV_FIELD_OF_VIEW = 1.15
"""Half-widths of the full-disk crop in solar radii: up to the limb, and up to the inner corona, without the caption."""


def fill_value(instrument: Instrument) -> int:
    """Return the grey level of blanked pixels: zero field (128) in magnetograms, no light (0) in EUV images."""
    return 128 if instrument in MAGNETOGRAPHS else 0


def read_with_header(
    file: Path | BinaryIO, instrument: Instrument | None, time: dt.datetime | None, saturation: float
) -> "SunImage":
    """Return an image with a header, by `headed_files.read`."""
    # Imported here, so that a JPEG does not wait for astropy's and sunpy's readers.
    from solarflare.sun.images import headed_files

    return headed_files.read(file, instrument, time, saturation)


def decode(
    path: Path,
    mode: str,
    instrument: Instrument | None = None,
    time: dt.datetime | None = None,
    saturation: float = SATURATION,
) -> Pixels:
    """Return an image's pixels, north up.

    Parameters
    ----------
    path : Path
        A JPEG, PNG, FITS or JPEG 2000 file. One that its EXIF data call turned is turned.
    mode : str
        ``"L"``: grey (the luminance of a colour image); ``"RGB"``: three channels.
    instrument, time : str and datetime, optional
        What the image's name tells; only files with a header use them, for what the header lacks.
    saturation : float
        Gauss: the field from which a magnetogram in FITS is black or white.

    Returns
    -------
    (H, W) or (H, W, 3) uint8

    Raises
    ------
    InputError
        If the file cannot be decoded.
    """
    try:
        if has_header(path):
            pixels = read_with_header(path, instrument, time, saturation).pixels
            return np.asarray(Image.fromarray(pixels).convert(mode))
        with Image.open(path) as image:
            turned = ImageOps.exif_transpose(image) if image.getexif().get(ORIENTATION, 1) != 1 else image
            return np.asarray(turned if turned.mode == mode else turned.convert(mode))  # `convert` copies
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Unusable) as error:
        raise InputError(f"{path} cannot be decoded ({error}); remove or replace it and run `dvc repro`") from None


def size(file: Path | BinaryIO) -> tuple[int, int]:
    """Return width and height in pixels of a usable image."""
    if has_header(file):
        from solarflare.sun.images import headed_files

        return headed_files.size(file)
    with Image.open(file) as image:
        return image.size


def grey(image: Pixels) -> Pixels:
    """Return the luminance, (H, W) uint8, of a grey or RGB image; of a grey image, itself."""
    return image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))


def annotation_boxes(instrument: Instrument, shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Return the rows and columns of the boxes around the annotations of an image of this shape."""
    height, width = shape[:2]
    return [
        (slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width)))
        for left, top, right, bottom in ANNOTATIONS[instrument]
    ]


def annotation_mask(instrument: Instrument, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return which pixels of an image of this shape lie in the boxes around its annotations, (H, W) bool."""
    result = np.zeros(shape[:2], dtype=bool)
    for box in annotation_boxes(instrument, shape):
        result[box] = True
    return result


def without_annotations(image: Pixels, instrument: Instrument) -> Pixels:
    """Return a copy of an image with black boxes over its annotations, so that the disk can be fitted."""
    result = image.copy()
    for box in annotation_boxes(instrument, image.shape):
        result[box] = 0
    return result


def blanked_pixels(instrument: Instrument, shape: tuple[int, ...], disk: Disk) -> npt.NDArray[np.bool_]:
    """Return which pixels of an image are blanked: the annotations, and part of the sky.

    In a magnetogram the whole sky is blanked. In an EUV image the sky south-east of the disk is blanked, and not only
    the caption's box. The disk's size changes with the Earth's distance, so the box alone would reveal the season.

    Parameters
    ----------
    instrument : str
        Instrument of the image.
    shape : tuple of int
        Height and width in pixels.
    disk : Disk
        The Sun's disk in the image.

    Returns
    -------
    (H, W) bool
    """
    result = np.zeros(shape[:2], dtype=bool)
    _blank(result, instrument, disk, True)
    return result


def blank(image: Pixels, instrument: Instrument, disk: Disk) -> Pixels:
    """Return an image, (H, W) or (H, W, 3) uint8, with its `blanked_pixels` set to the instrument's `fill_value`."""
    result = image.copy()
    _blank(result, instrument, disk, fill_value(instrument))
    return result


def _blank(image: npt.NDArray[Any], instrument: Instrument, disk: Disk, value: int) -> None:
    """Set the `blanked_pixels` of an image."""
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    west, south = (columns - disk.x) / disk.radius, (rows - disk.y) / disk.radius
    if instrument in MAGNETOGRAPHS:
        image[west**2 > SKY**2 - south**2] = value
    else:
        image[np.count_nonzero(south <= 1) :, : np.count_nonzero(west < CAPTION_WEST)] = value
    for box in annotation_boxes(instrument, image.shape):
        image[box] = value


def disk_image(image: Pixels, instrument: Instrument, disk: Disk, width: int, blanked: bool = True) -> Pixels:
    """Return the full disk, centred and with a radius independent of the Earth's distance, or the image as it is.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
        The whole image.
    instrument : str
        Gives the field of view and the fill value.
    disk : Disk
        The Sun's disk in the image.
    width : int
        Side of the result in pixels.
    blanked : bool
        True if the annotations of `image` are blanked. False returns the whole image, in which the annotations keep
        their place, as in studies that do not locate the disk.

    Returns
    -------
    (width, width) or (width, width, 3) uint8
    """
    fill = fill_value(instrument)
    if not blanked:
        height, breadth = image.shape[:2]
        return square(
            Image.fromarray(image), (breadth - 1) / 2, (height - 1) / 2, max(height, breadth) / 2, width, fill
        )
    return square(Image.fromarray(image), disk.x, disk.y, field_of_view(instrument) * disk.radius, width, fill)


def field_of_view(instrument: Instrument) -> float:
    """Return half the side of a full disk's crop, in solar radii."""
    return MAGNETIC_FIELD_OF_VIEW if instrument in MAGNETOGRAPHS else EUV_FIELD_OF_VIEW


def square(image: Image.Image, x: float, y: float, half: float, width: int, fill: int) -> Pixels:
    """Return a square of an image, resized with antialiasing.

    Parameters
    ----------
    image : Image
        The whole image, grey or RGB.
    x, y : float
        Centre of the square in pixels, 0-based from the centre of the top left pixel.
    half : float
        Half the side of the square, in pixels of the image.
    width : int
        Side of the result in pixels.
    fill : int
        Grey level of the part of the square outside the image.

    Returns
    -------
    (width, width) or (width, width, 3) uint8
    """
    # Pillow counts from the corner of the first pixel, not from its centre.
    left, top, right, bottom = x + 0.5 - half, y + 0.5 - half, x + 0.5 + half, y + 0.5 + half
    margin = int(np.ceil(max(0, -left, -top, right - image.width, bottom - image.height)))
    if margin:
        image = ImageOps.expand(image, margin, fill if image.mode == "L" else (fill,) * 3)
    box = (left + margin, top + margin, right + margin, bottom + margin)
    return np.asarray(image.resize((width, width), Image.Resampling.BILINEAR, box=box))
