"""Active regions: which regions have spots, which regions flare, and which regions are near a flare's position."""

import numpy as np
import pandas as pd

from solarflare.sun.events.flares import flux, min_flux, question_windows, strongest_class
from solarflare.sun.events.questions import DiskLabel
from solarflare.sun.images.coordinates import regions_on_disk

NEAR = 10.0
"""Degrees: a flare without a region number may belong to a region up to this far from its position."""


def active_regions(
    images: pd.DataFrame, flares: pd.DataFrame, regions: pd.DataFrame, question: DiskLabel
) -> pd.DataFrame:
    """Return the regions that make the label of a full-disk image 1.

    Parameters
    ----------
    images : DataFrame
        A table with ``path`` and ``time``.
    flares : DataFrame
        The flares as `flares.clean` returns them.
    regions : DataFrame
        A table with the columns of `tables.REGIONS`.
    question : DiskLabel
        With ``target: active_region`` the regions with spots are returned, with ``target: flare`` the regions in which
        a flare that counts occurred.

    Returns
    -------
    DataFrame
        Rows of `coordinates.regions_on_disk`.
    """
    on_disk = regions_on_disk(images, regions)
    if question.target == "active_region":
        return on_disk[has_spots(on_disk).fillna(False)]
    windows = question_windows(on_disk["time"], question, on_disk["noaa_ar"])
    goes_class = strongest_class(flares[flares["noaa_ar"].notna()], windows, question)
    return on_disk[flux(pd.Series(goes_class)) >= min_flux(question)]


def has_spots(regions: pd.DataFrame) -> pd.Series:
    """Return whether each region has spots: by the number of spots or, if that is unknown, by the area.

    Parameters
    ----------
    regions : DataFrame
        A table with ``area`` and ``spots``.

    Returns
    -------
    Series of boolean
        ``<NA>`` if neither the number nor the area is known.

    Examples
    --------
    >>> spots = pd.array([3, 0, None, None], dtype="Int64")
    >>> has_spots(pd.DataFrame({"area": [10, 40, 40, np.nan], "spots": spots})).tolist()
    [True, False, True, <NA>]
    """
    by_area = (regions["area"] > 0).astype("boolean").mask(regions["area"].isna())
    return (regions["spots"] > 0).astype("boolean").fillna(by_area)


def flares_near_regions(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair of a flare and a region within `NEAR` of it at its start, with the region's number."""
    starts = pd.DataFrame({"path": flares.index, "time": flares["start"]})
    on_disk = regions_on_disk(starts, regions)
    pairs = flares.drop(columns="noaa_ar").merge(
        on_disk[["path", "noaa_ar", "latitude", "longitude"]],
        left_index=True,
        right_on="path",
        suffixes=("", "_of_region"),
    )
    north = pairs["latitude"] - pairs["latitude_of_region"]
    west = (pairs["longitude"] - pairs["longitude_of_region"]) * np.cos(np.radians(pairs["latitude"]))
    return pairs[np.hypot(north, west) <= NEAR]
