"""Image files, with the instrument and the time of each."""

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from PIL import Image

from solarflare.core.errors import InputError
from solarflare.core.files import sha256
from solarflare.core.paths import RAW_IMAGES
from solarflare.sources.common import filenames
from solarflare.sources.common.identity import identify
from solarflare.sun.images import headers, imaging, usable
from solarflare.sun.images.brightness import SATURATION
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import INSTRUMENTS, Instrument

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class ImageFile:
    """An image file. Instrument and time (UTC) are None if neither the file nor the caller tells them.

    `unknown` is then the reason.
    """

    path: Path
    instrument: Instrument | None
    time: pd.Timestamp | None
    unknown: str = field(default="", kw_only=True)

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the file, in hexadecimal; None for an image that is no file."""
        return sha256(self.path)

    def refusal(self, instrument: Instrument) -> str | None:
        """Return why this is not a usable image of an instrument, or None if it is usable."""
        return usable.refusal(self.path, instrument, self.time)

    def rgb(self, saturation: float = SATURATION) -> Pixels:
        """Return the pixels, (H, W, 3) uint8. `saturation`, in gauss, is for magnetograms in FITS."""
        return imaging.decode(self.path, "RGB", self.instrument, self.time, saturation)


@dataclass(frozen=True)
class ImageArray(ImageFile):
    """An image in memory, (H, W) or (H, W, 3) uint8. Its `path` is only a name."""

    pixels: Pixels = field(compare=False)

    @property
    def digest(self) -> str | None:
        """None: an array is no file."""
        return None

    def refusal(self, instrument: Instrument) -> str | None:
        """Return why this is not a usable image of an instrument, or None if it is usable."""
        if max(self.pixels.shape) > headers.LARGEST_SIDE:
            return headers.TOO_LARGE
        content = BytesIO()  # only for the checks of size and colour, which expect a JPEG file
        Image.fromarray(self.pixels).save(content, "JPEG")
        return usable.refusal(content, instrument)

    def rgb(self, saturation: float = SATURATION) -> Pixels:
        """Return the pixels, (H, W, 3) uint8."""
        return np.asarray(Image.fromarray(self.pixels).convert("RGB"))


def from_array(name: str, pixels: Any, instrument: str | None, time: dt.datetime | None) -> ImageArray:
    """Return the image that an array holds.

    Parameters
    ----------
    name : str
        What answers and errors call the array.
    pixels : (H, W) or (H, W, 3) uint8
        A full-disk image with north up, from its top row to its bottom row, as Pillow decodes a JPEG file.
    instrument, time : str and datetime
        The instrument, and the time (UTC).

    Raises
    ------
    InputError
        If the instrument or the time is missing, the instrument is not known, or the array is no such image.
    """
    if instrument is None or time is None:
        raise InputError(f"{name} does not tell instrument and time; give both, such as instrument='aia211'")
    _check_instrument(instrument)
    if pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (3,)) or pixels.ndim < 2 or not pixels.size:
        raise InputError(
            f"{name} is {pixels.dtype} of shape {pixels.shape}; expected an image, uint8 of shape (H, W) or (H, W, 3)"
        )
    return ImageArray(Path(name), cast("Instrument", instrument), pd.Timestamp(time), np.ascontiguousarray(pixels))


def find_images(
    paths: Iterable[Path], instrument: str | None = None, time: dt.datetime | None = None
) -> list[ImageFile]:
    """Return the images of files and folders.

    Parameters
    ----------
    paths : iterable of Path
        Files, and folders that are searched for images at any depth.
    instrument, time : str and datetime, optional
        The instrument and the time (UTC) of all images; by default the images' headers or names tell them. An image
        whose header or name contradicts them is not usable.

    Raises
    ------
    InputError
        If a path does not exist, a folder has no image, or the instrument is not known.
    """
    if instrument is not None:
        _check_instrument(instrument)
    images = []
    for path in chain.from_iterable(map(_files, paths)):
        identity = identify(path, cast("Instrument | None", instrument), time)
        named = filenames.parse(path.name)
        if named and time and abs(named.time - time) >= MINUTE:
            other = f"its name says {named.time:%Y-%m-%d %H:%M}, and --time says {time:%Y-%m-%d %H:%M}"
            images.append(ImageFile(path, None, None, unknown=other))
        elif stamp := identity.stamp:
            images.append(ImageFile(path, stamp.instrument, pd.Timestamp(stamp.time)))
        else:
            images.append(ImageFile(path, None, None, unknown=identity.reason))
    return images


def _check_instrument(name: str) -> None:
    if name not in INSTRUMENTS:
        raise InputError(f"the instrument is {name!r}; expected one of {', '.join(INSTRUMENTS)}")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} does not exist; name images, or folders of images")
    files = sorted(file for file in path.rglob("*") if filenames.is_image(file.name) and file.is_file())
    if not files:
        raise InputError(f"{path} has no JPEG, PNG, FITS or JPEG 2000 file; name a folder of images of the Sun")
    return files


def simulated_hashes() -> set[str]:
    """Return the SHA-256 of the images in ``data/raw/`` that show the simulated Sun; none without a list of images.

    All other images are taken to be of the real Sun. Copies are recognised in any folder.

    Raises
    ------
    InputError
        If the list of images is broken.
    """
    if not RAW_IMAGES.is_file():
        return set()
    try:
        with RAW_IMAGES.open(newline="", encoding="utf-8") as file:
            return {row["sha256"] for row in csv.DictReader(file) if row["origin"].startswith("simulated/")}
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error):
        raise InputError(f"{RAW_IMAGES} is no table of images with sha256 and origin; `dvc repro scrape`") from None
