"""The rows of a report, and the tables of the raw contract made of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.flares import MIDNIGHT

MAX_SHOWN = 100
"""Characters of an unreadable row that a message shows."""


class Flare(NamedTuple):
    """A flare of a list; see `tables.FLARES`."""

    start: dt.datetime
    peak: dt.datetime | None
    end: dt.datetime | None
    goes_class: str
    noaa_ar: int | None = None
    latitude: float | None = None
    longitude: float | None = None


class Region(NamedTuple):
    """A region of a report; see `tables.REGIONS`."""

    time: dt.datetime
    noaa_ar: int
    latitude: float
    longitude: float
    area: float | None
    mcintosh: str
    mag_type: str
    spots: int | None


Row = TypeVar("Row")


@dataclass
class Report(Generic[Row]):
    """The content of a report.

    Attributes
    ----------
    rows : list of Flare or Region
        In the order of the report.
    unreadable : list of str
        The texts of rows that cannot be read. Each could be a flare, so a report with one is not complete.
    """

    rows: list[Row] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, row: Row | None, text: object) -> None:
        """Add a row, or its text if it cannot be read."""
        if row is None:
            self.unreadable.append(str(text))
        else:
            self.rows.append(row)

    @property
    def gap(self) -> str:
        """Why the report is not complete; blank if it is."""
        if not self.unreadable:
            return ""
        return f"{len(self.unreadable)} rows cannot be read, the first is {self.unreadable[0].strip()[:MAX_SHOWN]!r}"


def make_flare(
    times: Iterable[dt.datetime | None],
    goes_class: str,
    noaa_ar: int | None = None,
    position: tuple[float, float] | None = None,
) -> Flare | None:
    """Return a flare whose times (start, peak and end) are in order, or None if none of them is known.

    A peak or end beyond midnight is moved to the next day; one that is before the start otherwise becomes None. An
    unknown start is replaced by the first known time: the flare was in progress then. `position` is (latitude,
    longitude).
    """
    start, peak, end = times
    begin = start or min((time for time in (peak, end) if time is not None), default=None)
    if begin is None:
        return None
    latitude, longitude = position or (None, None)
    return Flare(begin, _after(begin, peak), _after(begin, end), goes_class, noaa_ar, latitude, longitude)


def _after(start: dt.datetime, time: dt.datetime | None) -> dt.datetime | None:
    if time is None or time >= start:
        return time
    return time + dt.timedelta(days=1) if MIDNIGHT <= start - time < dt.timedelta(days=1) else None


def flare_table(rows: Iterable[Flare], name: str) -> pd.DataFrame:
    """Return the flares of a list as `tables.FLARES`, by start time."""
    df = pd.DataFrame(rows, columns=list(Flare._fields), dtype=object).assign(list=name)
    return tables.check(df, tables.FLARES, name).sort_values("start", kind="stable", ignore_index=True)


def region_table(rows: Iterable[Region], name: str) -> pd.DataFrame:
    """Return regions as `tables.REGIONS`, by time; of two rows of one region and time the later, a correction."""
    df = tables.check(pd.DataFrame(rows, columns=list(Region._fields), dtype=object), tables.REGIONS, name)
    df = df.drop_duplicates(["time", "noaa_ar"], keep="last")
    return df.sort_values(["time", "noaa_ar"], kind="stable", ignore_index=True)
