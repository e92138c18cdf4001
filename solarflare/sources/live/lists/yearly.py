"""Reports that come one file a year."""

import datetime as dt
import logging
from collections.abc import Callable

import numpy as np

from solarflare.sources.live.http.fetch import Absent, Refused
from solarflare.sources.live.lists.completeness import Span
from solarflare.sources.live.lists.daily import DAY
from solarflare.sources.live.lists.rows import Flare, Parsed, datetimes

log = logging.getLogger("solarflare")


def read(
    name: str,
    start: np.datetime64,
    end: np.datetime64,
    report: Callable[[int], Parsed[Flare] | str],
    *,
    unfinished: int,
) -> tuple[list[Flare], list[Span]]:
    """Read the reports of the years of a span.

    Parameters
    ----------
    name : str
        Of the source, for what is said.
    start, end : datetime64
        The span, UTC.
    report : callable
        Returns the report of a year, or why there is none, or raises Absent or Refused.
    unfinished : int
        The year whose report, and any later one, goes no further than the day of its last flare.

    Returns
    -------
    rows : list of Flare
        Of all reports, with their whole years.
    spans : list of Span
        Within the span. A row that cannot be read is only said: which day it is about is not known.
    """
    rows: list[Flare] = []
    spans: list[Span] = []
    first, last = datetimes(start), datetimes(end)
    for year in range(first.year, (last - dt.timedelta(microseconds=1)).year + 1):
        begin, until = max(first, dt.datetime(year, 1, 1)), min(last, dt.datetime(year + 1, 1, 1))
        try:
            found = report(year)
        except (Absent, Refused) as outcome:
            found = outcome.reason
        if isinstance(found, str):
            log.warning("%s: %d is absent (%s)", name, year, found)
            spans.append(Span(begin, until, found))
            continue
        if found.gap:
            log.warning("%s: %d: %s", name, year, found.gap)
        rows += found.rows
        reached = until if year < unfinished else min(until, max(begin, _day_after(found.rows, begin)))
        spans += [Span(begin, reached), Span(reached, until, "the report does not go so far")]
    return rows, [span for span in spans if span.start < span.end]


def _day_after(rows: list[Flare], otherwise: dt.datetime) -> dt.datetime:
    """Return the midnight after the last flare."""
    last = max((row.start for row in rows), default=None)
    return dt.datetime.combine(last.date(), dt.time()) + DAY if last else otherwise
