"""Readers of single cells. Each returns None, or a blank text, if it cannot read the cell."""

import datetime as dt
import json
import re
from typing import Any

import numpy as np

from solarflare.core import classes
from solarflare.core.tables import LARGEST_AREA
from solarflare.sun.events.flares import FIVE_DIGITS_FROM

Position = tuple[float, float]  # Stonyhurst latitude and longitude, degrees
_GOES_CLASS = re.compile(rf"(?<![A-Z])(?:{classes.GOES})(?!\.?[0-9])", re.ASCII)
_LOCATION = re.compile(r"([NS])([0-9]{1,2})([EW])([0-9]{1,3})")
_CLOCK = re.compile(r"([0-9]{2}):?([0-9]{2})(?::[0-9]{2})?")


def parsed_json(content: bytes) -> Any:
    """Return the content of a JSON file, or None if it is not JSON."""
    try:
        return json.loads(content.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def midnight(day: dt.date) -> dt.datetime:
    """Return the start of a day."""
    return dt.datetime.combine(day, dt.time())


def clock(day: dt.date, text: str) -> dt.datetime | None:
    """Return the time of a text such as 0158 or 01:58 on a day; None if the text is not a time (0075 or ////)."""
    if not (match := _CLOCK.fullmatch(text.strip())):
        return None
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        return None
    return midnight(day) + dt.timedelta(hours=hours, minutes=minutes)


def time(text: object) -> dt.datetime | None:
    """Return a date and time (ISO 8601, with or without a zone) as UTC without a zone, to the second."""
    try:
        value = dt.datetime.fromisoformat(str(text).strip())
        utc = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    except (ValueError, OverflowError):
        return None
    # Nanoseconds since 1970, as pandas counts them, reach from 1677 to 2262.
    return utc.replace(microsecond=0) if 1900 <= utc.year < 2200 else None


def goes_class(text: object) -> str:
    """Return the GOES class in a text; blank if there is none."""
    match = _GOES_CLASS.search(str(text))
    return match[0] if match else ""


def mcintosh(text: object) -> str:
    """Return a McIntosh class in the spelling Fkc; blank if the text is none."""
    match = re.fullmatch(classes.MCINTOSH, str(text).strip())
    return match[0].capitalize() if match else ""


def location(text: object) -> Position | None:
    """Return Stonyhurst latitude and longitude of a text such as N19W66; None if the text has another form."""
    if not (match := _LOCATION.fullmatch(str(text).strip().upper())):
        return None
    latitude = int(match[2]) * (1 if match[1] == "N" else -1)
    longitude = int(match[4]) * (1 if match[3] == "W" else -1)
    return position(latitude, longitude)


def position(latitude: object, longitude: object) -> Position | None:
    """Return a Stonyhurst position; None if it is not possible, or is (0, 0), which lists print for an unknown one."""
    north, west = number(latitude), number(longitude)
    if north is None or west is None or abs(north) > 90 or abs(west) > 180 or north == west == 0:
        return None
    return north, west


def number(value: object) -> float | None:
    """Return a finite number, given as a number or as text."""
    try:
        result = float(str(value))
    except ValueError:
        return None
    return result if np.isfinite(result) else None


def count(value: object) -> int | None:
    """Return a whole number from 0 up, given as a number or as text."""
    result = number(value)
    return int(result) if result is not None and 0 <= result < 1e9 and result == int(result) else None


def area(value: object) -> float | None:
    """Return an area in millionths of the hemisphere; None if it is not possible."""
    result = number(value)
    return result if result is not None and 0 <= result <= LARGEST_AREA else None


def region_number(value: object, time: dt.datetime) -> int | None:
    """Return a NOAA region number with five digits; None for 0, which lists print if there is no region."""
    result = count(value)
    if not result or result > 99_999:
        return None
    return result + (10_000 if result < 10_000 and time >= FIVE_DIGITS_FROM else 0)
