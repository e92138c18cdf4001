"""Loops over the reports of a span: one file per day, or one file per year."""

import datetime as dt
from collections.abc import Callable, Sequence

from solarflare.core.console import log, progress
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused
from solarflare.sources.live.lists.fields import midnight
from solarflare.sources.live.lists.report import Flare, Report, Row, Rows, Span

DAY = dt.timedelta(days=1)
MAX_QUIET_END = 5.0
"""Mean waits between flares without a flare at the end of a yearly list. Of complete lists, (1 + 5)**-2 or 3 % have a
longer silence there, by the rates of `sources.common.coverage`; they lose it, and no flare is missed."""

DayReader = Callable[[dt.date], Report[Row]]
DayCheck = Callable[[bytes, dt.date], str | None]  # Returns why content is not the report of a day, or None if it is


def daily_reader(
    fetcher: Fetcher, bases: Bases, suffix: str, why_not: DayCheck, parse: Callable[[bytes, dt.date], Report[Row]]
) -> DayReader[Row]:
    """Return a function for `read_days` that reads NCEI's files ``YYYY/MM/YYYYMMDD<suffix>``."""

    def read(day: dt.date) -> Report[Row]:
        urls = [addresses.join(base, f"{day:%Y}", f"{day:%m}", f"{day:%Y%m%d}{suffix}") for base in bases]
        return parse(fetcher.get(urls, lambda content: why_not(content, day), keep=settled(day)), day)

    return read


def read_days(name: str, start: dt.datetime, end: dt.datetime, read: DayReader[Row]) -> Rows[Row]:
    """Read the reports of all days that [start, end) touches, UTC.

    `name` is the name of the source, for messages. `read` returns the report of a day, or raises Absent or Refused.
    Returns the rows of all reports, and one span per day. A day is a gap if its report is absent, or has a row that
    cannot be read.
    """
    last = (end - dt.timedelta(microseconds=1)).date()
    days = [start.date() + number * DAY for number in range((last - start.date()).days + 1)]
    rows: list[Row] = []
    spans: list[Span] = []
    for day in progress(days, len(days), f"{name}: days read"):
        try:
            report = read(day)
            rows += report.rows
            reason = report.gap
        except (Absent, Refused) as failure:
            reason = failure.reason
        spans.append(Span(midnight(day), midnight(day) + DAY, reason))
    if gaps := [span for span in spans if span.reason]:
        first = f"{gaps[0].start:%Y-%m-%d} ({gaps[0].reason})"
        log.warning("%s: %d of %d days have a gap; the first is %s", name, len(gaps), len(spans), first)
    return rows, spans


def ends_early(times: Sequence[dt.datetime], year: int) -> bool:
    """Return whether a list of a year's flares, at these times, ends so long before the year that a part is missing.

    The time without a flare at its end is compared with the mean wait between its flares before. Both the end of the
    list and its number of rows count.
    """
    if not times:
        return True
    first, last = dt.datetime(year, 1, 1), max(times)
    return dt.datetime(year + 1, 1, 1) - last > MAX_QUIET_END * (last - first) / len(times)


def read_years(
    name: str, start: dt.datetime, end: dt.datetime, read: Callable[[int], Report[Flare]], *, unfinished: int
) -> Rows[Flare]:
    """Read the reports of all years that [start, end) touches, like `read_days`. Rows outside of the span are kept.

    A report is complete until its last flare. It is complete until the end of its year if the year is before the year
    `unfinished`, and the time without a flare at its end is not suspiciously long (see `ends_early`). A row that cannot
    be read makes no gap, because its day is not known, but a warning shows the row.
    """
    rows: list[Flare] = []
    spans: list[Span] = []
    for year in range(start.year, (end - dt.timedelta(microseconds=1)).year + 1):
        begin, until = max(start, dt.datetime(year, 1, 1)), min(end, dt.datetime(year + 1, 1, 1))
        try:
            report = read(year)
        except (Absent, Refused) as failure:
            log.warning("%s: %d is absent (%s)", name, year, failure.reason)
            spans.append(Span(begin, until, failure.reason))
            continue
        if report.gap:
            log.warning("%s: %d: %s", name, year, report.gap)
        rows += report.rows
        reached = until
        times = [flare.start for flare in report.rows if flare.start.year == year]
        if year >= unfinished or ends_early(times, year):
            reached = min(until, max(begin, *times)) if times else begin
            log.warning("%s: the report of %d ends at %s, after %d flares", name, year, reached, len(times))
        spans += [Span(begin, reached), Span(reached, until, "the report does not go so far")]
    return rows, [span for span in spans if span.start < span.end]
