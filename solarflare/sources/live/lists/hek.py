"""The Heliophysics Event Knowledgebase: flares and regions as many observers report them.

What its records are known for, and what is done about it:

* a flare stands there two to four times, by SWPC, by SSW (LMSAL's latest events, at two start times perhaps) and by
  Flare Detective in several wavelengths: `deduplicate` makes one of them;
* SWPC's flares without a position have (0, 0), even where ``noposition`` is false: no position;
* region numbers have five digits, four, are 0, null or blank;
* people's annotations span hours, with a peak on another day perhaps: not used; nor are bounding boxes, which are
  points in SSW's flares;
* answers have held bytes that are no UTF-8, and pages of HTML.
"""

import datetime as dt
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.lists import collected
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.completeness import Span
from solarflare.sources.live.lists.daily import DAY, settled
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
    position,
    region_number,
    region_table,
)

NAME = "hek"

OBSERVERS = ("SWPC", "SSW Latest Events", "Flare Detective - Trigger Module")
"""Whose flares are used: the first decides on times and class; positions are SSW's first, see `PLACED_BY`."""

PLACED_BY = ("SSW Latest Events", "SWPC", "Flare Detective - Trigger Module")

REGION_OBSERVER = "NOAA SWPC Observer"

SAME_PEAK = dt.timedelta(minutes=2)
"""How far apart two observers may place the peak of one flare."""

LONGEST = dt.timedelta(days=1)
"""An end that is longer after the start is a mistake; SSW has had ones of days."""

HEMISPHERE = 2 * np.pi * 696_000.0**2
"""km2, by the radius with which HEK turns NOAA's millionths into areas at disk centre."""

SPAN = dt.timedelta(days=30)
"""What is asked for at once."""

LIMIT = 500
"""Events a page."""

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Answer:
    """A page of events, and whether there are more."""

    events: list[dict[str, Any]]
    more: bool


def flares(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`, each once; see `registry.LabelSource`."""
    events, spans = collect(fetcher, bases, "fl", start, end)
    parsed = deduplicate(events)
    _warn(parsed)
    return collected.flares(NAME, flare_table(parsed.rows, NAME), spans, start, end)


def regions(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the regions reported from `start` to `end`, the report at `end` with them; see `registry.LabelSource`."""
    events, spans = collect(fetcher, bases, "ar", start, end + np.timedelta64(DAY))
    parsed = parse_regions(events)
    _warn(parsed)
    return collected.regions(region_table(parsed.rows, NAME), spans, start, end)


def _warn(parsed: Parsed) -> None:
    if parsed.gap:
        log.warning("%s: %s", NAME, parsed.gap)


def address(base: str, event_type: str, start: dt.datetime, end: dt.datetime, page: int) -> str:
    """Return the address of a page, from 1, of the events of a span of time."""
    return f"{base.rstrip('/')}?" + urlencode(
        {
            "cosec": 2,
            "cmd": "search",
            "type": "column",
            "event_type": event_type,
            "event_starttime": start.isoformat(),
            "event_endtime": end.isoformat(),
            "event_coordsys": "helioprojective",
            "x1": -5000,
            "x2": 5000,
            "y1": -5000,
            "y2": 5000,
            "result_limit": LIMIT,
            "page": page,
        },
        safe=":",
    )


def collect(
    fetcher: Fetcher, bases: Sequence[str], event_type: str, start: np.datetime64, end: np.datetime64
) -> tuple[list[dict[str, Any]], list[Span]]:
    """Return all events of a type ("fl" or "ar") in a span, by HEK's own keys, and where they are complete."""
    events: list[dict[str, Any]] = []
    spans: list[Span] = []
    opens, last = datetimes(start), datetimes(end)
    while opens < last:
        closes, reason = min(opens + SPAN, last), ""
        try:
            for answer in _pages(fetcher, bases, event_type, opens, closes):
                events += answer.events
        except (Absent, Refused) as outcome:
            reason = outcome.reason
            log.warning("%s: a gap from %s to %s (%s)", NAME, opens, closes, reason)
        spans.append(Span(opens, closes, reason))
        opens = closes
    return events, spans


def _pages(
    fetcher: Fetcher, bases: Sequence[str], event_type: str, start: dt.datetime, end: dt.datetime
) -> Iterator[Answer]:
    """Yield all pages of a span."""
    page, before, more = 1, None, True
    while more:
        urls = [address(base, event_type, start, end, page) for base in bases]
        answer = parse(fetcher.get(urls, refusal, keep=settled(end.date())))
        if answer.more and answer.events == before:
            raise Absent(f"page {page} is the one before again")
        yield answer
        page, before, more = page + 1, answer.events, answer.more


def refusal(content: bytes) -> str | None:
    """Return why something is not an answer of HEK, or None if it is."""
    return None if _answer(content) is not None else "no JSON with a result"


def parse(content: bytes) -> Answer:
    """Read a page; what is no answer of HEK is a page without events."""
    return _answer(content) or Answer([], more=False)


def _answer(content: bytes) -> Answer | None:
    try:
        found = json.loads(content.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("result"), list):
        return None
    events = [event for event in found["result"] if isinstance(event, dict)]
    return Answer(events, more=bool(events) and str(found.get("overmax")).lower() == "true")


def deduplicate(events: Sequence[dict[str, Any]]) -> Parsed[Flare]:
    """Make one flare of what several observers report of it.

    Parameters
    ----------
    events : sequence of dict
        Of type FL, by HEK's own keys.

    Returns
    -------
    Parsed of Flare
        By peak time. Two records are one flare if they start together or peak within `SAME_PEAK`. Times and class are
        of the first of `OBSERVERS` that has them, the position of the first of `PLACED_BY`. What Flare Detective alone
        reports is no flare: its triggers have no class, and many are brightenings that no X-ray list knows.
    """
    parsed = Parsed[Flare]()
    sightings: dict[str, list[Flare]] = {observer: [] for observer in OBSERVERS}
    for event in events:
        if (observer := str(event.get("frm_name"))) not in sightings or _is_test(event):
            continue
        if found := _flare(event):
            sightings[observer].append(found)
        elif observer != OBSERVERS[-1]:
            parsed.unreadable.append(str(event.get("kb_archivid")))
    kept: dict[dt.date, list[dict[str, Flare]]] = {}
    for observer in OBSERVERS:
        for sighting in sorted(sightings[observer], key=_peak):
            day = sighting.start.date()
            near = [flare for number in (-1, 0, 1) for flare in kept.get(day + number * DAY, [])]
            same = next((flare for flare in near if any(_same(sighting, other) for other in flare.values())), None)
            if same is not None:
                same.setdefault(observer, sighting)
            elif observer != OBSERVERS[-1]:
                kept.setdefault(day, []).append({observer: sighting})
    parsed.rows = sorted((_merged(flare) for flares in kept.values() for flare in flares), key=_peak)
    return parsed


def _is_test(event: dict[str, Any]) -> bool:
    return str(event.get("event_testflag")).lower() == "true"


def _same(one: Flare, other: Flare) -> bool:
    return one.start == other.start or abs(_peak(one) - _peak(other)) <= SAME_PEAK


def _peak(flare: Flare) -> dt.datetime:
    return flare.peak or flare.start


def _merged(sightings: dict[str, Flare]) -> Flare:
    ordered = [sightings[observer] for observer in OBSERVERS if observer in sightings]
    placed = [sightings[observer] for observer in PLACED_BY if observer in sightings]
    at = next((found for found in placed if found.latitude is not None), ordered[0])
    return ordered[0]._replace(
        goes_class=next((found.goes_class for found in ordered if found.goes_class), ""),
        noaa_ar=next((found.noaa_ar for found in ordered if found.noaa_ar), None),
        latitude=at.latitude,
        longitude=at.longitude,
    )


def _flare(event: dict[str, Any]) -> Flare | None:
    start, peak, end = (moment(event.get(f"event_{name}time")) for name in ("start", "peak", "end"))
    begin = start or peak
    if begin is None:
        return None
    wrong_end = end and (end <= (peak or begin) or end - begin > LONGEST)
    return flare(
        start,
        peak,
        None if wrong_end else end,
        goes_class(str(event.get("fl_goescls") or "")),
        region_number(event.get("ar_noaanum"), begin),
        position(event.get("hgs_y"), event.get("hgs_x")),
    )


def parse_regions(events: Sequence[dict[str, Any]]) -> Parsed[Region]:
    """Return the regions that NOAA's observers report.

    Parameters
    ----------
    events : sequence of dict
        Of type AR, by HEK's own keys.

    Returns
    -------
    Parsed of Region
        In the order given, each placed at the start of its day.
    """
    parsed = Parsed[Region]()
    for event in events:
        if event.get("frm_name") != REGION_OBSERVER or _is_test(event):
            continue
        time, at = moment(event.get("event_starttime")), position(event.get("hgs_y"), event.get("hgs_x"))
        noaa_ar = region_number(event.get("ar_noaanum"), time) if time else None
        if time is None or at is None or noaa_ar is None:
            parsed.unreadable.append(str(event.get("kb_archivid")))
            continue
        area = _millionths(number(event.get("area_atdiskcenter")))
        mcintosh, mag_type = (str(event.get(name) or "") for name in ("ar_mcintoshcls", "ar_mtwilsoncls"))
        spots = count(event.get("ar_numspots"))
        parsed.rows.append(Region(time, noaa_ar, *at, area, mcintosh.capitalize(), mag_type.lower(), spots))
    return parsed


def _millionths(square_km: float | None) -> float | None:
    """Return an area in whole millionths of the hemisphere; None of none, and of what is larger than that."""
    if square_km is None or not 0 <= square_km <= HEMISPHERE:
        return None
    return float(round(1e6 * square_km / HEMISPHERE))
