"""Whether probabilities mean what they say: the reliability curve and its expected calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Curve:
    """A reliability curve, or one for each row of weights.

    Attributes
    ----------
    mean_probability, observed_frequency : (..., BINS) float64
        Weighted mean forecast and weighted share of label 1 in each bin, 0 to 1; NaN in an empty bin.
    weight : (..., BINS) float64
        Total weight in each bin.
    """

    mean_probability: NDArray[np.float64]
    observed_frequency: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def expected_calibration_error(self) -> NDArray[np.float64]:
        """Mean distance of the curve from the diagonal, weighted by bin (Guo et al. 2017, arXiv:1706.04599, eq. 3)."""
        gap = np.abs(self.mean_probability - self.observed_frequency)
        return np.nansum(gap * self.weight, axis=-1) / self.weight.sum(axis=-1)


def curve(label: NDArray, probability: NDArray, weight: NDArray) -> Curve:
    """Return the reliability curve over ten bins of equal width.

    Parameters
    ----------
    label : (n,) int or bool
        What happened, 1 or 0.
    probability : (n,) float
        The forecast, 0 to 1.
    weight : (..., n) float
        How often each row counts; one curve is returned for each leading index.

    Notes
    -----
    The diagram is Murphy & Winkler 1977; see Wilks 2011, *Statistical Methods in the Atmospheric Sciences*, 8.4.4.
    """
    member = np.eye(BINS)[np.minimum((np.asarray(probability) * BINS).astype(int), BINS - 1)]
    columns = np.hstack([member, member * np.asarray(probability)[:, None], member * np.asarray(label)[:, None]])
    total, forecast, observed = np.split(weight @ columns, 3, axis=-1)
    with np.errstate(invalid="ignore"):
        return Curve(forecast / total, observed / total, total)
