"""The statistics of the audit: ROC-AUC within folds, and its interval, corrected for several probes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking, areas

ERROR = 0.05  # probability that the two-sided interval of any gated probe misses a true ROC-AUC at the limit
POWER = 0.9  # probability with which a leak of the detectable ROC-AUC is found

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """A score: its value on the rows themselves, and its values in all resamples, (resamples,)."""

    value: float
    draws: Values


class ByFold:
    """A ROC-AUC that compares rows only with rows of the same fold, because one model scored all rows of a fold."""

    def __init__(self, label: NDArray, score: NDArray, fold: NDArray) -> None:
        rows = [np.flatnonzero(fold == number) for number in np.unique(fold)]
        self._folds = [(of_fold, Ranking(label[of_fold], score[of_fold])) for of_fold in rows]

    def roc_auc(self, weight: Values) -> Values:
        """Return the share of pairs of a positive and a negative that are ranked correctly; ties count one half.

        The result has one value per resample of the weights, (resamples, n). It is NaN if no fold has both classes.
        """
        correct, compared = np.zeros(len(weight)), np.zeros(len(weight))
        for rows, ranking in self._folds:
            positive, negative = ranking.steps(weight[:, rows])
            pairs = positive.sum(axis=1) * negative.sum(axis=1)
            correct += np.where(pairs > 0, areas(positive, negative)[0] * pairs, 0)
            compared += pairs
        with np.errstate(invalid="ignore"):
            return correct / compared


def holm(gated: Mapping[str, Resampled], plan: BlockBootstrap, limit: float) -> dict[str, float]:
    """Return the lower end of each gated probe's interval of ROC-AUC, corrected for the number of probes.

    It is NaN where there is no interval. A probe whose lower end is above the limit has found a leak.

    Holm 1979, Scandinavian Journal of Statistics 6, 65: the m probes are tested in order, the most certain leak first.
    The first probe is tested at the level `ERROR` / m, the next at `ERROR` / (m - 1), and so on. The first probe that
    is not above the limit ends this: all remaining probes are tested at its level.
    """
    # A resample without one of the classes has no ROC-AUC. It counts as a ROC-AUC below the limit.
    order = {name: (np.mean(~(auc.draws > limit)), -auc.value, name) for name, auc in gated.items()}
    lows: dict[str, float] = {}
    remaining = len(gated)
    for name in sorted(order, key=lambda name: order[name]):
        lows[name] = plan.interval(gated[name].value, gated[name].draws, 1 - ERROR / remaining).low
        if lows[name] > limit:
            remaining -= 1
    return lows


def detectable(limit: float, draws: Values, label: NDArray, gated: int) -> float:
    """Return the smallest ROC-AUC of a single leak that would be found with a probability of `POWER`, else 1.

    The standard error is the larger of two: that of the probe's ROC-AUC in the resamples, and that of as many
    independent rows (Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747). A probe that sees nothing needs the
    second, because its draws do not vary. `gated` is the number of probes that share the error level.
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
