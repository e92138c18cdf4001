"""An image that an archive has, or is thought to have."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from solarflare.sources.live.http import addresses
from solarflare.sun.images.instruments import Instrument


@dataclass(frozen=True)
class Frame:
    """One image: who took it and when (UTC), where it comes from by name, and at which addresses it is."""

    instrument: Instrument
    time: np.datetime64
    origin: str
    urls: tuple[str, ...]

    @property
    def source(self) -> str:
        """The archive that has it."""
        return self.origin.partition("/")[0]

    @property
    def path(self) -> str:
        """Where it lies in the raw data."""
        _, year, month, day, name = self.origin.split("/")
        return f"images/{self.instrument}/{year}/{month}/{day}/{name}"


def filed_by_day(source: str, instrument: Instrument, time: dt.datetime, name: str, folders: list[str]) -> Frame:
    """Return the frame of a file in a day's folder.

    Parameters
    ----------
    source : str
        What the archive is called.
    instrument : str
        Who took it.
    time : datetime
        When, UTC.
    name : str
        Of the file: nothing but a name, without separators.
    folders : list of str
        The addresses of the folder at the archive's mirrors.
    """
    return Frame(
        instrument,
        np.datetime64(time, "s"),
        f"{source}/{time:%Y/%m/%d}/{name}",
        tuple(addresses.join(folder, name) for folder in folders),
    )
