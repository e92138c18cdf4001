"""The CORP approach: a Brier score divided into miscalibration, discrimination and uncertainty by isotonic regression.

The pooled-adjacent-violators algorithm finds the non-decreasing function of the forecast that fits the labels best. S_C
is the mean score of the forecasts that are recalibrated by it, S that of the forecasts themselves, and S_R that of the
base rate. Then S = MCB - DSC + UNC with MCB = S - S_C, DSC = S_R - S_C and UNC = S_R. None of them is negative, because
no non-decreasing function has a lower mean score than S_C (Dimitriadis, Gneiting & Jordan 2021,
doi:10.1073/pnas.2016191118).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

Values = NDArray[np.float64]

BAND_RESAMPLES = 1000
BAND_ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Decomposition:
    """Miscalibration, discrimination and uncertainty: the Brier score is ``mcb - dsc + unc``."""

    mcb: float
    dsc: float
    unc: float


def recalibrate(label: NDArray, probability: Values) -> Values:
    """Return the recalibrated probability of each row, (n,): the isotonic regression of the labels.

    Parameters
    ----------
    label, probability : (n,)
        What happened, 1 or 0, and the forecast, 0 to 1. Rows with equal forecasts get equal probabilities.
    """
    forecasts = _Distinct(probability)
    return forecasts.regression(np.bincount(forecasts.level, label))[forecasts.level]


def decompose(label: NDArray, probability: Values) -> Decomposition:
    """Return the parts of the Brier score of forecasts. The arguments are those of `recalibrate`."""
    base_rate = float(np.mean(label))
    uncertainty = base_rate * (1 - base_rate)
    recalibrated = float(np.mean((recalibrate(label, probability) - label) ** 2))
    return Decomposition(
        mcb=float(np.mean((probability - label) ** 2)) - recalibrated, dsc=uncertainty - recalibrated, unc=uncertainty
    )


def reliability(label: NDArray, probability: Values, seed: int) -> pd.DataFrame:
    """Return the CORP reliability curve with its consistency band.

    Returns
    -------
    DataFrame
        One row for each distinct forecast, in ascending order. ``probability``: the forecast. ``frequency``: the
        recalibrated probability. ``low, high``: where it lies in 95 of 100 cases if the forecasts are reliable and the
        rows independent. ``n``: the number of rows.

    Notes
    -----
    For the band, labels are drawn :data:`BAND_RESAMPLES` times with the forecast probabilities, and each draw is
    recalibrated (Bröcker & Smith 2007, doi:10.1175/WAF993.1, for the curve of the source above).
    """
    forecasts = _Distinct(probability)
    generator = np.random.default_rng(seed)
    drawn = generator.binomial(forecasts.count, forecasts.value, size=(BAND_RESAMPLES, len(forecasts.value)))
    low, high = np.quantile([forecasts.regression(events) for events in drawn], BAND_ENDS, axis=0)
    frequency = forecasts.regression(np.bincount(forecasts.level, label))
    columns = {"probability": forecasts.value, "frequency": frequency, "low": low, "high": high, "n": forecasts.count}
    return pd.DataFrame(columns)


class _Distinct:
    """The distinct forecasts in ascending order: `value`, the number of rows `count`, and the `level` of each row."""

    def __init__(self, probability: Values) -> None:
        self.value, self.level, self.count = np.unique(probability, return_inverse=True, return_counts=True)

    def regression(self, events: NDArray) -> Values:
        """Return the isotonic regression at each distinct forecast. `events` counts the rows with label 1 at each."""
        return np.asarray(isotonic_regression(events / self.count, sample_weight=self.count.astype(float)), float)
