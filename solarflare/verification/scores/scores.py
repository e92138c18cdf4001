"""The scores of a probability forecast of a yes-or-no event, for one or many weightings of its rows.

Every score takes an array ``weight`` of shape (resamples, groups). It says how often each group of rows counts in each
resample, so that a bootstrap is one matrix of weights. By default each row is a group of its own.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solarflare.verification.scores.reliability import Diagram
from solarflare.verification.scores.weighting import LEVELS, Groups, totals

Values = NDArray[np.float64]


class Ranking:
    """Rows, or groups of rows, in the order of their scores. Any weights of the rows give a ROC-AUC and a PR-AUC.

    A higher score means that label 1 is more likely. Only the order of the scores matters. Equal scores are ties. With
    groups, at most `LEVELS` scores are told apart.
    """

    def __init__(self, label: NDArray, score: NDArray, groups: Groups | None = None) -> None:
        _, level, counts = np.unique(-np.asarray(score, float), return_inverse=True, return_counts=True)
        levels = len(counts)
        if groups is not None and levels > LEVELS:
            level = ((np.cumsum(counts) - 1) * LEVELS // len(level))[level]
            levels = LEVELS
        groups = groups or Groups.of_single_rows(len(level))
        positive = np.asarray(label, float)
        self._positive, self._negative = (groups.table(level, label, levels) for label in (positive, 1 - positive))

    def steps(self, weight: NDArray) -> tuple[Values, Values]:
        """Return the total weight of the positives, and of the negatives, at each distinct score: (resamples, scores).

        The highest score is first. A weight (resamples, groups) says how often a group counts.
        """
        return totals(weight, self._positive), totals(weight, self._negative)

    def roc_auc(self, weight: NDArray) -> Values:
        """Return the area under the ROC curve, (resamples,): see :func:`areas`."""
        return areas(*self.steps(weight))[0]


def areas(positive: Values, negative: Values) -> tuple[Values, Values]:
    """Return ROC-AUC and PR-AUC, each (resamples,). They are NaN in a resample that lacks a class.

    `positive` and `negative` are the two results of `Ranking.steps`. The area under the ROC curve is summed by
    trapezoids, so that a tie counts one half (Fawcett 2006, doi:10.1016/j.patrec.2005.10.010, algorithm 2). PR-AUC is
    the average precision: the sum of precision times the step in recall. Straight lines between the points of a
    precision-recall curve would give too high an area (Davis & Goadrich 2006, doi:10.1145/1143844.1143874).
    """
    true, false = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        roc = np.einsum("rt,rt->r", negative, true - positive / 2) / (true[:, -1] * false[:, -1])
        # Where there is no alarm yet, there is no step in recall: the precision there does not matter.
        precision = true / np.maximum(true + false, np.finfo(float).tiny)
        pr = np.einsum("rt,rt->r", positive, precision) / true[:, -1]
    return roc, np.where(false[:, -1] > 0, pr, np.nan)


@dataclass(frozen=True)
class Forecast:
    """Forecast probabilities, the labels, and what the scores need besides.

    Attributes
    ----------
    label, probability : (n,) int, (n,) float
        What happened, 1 or 0, and the forecast, 0 to 1.
    threshold : (n,) float or float
        A probability at or above it is an alarm. It is chosen on validation rows, so each fold has its own.
    base_rate : (n,) float or float
        The share of label 1 in the training rows: the reference of the Brier skill.
    groups : Groups, optional
        Which rows share a weight. By default each row has its own weight.
    """

    label: NDArray
    probability: NDArray
    threshold: NDArray | float
    base_rate: NDArray | float
    groups: Groups | None = None

    def grouped(self, groups: Groups) -> "Forecast":
        """Return the same forecast, with one weight per group of rows."""
        return replace(self, groups=groups)

    def where(self, rows: NDArray[np.bool_]) -> "Forecast":
        """Return the forecast of some of the rows."""
        threshold, base_rate = (np.broadcast_to(of, len(rows))[rows] for of in (self.threshold, self.base_rate))
        groups = None if self.groups is None else self.groups.where(rows)
        return Forecast(self.label[rows], self.probability[rows], threshold, base_rate, groups)

    @property
    def alarm(self) -> NDArray[np.bool_]:
        """Whether each probability is an alarm, (n,)."""
        return self.probability >= self.threshold

    @cached_property
    def ranking(self) -> Ranking:
        """The rows in order of probability."""
        return Ranking(self.label, self.probability, self.groups)

    @cached_property
    def diagram(self) -> Diagram:
        """The rows in bins of probability."""
        return Diagram(self.label, self.probability, self.groups)

    def confusion(self, weight: NDArray) -> dict[str, Values]:
        """Return the weighted counts ``tp, fp, fn, tn``, each (resamples,)."""
        return dict(zip(("tp", "fp", "fn", "tn"), totals(weight, self._cells).T, strict=True))

    def scores(self, weight: NDArray | None = None) -> dict[str, Values]:
        """Return every score in every resample.

        Parameters
        ----------
        weight : (resamples, groups) float, optional
            How often each group counts. By default there is one resample, and each group counts once.

        Returns
        -------
        dict of (resamples,) float64
            ``base_rate``, ``accuracy``, ``balanced_accuracy``, ``recall``, ``specificity``, ``roc_auc``, ``pr_auc``,
            ``tss``, ``hss``, ``css``, ``brier``, ``brier_skill``, ``brier_skill_own_rate``,
            ``expected_calibration_error``. A score is NaN where it is undefined, such as without one of the classes.
            Formulas and ranges are in docs/metrics.md.

        Notes
        -----
        TSS: Hanssen & Kuipers 1965. Bloomfield et al. 2012, doi:10.1088/2041-8205/747/2/L41, use it for flares, and
        show that it does not depend on the base rate. HSS against chance: Heidke 1926; Doswell et al. 1990,
        doi:10.1175/1520-0434(1990)005<0576:OSMOSI>2.0.CO;2. CSS: Pandey et al. 2024, arXiv:2406.11054. Brier score:
        Brier 1950. Brier skill: Wilks 2011, *Statistical Methods in the Atmospheric Sciences*, 8.4.2. Its reference is
        the base rate of the training rows. ``brier_skill_own_rate`` takes the base rate of the scored rows instead.
        """
        weight = np.ones((1, self._groups.count)) if weight is None else weight
        tp, fp, fn, tn = self.confusion(weight).values()
        squared, squared_of_reference = totals(weight, self._squared_errors).T
        roc_auc, pr_auc = areas(*self.ranking.steps(weight))
        positives, negatives = tp + fn, tn + fp
        total = positives + negatives
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, specificity = tp / positives, tn / negatives
            tss = recall + specificity - 1
            hss = 2 * (tp * tn - fn * fp) / (positives * (fn + tn) + (tp + fp) * negatives)
            return {
                "base_rate": positives / total,
                "accuracy": (tp + tn) / total,
                "balanced_accuracy": (recall + specificity) / 2,
                "recall": recall,
                "specificity": specificity,
                "roc_auc": roc_auc,
                "pr_auc": pr_auc,
                "tss": tss,
                "hss": hss,
                "css": np.sqrt(np.maximum(tss, 0) * np.maximum(hss, 0)),
                "brier": squared / total,
                "brier_skill": 1 - squared / squared_of_reference,
                "brier_skill_own_rate": 1 - squared / (positives * negatives / total),
                "expected_calibration_error": self.diagram.curve(weight).expected_calibration_error,
            }

    @property
    def _groups(self) -> Groups:
        return self.groups or Groups.of_single_rows(len(self.label))

    @cached_property
    def _cells(self) -> sparse.csr_array:
        label, alarm = np.asarray(self.label, bool), self.alarm
        cell = np.select([alarm & label, alarm & ~label, ~alarm & label], [0, 1, 2], default=3)
        return self._groups.table(cell, np.ones(len(cell)), 4)

    @cached_property
    def _squared_errors(self) -> sparse.csr_array:
        twice = Groups(np.tile(self._groups.number, 2), self._groups.count)
        errors = np.concatenate([(self.probability - self.label) ** 2, (self.base_rate - self.label) ** 2])
        return twice.table(np.repeat([0, 1], len(self.label)), errors, 2)
