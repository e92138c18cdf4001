"""Measures whether probabilities are as frequent as they say: the reliability curve, and its calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solarflare.verification.scores.weighting import Groups, totals

BINS = 10


@dataclass(frozen=True)
class Curve:
    """A reliability curve for each resample, in arrays of (resamples, BINS) float64.

    They are the weighted mean forecast in each bin, the weighted share of label 1 in each bin, and the total weight of
    each bin. The first two are 0 to 1, or NaN in an empty bin.
    """

    mean_probability: NDArray[np.float64]
    observed_frequency: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def expected_calibration_error(self) -> NDArray[np.float64]:
        """Mean distance of the curve from the diagonal, weighted by bin (Guo et al. 2017, arXiv:1706.04599, eq. 3)."""
        gap = np.abs(self.mean_probability - self.observed_frequency)
        with np.errstate(invalid="ignore"):
            return np.nansum(gap * self.weight, axis=-1) / self.weight.sum(axis=-1)


class Diagram:
    """Rows, or groups of rows, in ten bins of equal width. Any weights of the rows give a reliability curve.

    The diagram is Murphy & Winkler 1977; see Wilks 2011, *Statistical Methods in the Atmospheric Sciences*, 8.4.4.
    """

    def __init__(self, label: NDArray, probability: NDArray, groups: Groups | None = None) -> None:
        groups = groups or Groups.of_single_rows(len(label))
        member = np.minimum((np.asarray(probability) * BINS).astype(int), BINS - 1)
        columns = (np.ones(len(label)), probability, label)
        self._rows, self._forecast, self._observed = (groups.table(member, column, BINS) for column in columns)

    def curve(self, weight: NDArray) -> Curve:
        """Return the reliability curve of each resample. A weight (resamples, groups) is how often a group counts."""
        total, forecast, observed = (totals(weight, table) for table in (self._rows, self._forecast, self._observed))
        with np.errstate(invalid="ignore"):
            return Curve(forecast / total, observed / total, total)
