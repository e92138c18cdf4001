"""An image that an archive has, or should have."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solarflare.sources.live.http import addresses
from solarflare.sun.images.instruments import Instrument

SDO: tuple[Instrument, ...] = ("hmi", "aia171", "aia193", "aia211")

SDO_IMAGE_BYTES = {512: 4e4, 1024: 2e5, 4096: 2.5e6}
"""By the side in pixels, measured at 512; the others are orders of magnitude."""


@dataclass(frozen=True)
class Frame:
    """An image: its instrument, its time (UTC), its origin as ``archive/YYYY/MM/DD/name``, and its addresses."""

    instrument: Instrument
    time: np.datetime64
    origin: str
    urls: tuple[str, ...]

    @property
    def source(self) -> str:
        """The name of the archive."""
        return self.origin.partition("/")[0]

    @property
    def path(self) -> str:
        """The path in the raw data."""
        return f"images/{self.instrument}/{self.origin.partition('/')[2]}"


def filed_by_day(source: str, instrument: Instrument, time: dt.datetime, name: str, folders: Sequence[str]) -> Frame:
    """Return the frame of a file in a day's folder; `folders` are the addresses of that folder at the mirrors."""
    urls = tuple(addresses.join(folder, name) for folder in folders)
    return Frame(instrument, np.datetime64(time, "s"), f"{source}/{time:%Y/%m/%d}/{name}", urls)
