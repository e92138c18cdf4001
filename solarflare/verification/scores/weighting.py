"""Sums over rows for many weightings at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Values = NDArray[np.float64]

LEVELS = 2**15
"""Scores that are told apart where rows share weights. Of a million rows thirty then count as ties, which moves the
limits of an interval by far less than the chance of the resamples does."""


@dataclass(frozen=True)
class Groups:
    """Rows that are always weighted alike, as the rows of a block are, so that a weight is given once a group.

    The number (n,) of each row's group is from 0 to `count` - 1; some groups may have no row.
    """

    number: NDArray[np.int64]
    count: int

    @classmethod
    def of_single_rows(cls, rows: int) -> "Groups":
        """Return as many groups as there are rows."""
        return cls(np.arange(rows), rows)

    def where(self, rows: NDArray[np.bool_]) -> "Groups":
        """Return the same groups for some of the rows."""
        return Groups(self.number[rows], self.count)

    def table(self, line: ArrayLike, values: ArrayLike, lines: int) -> sparse.csr_array:
        """Return what the rows add up to by line and group, as a sparse array (lines, groups) of float64.

        Each of the n rows has a line, from 0 to `lines` - 1, and a value.
        """
        cells = (np.asarray(values, float), (np.asarray(line, np.int64), self.number))
        return sparse.csr_array(cells, shape=(lines, self.count))


def totals(weight: Values, table: sparse.csr_array) -> Values:
    """Return the weighted sum of each line of `Groups.table` for each resample, (resamples, lines).

    The weights are (resamples, groups): how often each group counts. A row is read once for all resamples, one after
    the other and in the same order on every machine. BLAS would spread the sums over all cores, and where these are
    busy its threads spin for longer than the sums take.
    """
    return (table @ weight.T).T
