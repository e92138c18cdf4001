"""NOAA's daily edited event reports: the authority on flares (SWPC, archived by NCEI, 1996 to now).

The columns are fixed (SolarEventReport.pdf of the archive). A flare is an event with an XRA row (X-rays). Rows of the
same event from other observatories may give its position or region. A time with the flag B (began before), A (ended
after) or U (uncertain) is used as printed.
"""

import datetime as dt
import re

from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.lists import fields, periods
from solarflare.sources.live.lists.report import Flare, Report, Rows, make_flare
from solarflare.sources.live.source import flare_list

NAME = "swpc_events"
EVENT, BEST = slice(0, 4), slice(5, 6)
BEGIN, MAX, END = slice(11, 15), slice(18, 22), slice(28, 32)
TYPE, LOCATION, CLASS, REGION = slice(43, 46), slice(48, 57), slice(58, 65), slice(76, 80)
_DATE = re.compile(r"^:Date:\s+(\d{4}) (\d{2}) (\d{2})\s*$", re.MULTILINE)
_ROW = re.compile(r"\d{4}.{39}[A-Z]{3}\b")


@flare_list(NAME)
def collect(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Flare]:
    """Return the flares of a span."""
    read = periods.daily_reader(fetcher, bases, "events.txt", why_not_the_report, parse)
    return periods.read_days(NAME, start, end, read)


def why_not_the_report(content: bytes, day: dt.date) -> str | None:
    """Return why content is not the event report of a day, or None if it is."""
    text = content.decode(errors="replace")
    if not (date := _DATE.search(text)):
        return "no event report"
    if "".join(date.groups()) != f"{day:%Y%m%d}":
        return f"the event report of {'-'.join(date.groups())}"
    # A complete report ends with a complete line.
    complete = text.endswith("\n") and ("#Event" in text or "NO EVENT REPORTS" in text)
    return None if complete else "half an event report"


def parse(content: bytes, day: dt.date) -> Report[Flare]:
    """Read the report of a day. A flare comes from the X-ray row marked + of its event, or from the first X-ray row."""
    report = Report[Flare]()
    events: dict[str, list[str]] = {}
    for line in content.decode(errors="replace").splitlines():
        if _ROW.match(line):
            events.setdefault(line[EVENT], []).append(line)
        elif "XRA" in line and not line.startswith(("#", ":")):
            report.add(None, line)
    for lines in events.values():
        if x_rays := sorted((line for line in lines if line[TYPE] == "XRA"), key=lambda line: line[BEST] != "+"):
            report.add(_flare(x_rays[0], lines, day), x_rays[0])
    return report


def _flare(x_ray: str, lines: list[str], day: dt.date) -> Flare | None:
    """Return the flare of an X-ray row. `lines` are the rows of its event: its H-alpha rows may give the position."""
    optical = [line for line in lines if line[TYPE] == "FLA"]
    numbers = [fields.region_number(line[REGION], fields.midnight(day)) for line in (x_ray, *optical)]
    positions = [fields.location(line[LOCATION]) for line in optical]
    times = [fields.clock(day, x_ray[column]) for column in (BEGIN, MAX, END)]
    return make_flare(times, x_ray[CLASS], next(filter(None, numbers), None), next(filter(None, positions), None))
