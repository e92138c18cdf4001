"""NOAA's daily Solar Region Summaries (SWPC, archived by NCEI, 1996 to now).

sunpy's `read_srs` is not used: it takes 9 ms per file, half a minute for ten years. It fails at the free text of a
correction (sunpy issue 5162) and at a region without a longitude (28 February 2010). A test compares the two parsers on
files without such errors.
"""

import datetime as dt
import re

from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.lists import fields, periods
from solarflare.sources.live.lists.report import Region, Report, Rows, Span
from solarflare.sources.live.source import region_list

NAME = "swpc_srs"
REACH = dt.timedelta(hours=12)  # A report is valid for so long before and after its time: half-way to the next report
_ISSUED = re.compile(r"^\s*:Issued:\s+(\d{4}) ([A-Z]{3}) (\d{2})\b", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(r"(IA?|II)\.\s", re.IGNORECASE)
_END = re.compile(r"(III|COMMENT|EFFECTIVE|PLAIN|NNN)", re.IGNORECASE)
_SPOTTED = re.compile(r"(\d{4,5})\s+(\S+)\s+\S+\s+(\d+)\s+([A-Z/-]{3})\s+\S+\s+(\d+)\s+([A-Z-]+)", re.IGNORECASE)
_PLAGE = re.compile(r"(\d{4,5})\s+([NS]\d\d[EW]\d\d\d?)", re.IGNORECASE)
_NUMBERED = re.compile(r"\d{4,5}\s")


@region_list(NAME)
def collect(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Region]:
    """Return the regions of a span, with the report after its end."""
    read = periods.daily_reader(fetcher, bases, "SRS.txt", why_not_the_report, parse)
    rows, spans = periods.read_days(NAME, start, end + periods.DAY, read)
    return rows, [Span(span.start - REACH, span.end - REACH, span.reason) for span in spans]


def why_not_the_report(content: bytes, day: dt.date) -> str | None:
    """Return why content is not the region summary issued on a day, or None if it is."""
    text = content.decode(errors="replace")
    if not (issued := _ISSUED.search(text)):
        return "no region summary"
    if " ".join(issued.groups()).upper() != f"{day:%Y %b %d}".upper():
        return f"the region summary of {' '.join(issued.groups())}"
    # A complete summary has its first and its last section and ends with a complete line.
    complete = text.endswith("\n") and re.search(r"^\s*I\.\s.*^\s*II\.", text, re.MULTILINE | re.DOTALL)
    return None if complete else "half a region summary"


def parse(content: bytes, day: dt.date) -> Report[Region]:
    """Read the summary issued on a day.

    The positions are valid at 24 UT of the day before. The regions of section I have spots. Those of section IA are
    plages, with area 0 and 0 spots. Those of section II are due to return and are left out. Text between the rows is
    skipped, and blanks before a row count for nothing.
    """
    time = fields.midnight(day)
    report = Report[Region]()
    section = ""
    for line in map(str.strip, content.decode(errors="replace").splitlines()):
        if heading := _SECTION.match(line):
            section = heading[1].upper()
        elif _END.match(line):
            section = ""
        elif section in ("I", "IA") and _NUMBERED.match(line):
            report.add(_region(line, section, time), line)
    return report


def _region(line: str, section: str, time: dt.datetime) -> Region | None:
    if not (match := (_SPOTTED if section == "I" else _PLAGE).match(line)):
        return None
    cells = match.groups() if section == "I" else (*match.groups(), "0", "", "0", "")
    name, location, area, mcintosh, spots, mag_type = cells
    noaa_ar, position = fields.region_number(name, time), fields.location(location)
    if noaa_ar is None or position is None:
        return None
    classes = fields.mcintosh(mcintosh), mag_type.lower()
    return Region(time, noaa_ar, *position, fields.area(area), *classes, fields.count(spots))
