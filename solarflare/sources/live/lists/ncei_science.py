"""NCEI's science-quality flare report, 1995 to now: a file a year, its flares' classes by true irradiance.

Until GOES-15 the operational flux was the true one times 0.7 (NOAA NCEI, GOES X-ray Sensor user's guide): what the
operational lists call M1.0 is M1.4 here. A threshold therefore asks another question of this list than of the others,
and `merge` refuses to make one list of both.
"""

import csv
import datetime as dt
import re
from collections.abc import Sequence

import numpy as np

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.fetch import Absent, Fetcher
from solarflare.sources.live.lists import collected
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.rows import (
    Flare,
    Parsed,
    flare,
    flare_table,
    goes_class,
    moment,
    position,
    region_number,
)
from solarflare.sources.live.lists.yearly import read

NAME = "ncei_science"

COLUMNS = ("time", "start_time", "end_time", "flare_class")

_FILE = re.compile(r"sci_xrsf-l2-flrpt_geo_(?:y(?P<year>[0-9]{4})|s[0-9]{8}_e[0-9]{8})_v(?P<version>[0-9-]+)\.csv")


def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`; see `registry.LabelSource`."""
    this_year = dt.datetime.now(dt.UTC).year

    def report(year: int) -> Parsed[Flare] | str:
        # The version in a file's name changes: it is looked up.
        names = listing.names(fetcher.get([base.rstrip("/") + "/" for base in bases], listing.refusal, keep=False))
        name = newest(names, year)
        if name is None:
            return f"no file of {year}"
        urls = [addresses.join(base, name) for base in bases]
        parsed = parse(fetcher.get(urls, refusal, keep=year < this_year))
        of_year = [row for row in parsed.rows if row.start.year == year]
        return Parsed(of_year, parsed.unreadable)

    rows, spans = read(NAME, start, end, report, unfinished=this_year)
    return collected.flares(NAME, flare_table(rows, NAME), spans, start, end)


def newest(names: Sequence[str], year: int) -> str | None:
    """Return the newest version of a year's file, or of the whole mission's where the year has none of its own."""
    found = [match for name in names if (match := _FILE.fullmatch(name)) and match["year"] in (None, str(year))]
    best = max(found, key=lambda match: (match["year"] is not None, _version(match), match[0]), default=None)
    return best[0] if best else None


def _version(match: re.Match[str]) -> list[int]:
    return [int(part) for part in match["version"].split("-") if part]


def refusal(content: bytes) -> str | None:
    """Return why something is not a flare report, or None if it is."""
    header = _lines(content)[:1]
    names = [name.strip() for name in header[0].split(",")] if header else []
    missing = [name for name in COLUMNS if name not in names]
    return f"no flare report: column {missing[0]} is missing" if missing else None


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").replace("\0", "").splitlines()


def parse(content: bytes) -> Parsed[Flare]:
    """Read a file.

    Parameters
    ----------
    content : bytes
        CSV.

    Returns
    -------
    Parsed of Flare
        In its order, with the classes of true irradiance.

    Raises
    ------
    Absent
        If it has not the columns that it should.
    """
    if reason := refusal(content):
        raise Absent(reason)
    parsed = Parsed[Flare]()
    reader = csv.DictReader(_lines(content), skipinitialspace=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            parsed.unreadable.append(f"line {reader.line_num}: {error}")
            continue
        if row is None:
            return parsed
        if found := _flare({name: value or "" for name, value in row.items() if isinstance(name, str)}):
            parsed.rows.append(found)
        else:
            parsed.unreadable.append(",".join(map(str, row.values())))


def _flare(row: dict[str, str]) -> Flare | None:
    peak, start, end = (moment(row.get(name, "")) for name in ("time", "start_time", "end_time"))
    begin = start or peak or end
    if begin is None:
        return None
    return flare(
        start,
        peak,
        end,
        goes_class(row.get("flare_class", "")),
        region_number(row.get("active_region", ""), begin),
        position(row.get("flare_loc_swpc_hgs_lat"), row.get("flare_loc_swpc_hgs_lon"))
        or position(row.get("flare_loc_xrs_hgs_lat"), row.get("flare_loc_xrs_hgs_lon")),
    )
