"""Rows of a foreign table of regions that contradict each other, say too little, or are in radians."""

from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError

PLACE = ["noaa_ar", "latitude", "longitude"]
POSITION = ["latitude", "longitude"]
ROUNDING = 1.0  # degree by which two reports of one place may differ, because catalogues round to whole degrees


def placed(regions: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows that have a region's number and a position, on their index; warn of the others."""
    left_out = regions.index[regions[PLACE].isna().any(axis=1)]
    if len(left_out):
        log.warning(
            "warning: %s: %d of %d rows are left out, because they have no region number or no position; the first "
            "is row %d",
            path,
            len(left_out),
            len(regions),
            left_out[0] + 1,
        )
    return regions.drop(index=left_out)


def check_repeats(regions: pd.DataFrame, path: Path) -> None:
    """Raise an InputError if two rows of a region and a time have different values.

    A blank contradicts nothing, and neither do positions that are at most `ROUNDING` apart.
    """
    repeated = regions[regions.duplicated(["time", "noaa_ar"], keep=False)]
    for (time, number), rows in repeated.groupby(["time", "noaa_ar"]):
        for name in regions.columns.drop(["time", "noaa_ar"]):
            values = rows[name].replace("", pd.NA).dropna().drop_duplicates()
            if len(values) < 2 or (name in POSITION and values.max() - values.min() <= ROUNDING):
                continue
            first, second = sorted(values.sort_values().index[[0, -1]])
            raise InputError(
                f"{path}: region {number} is reported twice for {time}: row {first + 1} has the {name} "
                f"{values[first]}, and row {second + 1} has {values[second]}; remove one of the two rows"
            )


def check_degrees(regions: pd.DataFrame, path: Path) -> None:
    """Raise an InputError if the positions look like radians.

    In degrees, several regions would all lie within 2 degrees of the centre of the disk, where there is room for one.
    NOAA rounds degrees to whole numbers, so only positions with more than two decimals are doubted.
    """
    position = regions[POSITION].to_numpy(np.float64)
    within = bool((np.abs(position) <= np.pi / 2).all())
    exact = bool((np.abs(position * 100 - np.round(position * 100)) > 1e-6).any())
    if len(regions["noaa_ar"].unique()) > 1 and within and exact:
        raise InputError(
            f"{path}: every latitude and longitude is from -1.57 to 1.57, as radians are; expected degrees: multiply "
            "both by 57.29578, or round them to two decimals if they are degrees"
        )
