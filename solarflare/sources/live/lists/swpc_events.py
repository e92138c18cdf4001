"""NOAA's daily edited event reports: the authority on flares (SWPC, archived by NCEI, 1996 to now).

Columns are fixed (SolarEventReport.pdf of the archive). A flare is an event with an XRA row; rows of the same event
from other observatories may place it, or name its region. Times flagged B (began before), A (ended after) or U
(uncertain) are taken as printed.
"""

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np

from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import collected, daily
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.rows import (
    Flare,
    Parsed,
    clock,
    datetimes,
    flare,
    flare_table,
    goes_class,
    place,
    region_number,
)

NAME = "swpc_events"

EVENT, BEST = slice(0, 4), slice(5, 6)
BEGIN, MAX, END = slice(11, 15), slice(18, 22), slice(28, 32)
TYPE, LOCATION, CLASS, REGION = slice(43, 46), slice(48, 57), slice(58, 65), slice(76, 80)

_DATE = re.compile(r"^:Date:\s+(\d{4}) (\d{2}) (\d{2})\s*$", re.MULTILINE)
_ROW = re.compile(r"\d{4}.{39}[A-Z]{3}\b")


def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`; see `registry.LabelSource`."""

    def report(day: dt.date) -> Parsed[Flare]:
        addresses = daily.urls(bases, day, "{day}events.txt")
        return parse(fetcher.get(addresses, lambda content: refusal(content, day), keep=daily.settled(day)), day)

    rows, spans = daily.read(NAME, daily.days(datetimes(start), datetimes(end)), report)
    return collected.flares(NAME, flare_table(rows, NAME), spans, start, end)


def refusal(content: bytes, day: dt.date) -> str | None:
    """Return why something is not the event report of a day, or None if it is."""
    text = content.decode(errors="replace")
    date = _DATE.search(text)
    if date is None:
        return "no event report"
    if "".join(date.groups()) != f"{day:%Y%m%d}":
        return f"the event report of {'-'.join(date.groups())}"
    # A whole report ends with a whole line.
    whole = text.endswith("\n") and ("#Event" in text or "NO EVENT REPORTS" in text)
    return None if whole else "half an event report"


def parse(content: bytes, day: dt.date) -> Parsed[Flare]:
    """Read a report.

    Parameters
    ----------
    content : bytes
        The file.
    day : date
        Of its events.

    Returns
    -------
    Parsed of Flare
        An event once, as its representative row (marked +) has it, or else its first.
    """
    parsed = Parsed[Flare]()
    events: dict[str, list[str]] = {}
    for line in content.decode(errors="replace").splitlines():
        if _ROW.match(line):
            events.setdefault(line[EVENT], []).append(line)
        elif "XRA" in line and not line.startswith(("#", ":")):
            parsed.unreadable.append(line)
    for lines in events.values():
        if x_rays := sorted((line for line in lines if line[TYPE] == "XRA"), key=lambda line: line[BEST] != "+"):
            if found := _flare(x_rays[0], lines, day):
                parsed.rows.append(found)
            else:
                parsed.unreadable.append(x_rays[0])
    return parsed


def _flare(x_ray: str, lines: list[str], day: dt.date) -> Flare | None:
    """Return the flare of an X-ray row, placed by the other rows of its event."""
    midnight = dt.datetime.combine(day, dt.time())
    optical = [line for line in lines if line[TYPE] == "FLA"]
    numbers = [region_number(line[REGION], midnight) for line in (x_ray, *optical)]
    places = [place(line[LOCATION]) for line in optical]
    start, peak, end = (clock(day, x_ray[column]) for column in (BEGIN, MAX, END))
    return flare(
        start,
        peak,
        end,
        goes_class(x_ray[CLASS]),
        next((number for number in numbers if number), None),
        next((found for found in places if found), None),
    )
