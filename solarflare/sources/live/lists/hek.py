"""The Heliophysics Event Knowledgebase (HEK): flares and regions as many observers report them.

Known habits of its records, and what this module does about them:

* One flare has two to four records: by SWPC, by SSW (LMSAL's latest events, perhaps with two start times) and by Flare
  Detective in several wavelengths. `deduplicate` makes one flare of them.
* SWPC's flares without a position have (0, 0), even if ``noposition`` is false. (0, 0) is read as no position.
* A region number has five digits or four, or is 0, null or blank.
* Annotations by people span hours and may have a peak on another day. They are not used.
* Bounding boxes are single points in SSW's flares. They are not used.
* Some answers have bytes that are not UTF-8, or are pages of HTML.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solarflare.core.console import log
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused
from solarflare.sources.live.lists import fields
from solarflare.sources.live.lists.periods import DAY
from solarflare.sources.live.lists.report import Flare, Region, Report, Row, Rows, Span, make_flare
from solarflare.sources.live.source import flare_list, region_list
from solarflare.sun.events.magnetic import mount_wilson

NAME = "hek"
SWPC, SSW, DETECTIVE = "SWPC", "SSW Latest Events", "Flare Detective - Trigger Module"
# The observers whose flares are used. The first in this order that reports a flare decides on its times and class.
OBSERVERS = (SWPC, SSW, DETECTIVE)
POSITION_OBSERVERS = (SSW, SWPC, DETECTIVE)  # The first in this order with a position decides on the flare's position
REGION_OBSERVER = "NOAA SWPC Observer"
SAME_PEAK = dt.timedelta(minutes=2)  # The peak times of one flare may differ by this much between two observers
# Area in km2. The radius is the one with which HEK converts NOAA's millionths into areas at disk centre.
HEMISPHERE = 2 * np.pi * 696_000.0**2
SPAN = dt.timedelta(days=30)  # The span of one query
LIMIT = 500  # Events in a page
QUERY = (
    "cosec=2&cmd=search&type=column&event_type={}&event_starttime={}&event_endtime={}"
    "&event_coordsys=helioprojective&x1=-5000&x2=5000&y1=-5000&y2=5000&result_limit={}&page={}"
)
Event = dict[str, Any]  # With HEK's own keys


@dataclass(frozen=True)
class Page:
    """A page of events, and whether more pages follow."""

    events: list[Event]
    more: bool


@flare_list(NAME)
def flares(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Flare]:
    """Return the flares of a span, each once."""
    events, spans = collect(fetcher, bases, "fl", start, end)
    return _rows(deduplicate(events)), spans


@region_list(NAME)
def regions(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Region]:
    """Return the region reports from `start` to `end`, including a report at exactly `end`."""
    events, spans = collect(fetcher, bases, "ar", start, end + DAY)
    return [region for region in _rows(parse_regions(events)) if start <= region.time <= end], spans


def _rows(report: Report[Row]) -> list[Row]:
    if report.gap:
        log.warning("%s: %s", NAME, report.gap)
    return report.rows


def collect(fetcher: Fetcher, bases: Bases, event_type: str, start: dt.datetime, end: dt.datetime) -> Rows[Event]:
    """Return all events of a type ("fl" or "ar") in a span, and where they are complete."""
    events: list[Event] = []
    spans: list[Span] = []
    while start < end:
        until, reason = min(start + SPAN, end), ""
        try:
            for page in _pages(fetcher, bases, event_type, start, until):
                events += page.events
        except (Absent, Refused) as failure:
            reason = failure.reason
            log.warning("%s: a gap from %s to %s (%s)", NAME, start, until, reason)
        spans.append(Span(start, until, reason))
        start = until
    return events, spans


def _pages(fetcher: Fetcher, bases: Bases, event_type: str, start: dt.datetime, end: dt.datetime) -> Iterator[Page]:
    """Yield all pages of a span."""
    page = Page([], more=True)
    for number in itertools.count(1):
        query = QUERY.format(event_type, start.isoformat(), end.isoformat(), LIMIT, number)
        urls = [f"{base.rstrip('/')}?{query}" for base in bases]
        before, page = page, parse(fetcher.get(urls, why_not_an_answer, keep=settled(end.date())))
        if page.more and page.events == before.events:
            raise Absent(f"page {number} repeats the page before")
        yield page
        if not page.more:
            return


def why_not_an_answer(content: bytes) -> str | None:
    """Return why content is not an answer of HEK, or None if it is."""
    answer = fields.parsed_json(content)
    return None if isinstance(answer, dict) and isinstance(answer.get("result"), list) else "no JSON with a result"


def parse(content: bytes) -> Page:
    """Read a page. If the content is not an answer of HEK, the page has no events."""
    answer = {} if why_not_an_answer(content) else fields.parsed_json(content)
    events = [event for event in answer.get("result", []) if isinstance(event, dict)]
    return Page(events, more=bool(events) and str(answer.get("overmax")).lower() == "true")


def deduplicate(events: Sequence[Event]) -> Report[Flare]:
    """Make one flare of the records (events of type FL) of several observers; return the flares sorted by peak time.

    Two records are one flare if they start at the same time or their peaks are within `SAME_PEAK`. A record that only
    Flare Detective has is not a flare: it has no class, and many are brightenings that no X-ray list knows.
    """
    report = Report[Flare]()
    records: dict[str, list[Flare]] = {observer: [] for observer in OBSERVERS}
    for event in events:
        if (observer := str(event.get("frm_name"))) not in records or _is_test(event):
            continue
        if record := _flare(event):
            records[observer].append(record)
        elif observer != DETECTIVE:
            report.add(None, event.get("kb_archivid"))
    by_day: dict[dt.date, list[dict[str, Flare]]] = {}
    for observer in OBSERVERS:
        for record in sorted(records[observer], key=_peak):
            day = record.start.date()
            near = [flare for number in (-1, 0, 1) for flare in by_day.get(day + number * DAY, [])]
            same = next((flare for flare in near if any(_same(record, other) for other in flare.values())), None)
            if same is not None:
                same.setdefault(observer, record)
            elif observer != DETECTIVE:
                by_day.setdefault(day, []).append({observer: record})
    report.rows = sorted((_merged(flare) for flares in by_day.values() for flare in flares), key=_peak)
    return report


def _is_test(event: Event) -> bool:
    return str(event.get("event_testflag")).lower() == "true"


def _same(first: Flare, second: Flare) -> bool:
    return first.start == second.start or abs(_peak(first) - _peak(second)) <= SAME_PEAK


def _peak(flare: Flare) -> dt.datetime:
    return flare.peak or flare.start


def _merged(records: dict[str, Flare]) -> Flare:
    """Return one flare from the records of several observers."""
    ordered = [records[observer] for observer in OBSERVERS if observer in records]
    by_position = [records[observer] for observer in POSITION_OBSERVERS if observer in records]
    placed = next((record for record in by_position if record.latitude is not None), ordered[0])
    return ordered[0]._replace(
        goes_class=next((record.goes_class for record in ordered if record.goes_class), ""),
        noaa_ar=next((record.noaa_ar for record in ordered if record.noaa_ar), None),
        latitude=placed.latitude,
        longitude=placed.longitude,
    )


def _flare(event: Event) -> Flare | None:
    start, peak, end = (fields.time(event.get(f"event_{name}time")) for name in ("start", "peak", "end"))
    if not (begin := start or peak):
        return None
    wrong_end = end and end <= (peak or begin)
    position = fields.position(event.get("hgs_y"), event.get("hgs_x"))
    times = start, peak, None if wrong_end else end
    return make_flare(times, event.get("fl_goescls"), event.get("ar_noaanum"), position)


def parse_regions(events: Sequence[Event]) -> Report[Region]:
    """Return the regions that NOAA's observers report (events of type AR), each at the start of its day."""
    report = Report[Region]()
    for event in events:
        if event.get("frm_name") == REGION_OBSERVER and not _is_test(event):
            report.add(_region(event), event.get("kb_archivid"))
    return report


def _region(event: Event) -> Region | None:
    time, position = fields.time(event.get("event_starttime")), fields.position(event.get("hgs_y"), event.get("hgs_x"))
    noaa_ar = fields.region_number(event.get("ar_noaanum"), time) if time else None
    if time is None or position is None or noaa_ar is None:
        return None
    square_km = fields.number(event.get("area_atdiskcenter"))
    area = None
    if square_km is not None and 0 <= square_km <= HEMISPHERE:
        area = float(round(1e6 * square_km / HEMISPHERE))
    mcintosh, mag_type = (str(event.get(name) or "") for name in ("ar_mcintoshcls", "ar_mtwilsoncls"))
    spots = fields.count(event.get("ar_numspots"))
    return Region(time, noaa_ar, *position, area, fields.mcintosh(mcintosh), mount_wilson(mag_type) or "", spots)
