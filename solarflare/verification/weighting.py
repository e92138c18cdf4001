"""Sums over rows for many weightings at once."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def totals(weight: Values, columns: Values) -> Values:
    """Return the weighted sum of each column for each resample.

    Parameters
    ----------
    weight : (resamples, n) float
        How often each row counts.
    columns : (n, k) float
        What is added up.

    Returns
    -------
    (resamples, k) float64
    """
    # Not `weight @ columns`: BLAS spreads such thin products over all cores, and where these are busy its threads spin
    # for longer than the sums take. One thread also adds up in the same order on every machine.
    return np.einsum("rn,nk->rk", weight, columns)
