"""What a live source is, and how its module registers it: with one of the three decorators below."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.images.frames import Frame
from solarflare.sources.live.lists import coverage
from solarflare.sources.live.lists.coverage import Span
from solarflare.sources.live.lists.report import Flare, Region, flare_table, region_table
from solarflare.sun.images.instruments import Instrument

Frames = Callable[[Fetcher, Sequence[str], Instrument, dt.datetime, int], list[Frame]]
"""Returns the frames of an instrument that an archive has around a time.

It takes a fetcher, the base addresses of the mirrors (best first), the instrument, the time (UTC) and the side of the
image in pixels, where the archive has several. The frame next to the time is among those that it returns, however far
it is. It raises Absent if the archive has nothing there, Refused if it refuses requests.
"""

FlareReader = Callable[
    [Fetcher, Sequence[str], dt.datetime, dt.datetime], tuple[Iterable[Flare] | pd.DataFrame, list[Span]]
]
RegionReader = Callable[[Fetcher, Sequence[str], dt.datetime, dt.datetime], tuple[Iterable[Region], list[Span]]]
"""Return the rows of a list from a start to an end (UTC, excluded), and in the order of time where it is complete.

An absent report or a host that refuses is a span with the reason. Flares outside of [start, end) are dropped later. Of
regions the report at the end is kept too: flares are placed by the reports before and after.
"""


@dataclass(frozen=True)
class ImageArchive:
    """An archive of images.

    Attributes
    ----------
    frames : Frames
        Returns the frames around a time.
    instruments : tuple of str
        Whose images it has.
    listing_bytes : float
        The size of the listing that is requested before an image, 0 if none is; an order of magnitude.
    image_bytes : mapping of int to float
        The size of an image by its side in pixels.
    """

    frames: Frames
    instruments: tuple[Instrument, ...]
    listing_bytes: float
    image_bytes: Mapping[int, float]


@dataclass(frozen=True)
class Collected:
    """The rows of a list (`tables.FLARES` or `tables.REGIONS`), and where it is complete (`tables.COVERAGE`)."""

    rows: pd.DataFrame
    coverage: pd.DataFrame


Collect = Callable[[Fetcher, Sequence[str], np.datetime64, np.datetime64], Collected]

IMAGES: dict[str, ImageArchive] = {}
FLARES: dict[str, Collect] = {}
REGIONS: dict[str, Collect] = {}


def image_archive(
    name: str, *, instruments: tuple[Instrument, ...], listing_bytes: float, image_bytes: Mapping[int, float]
) -> Callable[[Frames], Frames]:
    """Register an archive of images; see `ImageArchive`."""

    def register(frames: Frames) -> Frames:
        IMAGES[name] = ImageArchive(frames, instruments, listing_bytes, image_bytes)
        return frames

    return register


def flare_list(name: str) -> Callable[[FlareReader], Collect]:
    """Register a list of flares."""

    def register(read: FlareReader) -> Collect:
        def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
            rows, spans = read(fetcher, bases, to_datetime(start), to_datetime(end))
            table = rows if isinstance(rows, pd.DataFrame) else flare_table(rows, name)
            within = table[(table["start"] >= start) & (table["start"] < end)].reset_index(drop=True)
            return Collected(within, coverage.table(name, spans, table))

        FLARES[name] = collect
        return collect

    return register


def region_list(name: str) -> Callable[[RegionReader], Collect]:
    """Register daily reports of regions."""

    def register(read: RegionReader) -> Collect:
        def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
            rows, spans = read(fetcher, bases, to_datetime(start), to_datetime(end))
            return Collected(region_table(rows, name), coverage.table("regions", spans))

        REGIONS[name] = collect
        return collect

    return register


def to_datetime(time: np.datetime64) -> dt.datetime:
    """Return a time as Python's own type, to the second."""
    return time.astype("datetime64[s]").item()
