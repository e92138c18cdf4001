"""NOAA SWPC's JSON files of the last days: edited events, the GOES flares of a week, the regions of a month.

The time that the files do not cover is a gap. The longitudes of the regions are positive to the EAST, unlike those of
all other lists.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.sources.common import event_tables
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused
from solarflare.sources.live.lists import fields
from solarflare.sources.live.lists.periods import DAY
from solarflare.sources.live.lists.report import Flare, Region, Report, Row, Rows, Span, flare_table, make_flare
from solarflare.sources.live.source import flare_list, region_list
from solarflare.sun.events.magnetic import mount_wilson

NAME = "swpc_json"
FLARES = {"edited": "edited_events.json", "goes": "goes/primary/xray-flares-7-day.json"}
REGIONS = "solar_regions.json"
Record = dict[str, Any]
OUTSIDE = "outside of the rolling window"


@flare_list(NAME)
def flares(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> tuple[pd.DataFrame, list[Span]]:
    """Return the flares of the last days. A flare that is in both files is returned once."""
    parts, reasons = [], []
    for name, file in FLARES.items():
        try:
            report = _read(fetcher, bases, file, parse_flares)
        except (Absent, Refused) as failure:
            reasons.append(f"{file}: {failure.reason}")
            continue
        reasons.append(report.gap)
        parts.append(flare_table(report.rows, name))
    merged = event_tables.merge_lists(tables.concat(parts, tables.FLARES)).assign(list=NAME)
    times = [time.to_pydatetime() for time in merged["start"]]
    return merged, _spans(times, start, end, next(filter(None, reasons), ""))


@region_list(NAME)
def regions(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Region]:
    """Return the regions of the last month."""
    report = Report[Region]()
    try:
        report = _read(fetcher, bases, REGIONS, parse_regions)
        reason = report.gap
    except (Absent, Refused) as failure:
        reason = failure.reason
    times = [region.time + half for region in report.rows for half in (-DAY / 2, DAY / 2)]
    within = [region for region in report.rows if start <= region.time <= end]
    return within, _spans(times, start, end, reason)


def _read(fetcher: Fetcher, bases: Bases, file: str, parse: Callable[[bytes], Report[Row]]) -> Report[Row]:
    urls = [addresses.join(base, *file.split("/")) for base in bases]
    return parse(fetcher.get(urls, why_not_an_array, keep=False))


def _spans(times: Sequence[dt.datetime], start: dt.datetime, end: dt.datetime, reason: str) -> list[Span]:
    """Return three spans: the gap from `start` to the first time, first to last time, and the gap to `end`.

    `reason` says why the list is not complete between the first and the last time; blank if it is complete.
    """
    if not times:
        return [Span(start, end, reason or OUTSIDE)]
    first, last = (min(max(time, start), end) for time in (min(times), max(times)))
    return [Span(start, first, OUTSIDE), Span(first, last, reason), Span(last, end, OUTSIDE)]


def why_not_an_array(content: bytes) -> str | None:
    """Return why content is not an array of objects in JSON, or None if it is."""
    return None if isinstance(fields.parsed_json(content), list) else "no JSON array"


def parse_flares(content: bytes) -> Report[Flare]:
    """Read the X-ray events of the edited events, or the flares that GOES finds. Times may end with Z or not."""
    return _parse(content, _flare, lambda record: record.get("type", "XRA") == "XRA")


def parse_regions(content: bytes) -> Report[Region]:
    """Read the regions of the last month; records without a number are left out.

    A position is valid at 24 UT of its ``observed_date``, as the record's Carrington longitude shows.
    """
    return _parse(content, _region, lambda record: bool(record.get("region")))


def _parse(content: bytes, read: Callable[[Record], Row | None], concerns: Callable[[Record], bool]) -> Report[Row]:
    report = Report[Row]()
    for record in [] if why_not_an_array(content) else fields.parsed_json(content):
        if not isinstance(record, dict):
            report.add(None, record)
        elif concerns(record):
            report.add(read(record), record)
    return report


def _flare(record: Record) -> Flare | None:
    edited = "begin_datetime" in record
    suffix, goes_class = ("datetime", "particulars1") if edited else ("time", "max_class")
    times = [fields.time(record.get(f"{name}_{suffix}")) for name in ("begin", "max", "end")]
    return make_flare(times, record.get(goes_class), record.get("region"), fields.location(record.get("location")))


def _region(record: Record) -> Region | None:
    day = fields.time(record.get("observed_date"))
    east = fields.number(record.get("longitude"))
    west = None if east is None else -east
    position = fields.location(record.get("location")) or fields.position(record.get("latitude"), west)
    if day is None or position is None:
        return None
    time = fields.midnight(day.date()) + DAY
    if not (noaa_ar := fields.region_number(record.get("region"), time)):
        return None
    spots, area = fields.count(record.get("number_spots")), fields.area(record.get("area"))
    mcintosh, mag_type = (str(record.get(name) or "") for name in ("spot_class", "mag_class"))
    return Region(time, noaa_ar, *position, area, fields.mcintosh(mcintosh), mount_wilson(mag_type) or "", spots)
