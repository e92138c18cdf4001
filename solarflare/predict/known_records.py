"""What observatories had reported before an image: from files, from the project's own tables, or from NOAA's lists."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from solarflare.core.errors import InputError
from solarflare.networks.description import ModelDescription
from solarflare.predict.regions import MAX_DISTANCE, NOAA_SPAN, for_waiting_user, utc_now, within_noaa_list

if TYPE_CHECKING:
    from solarflare.sources.live.schema import Live
    from solarflare.sun.events.records import Records

Known = tuple["Records", pd.DataFrame]
"""The records, and where they are complete, with the columns of `tables.COVERAGE`."""

RecordsLookup = Callable[[ModelDescription, pd.Timestamp], "Records | str"]
"""A function that returns the records for a network's question and an image's time (UTC), or why there are none."""

NONE_AT_HAND = "no records are at hand; name some with --flares and --regions"
MISSING = pd.Timedelta(days=1)
"""How much of the week before an image a list of flares may lack at its beginning. NOAA's list reaches back a week from
now, and the records have to reach back a week from an image that is some hours old."""


def lookup(flares: str | None, regions: str | None, raw: Path | None, live: "Callable[[], Live]") -> RecordsLookup:
    """Return the function that finds the records of an image.

    Parameters
    ----------
    flares, regions : str or None
        The options ``--flares`` and ``--regions``: with the first, both are files.
    raw : Path or None
        The folder of the tables that trained the networks, if it is known. It need not be there.
    live : callable
        Returns how NOAA's lists are fetched. It is called if they are needed.

    Raises
    ------
    InputError
        If ``--flares`` is given without a file of regions, or a file cannot be read.
    """
    if flares is not None:
        if regions in (None, "swpc", "image"):
            raise InputError("--flares needs the reports of regions too: add --regions FILE")
        return _in(_of_files(Path(flares), Path(str(regions))), f"{flares} and {regions}")
    own, noaa = cache(_of_project), cache(lambda: _of_noaa(live()))

    def look_up(about: ModelDescription, time: pd.Timestamp) -> "Records | str":
        found: Records | str = NONE_AT_HAND
        # Only the simulated Sun has a table of true rates.
        if raw and (raw / "flares.csv").is_file() and (raw / "truth.csv").is_file() == (about.origin == "simulated"):
            found = _in(own(raw), str(raw))(about, time)
        if isinstance(found, str) and about.origin != "simulated" and within_noaa_list(time):
            fetched = noaa()
            return fetched if isinstance(fetched, str) else _in(fetched, "NOAA's lists")(about, time)
        return found

    return look_up


def _in(known: Known, name: str) -> RecordsLookup:
    """Return a lookup in records that may not reach to an image's time. `name` says where they come from."""
    records, coverage = known
    complete = coverage[coverage["status"] == "complete"]

    def look_up(about: ModelDescription, time: pd.Timestamp) -> "Records | str":
        # Imported here: checked tables take time to import, and most images need no records.
        from solarflare.sun.events.records import FLARES_KNOWN_AFTER, HORIZONS

        last = time - FLARES_KNOWN_AFTER - pd.Timedelta(hours=about.question["before"])
        first = last - pd.Timedelta(hours=max(HORIZONS)) + MISSING
        reports, flares = complete["list"] == "regions", ~complete["list"].isin(["regions", "images"])
        for rows, what, begin, end in ((flares, "flares", first, last), (reports, "region reports", time, time)):
            if not (rows & (complete["start"] <= begin) & (complete["end"] >= end)).any():
                return f"the {what} in {name} are not complete from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        return records

    return look_up


def _of_files(flares: Path, regions: Path) -> Known:
    from solarflare.sources.common import coverage, event_tables
    from solarflare.sun.events.flares import clean
    from solarflare.sun.events.records import Records

    records = Records(clean(event_tables.read_flares(flares))[0], event_tables.read_regions(regions))
    return records, coverage.infer(records.flares, records.regions)


def _of_project(raw: Path) -> Known:
    from solarflare.core import tables
    from solarflare.sun.events.records import read_records

    return read_records(raw), tables.read(raw / "coverage.csv", tables.COVERAGE)


def _of_noaa(live: "Live") -> Known | str:
    """Fetch NOAA's lists of the last days; return why, if they cannot be fetched."""
    from solarflare.core import tables
    from solarflare.sources.live import scrape
    from solarflare.sources.live.lists import swpc_json
    from solarflare.sun.events.flares import clean
    from solarflare.sun.events.records import Records

    now = utc_now()
    span = (now - NOAA_SPAN - MAX_DISTANCE).to_datetime64(), (now + MAX_DISTANCE).to_datetime64()
    try:
        with scrape.fetching(for_waiting_user(live)) as fetcher:
            urls = live.urls[swpc_json.NAME]
            flares, regions = swpc_json.flares(fetcher, urls, *span), swpc_json.regions(fetcher, urls, *span)
    except InputError as error:
        return f"NOAA's lists cannot be fetched: {error}"
    coverage = tables.concat([flares.coverage, regions.coverage], tables.COVERAGE)
    # What was fetched just now is complete until now, however long ago the last flare was.
    coverage.loc[coverage["status"] == "complete", "end"] = now
    return Records(clean(flares.rows)[0], regions.rows), coverage
