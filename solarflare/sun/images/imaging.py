"""Decode an image, blank what is printed on it, cut it, resize it."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from solarflare.core.errors import InputError
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

Pixels = npt.NDArray[np.uint8]

GONG_SHAPE = (860, 860)
MODES: dict[Instrument, tuple[str, ...]] = {
    "gong": ("L",),
    "hmi": ("L", "RGB"),
    "aia171": ("RGB",),
    "aia193": ("RGB",),
    "aia211": ("RGB",),
}
"""Modes of the instruments' JPEGs: some archives give HMI's grey images in three equal channels."""

SMALLEST_SIDE = 256
"""Pixels: a smaller image is a thumbnail."""

LARGEST_SIDE = 4096
TOO_LARGE = "more pixels than any image of the Sun has"
"""SDO's cameras have 4096 x 4096 pixels; more would fill the memory."""

PRINTED: dict[Instrument, tuple[tuple[float, float, float, float], ...]] = {
    "gong": ((8 / 860, 8 / 860, 96 / 860, 96 / 860), (8 / 860, 808 / 860, 256 / 860, 856 / 860)),
    "hmi": ((0.0, 0.96, 0.31, 1.0),),
    "aia171": ((0.0, 0.90625, 0.5, 1.0),),
    "aia193": ((0.0, 0.90625, 0.5, 1.0),),
    "aia211": ((0.0, 0.90625, 0.5, 1.0),),
}
"""Boxes that hold what is printed: left, top, right, bottom, in shares of width and height.

Whole JPEG blocks (8 px, 16 px of colour), since a printed edge rings through its block. GONG: compass x and y 10 to 88,
caption x 10 to 251, y 810 to 849. AIA's browse images: two forms, the lower 8 % and, in 2010, the row above.
"""

SKY = 0.98
"""Solar radii beyond which a magnetogram holds nothing of the Sun: the edge is ragged from 0.98 to 0.99."""

CAPTION_WEST = 0.02
"""Solar radii west of the disk's centre that AIA's caption box reaches: 0.012 on 338 images, where it lies from 1.02
radii south."""

MAGNETIC_FIELD_OF_VIEW = 1.0
EUV_FIELD_OF_VIEW = 1.15
"""Half-widths of the full-disk image in solar radii: to the limb, and with the inner corona, without the caption."""


def fill_value(instrument: Instrument) -> int:
    """Return the grey level of what is blanked: no field (128) for magnetograms, no light (0) for EUV images."""
    return 128 if instrument in MAGNETOGRAPHS else 0


def refusal(file: Path | BinaryIO, instrument: Instrument) -> str | None:
    """Return why a file cannot serve as an image of an instrument, or None if it can.

    Parameters
    ----------
    file : Path or binary file
        It is decoded in full.
    instrument : str
        Whose image it should be.
    """
    try:
        with Image.open(file) as image:
            if image.format != "JPEG":
                return f"not a JPEG but {image.format}"
            if image.mode not in MODES[instrument]:
                return f"mode {image.mode} instead of {MODES[instrument][0]}"
            width, height = image.size
            if instrument == "gong" and (height, width) != GONG_SHAPE:
                return f"{width} x {height} pixels instead of 860 x 860"
            if width != height or width < SMALLEST_SIDE:
                return f"{width} x {height} pixels instead of a square of at least {SMALLEST_SIDE}"
            if width > LARGEST_SIDE:
                return TOO_LARGE
            image.load()
    except UnidentifiedImageError:
        return "not an image"
    except Image.DecompressionBombError:
        return TOO_LARGE
    except (OSError, SyntaxError, ValueError) as error:
        return "truncated" if "truncated" in str(error) else f"cannot be decoded ({error})"
    return None


def decode(path: Path, mode: str) -> Pixels:
    """Return an image's pixels.

    Parameters
    ----------
    path : Path
        A JPEG file.
    mode : str
        ``"L"``: grey, by luminance if the file is in colour; ``"RGB"``: three channels.

    Returns
    -------
    (H, W) or (H, W, 3) uint8

    Raises
    ------
    InputError
        If it cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be decoded ({error}); remove or replace it and run `dvc repro`") from None


def grey(image: Pixels) -> Pixels:
    """Return the luminance, (H, W) uint8, of an image in grey or RGB."""
    return np.asarray(Image.fromarray(image).convert("L"))


def printed_boxes(instrument: Instrument, shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Return the rows and columns of the boxes that hold what is printed on an image of this shape."""
    height, width = shape[:2]
    return [
        (slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width)))
        for left, top, right, bottom in PRINTED[instrument]
    ]


def printed(instrument: Instrument, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Tell which pixels, (H, W) bool, of an image of this shape lie in the boxes that hold what is printed."""
    result = np.zeros(shape[:2], dtype=bool)
    for box in printed_boxes(instrument, shape):
        result[box] = True
    return result


def without_print(image: Pixels, instrument: Instrument) -> Pixels:
    """Return an image with the printed boxes black, so that its disk can be fitted."""
    result = image.copy()
    for box in printed_boxes(instrument, image.shape):
        result[box] = 0
    return result


def masked(instrument: Instrument, shape: tuple[int, ...], disk: Disk) -> npt.NDArray[np.bool_]:
    """Tell which pixels of an image are blanked: the printed boxes and what lies around them.

    Of a magnetogram that is all the sky. Of an EUV image it is the south-eastern sky below the disk: a box at a fixed
    place of the image would lie elsewhere on a crop as the Earth's distance changes, and tell the season.

    Parameters
    ----------
    instrument : str
        Of the image.
    shape : tuple of int
        Height and width in pixels.
    disk : Disk
        Where the Sun is in it.

    Returns
    -------
    (H, W) bool
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    west, south = (columns - disk.x) / disk.radius, (rows - disk.y) / disk.radius
    hidden = west**2 + south**2 > SKY**2 if instrument in MAGNETOGRAPHS else (west < CAPTION_WEST) & (south > 1)
    return hidden | printed(instrument, shape)


def blank(image: Pixels, instrument: Instrument, disk: Disk) -> Pixels:
    """Return an image, (H, W) or (H, W, 3) uint8, with what `masked` names set to the instrument's `fill_value`."""
    result = image.copy()
    result[masked(instrument, image.shape, disk)] = fill_value(instrument)
    return result


def disk_image(image: Pixels, instrument: Instrument, disk: Disk, width: int, blanked: bool = True) -> Pixels:
    """Return the full disk, centred, at a radius that does not follow the Earth's distance; or the image as received.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
        Of which it is a part.
    instrument : str
        Whose field of view and fill value count.
    disk : Disk
        Where the Sun is in it.
    width : int
        Side of the result in pixels.
    blanked : bool
        Whether what is printed is gone from the image. If not, all of the image is returned, as others do who do not
        look for the disk: the print stands where it always stands.

    Returns
    -------
    (width, width) or (width, width, 3) uint8
    """
    fill = fill_value(instrument)
    if not blanked:
        height, breadth = image.shape[:2]
        return square(image, (breadth - 1) / 2, (height - 1) / 2, max(height, breadth) / 2, width, fill)
    return square(image, disk.x, disk.y, field_of_view(instrument) * disk.radius, width, fill)


def field_of_view(instrument: Instrument) -> float:
    """Return half the side of a full disk's crop, in solar radii."""
    return MAGNETIC_FIELD_OF_VIEW if instrument in MAGNETOGRAPHS else EUV_FIELD_OF_VIEW


def square(image: Pixels, x: float, y: float, half: float, width: int, fill: int) -> Pixels:
    """Return a square of an image, resized with antialiasing.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
        Of which it is a part.
    x, y : float
        Its centre in pixels, 0-based from the centre of the top left pixel.
    half : float
        Half its side, in pixels of the image.
    width : int
        Side of the result in pixels.
    fill : int
        Grey level of what lies outside the image.

    Returns
    -------
    (width, width) or (width, width, 3) uint8
    """
    # Pillow counts from the corner of the first pixel.
    left, top, right, bottom = x + 0.5 - half, y + 0.5 - half, x + 0.5 + half, y + 0.5 + half
    height, breadth = image.shape[:2]
    margin = int(np.ceil(max(0, -left, -top, right - breadth, bottom - height)))
    if margin:
        image = np.pad(image, [(margin, margin)] * 2 + [(0, 0)] * (image.ndim - 2), constant_values=fill)
    box = (left + margin, top + margin, right + margin, bottom + margin)
    return np.asarray(Image.fromarray(image).resize((width, width), Image.Resampling.BILINEAR, box=box))
