"""NGDC's yearly GOES X-ray reports, 1975 to the middle of 2017: start, END, max, unlike the daily reports.

Columns are those of the archive's xray.fmt.rev. What is known to be wrong with the files is repaired here, and said:
identical rows twice, ends and peaks after midnight under the date of the start, rows without a class (kept: a flare
whose class is not known), N00E00 for no position.
"""

import datetime as dt
import logging
import re
from collections.abc import Sequence

import numpy as np

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import collected
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.rows import (
    Flare,
    Parsed,
    clock,
    flare,
    flare_table,
    goes_class,
    place,
    region_number,
)
from solarflare.sources.live.lists.yearly import read

NAME = "ngdc_xrs"
LAST_YEAR = 2017

DATE, START, END, MAX = slice(5, 11), slice(13, 17), slice(18, 22), slice(23, 27)
LOCATION, LETTER, TENTHS, REGION = slice(28, 34), slice(59, 60), slice(60, 63), slice(80, 85)

NAMES = {2015: "goes-xrs-report_2015_modifiedreplacedmissingrows.txt", 2017: "goes-xrs-report_2017-ytd.txt"}
"""Of the years whose file is not called as the others; 2015's has 13 flares of M and X that its plain file lacks."""

_ROW = re.compile(r"31777[0-9]{6}")

log = logging.getLogger("solarflare")


def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`; see `registry.LabelSource`."""

    def report(year: int) -> Parsed[Flare] | str:
        if year > LAST_YEAR:
            return f"the series ended in {LAST_YEAR}"
        name = NAMES.get(year, f"goes-xrs-report_{year}.txt")
        content = fetcher.get([addresses.join(base, name) for base in bases], lambda content: refusal(content, year))
        return parse(content)

    rows, spans = read(NAME, start, end, report, unfinished=LAST_YEAR)
    return collected.flares(NAME, flare_table(rows, NAME), spans, start, end)


def refusal(content: bytes, year: int) -> str | None:
    """Return why something is not the report of a year, or None if it is."""
    return None if re.search(rb"^31777%02d" % (year % 100), content, re.MULTILINE) else f"no X-ray report of {year}"


def parse(content: bytes) -> Parsed[Flare]:
    """Read a report.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    Parsed of Flare
        In its order, identical rows once.
    """
    parsed = Parsed[Flare]()
    lines = [line.rstrip() for line in content.decode(errors="replace").splitlines()]
    filled = [line for line in lines if line and not line.startswith("#")]
    for line in dict.fromkeys(filled):
        if found := _flare(line):
            parsed.rows.append(found)
        else:
            parsed.unreadable.append(line)
    _report(filled, parsed.rows)
    return parsed


def _flare(line: str) -> Flare | None:
    day = _day(line[DATE]) if _ROW.match(line) else None
    if day is None:
        return None
    start, peak, end = (clock(day, line[column]) for column in (START, MAX, END))
    tenths = line[TENTHS].strip()
    strength = f"{line[LETTER]}{int(tenths) / 10:.1f}" if tenths.isascii() and tenths.isdecimal() else ""
    region = region_number(line[REGION], dt.datetime.combine(day, dt.time()))
    return flare(start, peak, end, goes_class(strength), region, place(line[LOCATION]))


def _day(text: str) -> dt.date | None:
    """Return the date of YYMMDD: the reports begin in 1975."""
    century = 1900 if text[:2] >= "75" else 2000
    try:
        return dt.date(century + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _report(lines: list[str], flares: list[Flare]) -> None:
    """Say what was repaired."""
    defects = {
        "identical rows": len(lines) - len(set(lines)),
        "peaks or ends after midnight": sum(
            any(time and time.date() > flare.start.date() for time in (flare.peak, flare.end)) for flare in flares
        ),
        "flares without a class": sum(not flare.goes_class for flare in flares),
        "positions N00E00": sum(line[LOCATION] == "N00E00" for line in lines),
    }
    if any(defects.values()):
        log.info("%s: %s", NAME, ", ".join(f"{number} {what}" for what, number in defects.items() if number))
