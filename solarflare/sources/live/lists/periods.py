"""Loops over the reports of a span: one file a day, or one file a year."""

import datetime as dt
from collections.abc import Callable

from solarflare.core.console import log, progress
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused
from solarflare.sources.live.lists.fields import midnight
from solarflare.sources.live.lists.report import Flare, Report, Row, Rows, Span

DAY = dt.timedelta(days=1)
SETTLED = dt.timedelta(days=30)  # An older report is not edited any more
DayReader = Callable[[dt.date], Report[Row]]
DayCheck = Callable[[bytes, dt.date], str | None]  # Returns why content is not the report of a day, or None


def settled(day: dt.date) -> bool:
    """Return whether the report of a day has its final form."""
    return dt.datetime.now(dt.UTC).date() - day > SETTLED


def daily_reader(
    fetcher: Fetcher, bases: Bases, suffix: str, problem: DayCheck, parse: Callable[[bytes, dt.date], Report[Row]]
) -> DayReader[Row]:
    """Return a reader, for `read_days`, of NCEI's files ``YYYY/MM/YYYYMMDD<suffix>``."""

    def read(day: dt.date) -> Report[Row]:
        urls = [addresses.join(base, f"{day:%Y}", f"{day:%m}", f"{day:%Y%m%d}{suffix}") for base in bases]
        return parse(fetcher.get(urls, lambda content: problem(content, day), keep=settled(day)), day)

    return read


def read_days(name: str, start: dt.datetime, end: dt.datetime, read: DayReader[Row]) -> Rows[Row]:
    """Read the reports of the days that [start, end) touches, UTC; `name` is that of the source, for messages.

    `read` returns the report of a day, or raises Absent or Refused. Returns the rows of all reports, and a span for
    each day: one whose report is absent, or has a row that cannot be read, is a gap.
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
    """Read the reports of the years that [start, end) touches, like `read_days`, also the rows outside of the span.

    From the year `unfinished` on a report is taken to end with the day of its last flare. A row that cannot be read
    makes no gap, as its day is not known; a warning names it.
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
