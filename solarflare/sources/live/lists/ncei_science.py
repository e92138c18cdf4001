"""NCEI's science-quality flare report, 1995 to now: one file per year, with classes by true irradiance.

Until GOES-15 the operational flux was 0.7 times the true flux (NOAA NCEI, GOES X-ray Sensor user's guide): M1.0 in the
operational lists is M1.4 here. The same threshold therefore selects other flares in this list than in the others, and
`merge` refuses to combine them.
"""

import csv
import datetime as dt
import re
from collections.abc import Sequence

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher
from solarflare.sources.live.lists import fields, periods
from solarflare.sources.live.lists.report import Flare, Report, Rows, make_flare
from solarflare.sources.live.source import flare_list

NAME = "ncei_science"
COLUMNS = ("time", "start_time", "end_time", "flare_class")
_FILE = re.compile(r"sci_xrsf-l2-flrpt_geo_(?:y(?P<year>[0-9]{4})|s[0-9]{8}_e[0-9]{8})_v(?P<version>[0-9-]+)\.csv")


@flare_list(NAME)
def collect(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Flare]:
    """Return the flares of the years of a span."""
    this_year = dt.datetime.now(dt.UTC).year

    def read(year: int) -> Report[Flare]:
        # The version in a file's name changes, so the name is looked up in the folder.
        folder = fetcher.get([base.rstrip("/") + "/" for base in bases], listing.why_not_a_listing, keep=False)
        if (name := newest(listing.names(folder), year)) is None:
            raise Absent(f"no file of {year}")
        urls = [addresses.join(base, name) for base in bases]
        report = parse(fetcher.get(urls, why_not_the_report, keep=year < this_year))
        return Report([flare for flare in report.rows if flare.start.year == year], report.unreadable)

    return periods.read_years(NAME, start, end, read, unfinished=this_year)


def newest(names: Sequence[str], year: int) -> str | None:
    """Return the newest version of a year's file. If the year has no file, return that of the whole mission's file."""

    def rank(match: re.Match[str]) -> tuple[bool, list[int], str]:
        return match["year"] is not None, [int(part) for part in match["version"].split("-") if part], match[0]

    matches = [match for name in names if (match := _FILE.fullmatch(name)) and match["year"] in (None, str(year))]
    return max(matches, key=rank)[0] if matches else None


def why_not_the_report(content: bytes) -> str | None:
    """Return why content is not a flare report, or None if it is."""
    names = [name.strip() for line in _lines(content)[:1] for name in line.split(",")]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        return f"no flare report: column {missing[0]} is missing"
    # A complete report ends with a complete line.
    return None if content.endswith(b"\n") else "half a flare report"


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").replace("\0", "").splitlines()


def parse(content: bytes) -> Report[Flare]:
    """Read a CSV file; raise Absent if it lacks a column."""
    if reason := why_not_the_report(content):
        raise Absent(reason)
    report = Report[Flare]()
    reader = csv.DictReader(_lines(content), skipinitialspace=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            report.add(None, f"line {reader.line_num}: {error}")
            continue
        if row is None:
            return report
        cells = {name: value or "" for name, value in row.items() if isinstance(name, str)}
        report.add(_flare(cells), ",".join(map(str, row.values())))


def _flare(row: dict[str, str]) -> Flare | None:
    times = [fields.time(row.get(name)) for name in ("start_time", "time", "end_time")]
    columns = [(f"flare_loc_{name}_hgs_lat", f"flare_loc_{name}_hgs_lon") for name in ("swpc", "xrs")]
    positions = (fields.position(row.get(north), row.get(west)) for north, west in columns)
    return make_flare(times, row.get("flare_class"), row.get("active_region"), next(filter(None, positions), None))
