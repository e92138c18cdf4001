"""NGDC's yearly GOES X-ray reports, 1975 to the middle of 2017.

The order of the times is start, END, max, unlike in the daily reports. The columns are defined in the archive's file
xray.fmt.rev. Known errors of the files are repaired and logged: a row that is there twice, an end or peak after
midnight with the date of the start, a row without a class (kept as a flare of unknown class), N00E00 for no position.
"""

import datetime as dt
import re

from solarflare.core.console import log
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher
from solarflare.sources.live.lists import fields, periods
from solarflare.sources.live.lists.report import Flare, Report, Rows, make_flare
from solarflare.sources.live.source import flare_list

NAME = "ngdc_xrs"
LAST_YEAR = 2017
DATE, START, END, MAX = slice(5, 11), slice(13, 17), slice(18, 22), slice(23, 27)
LOCATION, LETTER, TENTHS, REGION = slice(28, 34), slice(59, 60), slice(60, 63), slice(80, 85)
# The years whose file has a special name. In 2015 the file with the usual name lacks 13 flares of classes M and X.
NAMES = {2015: "goes-xrs-report_2015_modifiedreplacedmissingrows.txt", 2017: "goes-xrs-report_2017-ytd.txt"}
_ROW = re.compile(r"31777[0-9]{6}")


@flare_list(NAME)
def collect(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Flare]:
    """Return the flares of the years of a span."""

    def read(year: int) -> Report[Flare]:
        if year > LAST_YEAR:
            raise Absent(f"the series ended in {LAST_YEAR}")
        urls = [addresses.join(base, NAMES.get(year, f"goes-xrs-report_{year}.txt")) for base in bases]
        return parse(fetcher.get(urls, lambda content: why_not_the_report(content, year)))

    return periods.read_years(NAME, start, end, read, unfinished=LAST_YEAR)


def why_not_the_report(content: bytes, year: int) -> str | None:
    """Return why content is not the report of a year, or None if it is."""
    if not re.search(rb"^\s*31777%02d" % (year % 100), content, re.MULTILINE):
        return f"no X-ray report of {year}"
    # A complete report ends with a complete line: half a line may have another class.
    return None if content.endswith(b"\n") else f"half the X-ray report of {year}"


def parse(content: bytes) -> Report[Flare]:
    """Read a report; keep one of several identical rows."""
    report = Report[Flare]()
    lines = [line.strip() for line in content.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in dict.fromkeys(lines):
        report.add(_flare(line), line)
    _log_errors(lines, report.rows)
    return report


def _flare(line: str) -> Flare | None:
    day = _day(line[DATE]) if _ROW.match(line) else None
    if day is None:
        return None
    tenths = line[TENTHS].strip()
    goes_class = f"{line[LETTER]}{int(tenths) / 10:.1f}" if tenths.isascii() and tenths.isdecimal() else ""
    times = [fields.clock(day, line[column]) for column in (START, MAX, END)]
    return make_flare(times, goes_class, line[REGION], fields.location(line[LOCATION]))


def _day(text: str) -> dt.date | None:
    """Return the date of a text YYMMDD, or None. A year from 75 on is in the 20th century: reports begin in 1975."""
    century = 1900 if text[:2] >= "75" else 2000
    try:
        return dt.date(century + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _log_errors(lines: list[str], flares: list[Flare]) -> None:
    """Log how many errors of each kind were repaired."""
    dates = [{time.date() for time in (flare.start, flare.peak, flare.end) if time} for flare in flares]
    errors = {
        "identical rows": len(lines) - len(set(lines)),
        "peaks or ends after midnight": sum(len(of_flare) > 1 for of_flare in dates),
        "flares without a class": sum(not flare.goes_class for flare in flares),
        "positions N00E00": sum(line[LOCATION] == "N00E00" for line in lines),
    }
    if any(errors.values()):
        log.info("%s: %s", NAME, ", ".join(f"{number} {kind}" for kind, number in errors.items() if number))
