"""NOAA SWPC's JSON of the last days: edited events, the last week's flares as GOES finds them, a month of regions.

Rolling windows, for today and not for history: what is outside them is a gap. Longitudes of the regions are positive to
the EAST, unlike those of all others.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.common import event_tables
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.lists import collected
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.completeness import Span
from solarflare.sources.live.lists.daily import DAY
from solarflare.sources.live.lists.rows import (
    Flare,
    Parsed,
    Region,
    count,
    datetimes,
    flare,
    flare_table,
    goes_class,
    moment,
    number,
    place,
    position,
    region_number,
    region_table,
)

NAME = "swpc_json"
FLARES = {"edited": "edited_events.json", "goes": "goes/primary/xray-flares-7-day.json"}
REGIONS = "solar_regions.json"

OUTSIDE = "outside of the rolling window"


def flares(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`; see `registry.LabelSource`."""
    found, reasons = [], []
    for name, file in FLARES.items():
        try:
            parsed = _read(fetcher, bases, file, parse_flares)
        except (Absent, Refused) as outcome:
            reasons.append(f"{file}: {outcome.reason}")
            continue
        reasons.append(parsed.gap)
        found.append(flare_table(parsed.rows, name))
    rows = event_tables.merge_lists(tables.concat(found, tables.FLARES)).assign(list=NAME)
    window = (rows["start"].min(), rows["start"].max()) if len(rows) else None
    spans = _around(window, start, end, next(filter(None, reasons), ""))
    return collected.flares(NAME, rows, spans, start, end)


def regions(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the regions reported from `start` to `end`, the report at `end` with them; see `registry.LabelSource`."""
    rows, reason = tables.empty(tables.REGIONS), ""
    try:
        parsed = _read(fetcher, bases, REGIONS, parse_regions)
        rows, reason = region_table(parsed.rows, NAME), parsed.gap
    except (Absent, Refused) as outcome:
        reason = outcome.reason
    half = pd.Timedelta(DAY / 2)
    window = (rows["time"].min() - half, rows["time"].max() + half) if len(rows) else None
    return collected.regions(rows, _around(window, start, end, reason), start, end)


def _read(fetcher: Fetcher, bases: Sequence[str], file: str, parse: Callable[[bytes], Parsed]) -> Parsed:
    urls = [addresses.join(base, *file.split("/")) for base in bases]
    return parse(fetcher.get(urls, refusal, keep=False))


def _around(
    window: tuple[pd.Timestamp, pd.Timestamp] | None, start: np.datetime64, end: np.datetime64, reason: str
) -> list[Span]:
    """Return the part of a span that a window covers, and the gaps before and after it."""
    first, last = datetimes(start), datetimes(end)
    if window is None:
        return [Span(first, last, reason or OUTSIDE)]
    opens, closes = (min(max(time.to_pydatetime(), first), last) for time in window)
    return [Span(first, opens, OUTSIDE), Span(opens, closes, reason), Span(closes, last, OUTSIDE)]


def refusal(content: bytes) -> str | None:
    """Return why something is not an array of objects in JSON, or None if it is."""
    return None if _records(content) is not None else "no JSON array"


def _records(content: bytes) -> list[Any] | None:
    try:
        records = json.loads(content.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return records if isinstance(records, list) else None


def parse_flares(content: bytes) -> Parsed[Flare]:
    """Read edited events or the flares that GOES finds.

    Parameters
    ----------
    content : bytes
        JSON of either form; times with or without their Z.

    Returns
    -------
    Parsed of Flare
        In the order of the file; of edited events those in X-rays.
    """
    return _parse(content, _flare, lambda record: record.get("type", "XRA") == "XRA")


def parse_regions(content: bytes) -> Parsed[Region]:
    """Read the regions of the last month.

    Parameters
    ----------
    content : bytes
        JSON; each place is valid at 24 UT of its ``observed_date`` (its Carrington longitude says so).

    Returns
    -------
    Parsed of Region
        In the order of the file; records without a number place no region, and are left out.
    """
    return _parse(content, _region, lambda record: bool(record.get("region")))


def _parse(content: bytes, read: Callable[[dict[str, Any]], Any], concerns: Callable[[dict[str, Any]], bool]) -> Parsed:
    parsed: Parsed[Any] = Parsed()
    for record in _records(content) or []:
        if isinstance(record, dict) and not concerns(record):
            continue
        if isinstance(record, dict) and (found := read(record)):
            parsed.rows.append(found)
        else:
            parsed.unreadable.append(str(record))
    return parsed


def _flare(record: dict[str, Any]) -> Flare | None:
    edited = "begin_datetime" in record
    form = "{}_datetime" if edited else "{}_time"
    start, peak, end = (moment(record.get(form.format(name))) for name in ("begin", "max", "end"))
    begin = start or peak or end
    if begin is None:
        return None
    return flare(
        start,
        peak,
        end,
        goes_class(str(record.get("particulars1" if edited else "max_class"))),
        region_number(record.get("region"), begin),
        place(record.get("location")),
    )


def _region(record: dict[str, Any]) -> Region | None:
    day = moment(record.get("observed_date"))
    east = number(record.get("longitude"))
    at = place(record.get("location")) or position(record.get("latitude"), None if east is None else -east)
    if day is None or at is None:
        return None
    time = dt.datetime.combine(day.date(), dt.time()) + DAY
    noaa_ar = region_number(record.get("region"), time)
    if noaa_ar is None:
        return None
    spots, area = count(record.get("number_spots")), number(record.get("area"))
    mcintosh, mag_type = (str(record.get(name) or "") for name in ("spot_class", "mag_class"))
    return Region(
        time,
        noaa_ar,
        *at,
        area if area is not None and area >= 0 else None,
        mcintosh.capitalize(),
        MAG_TYPES.get(mag_type.upper(), ""),
        spots,
    )


MAG_TYPES = {
    "A": "alpha",
    "B": "beta",
    "G": "gamma",
    "D": "delta",
    "BG": "beta-gamma",
    "BD": "beta-delta",
    "GD": "gamma-delta",
    "BGD": "beta-gamma-delta",
}
"""Magnetic classes as the region summaries spell them."""
