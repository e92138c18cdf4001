"""What a label source has for a span."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.sources.live.lists import completeness
from solarflare.sources.live.lists.completeness import Span


@dataclass(frozen=True)
class Collected:
    """The rows of a list, and where it is complete.

    Parameters
    ----------
    rows : DataFrame
        In the form of `tables.FLARES` or `tables.REGIONS`.
    coverage : DataFrame
        In the form of `tables.COVERAGE`: a day whose report is absent has a row with the reason.
    """

    rows: pd.DataFrame
    coverage: pd.DataFrame


def flares(name: str, rows: pd.DataFrame, spans: Iterable[Span], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return what a list of flares has from `start` to `end` (excluded).

    Parameters
    ----------
    name : str
        Of the list.
    rows : DataFrame
        In the form of `tables.FLARES`: all that was read, from which the weakest complete class of a year follows.
    spans : iterable of Span
        Where the list is complete, in the order of time.
    start, end : datetime64
        UTC.
    """
    return Collected(completeness.clip(rows, "start", start, end), completeness.table(name, spans, rows))


def regions(rows: pd.DataFrame, spans: Iterable[Span], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return what reports of regions (`tables.REGIONS`) say from `start` to `end`, the report at `end` with them."""
    within = rows[(rows["time"] >= start) & (rows["time"] <= end)].reset_index(drop=True)
    return Collected(within, completeness.table("regions", spans))
