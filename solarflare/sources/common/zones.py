"""Times of a foreign table of which some have a zone and others have none."""

from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.sources.common.spellings import TIMES

_CLOCK = r"\d{4}-?\d\d?-?\d\d?[T\s]\s*\d[\d:.,]*\s*"
_ZONED, _ELSEWHERE = rf"{_CLOCK}(?:Z|[+-]\d\d(?::?\d\d)?)", rf"{_CLOCK}[+-](?!00(?::?00)?$)\d\d(?::?\d\d)?"


def check(df: pd.DataFrame, path: Path) -> None:
    """Raise an InputError if times of a zone other than UTC stand beside times without a zone.

    The latter may be of the same zone or UTC, so the flares may be hours too long. `df` holds text, blank or not.
    """
    times = df[df.columns.intersection(list(TIMES))]
    elsewhere = times.apply(lambda cells: cells.str.fullmatch(_ELSEWHERE)).to_numpy(dtype=bool)
    without = times.apply(lambda cells: (cells != "") & ~cells.str.fullmatch(_ZONED)).to_numpy(dtype=bool)
    if elsewhere.any() and without.any():
        cells = [np.argwhere(which)[0] for which in (elsewhere, without)]
        first, other = (
            f"row {row + 1}, column {times.columns[name]}: {times.iloc[row, name]!r}" for row, name in cells
        )
        raise InputError(
            f"{path}, {first} has a zone, and {other} has none; write the zone in every cell, or all times in UTC"
        )
