"""Where the active regions of an image are: from a file, from NOAA's list, or from the image itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.predict import find_regions
from solarflare.sun.images.coordinates import Values, rotate_longitude
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

if TYPE_CHECKING:
    from solarflare.sources.live.schema import Live

# The most time between an image and the report that is used: a region that emerged in between is missing.
MAX_DISTANCE = pd.Timedelta(days=3)
NOAA_SPAN = pd.Timedelta(days=27)  # how far back NOAA's list reaches: about a month
NOAA_LIST = "NOAA's list"


@dataclass(frozen=True)
class KnownRegions:
    """The regions on the disk of an image at its time.

    Attributes
    ----------
    numbers : sequence of int or None
        NOAA's numbers, of those that have one.
    latitude, longitude : (n,) float64
        Stonyhurst degrees.
    source : str
        Where the regions come from, and the time of the report.
    """

    numbers: Sequence[int | None]
    latitude: Values
    longitude: Values
    source: str


RegionLookup = Callable[[pd.Timestamp], KnownRegions | None]
"""A function that returns the regions at a time (UTC), or None if no report is near enough."""


def lookup(name: str | None, live: "Callable[[], Live]") -> RegionLookup:
    """Return the function that finds the regions of an image, as the option ``--regions`` says.

    Parameters
    ----------
    name : str or None
        The path of a table of regions, ``swpc`` for NOAA's list, or ``image`` to find the regions in the image itself.
        None is the same as ``swpc``.
    live : callable
        Returns how NOAA's list is fetched. It is called if the list is needed.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    if name == "image":
        return lambda time: None
    if name is None or name == "swpc":
        return from_noaa(live)
    if not Path(name).is_file():
        raise InputError(f"there is no file {name}; --regions takes a table of daily reports, swpc or image")
    return from_file(Path(name))


def from_file(path: Path) -> RegionLookup:
    """Return a lookup in a file that has the columns of ``data/raw/regions.csv`` or of an archive's table."""
    # Imported here, as in `_fetch_reports`: most images need no reports, and checked tables take time to import.
    from solarflare.sources.common import event_tables

    reports = event_tables.read_regions(path)

    def look_up(time: pd.Timestamp) -> KnownRegions | None:
        if (known := _nearest_report(reports, time, path.name)) is None:
            log.warning(
                "warning: %s has no report with a position near %s; the regions are found in the image", path, time
            )
        return known

    return look_up


def from_noaa(live: "Callable[[], Live]") -> RegionLookup:
    """Return a lookup in NOAA's list. The list is fetched once, for the first image that is recent enough."""
    reports = cache(lambda: _fetch_reports(live()))

    def look_up(time: pd.Timestamp) -> KnownRegions | None:
        if not within_noaa_list(time):
            return None
        return _nearest_report(reports(), time, NOAA_LIST)

    return look_up


def within_noaa_list(time: pd.Timestamp | None) -> bool:
    """Return whether NOAA's list of today may have the regions of a time (UTC)."""
    now = utc_now()
    return time is not None and now - NOAA_SPAN <= time <= now + MAX_DISTANCE


def _fetch_reports(live: "Live") -> pd.DataFrame:
    """Return NOAA's list with the columns of `tables.REGIONS`. If it cannot be fetched, warn and return no rows."""
    from solarflare.core import tables
    from solarflare.sources.live import scrape
    from solarflare.sources.live.lists import swpc_json

    now = utc_now()
    span = (now - NOAA_SPAN - MAX_DISTANCE).to_datetime64(), (now + MAX_DISTANCE).to_datetime64()
    try:
        with scrape.fetching(for_waiting_user(live)) as fetcher:
            collected = swpc_json.regions(fetcher, live.urls[swpc_json.NAME], *span)
    except InputError as error:
        log.warning("warning: %s of regions cannot be fetched: %s", NOAA_LIST, error)
        return tables.empty(tables.REGIONS)
    if collected.rows.empty:
        reason = collected.coverage["reason"].iloc[0]
        problem = "is empty for these days" if reason == swpc_json.OUTSIDE else f"cannot be fetched: {reason}"
        log.warning("warning: %s of regions %s", NOAA_LIST, problem)
    return collected.rows


def utc_now() -> pd.Timestamp:
    """Return the current time, UTC, without a time zone."""
    return pd.Timestamp.now("UTC").tz_localize(None)


def for_waiting_user(live: "Live") -> "Live":
    """Return the same parameters with fewer retries and shorter waits, since a user waits for the answer."""
    manners = live.manners
    shorter = {"retries": min(manners.retries, 1), "timeout": min(manners.timeout, 15.0), "max_wait": 15.0}
    return live.model_copy(update={"manners": manners.model_copy(update=shorter)})


def _nearest_report(reports: pd.DataFrame, time: pd.Timestamp, name: str) -> KnownRegions | None:
    """Return the regions of the report nearest to a time, moved to that time by the Sun's rotation.

    Regions on the far side of the Sun are left out, and the source says how many they are. None if no report is within
    `MAX_DISTANCE`.
    `reports` has the columns of `tables.REGIONS`; `name` says where the reports come from.
    """
    distance = (reports["time"] - time).abs()
    if distance.empty or distance.min() > MAX_DISTANCE:
        return None
    report_time = reports["time"][distance.idxmin()]
    rows = reports.loc[reports["time"] == report_time, ["noaa_ar", "latitude", "longitude"]]
    days = (time - report_time) / pd.Timedelta(days=1)
    longitude = rotate_longitude(rows["latitude"], rows["longitude"], np.full(len(rows), days))
    near = np.abs(longitude) < 90
    numbers = [None if pd.isna(number) else int(number) for number in rows["noaa_ar"][near]]
    latitude = rows["latitude"].to_numpy(np.float64)[near]
    behind = f", with {(~near).sum()} of {len(rows)} regions behind the limb" if not near.all() else ""
    return KnownRegions(numbers, latitude, longitude[near], f"{name} of {report_time:%Y-%m-%d %H:%M}{behind}")


def in_image(grey: Pixels, instrument: Instrument, disk: Disk, time: pd.Timestamp) -> KnownRegions:
    """Return the regions that `find_regions.find` finds in an image."""
    latitude, longitude = find_regions.find(grey, instrument, disk, time)
    return KnownRegions([None] * len(latitude), latitude, longitude, "found in the image")
