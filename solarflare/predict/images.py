"""Which images are asked about: files and folders, and what their names, or the caller, say of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.files import sha256
from solarflare.sources.common import filenames
from solarflare.sun.images.instruments import Instrument

SIMULATED = "simulated/"
"""How the origin of the simulated Sun's images begins."""


@dataclass(frozen=True)
class Asked:
    """An image, whose it is and when it was taken (UTC); None where neither its name nor the caller says so."""

    path: Path
    instrument: Instrument | None
    time: pd.Timestamp | None


def listed(paths: Iterable[Path], instrument: str | None = None, time: dt.datetime | None = None) -> list[Asked]:
    """Return the images of files and folders.

    Parameters
    ----------
    paths : iterable of Path
        Files, and folders that are searched for JPEG files at any depth.
    instrument : str, optional
        Of all of them, instead of what their names say.
    time : datetime, optional
        Of all of them, UTC, instead of what their names say.

    Raises
    ------
    InputError
        If a path is not there, a folder holds no JPEG file, or there is no such instrument.
    """
    if instrument is not None and instrument not in tables.INSTRUMENTS:
        raise InputError(f"--instrument is {instrument!r}; expected one of {', '.join(tables.INSTRUMENTS)}")
    asked = []
    for path in chain.from_iterable(map(_files, paths)):
        stamp = filenames.parse(path.name)
        taken = time or (stamp.time if stamp else None)
        whose = cast("Instrument | None", instrument) or (stamp.instrument if stamp else None)
        asked.append(Asked(path, whose, None if taken is None else pd.Timestamp(taken)))
    return asked


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} is not there; name images, or folders of images")
    files = sorted(file for file in path.rglob("*") if filenames.is_jpeg(file.name) and file.is_file())
    if not files:
        raise InputError(f"{path} holds no JPEG file; name a folder of images of the Sun")
    return files


class Simulated:
    """The images of the simulated Sun: those that ``data/raw/images.csv`` lists as such, wherever a copy lies.

    Every other image is of the real Sun: no pixel is asked, and nobody has to remember where a
    file is from.

    Parameters
    ----------
    raw : Path
        The folder of the raw data; where it has no list, no image is simulated.
    """

    def __init__(self, raw: Path) -> None:
        listing = raw / "images.csv"
        images = tables.read(listing, tables.IMAGES) if listing.is_file() else tables.empty(tables.IMAGES)
        self._digests = set(images.loc[images["origin"].str.startswith(SIMULATED), "sha256"])

    def __contains__(self, path: Path) -> bool:
        """Tell whether a file's bytes are those of such an image."""
        return bool(self._digests) and sha256(path) in self._digests
