"""Loops over the reports of a span: one file per day, or one file per year."""

import datetime as dt
from collections.abc import Callable

from solarflare.core.console import log, progress
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused
from solarflare.sources.live.lists.fields import midnight
from solarflare.sources.live.lists.report import Flare, Report, Row, Rows, Span

DAY = dt.timedelta(days=1)
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


def read_years(
    name: str, start: dt.datetime, end: dt.datetime, read: Callable[[int], Report[Flare]], *, unfinished: int
) -> Rows[Flare]:
    """Read the reports of all years that [start, end) touches, like `read_days`. Rows outside of the span are kept.

    From the year `unfinished` on, a report is complete only until the day of its last flare. A row that cannot be read
    makes no gap, because its day is not known, but a warning shows the row.
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
        if year >= unfinished:
            last = max((midnight(flare.start) + DAY for flare in report.rows), default=begin)
            reached = min(until, max(begin, last))
        spans += [Span(begin, reached), Span(reached, until, "the report does not go so far")]
    return rows, [span for span in spans if span.start < span.end]
