"""The statistics of the audit: ROC-AUC within folds, and what its interval allows to say with several probes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking, areas

ERROR = 0.05
"""Probability, with a true ROC-AUC at the limit, that any gated probe's two-sided interval lies beside it."""

POWER = 0.9

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """A score of the rows themselves, and in every resample, (resamples,)."""

    value: float
    draws: Values


class ByFold:
    """A ROC-AUC that compares the rows of each fold with each other only.

    Parameters
    ----------
    label : (n,) int
        1 or 0.
    score : (n,) float
        Higher means more likely 1.
    fold : (n,) int
        Whose model gave the score.
    """

    def __init__(self, label: NDArray, score: NDArray, fold: NDArray) -> None:
        rows = [np.flatnonzero(fold == number) for number in np.unique(fold)]
        self._folds = [(of_fold, Ranking(label[of_fold], score[of_fold])) for of_fold in rows]

    def roc_auc(self, weight: Values) -> Values:
        """Return the share of the pairs of a positive and a negative that are ranked rightly, ties counting one half.

        Parameters
        ----------
        weight : (resamples, n) float
            How often each row counts.

        Returns
        -------
        (resamples,) float64
            NaN where no fold holds both classes.
        """
        right, compared = np.zeros(len(weight)), np.zeros(len(weight))
        for rows, ranking in self._folds:
            positive, negative = ranking.steps(weight[:, rows])
            pairs = positive.sum(axis=1) * negative.sum(axis=1)
            right += np.where(pairs > 0, areas(positive, negative)[0] * pairs, 0)
            compared += pairs
        with np.errstate(invalid="ignore"):
            return right / compared


def holm(gated: Mapping[str, Resampled], plan: BlockBootstrap, limit: float) -> dict[str, float]:
    """Return the lower end of each gated probe's ROC-AUC, corrected for their number; beyond the limit it is a leak.

    Parameters
    ----------
    gated : mapping of Resampled
        The ROC-AUC of each gated probe, by name.
    plan : BlockBootstrap
        That drew them.
    limit : float
        ROC-AUC that a leak passes.

    Returns
    -------
    dict of float
        NaN where there is no interval.

    Notes
    -----
    Holm 1979, Scandinavian Journal of Statistics 6, 65: of m probes, the one that passes the limit most surely shares
    `ERROR` with all, the next with m - 1, and so on down to the first that does not pass. The rest is judged as that
    one.
    """
    # A resample without a class says nothing: it counts as one below the limit.
    doubt = {name: (np.mean(~(one.draws > limit)), -one.value, name) for name, one in gated.items()}
    lows: dict[str, float] = {}
    sharing = len(gated)
    for name in sorted(doubt, key=lambda name: doubt[name]):
        one = gated[name]
        lows[name] = plan.interval(one.value, one.draws, 1 - ERROR / sharing).low
        if lows[name] > limit:
            sharing -= 1
    return lows


def detectable(limit: float, draws: Values, label: NDArray, gated: int) -> float:
    """Return the least ROC-AUC of a single leak that would have been found with a probability of `POWER`.

    Parameters
    ----------
    limit : float
        ROC-AUC that the corrected lower end has to pass.
    draws : (resamples,) float
        The probe's ROC-AUC in every resample. Those of a probe that saw nothing do not vary: then, and wherever it is
        larger, the standard error of as many independent rows counts.
    label : (n,) int
        1 or 0.
    gated : int
        How many probes share the error level.

    Returns
    -------
    float
        1 if not even a perfect one were sure to be found.

    Notes
    -----
    The standard error of independent rows is that of Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    positives = int(label.sum())
    negatives = len(label) - positives
    error = float(np.nanstd(draws))
    reach = stats.norm.ppf(1 - ERROR / 2 / gated) + stats.norm.ppf(POWER)

    def missing(auc: float) -> float:
        both_positives, both_negatives = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        variance = (
            auc * (1 - auc) + (positives - 1) * (both_positives - auc**2) + (negatives - 1) * (both_negatives - auc**2)
        ) / (positives * negatives)
        return auc - limit - reach * max(error, math.sqrt(max(variance, 0)))

    return optimize.brentq(missing, limit, 1) if missing(limit) < 0 < missing(1) else 1.0
