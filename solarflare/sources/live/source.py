"""The types of live sources. A module registers its source with one of the three decorators below."""

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.lists.report import Flare, Region, Rows, Span, coverage_table, flare_table, region_table
from solarflare.sun.images import usable
from solarflare.sun.images.instruments import Instrument

SDO: tuple[Instrument, ...] = ("hmi", "aia171", "aia193", "aia211")
# Bytes of an image, by its side in pixels. That of 512 is measured, the other two are orders of magnitude.
SDO_IMAGE_BYTES = {512: 4e4, 1024: 2e5, 4096: 2.5e6}


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


def image(fetcher: Fetcher, frame: Frame, *, keep: bool = True) -> bytes:
    """Return an image that can be decoded; `keep` and the errors are those of `Fetcher.get`."""
    time = to_datetime(frame.time)
    return fetcher.get(frame.urls, lambda file: usable.refusal(io.BytesIO(file), frame.instrument, time), keep=keep)


Frames = Callable[[Fetcher, Bases, Instrument, dt.datetime, int], list[Frame]]
"""A function that returns an archive's frames of an instrument around a time, among them the nearest, however far.

It takes a fetcher, the base addresses of the mirrors (best first), the instrument, the time (UTC) and the side of the
image in pixels. It raises Absent if the archive has no image there, and Refused if the archive refuses requests."""

FlareReader = Callable[[Fetcher, Bases, dt.datetime, dt.datetime], Rows[Flare] | tuple[pd.DataFrame, list[Span]]]
RegionReader = Callable[[Fetcher, Bases, dt.datetime, dt.datetime], Rows[Region]]
"""Functions that return the rows of a list from a start to an end (UTC, excluded), and where the list is complete.

If a report is absent or the host refuses requests, that time is a span with the reason. Flares outside of [start, end)
are dropped later. A region report at the end is kept too: a region is placed by the reports before and after a time."""


@dataclass(frozen=True)
class ImageArchive:
    """An archive of images of some instruments, and the sizes of its answers (orders of magnitude).

    `listing_bytes`: the size of the listing that is requested before an image; 0 if no listing is requested.
    `image_bytes`: the size of an image, by its side in pixels.
    `by_path`: whether the address of an image is its path below the archive's address.
    """

    frames: Frames
    instruments: tuple[Instrument, ...]
    listing_bytes: float
    image_bytes: Mapping[int, float]
    by_path: bool = True


@dataclass(frozen=True)
class Collected:
    """The rows of a list (`tables.FLARES` or `tables.REGIONS`), and where it is complete (`tables.COVERAGE`)."""

    rows: pd.DataFrame
    coverage: pd.DataFrame


Collect = Callable[[Fetcher, Bases, np.datetime64, np.datetime64], Collected]

IMAGES: dict[str, ImageArchive] = {}
FLARES: dict[str, Collect] = {}
REGIONS: dict[str, Collect] = {}


def image_archive(
    name: str,
    *,
    instruments: tuple[Instrument, ...],
    listing_bytes: float,
    image_bytes: Mapping[int, float],
    by_path: bool = True,
) -> Callable[[Frames], Frames]:
    """Register an archive of images; see `ImageArchive`."""

    def register(frames: Frames) -> Frames:
        IMAGES[name] = ImageArchive(frames, instruments, listing_bytes, image_bytes, by_path)
        return frames

    return register


def flare_list(name: str) -> Callable[[FlareReader], Collect]:
    """Register a list of flares."""

    def register(read: FlareReader) -> Collect:
        def collect(fetcher: Fetcher, bases: Bases, start: np.datetime64, end: np.datetime64) -> Collected:
            rows, spans = read(fetcher, bases, to_datetime(start), to_datetime(end))
            table = rows if isinstance(rows, pd.DataFrame) else flare_table(rows, name)
            within = table[(table["start"] >= start) & (table["start"] < end)].reset_index(drop=True)
            return Collected(within, coverage_table(name, spans, table))

        FLARES[name] = collect
        return collect

    return register


def region_list(name: str) -> Callable[[RegionReader], Collect]:
    """Register daily reports of regions."""

    def register(read: RegionReader) -> Collect:
        def collect(fetcher: Fetcher, bases: Bases, start: np.datetime64, end: np.datetime64) -> Collected:
            rows, spans = read(fetcher, bases, to_datetime(start), to_datetime(end))
            return Collected(region_table(rows, name), coverage_table("regions", spans))

        REGIONS[name] = collect
        return collect

    return register


def to_datetime(time: np.datetime64) -> dt.datetime:
    """Return a time as Python's own type, to the second."""
    return time.astype("datetime64[s]").item()
