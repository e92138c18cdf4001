"""The scores of a probability forecast of a yes-or-no event, for one or many weightings of its rows.

Every score takes ``weight``, how often each row counts, of shape (resamples, rows): a bootstrap is then a matrix of
weights, and no score is written twice.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from solarflare.verification.reliability import Diagram
from solarflare.verification.weighting import totals

Values = NDArray[np.float64]


class Ranking:
    """Rows in the order of their scores, from which ROC-AUC and PR-AUC follow for any weights.

    Parameters
    ----------
    label : (n,) int or bool
        What happened, 1 or 0.
    score : (n,) float
        Higher means more likely 1; only the order matters, ties count as ties.
    """

    def __init__(self, label: NDArray, score: NDArray) -> None:
        self._order = np.argsort(-np.asarray(score, float), kind="stable")
        ordered = np.asarray(score, float)[self._order]
        self._first_of_ties = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        self._positive = np.asarray(label, float)[self._order]

    def steps(self, weight: NDArray) -> tuple[Values, Values]:
        """Return the weighted positives and negatives at each distinct score, falling, (resamples, scores).

        Parameters
        ----------
        weight : (resamples, n) float
            How often each row counts.
        """
        ordered = weight[:, self._order]
        positive = ordered * self._positive
        negative = ordered - positive
        if len(self._first_of_ties) == len(self._order):
            return positive, negative
        at = self._first_of_ties
        return np.add.reduceat(positive, at, axis=1), np.add.reduceat(negative, at, axis=1)

    def roc_auc(self, weight: NDArray) -> Values:
        """Return the area under the ROC curve, (resamples,): see :func:`areas`."""
        return areas(*self.steps(weight))[0]


def areas(positive: Values, negative: Values) -> tuple[Values, Values]:
    """Return ROC-AUC and PR-AUC, each (resamples,), NaN where a class is missing.

    Parameters
    ----------
    positive, negative : (resamples, scores) float
        Of :meth:`Ranking.steps`.

    Notes
    -----
    ROC-AUC by trapezoids, ties counting one half (Fawcett 2006, doi:10.1016/j.patrec.2005.10.010, algorithm 2). PR-AUC
    is the average precision, sum of precision times the step in recall: joining points of a precision-recall curve by
    straight lines would be too kind (Davis & Goadrich 2006, doi:10.1145/1143844.1143874).
    """
    true, false = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        roc = np.einsum("rt,rt->r", negative, true - positive / 2) / (true[:, -1] * false[:, -1])
        # Before the first alarm there is no step either: the precision there does not matter.
        precision = true / np.maximum(true + false, np.finfo(float).tiny)
        pr = np.einsum("rt,rt->r", positive, precision) / true[:, -1]
    return roc, np.where(false[:, -1] > 0, pr, np.nan)


@dataclass(frozen=True)
class Forecast:
    """Probabilities, what happened, and what is needed to judge them.

    Attributes
    ----------
    label : (n,) int
        What happened, 1 or 0.
    probability : (n,) float
        The forecast, 0 to 1.
    threshold : (n,) float or float
        A probability at or above it is an alarm; chosen on validation, so it differs between folds.
    base_rate : (n,) float or float
        Share of label 1 in the training rows: the reference of the Brier skill.
    """

    label: NDArray
    probability: NDArray
    threshold: NDArray | float
    base_rate: NDArray | float

    @property
    def alarm(self) -> NDArray[np.bool_]:
        """Whether each probability is an alarm, (n,)."""
        return self.probability >= self.threshold

    @cached_property
    def ranking(self) -> Ranking:
        """The rows in order of probability."""
        return Ranking(self.label, self.probability)

    @cached_property
    def diagram(self) -> Diagram:
        """The rows in bins of probability."""
        return Diagram(self.label, self.probability)

    def confusion(self, weight: NDArray) -> dict[str, Values]:
        """Return the weighted counts ``tp, fp, fn, tn`` of the alarms, each (resamples,)."""
        return dict(zip(("tp", "fp", "fn", "tn"), totals(weight, self._cells).T, strict=True))

    def scores(self, weight: NDArray | None = None) -> dict[str, Values]:
        """Return every score for every weighting.

        Parameters
        ----------
        weight : (resamples, n) float, optional
            How often each row counts; by default one resample in which each counts once.

        Returns
        -------
        dict of (resamples,) float64
            ``base_rate``, ``accuracy``, ``balanced_accuracy``, ``roc_auc``, ``pr_auc``, ``tss``, ``hss``, ``brier``,
            ``brier_skill``, ``expected_calibration_error``; NaN where a score is undefined, as when a class is missing.

        Notes
        -----
        TSS: Hanssen & Kuipers 1965; for flares Bloomfield et al. 2012, doi:10.1088/2041-8205/747/2/L41, who show that
        it does not depend on the base rate. HSS against chance: Heidke 1926; Doswell et al. 1990,
        doi:10.1175/1520-0434(1990)005<0576:OSMOSI>2.0.CO;2. Brier 1950; its skill against climatology: Wilks 2011,
        *Statistical Methods in the Atmospheric Sciences*, 8.4.2.
        """
        weight = np.ones((1, len(self.label))) if weight is None else weight
        tp, fp, fn, tn = self.confusion(weight).values()
        squared, squared_of_reference = totals(weight, self._squared_errors).T
        roc_auc, pr_auc = areas(*self.ranking.steps(weight))
        total = tp + fp + fn + tn
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, specificity = tp / (tp + fn), tn / (tn + fp)
            return {
                "base_rate": (tp + fn) / total,
                "accuracy": (tp + tn) / total,
                "balanced_accuracy": (recall + specificity) / 2,
                "roc_auc": roc_auc,
                "pr_auc": pr_auc,
                "tss": recall + specificity - 1,
                "hss": 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)),
                "brier": squared / total,
                "brier_skill": 1 - squared / squared_of_reference,
                "expected_calibration_error": self.diagram.curve(weight).expected_calibration_error,
            }

    @cached_property
    def _cells(self) -> Values:
        label, alarm = np.asarray(self.label, bool), self.alarm
        return np.column_stack([alarm & label, alarm & ~label, ~alarm & label, ~alarm & ~label]).astype(float)

    @cached_property
    def _squared_errors(self) -> Values:
        return np.column_stack([(self.probability - self.label) ** 2, (self.base_rate - self.label) ** 2])
