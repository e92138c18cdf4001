"""The rows of reports and the time that they cover. Functions turn both into tables of the raw contract."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.coverage import weakest_class
from solarflare.sources.live.lists import fields
from solarflare.sun.events.flares import LONGEST, MIDNIGHT, flux

MAX_SHOWN = 100  # Characters of an unreadable row that a message shows

USUAL_CLASS = "C1.0"
"""Operational GOES lists are complete for this class and stronger ones in every year. Weaker flares are lost in the
background of an active Sun. NOAA reports classes A and B only at solar minimum."""


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


@dataclass(frozen=True)
class Span:
    """A stretch of time [start, end). `reason` says why it is not covered; blank if it is."""

    start: dt.datetime
    end: dt.datetime
    reason: str = ""


Rows = tuple[list[Row], list[Span]]  # The rows of a list, and its spans in the order of time


@dataclass
class Report(Generic[Row]):
    """The rows of a report in their order, and the texts of the rows that cannot be read.

    An unreadable row could be a flare, so a report with such a row is not complete.
    """

    rows: list[Row] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, row: Row | None, text: object) -> None:
        """Add a row; if it cannot be read (None), add its text."""
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
    times: Iterable[dt.datetime | None], goes_class: object, region: object, position: fields.Position | None = None
) -> Flare | None:
    """Return a flare whose times (start, peak and end) are in order, or None if none of them is known.

    A peak or end that is at least `MIDNIGHT` before the start is after midnight, and is moved to the next day. Any
    other peak or end before the start, or more than `LONGEST` after it, becomes None. If the start is not known, the
    first known time replaces it: the flare was in progress then. Class and region may be texts. `position`
    is (latitude, longitude).
    """
    start, peak, end = times
    begin = start or min((time for time in (peak, end) if time is not None), default=None)
    if begin is None:
        return None
    facts = fields.goes_class(goes_class), fields.region_number(region, begin), *(position or (None, None))
    return Flare(begin, _after(begin, peak), _after(begin, end), *facts)


def _after(start: dt.datetime, time: dt.datetime | None) -> dt.datetime | None:
    if time is None or start <= time <= start + LONGEST:
        return time
    return time + dt.timedelta(days=1) if MIDNIGHT <= start - time < dt.timedelta(days=1) else None


def flare_table(rows: Iterable[Flare], name: str) -> pd.DataFrame:
    """Return the flares of a list as `tables.FLARES`, sorted by start time."""
    df = pd.DataFrame(rows, columns=list(Flare._fields), dtype=object).assign(list=name)
    return tables.check(df, tables.FLARES, name).sort_values("start", kind="stable", ignore_index=True)


def region_table(rows: Iterable[Region], name: str) -> pd.DataFrame:
    """Return regions as `tables.REGIONS`, sorted by time. A later row of the same region and time replaces it."""
    df = tables.check(pd.DataFrame(rows, columns=list(Region._fields), dtype=object), tables.REGIONS, name)
    df = df.drop_duplicates(["time", "noaa_ar"], keep="last")
    return df.sort_values(["time", "noaa_ar"], kind="stable", ignore_index=True)


def coverage_table(name: str, spans: Iterable[Span], flares: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the coverage of a list as `tables.COVERAGE`. Neighbouring spans with equal facts are joined.

    `name` is the name of the list, or ``regions``. `spans` are in the order of time. `flares` (`tables.FLARES`) show
    the weakest class for which the list is complete in each year; None for regions.
    """
    classes = None if flares is None else _weaker_classes(flares)
    rows: list[list[object]] = []
    for span in spans:
        for start, end in _by_year(span) if classes is not None and not span.reason else [(span.start, span.end)]:
            min_class = "" if classes is None else classes.get(start.year, USUAL_CLASS)
            row = [name, start, end, min_class, "absent" if span.reason else "complete", span.reason]
            if rows and rows[-1][2] == start and rows[-1][3:] == row[3:]:
                rows[-1][2] = end
            elif start < end:
                rows.append(row)
    df = pd.DataFrame(rows, columns=list(tables.COVERAGE.columns), dtype=object)
    return tables.check(df, tables.COVERAGE, f"the coverage of {name}")


def _weaker_classes(flares: pd.DataFrame) -> dict[int, str]:
    """Return the years in which a list is complete for a class weaker than `USUAL_CLASS`, and that class."""
    weakest = flares.groupby(flares["start"].dt.year)["goes_class"].agg(weakest_class)
    weaker = weakest[flux(weakest) < flux(pd.Series([USUAL_CLASS]))[0]]
    return {int(str(year)): str(goes_class) for year, goes_class in weaker.items()}


def _by_year(span: Span) -> list[tuple[dt.datetime, dt.datetime]]:
    new_years = [dt.datetime(year, 1, 1) for year in range(span.start.year + 1, span.end.year + 1)]
    return list(itertools.pairwise([span.start, *(time for time in new_years if time < span.end), span.end]))
