"""What a report says, row by row, and how rows become the tables of the raw contract."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.flares import FOUR_DIGITS_FROM, MIDNIGHT

_GOES_CLASS = re.compile(r"(?<![A-Z])[ABCMX][0-9]{1,2}(?:\.[0-9]+)?(?![0-9])")
_LOCATION = re.compile(r"([NS])([0-9]{1,2})([EW])([0-9]{1,3})")
_CLOCK = re.compile(r"([0-9]{2}):?([0-9]{2})(?::[0-9]{2})?")

SHOWN = 100
"""Characters of an unreadable row that are shown."""


class Flare(NamedTuple):
    """A flare as a list has it; see `tables.FLARES`."""

    start: dt.datetime
    peak: dt.datetime | None
    end: dt.datetime | None
    goes_class: str
    noaa_ar: int | None = None
    latitude: float | None = None
    longitude: float | None = None


class Region(NamedTuple):
    """A region as a report has it; see `tables.REGIONS`."""

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
class Parsed(Generic[Row]):
    """What was read of a report.

    Attributes
    ----------
    rows : list of Flare or Region
        In the order of the report.
    unreadable : list of str
        Rows that cannot be read, as they stand. Any of them could be a flare: a report with one is not complete.
    """

    rows: list[Row] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def gap(self) -> str:
        """Why the report is not complete; blank if it is."""
        if not self.unreadable:
            return ""
        return f"{len(self.unreadable)} rows cannot be read, the first is {self.unreadable[0].strip()[:SHOWN]!r}"


def flare_table(rows: Iterable[Flare], name: str) -> pd.DataFrame:
    """Return flares of a list as `tables.FLARES`, by start time."""
    df = pd.DataFrame(rows, columns=list(Flare._fields), dtype=object).assign(list=name)
    return tables.check(df, tables.FLARES, name).sort_values("start", kind="stable", ignore_index=True)


def region_table(rows: Iterable[Region], name: str) -> pd.DataFrame:
    """Return regions as `tables.REGIONS`, by time; of a region twice at one time the later row, a correction."""
    df = tables.check(pd.DataFrame(rows, columns=list(Region._fields), dtype=object), tables.REGIONS, name)
    df = df.drop_duplicates(["time", "noaa_ar"], keep="last")
    return df.sort_values(["time", "noaa_ar"], kind="stable", ignore_index=True)


def clock(day: dt.date, text: str) -> dt.datetime | None:
    """Return a time of day, such as 0158 or 01:58; None if it is none, such as 0075 and ////."""
    if not (match := _CLOCK.fullmatch(text.strip())):
        return None
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        return None
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=hours, minutes=minutes)


def moment(text: object) -> dt.datetime | None:
    """Return a date and time (ISO 8601, UTC, with or without zone), to the second; None if it is none."""
    try:
        time = dt.datetime.fromisoformat(str(text).strip())
        utc = time.astimezone(dt.UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        return None
    # What nanoseconds since 1970 can hold, with room to move.
    return utc.replace(microsecond=0) if 1900 <= utc.year < 2200 else None


def flare(
    start: dt.datetime | None,
    peak: dt.datetime | None,
    end: dt.datetime | None,
    goes_class: str,
    noaa_ar: int | None = None,
    place: tuple[float, float] | None = None,
) -> Flare | None:
    """Return a flare whose times are in order.

    A peak or end on the far side of midnight is moved to the next day; one that is before the start otherwise is not
    known. Where the start is not known, the first time that is stands for it: the flare was in progress then.

    Parameters
    ----------
    start, peak, end : datetime or None
        Of the day of the report.
    goes_class : str
        Blank if it is not known.
    noaa_ar : int or None
        With five digits.
    place : (float, float) or None
        Stonyhurst latitude and longitude.

    Returns
    -------
    Flare or None
        None if no time is known.
    """
    known = [time for time in (peak, end) if time is not None]
    begin = start or min(known, default=None)
    if begin is None:
        return None
    latitude, longitude = place or (None, None)
    return Flare(begin, _from(begin, peak), _from(begin, end), goes_class, noaa_ar, latitude, longitude)


def _from(start: dt.datetime, time: dt.datetime | None) -> dt.datetime | None:
    if time is None or time >= start:
        return time
    return time + dt.timedelta(days=1) if MIDNIGHT <= start - time < dt.timedelta(days=1) else None


def goes_class(text: str) -> str:
    """Return the GOES class in a text, blank if there is none."""
    match = _GOES_CLASS.search(text)
    return match[0] if match else ""


def place(text: object) -> tuple[float, float] | None:
    """Return Stonyhurst latitude and longitude of a location such as N19W66; None of none, and of 0, 0, no position."""
    if not (match := _LOCATION.fullmatch(str(text).strip().upper())):
        return None
    latitude = int(match[2]) * (1 if match[1] == "N" else -1)
    longitude = int(match[4]) * (1 if match[3] == "W" else -1)
    return position(latitude, longitude)


def position(latitude: object, longitude: object) -> tuple[float, float] | None:
    """Return a Stonyhurst position, or None if it is none: not two numbers, not on the sphere, or 0, 0 as a blank."""
    north, west = number(latitude), number(longitude)
    if north is None or west is None or abs(north) > 90 or abs(west) > 180 or north == west == 0:
        return None
    return north, west


def number(value: object) -> float | None:
    """Return a finite number, given as one or as text; None if it is none."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if np.isfinite(found) else None


def count(value: object) -> int | None:
    """Return a whole number from 0 up, given as one or as text; None if it is none."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) and found < 1e9 else None


def region_number(value: object, time: dt.datetime) -> int | None:
    """Return a region number with the five digits that NOAA counts, None if it is none (0 is how lists print that)."""
    found = count(value)
    if not found or found > 99_999:
        return None
    return found + (10_000 if found < 10_000 and time >= FOUR_DIGITS_FROM else 0)


def datetimes(time: np.datetime64) -> dt.datetime:
    """Return a time as Python's own type, to the second, without a zone."""
    return time.astype("datetime64[s]").item()
