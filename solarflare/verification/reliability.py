"""Whether probabilities mean what they say: the reliability curve and its expected calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solarflare.verification.weighting import totals

BINS = 10


@dataclass(frozen=True)
class Curve:
    """A reliability curve for each resample.

    Attributes
    ----------
    mean_probability, observed_frequency : (resamples, BINS) float64
        Weighted mean forecast and weighted share of label 1 in each bin, 0 to 1; NaN in an empty bin.
    weight : (resamples, BINS) float64
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


class Diagram:
    """Rows in ten bins of equal width, from which the reliability curve follows for any weights.

    Parameters
    ----------
    label : (n,) int or bool
        What happened, 1 or 0.
    probability : (n,) float
        The forecast, 0 to 1.

    Notes
    -----
    The diagram is Murphy & Winkler 1977; see Wilks 2011, *Statistical Methods in the Atmospheric Sciences*, 8.4.4.
    """

    def __init__(self, label: NDArray, probability: NDArray) -> None:
        probability, label = np.asarray(probability, float)[:, None], np.asarray(label, float)[:, None]
        member = np.eye(BINS)[np.minimum((probability[:, 0] * BINS).astype(int), BINS - 1)]
        self._columns = np.hstack([member, member * probability, member * label])

    def curve(self, weight: NDArray) -> Curve:
        """Return the reliability curve of each row of weights.

        Parameters
        ----------
        weight : (resamples, n) float
            How often each row counts.
        """
        total, forecast, observed = np.split(totals(weight, self._columns), 3, axis=-1)
        with np.errstate(invalid="ignore"):
            return Curve(forecast / total, observed / total, total)
