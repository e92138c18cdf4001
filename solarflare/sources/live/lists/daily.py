"""Reports that come one file a day."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from solarflare.core.console import progress
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Refused
from solarflare.sources.live.lists.completeness import Span
from solarflare.sources.live.lists.rows import Parsed

DAY = dt.timedelta(days=1)
SETTLED = dt.timedelta(days=30)
"""An older report is not edited any more."""

log = logging.getLogger("solarflare")
Row = TypeVar("Row")


def days(start: dt.datetime, end: dt.datetime) -> list[dt.date]:
    """Return the days that [start, end) touches."""
    first, last = start.date(), (end - dt.timedelta(microseconds=1)).date()
    return [first + number * DAY for number in range((last - first).days + 1)]


def settled(day: dt.date) -> bool:
    """Tell whether the report of a day has taken its last form."""
    return dt.datetime.now(dt.UTC).date() - day > SETTLED


def urls(bases: Iterable[str], day: dt.date, *names: str) -> list[str]:
    """Return the addresses of a file in the folder YYYY/MM of a day, with the day's date for the name's ``{day}``."""
    months = [addresses.join(base, f"{day:%Y}", f"{day:%m}") for base in bases]
    return [addresses.join(month, name.format(day=f"{day:%Y%m%d}")) for month in months for name in names]


def read(name: str, wanted: list[dt.date], report: Callable[[dt.date], Parsed[Row]]) -> tuple[list[Row], list[Span]]:
    """Read the reports of many days.

    Parameters
    ----------
    name : str
        Of the source, for what is said.
    wanted : list of date
        In order.
    report : callable
        Returns the report of a day, or raises Absent or Refused.

    Returns
    -------
    rows : list
        Of all reports.
    spans : list of Span
        One a day. A day whose report is absent, or has rows that cannot be read, is a gap.
    """
    rows: list[Row] = []
    spans: list[Span] = []
    for day in progress(wanted, len(wanted), f"{name}: days read"):
        try:
            parsed = report(day)
            rows += parsed.rows
            reason = parsed.gap
        except (Absent, Refused) as outcome:
            reason = outcome.reason
        midnight = dt.datetime.combine(day, dt.time())
        spans.append(Span(midnight, midnight + DAY, reason))
    if gaps := [span for span in spans if span.reason]:
        log.warning(
            "%s: %d of %d days have a gap; the first is %s (%s)",
            name,
            len(gaps),
            len(spans),
            gaps[0].start.date(),
            gaps[0].reason,
        )
    return rows, spans
