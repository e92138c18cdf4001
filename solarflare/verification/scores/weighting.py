"""Computes sums over rows for many sets of weights at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Values = NDArray[np.float64]

LEVELS = 2**15
"""How many scores are told apart if rows share weights. Of a million rows, about thirty at a time then count as ties.
This moves the limits of an interval by far less than the choice of the resamples does."""


@dataclass(frozen=True)
class Groups:
    """Groups of rows, such as the rows of a block. All rows of a group have the same weight.

    `number`, (n,), is the group of each row, from 0 to `count` - 1. Some groups may have no row.
    """

    number: NDArray[np.int64]
    count: int

    @classmethod
    def of_single_rows(cls, rows: int) -> "Groups":
        """Return groups of one row each."""
        return cls(np.arange(rows), rows)

    def where(self, rows: NDArray[np.bool_]) -> "Groups":
        """Return the same groups for some of the rows."""
        return Groups(self.number[rows], self.count)

    def table(self, line: ArrayLike, values: ArrayLike, lines: int) -> sparse.csr_array:
        """Return the sum of the values in each line and group, as a sparse array (lines, groups) of float64.

        Each of the n rows has a line, from 0 to `lines` - 1, and a value.
        """
        cells = (np.asarray(values, float), (np.asarray(line, np.int64), self.number))
        return sparse.csr_array(cells, shape=(lines, self.count))


def totals(weight: Values, table: sparse.csr_array) -> Values:
    """Return the weighted sum of each line of `Groups.table` for each resample, (resamples, lines).

    A weight (resamples, groups) says how often a group counts. The sums are taken in the same order on every machine.
    BLAS is not used: it would spread the sums over all cores. If these are busy, its threads would wait for longer than
    the sums take.
    """
    return (table @ weight.T).T
