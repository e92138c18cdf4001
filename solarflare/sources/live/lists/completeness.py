"""Where a label source is complete: the stretches that its reports cover, and the gaps between them."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.coverage import weakest_class
from solarflare.sun.events.flares import flux

USUAL = "C1.0"
"""What operational GOES lists are complete for in every year; weaker flares drown in the background when the Sun is
active (NOAA's A and B classes are reported at solar minimum alone)."""


@dataclass(frozen=True)
class Span:
    """A stretch of time [start, end), with the reason if it is not covered."""

    start: dt.datetime
    end: dt.datetime
    reason: str = ""


def table(name: str, spans: Iterable[Span], flares: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the coverage of a list.

    Parameters
    ----------
    name : str
        Of the list, or ``regions``.
    spans : iterable of Span
        In the order of time.
    flares : DataFrame or None
        Of `tables.FLARES`: what each year's weakest complete class is read from; None for regions.

    Returns
    -------
    DataFrame
        In the form of `tables.COVERAGE`; what adjoins and is alike in one row.
    """
    depth = None if flares is None else _depth(flares)
    rows: list[list[object]] = []
    for span in spans:
        for start, end in _by_year(span) if depth is not None and not span.reason else [(span.start, span.end)]:
            min_class = "" if depth is None else depth.get(start.year, USUAL)
            row = [name, start, end, min_class, "absent" if span.reason else "complete", span.reason]
            if rows and rows[-1][2] == start and rows[-1][3:] == row[3:]:
                rows[-1][2] = end
            elif start < end:
                rows.append(row)
    df = pd.DataFrame(rows, columns=list(tables.COVERAGE.columns), dtype=object)
    return tables.check(df, tables.COVERAGE, f"the coverage of {name}")


def _depth(flares: pd.DataFrame) -> dict[int, str]:
    """Return the weakest class that a list is complete for in each year: the usual, or weaker in quiet years."""
    weakest = flares.groupby(flares["start"].dt.year)["goes_class"].agg(weakest_class)
    deeper = weakest[flux(weakest) < flux(pd.Series([USUAL]))[0]]
    return {int(str(year)): str(found) for year, found in deeper.items()}


def _by_year(span: Span) -> list[tuple[dt.datetime, dt.datetime]]:
    turns = [dt.datetime(year, 1, 1) for year in range(span.start.year + 1, span.end.year + 1)]
    moments = [span.start, *(turn for turn in turns if turn < span.end), span.end]
    return list(itertools.pairwise(moments))


def clip(df: pd.DataFrame, time: str, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return the rows whose `time` is from `start` to `end` (excluded)."""
    return df[(df[time] >= start) & (df[time] < end)].reset_index(drop=True)
