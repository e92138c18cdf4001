"""Where a list is complete: the stretches that its reports cover, and the gaps between them."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.coverage import weakest_class
from solarflare.sun.events.flares import flux

USUAL_CLASS = "C1.0"
"""The class that operational GOES lists are complete for in every year. Weaker flares are lost in the background of an
active Sun; NOAA reports classes A and B at solar minimum alone."""


@dataclass(frozen=True)
class Span:
    """A stretch of time [start, end), with a reason if it is not covered."""

    start: dt.datetime
    end: dt.datetime
    reason: str = ""


def table(name: str, spans: Iterable[Span], flares: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the coverage of a list.

    Parameters
    ----------
    name : str
        The name of the list, or ``regions``.
    spans : iterable of Span
        In the order of time.
    flares : DataFrame or None
        In the form of `tables.FLARES`: each year's weakest complete class follows from it. None for regions.

    Returns
    -------
    DataFrame
        In the form of `tables.COVERAGE`, equal rows that adjoin joined.
    """
    classes = None if flares is None else _weaker_classes(flares)
    rows: list[list[object]] = []
    for span in spans:
        for start, end in _by_year(span) if classes is not None and not span.reason else [(span.start, span.end)]:
            min_class = "" if classes is None else classes.get(start.year, USUAL_CLASS)
            row = [name, start, end, min_class, "absent" if span.reason else "complete", span.reason]
            if rows and rows[-1][2] == start and rows[-1][3:] == row[3:]:
                rows[-1][2] = end
            elif start < end:
                rows.append(row)
    df = pd.DataFrame(rows, columns=list(tables.COVERAGE.columns), dtype=object)
    return tables.check(df, tables.COVERAGE, f"the coverage of {name}")


def _weaker_classes(flares: pd.DataFrame) -> dict[int, str]:
    """Return the years in which a list is complete for a class weaker than the usual one, and that class."""
    weakest = flares.groupby(flares["start"].dt.year)["goes_class"].agg(weakest_class)
    weaker = weakest[flux(weakest) < flux(pd.Series([USUAL_CLASS]))[0]]
    return {int(str(year)): str(goes_class) for year, goes_class in weaker.items()}


def _by_year(span: Span) -> list[tuple[dt.datetime, dt.datetime]]:
    new_years = [dt.datetime(year, 1, 1) for year in range(span.start.year + 1, span.end.year + 1)]
    return list(itertools.pairwise([span.start, *(time for time in new_years if time < span.end), span.end]))
