"""The column of a foreign table that holds NOAA's region numbers, whatever its name."""

import re
from pathlib import Path

import pandas as pd

from solarflare.core.errors import InputError

REGION_NAMES = {
    "noaa_active_region",
    "noaa_ar_number",
    "noaa_number",
    "noaa_region",
    "noaa_no",
    "noaa_num",
    "noaa",
    "ar_noaanum",
    "ar_number",
    "ar_num",
    "ar",
    "active_region",
    "active_region_number",
    "region_number",
    "region",
    "nar",
}
"""Other names of the column `noaa_ar`: of HEK, the GOES flare lists, SWPC, SHARP's NOAA_AR and common tables."""

REGION_WORDS = {"noaa", "ar", "ars", "region", "regions", "noaanum", "harpnum", "harp"}
"""Words in the name of a column that may hold a region's number."""


def renamed(df: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table whose column of region numbers is called `noaa_ar`, if it has one.

    Raises an InputError if two columns may be meant, or a column's name only resembles one of a region number. Without
    its regions a list of flares would answer no for each region.
    """
    names = {name: re.sub(r"\W+", "_", name).strip("_") for name in df.columns}
    if "noaa_ar" in names.values():
        return df.rename(columns={name: "noaa_ar" for name in names if names[name] == "noaa_ar"})
    known = [name for name in names if names[name] in REGION_NAMES]
    similar = [name for name in names if REGION_WORDS & set(names[name].split("_"))]
    if len(known) == 1:
        return df.rename(columns={known[0]: "noaa_ar"})
    if similar:
        raise InputError(
            f"{path}: column {similar[0]} may hold the region's number; call the column with NOAA's number noaa_ar, "
            "and give the others another name"
        )
    return df
