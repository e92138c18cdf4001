"""Where the regions of an image are: from a file, from NOAA's list of today, or found in the image itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.predict import find_regions
from solarflare.sources.common import event_tables
from solarflare.sources.live import scrape
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import swpc_json
from solarflare.sources.live.schema import Live
from solarflare.sun.images import geometry
from solarflare.sun.images.geometry import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

FARTHEST = pd.Timedelta(days=3)
"""How far from an image a report may be that tells where its regions are: they turn by the Sun's rotation, and those
that emerge are not in it."""

WINDOW = pd.Timedelta(days=27)
"""How far NOAA's list of today reaches back: about a month."""

NAME = "NOAA's list"
FOUND = "found in the image"
EMPTY = "names none of the last days"

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Located:
    """The regions on the disk of an image.

    Attributes
    ----------
    rows : DataFrame
        ``noaa_ar`` (``<NA>`` where nobody has numbered them), ``latitude`` and ``longitude`` at the image's time.
    origin : str
        Who says so, and of when.
    """

    rows: pd.DataFrame
    origin: str


Reports = Callable[[pd.Timestamp], Located | None]
"""Returns the regions at a time, or None if nobody knows."""


def source(name: str | None, settings: Live) -> Reports:
    """Return where regions are looked up before they are sought in the image.

    Parameters
    ----------
    name : str or None
        A file, ``swpc`` or ``image``; None: ``swpc`` for images of the last days.
    settings : Live
        How NOAA is asked.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    if name == "image":
        return lambda time: None
    return of_today(settings) if name in (None, "swpc") else of_file(Path(name))


def of_file(path: Path) -> Reports:
    """Return the reports of a file, in the form of ``data/raw/regions.csv`` or of an archive's table.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    reported = event_tables.read_regions(path)
    return lambda time: at(reported, time, path.name)


def of_today(settings: Live) -> Reports:
    """Return NOAA's reports of the last days, asked for once, when an image is young enough to be among them."""
    known: list[pd.DataFrame] = []

    def reports(time: pd.Timestamp) -> Located | None:
        today = pd.Timestamp.now("UTC").tz_localize(None)
        if not today - WINDOW <= time <= today + FARTHEST:
            return None
        if not known:
            known.append(fetched(settings, today))
        return at(known[0], time, NAME)

    return reports


def fetched(settings: Live, today: pd.Timestamp) -> pd.DataFrame:
    """Return the regions of the last days, in the form of `tables.REGIONS`; none, with a warning, if that fails."""
    try:
        with scrape.fetching(impatient(settings)) as fetcher:
            return of_last_days(fetcher, today)
    except InputError as error:
        log.warning("warning: %s of regions cannot be had: %s", NAME, error)
        return tables.empty(tables.REGIONS)


def of_last_days(fetcher: Fetcher, today: pd.Timestamp) -> pd.DataFrame:
    """Return what NOAA's JSON says of the last days."""
    span = (today - WINDOW - FARTHEST).to_datetime64(), (today + FARTHEST).to_datetime64()
    collected = swpc_json.regions(fetcher, fetcher.live.urls[swpc_json.NAME], *span)
    if collected.rows.empty:
        reason = collected.coverage["reason"].iloc[0]
        log.warning(
            "warning: %s of regions %s", NAME, EMPTY if reason == swpc_json.OUTSIDE else f"cannot be had: {reason}"
        )
    return collected.rows


def impatient(settings: Live) -> Live:
    """Return the same parameters for somebody who waits for the answer: a host that does not answer is soon left."""
    manners = settings.manners
    hurried = {"retries": min(manners.retries, 1), "timeout": min(manners.timeout, 15.0), "max_wait": 15.0}
    return settings.model_copy(update={"manners": manners.model_copy(update=hurried)})


def at(reported: pd.DataFrame, time: pd.Timestamp, name: str) -> Located | None:
    """Return the regions at a time from the report nearest to it, turned by the Sun's rotation.

    Parameters
    ----------
    reported : DataFrame
        Of `tables.REGIONS`.
    time : Timestamp
        UTC.
    name : str
        What the reports are called.
    """
    apart = (reported["time"] - time).abs()
    if apart.empty or apart.min() > FARTHEST:
        return None
    nearest = reported["time"][apart.idxmin()]
    rows = reported.loc[reported["time"] == nearest, ["noaa_ar", "latitude", "longitude"]]
    days = (time - nearest) / pd.Timedelta(days=1)
    longitude = geometry.rotate_longitude(rows["latitude"], rows["longitude"], np.full(len(rows), days))
    rows = rows.assign(longitude=longitude)[np.abs(longitude) < 90]
    return Located(rows.reset_index(drop=True), f"{name} of {nearest:%Y-%m-%d %H:%M}")


def in_image(grey: Pixels, instrument: Instrument, disk: Disk, time: pd.Timestamp) -> Located:
    """Return the regions that the image itself shows; see `find_regions.find`."""
    rows = find_regions.find(grey, instrument, disk, time)
    return Located(rows.assign(noaa_ar=pd.array([pd.NA] * len(rows), dtype="Int64")), FOUND)
