"""The logarithmic score, and the elementary scores of which a Murphy diagram consists."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]

THETAS = np.linspace(0, 1, 401)
"""Thresholds at which a Murphy diagram is drawn."""


def logarithmic_losses(label: NDArray, probability: Values) -> Values:
    """Return the negative natural logarithm of the probability of what happened, (n,); infinite if that was 0.

    Its mean is the logarithmic score (Good 1952). Lower is better, and ln 2 = 0.69 is a coin's.
    """
    with np.errstate(divide="ignore"):
        return -np.log(np.where(np.asarray(label) == 1, probability, 1 - probability))


def murphy(label: NDArray, probability: Values, thetas: Values = THETAS) -> pd.DataFrame:
    """Return the Murphy curve: the mean elementary score at each threshold theta.

    The elementary score is 2 theta for a 0 that was forecast above theta, 2 (1 - theta) for a 1 that was forecast at or
    below theta, and else 0. The area below the curve is the Brier score, and a forecast whose curve is nowhere above
    another's is at least as good in every proper score (Ehm et al. 2016, doi:10.1111/rssb.12154).

    Returns
    -------
    DataFrame
        ``theta``, 0 to 1, and ``score``, on the given thresholds.
    """
    is_event = np.asarray(label) == 1
    events, others = np.sort(probability[is_event]), np.sort(probability[~is_event])
    misses = np.searchsorted(events, thetas, side="right")
    false_alarms = len(others) - np.searchsorted(others, thetas, side="right")
    score = 2 * (thetas * false_alarms + (1 - thetas) * misses) / len(probability)
    return pd.DataFrame({"theta": thetas, "score": score})
