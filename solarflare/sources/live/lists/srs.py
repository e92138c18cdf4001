"""NOAA's daily Solar Region Summaries (SWPC, archived by NCEI, 1996 to now).

Read row by row here, and not by sunpy's `read_srs`: that takes 9 ms a file, half a minute for ten years, and stops at
the free text of a correction (sunpy issue 5162) and at a region without a longitude (28 February 2010). On undisturbed
files the two agree; a test holds them together.
"""

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np

from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import completeness, daily
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.completeness import Span
from solarflare.sources.live.lists.rows import (
    Parsed,
    Region,
    count,
    datetimes,
    number,
    place,
    region_number,
    region_table,
)

NAME = "swpc_srs"
REACH = dt.timedelta(hours=12)
"""How far from its time a report still tells which regions there are: half-way to the next."""

_ISSUED = re.compile(r"^:Issued:\s+(\d{4}) ([A-Z]{3}) (\d{2})\b", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(r"(IA?|II)\.\s", re.IGNORECASE)
_END = re.compile(r"(III|COMMENT|EFFECTIVE|PLAIN|NNN)", re.IGNORECASE)
_SPOTTED = re.compile(r"(\d{4,5})\s+(\S+)\s+\S+\s+(\d+)\s+([A-Z/-]{3})\s+\S+\s+(\d+)\s+([A-Z-]+)", re.IGNORECASE)
_PLAGE = re.compile(r"(\d{4,5})\s+([NS]\d\d[EW]\d\d\d?)", re.IGNORECASE)
_NUMBERED = re.compile(r"\d{4,5}\s")


def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the regions reported from `start` to `end`, the report at `end` with them; see `registry.LabelSource`."""

    def report(day: dt.date) -> Parsed[Region]:
        addresses = daily.urls(bases, day, "{day}SRS.txt")
        return parse(fetcher.get(addresses, lambda content: refusal(content, day), keep=daily.settled(day)), day)

    rows, spans = daily.read(NAME, daily.days(datetimes(start), datetimes(end) + daily.DAY), report)
    around = [Span(span.start - REACH, span.end - REACH, span.reason) for span in spans]
    return Collected(region_table(rows, NAME), completeness.table("regions", around))


def refusal(content: bytes, day: dt.date) -> str | None:
    """Return why something is not the region summary issued on a day, or None if it is."""
    text = content.decode(errors="replace")
    issued = _ISSUED.search(text)
    if issued is None:
        return "no region summary"
    if " ".join(issued.groups()).upper() != f"{day:%Y %b %d}".upper():
        return f"the region summary of {' '.join(issued.groups())}"
    # A whole summary has its last section, and ends with a whole line.
    whole = text.endswith("\n") and re.search(r"^II\.", text, re.MULTILINE)
    return None if whole else "half a region summary"


def parse(content: bytes, day: dt.date) -> Parsed[Region]:
    """Read a summary.

    Parameters
    ----------
    content : bytes
        The file.
    day : date
        On which it was issued: its positions are valid at 24 UT of the day before.

    Returns
    -------
    Parsed of Region
        Spotted regions, and plages with no area and no spots; not the regions that are due to return, which nobody
        sees. Text between the rows is no row.
    """
    time = dt.datetime.combine(day, dt.time())
    parsed = Parsed[Region]()
    section = ""
    for line in content.decode(errors="replace").splitlines():
        if heading := _SECTION.match(line):
            section = heading[1].upper()
        elif _END.match(line):
            section = ""
        elif section in ("I", "IA") and _NUMBERED.match(line):
            if found := (_spotted(line, time) if section == "I" else _plage(line, time)):
                parsed.rows.append(found)
            else:
                parsed.unreadable.append(line)
    return parsed


def _spotted(line: str, time: dt.datetime) -> Region | None:
    if not (match := _SPOTTED.match(line)):
        return None
    name, where, area, mcintosh, spots, mag_type = match.groups()
    return _region(time, name, where, number(area), mcintosh.capitalize(), mag_type.lower(), count(spots))


def _plage(line: str, time: dt.datetime) -> Region | None:
    match = _PLAGE.match(line)
    return _region(time, match[1], match[2], 0.0, "", "", 0) if match else None


def _region(
    time: dt.datetime, name: str, where: str, area: float | None, mcintosh: str, mag_type: str, spots: int | None
) -> Region | None:
    noaa_ar, at = region_number(name, time), place(where)
    return Region(time, noaa_ar, *at, area, mcintosh, mag_type, spots) if noaa_ar and at else None
