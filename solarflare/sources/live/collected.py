"""What a label source has for a span."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Collected:
    """The rows of a list, and where it is complete.

    Parameters
    ----------
    rows : DataFrame
        In the form of `tables.FLARES` or `tables.REGIONS`.
    coverage : DataFrame
        In the form of `tables.COVERAGE`: a day whose report is absent has a row with the reason.
    """

    rows: pd.DataFrame
    coverage: pd.DataFrame
