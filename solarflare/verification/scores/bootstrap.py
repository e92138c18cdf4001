"""Measures how certain a score is: intervals and paired differences from resampling whole blocks.

Rows close in time resemble each other, so that a plain bootstrap makes a score look more certain than it is. Here
blocks of days are drawn with replacement, as in Künsch 1989 (doi:10.1214/aos/1176347265) and, for clusters, Davison &
Hinkley 1997, *Bootstrap Methods and their Application*, 3.8. A resample is a row of weights. A weight says how often a
block was drawn.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from solarflare.verification.scores.weighting import LEVELS, Groups

Values = NDArray[np.float64]
Statistic = Callable[[Values], Mapping[str, Values]]

CHUNK = 2**20  # numbers of a statistic that are in memory at once: 8 MB
FEWEST_BLOCKS = 5  # with fewer blocks, a few thousand resamples do not reach the tail of an interval of 95 %


@dataclass(frozen=True)
class Interval:
    """A value and its interval. Both ends are NaN if there are too few blocks or resamples for an interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference: the score of one forecast minus the same score of another.

    Attributes
    ----------
    p : float
        The two-sided p-value: 1 minus the level of the widest interval without zero. NaN if there is no interval.
    verdict : str
        ``better``, ``worse`` or ``not distinguishable``.
    resolvable : float
        The smallest difference that these rows can tell from zero: 1.96 bootstrap standard errors. NaN as for `p`.
    """

    p: float
    verdict: str
    resolvable: float


def verdict(low: float, high: float, lower_is_better: bool = False) -> str:
    """Return ``not distinguishable`` if the interval of a difference contains zero, else ``better`` or ``worse``."""
    above, below = ("worse", "better") if lower_is_better else ("better", "worse")
    return above if low > 0 else below if high < 0 else "not distinguishable"


class BlockBootstrap:
    """A plan of resamples. It is the same for every statistic, so that differences of draws are paired.

    Parameters
    ----------
    blocks : (n,) array
        The block of each row. The rows of a block stay together.
    resamples, seed : int
        How many resamples are drawn, and the seed. Another seed gives another plan.
    """

    def __init__(self, blocks: NDArray, resamples: int, seed: int) -> None:
        names, block = np.unique(np.asarray(blocks), return_inverse=True)
        self.groups = Groups(block, len(names))
        self.blocks = len(names)
        self.resamples, self._seed = resamples, seed
        self._expansion = math.sqrt(self.blocks / max(1, self.blocks - 1))

    def counts(self) -> Iterator[Values]:
        """Yield how often each block was drawn, (some resamples, blocks), in chunks of constant memory."""
        generator = np.random.default_rng(self._seed)
        at_once = max(1, CHUNK // min(max(1, len(self.groups.number)), LEVELS))
        for start in range(0, self.resamples, at_once):
            number = min(at_once, self.resamples - start)
            yield generator.multinomial(self.blocks, np.full(self.blocks, 1 / self.blocks), size=number).astype(float)

    def weights(self) -> Iterator[Values]:
        """Yield how often each row counts, (some resamples, n)."""
        for counts in self.counts():
            yield counts[:, self.groups.number]

    def draws(self, statistic: Statistic, of_blocks: bool = False) -> dict[str, Values]:
        """Return the values of a statistic in every resample, (resamples,), by name.

        Parameters
        ----------
        statistic : callable
            It takes the weights of some resamples and returns named values, one per resample. A value may be NaN.
        of_blocks : bool, optional
            True if the statistic takes one weight per block, (some resamples, blocks), as a forecast that is grouped by
            `groups` does. False if it takes one weight per row, (some resamples, n).
        """
        chunks = [statistic(weight) for weight in (self.counts() if of_blocks else self.weights())]
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}

    def interval(self, value: float, draws: Values, level: float = 0.95) -> Interval:
        """Return the expanded percentile interval of a value.

        Parameters
        ----------
        value, draws
            The value on the rows themselves, and the values in the resamples, (resamples,). NaN draws are skipped.
        level : float, optional
            The wanted coverage, 0 to 1.

        Notes
        -----
        A percentile interval from few blocks is too narrow. Its tails are widened to those of Student's t, after
        Hesterberg 2015 (doi:10.1080/00031305.2015.1089789). With hundreds of blocks this changes nothing. With fewer
        than five blocks there is no interval.
        """
        draws = draws[np.isfinite(draws)]
        if self._too_few(draws):
            return Interval(float(value), math.nan, math.nan)
        tail = stats.norm.cdf(self._expansion * stats.t.ppf((1 - level) / 2, self.blocks - 1))
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Interval(float(value), float(low), float(high))

    def difference(self, value: float, draws: Values, lower_is_better: bool = False) -> Difference:
        """Return a paired difference with its interval of 95 %, p and verdict.

        Parameters
        ----------
        value, draws
            The score of one forecast minus the score of the other, on the rows and in the resamples, (resamples,).
        lower_is_better : bool, optional
            True if the score is an error, so that a lower one is better.
        """
        interval, draws = self.interval(value, draws), draws[np.isfinite(draws)]
        judgement = verdict(interval.low, interval.high, lower_is_better)
        resolvable = math.nan if self._too_few(draws) else 1.96 * float(draws.std(ddof=1))
        return Difference(float(value), interval.low, interval.high, self._p(draws), judgement, resolvable)

    def _too_few(self, draws: Values) -> bool:
        return self.blocks < FEWEST_BLOCKS or draws.size < 2

    def _p(self, draws: Values) -> float:
        """Return twice the smallest tail whose interval reaches zero."""
        if self._too_few(draws):
            return math.nan
        share = (1 + min((draws <= 0).sum(), (draws >= 0).sum())) / (1 + draws.size)
        tail = stats.t.cdf(stats.norm.ppf(share) / self._expansion, self.blocks - 1)
        return float(min(1.0, 2 * tail))
