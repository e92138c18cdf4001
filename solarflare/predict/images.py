"""Image files, with the instrument and the time of each."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.paths import RAW_IMAGES
from solarflare.sources.common import filenames
from solarflare.sun.images.instruments import Instrument


@dataclass(frozen=True)
class ImageFile:
    """An image file. Instrument and time (UTC) are None if neither the file's name nor the caller tells them."""

    path: Path
    instrument: Instrument | None
    time: pd.Timestamp | None


def find_images(
    paths: Iterable[Path], instrument: str | None = None, time: dt.datetime | None = None
) -> list[ImageFile]:
    """Return the images of files and folders.

    Parameters
    ----------
    paths : iterable of Path
        Files, and folders that are searched for JPEG files at any depth.
    instrument, time : str and datetime, optional
        The instrument and the time (UTC) of all images; by default the images' names tell them.

    Raises
    ------
    InputError
        If a path does not exist, a folder has no JPEG file, or the instrument is not known.
    """
    if instrument is not None and instrument not in tables.INSTRUMENTS:
        raise InputError(f"--instrument is {instrument!r}; expected one of {', '.join(tables.INSTRUMENTS)}")
    images = []
    for path in chain.from_iterable(map(_files, paths)):
        stamp = filenames.parse(path.name)
        image_time = time or (stamp.time if stamp else None)
        image_instrument = cast("Instrument | None", instrument or (stamp.instrument if stamp else None))
        images.append(ImageFile(path, image_instrument, None if image_time is None else pd.Timestamp(image_time)))
    return images


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} does not exist; name images, or folders of images")
    files = sorted(file for file in path.rglob("*") if filenames.is_jpeg(file.name) and file.is_file())
    if not files:
        raise InputError(f"{path} has no JPEG file; name a folder of images of the Sun")
    return files


def simulated_hashes() -> set[str]:
    """Return the SHA-256 of the images in ``data/raw/`` that show the simulated Sun; none without a list of images.

    All other images are taken to be of the real Sun. Copies are recognised in any folder.
    """
    if not RAW_IMAGES.is_file():
        return set()
    images = tables.read(RAW_IMAGES, tables.IMAGES)
    return set(images.loc[images["origin"].str.startswith("simulated/"), "sha256"])
