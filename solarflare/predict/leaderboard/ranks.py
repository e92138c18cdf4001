"""Ranks of several forecasts, with intervals that hold for all pairs of forecasts together."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from solarflare.verification.scores.bootstrap import FEWEST_BLOCKS

Values = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True)
class Rank:
    """A rank, 1 for the best, and its interval. Both ends are None if there are too few blocks for an interval."""

    value: int
    low: int | None
    high: int | None


def ranks(values: Values, draws: Values, blocks: int) -> list[Rank]:
    """Return the rank of each forecast by a score that is better if it is lower.

    Parameters
    ----------
    values, draws : (forecasts,) and (resamples, forecasts)
        The score of each forecast on the rows and in paired resamples.
    blocks : int
        The number of blocks that were resampled.

    Notes
    -----
    A percentile of resampled ranks is too narrow where forecasts are nearly equal. Here a rank is at least 1 plus the
    number of forecasts that are certainly better, and at most the number of all minus those that are certainly worse:
    the simultaneous interval of the differences to all others excludes zero (Mogstad et al. 2024,
    doi:10.1093/restud/rdad006). Its half width is a multiple of each difference's standard error: the 95 % quantile of
    the largest of the standardised errors. For few blocks it is widened to the tails of Student's t as in
    `BlockBootstrap.interval`. Equal scores share the better rank.
    """
    return [_rank(position, values, draws, blocks) for position in range(len(values))]


def _rank(position: int, values: Values, draws: Values, blocks: int) -> Rank:
    value = 1 + int((values < values[position]).sum())
    if blocks < FEWEST_BLOCKS or len(draws) < 2:
        return Rank(value, None, None)
    lead = np.delete(values - values[position], position)
    errors = np.delete(draws - draws[:, [position]], position, axis=1) - lead
    spread = errors.std(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.nan_to_num(np.abs(errors) / spread).max(axis=1, initial=0)
    tail = (1 - LEVEL) / 2
    expansion = stats.t.ppf(tail, blocks - 1) / stats.norm.ppf(tail) * math.sqrt(blocks / (blocks - 1))
    half_width = float(np.quantile(largest, LEVEL)) * expansion * spread
    better, worse = int((lead < -half_width).sum()), int((lead > half_width).sum())
    return Rank(value, 1 + better, len(values) - worse)
