"""What a question asks of flares and regions: its windows, its weakest flare, and the regions that make the answer yes."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.sun.events.flares import Windows, flux, seconds, strongest
from solarflare.sun.events.questions import DiskLabel, FlareQuestion
from solarflare.sun.images.coordinates import regions_on_disk

Mask = npt.NDArray[np.bool_]

NEAR = 10.0
"""Degrees: how far from a region a flare may be placed that could be the region's."""


def windows(times: pd.Series, question: FlareQuestion, noaa_ar: pd.Series | None = None) -> Windows:
    """Return the window of a question around each of some times.

    Parameters
    ----------
    times : Series of datetime64
        Of the images, UTC.
    question : FlareQuestion
        Its ``before`` and ``after`` are hours. A window of ``event: start`` begins one second after its opening time.
    noaa_ar : Series of int, optional
        The region that each window is about; without it, flares of the whole Sun count.
    """
    at = seconds(times)
    first = at - round(question.before * 3600) + (question.event == "start")
    last = at + round(question.after * 3600)
    return Windows(first, last, None if noaa_ar is None else noaa_ar.to_numpy(np.int64))


def min_flux(question: FlareQuestion) -> float:
    """Return the peak flux, in W/m2, of the weakest flare that counts."""
    return float(flux(pd.Series([question.min_class]))[0])


def strongest_class(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> npt.NDArray[np.object_]:
    """Return the GOES class of the strongest flare in each window; blank where there is none, or one without a class.

    Parameters
    ----------
    flares : DataFrame
        As `flares.clean` returns them; if the windows are about regions, each with one.
    windows : Windows
        n windows, in any order.
    question : FlareQuestion
        Whether a flare counts where it starts or wherever it is in progress.
    """
    return np.append(flares["goes_class"].to_numpy(object), "")[strongest(flares, windows, question.event)]


def any_flare(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Mask:
    """Return, (n,), whether any of some flares lies in each of n windows; arguments as of `strongest_class`."""
    return strongest(flares, windows, question.event) >= 0


def active_regions(
    images: pd.DataFrame, flares: pd.DataFrame, regions: pd.DataFrame, question: DiskLabel
) -> pd.DataFrame:
    """Return the regions that make the answer yes for a full disk.

    Parameters
    ----------
    images : DataFrame
        With ``path`` and ``time``.
    flares : DataFrame
        As `flares.clean` returns them.
    regions : DataFrame
        Of `tables.REGIONS`.
    question : DiskLabel
        With ``target: active_region`` these have spots, with ``flare`` such a flare is assigned to them.

    Returns
    -------
    DataFrame
        As `coordinates.regions_on_disk` does.
    """
    on_disk = regions_on_disk(images, regions)
    if question.target == "active_region":
        return on_disk[spotted(on_disk).fillna(False)]
    in_windows = windows(on_disk["time"], question, on_disk["noaa_ar"])
    goes_class = strongest_class(flares[flares["noaa_ar"].notna()], in_windows, question)
    return on_disk[flux(pd.Series(goes_class)) >= min_flux(question)]


def spotted(regions: pd.DataFrame) -> pd.Series:
    """Tell which regions have spots, by their number or else their area.

    Parameters
    ----------
    regions : DataFrame
        With ``area`` and ``spots``.

    Returns
    -------
    Series of boolean
        ``<NA>`` where neither is known.
    """
    by_area = (regions["area"] > 0).astype("boolean").mask(regions["area"].isna())
    return (regions["spots"] > 0).astype("boolean").fillna(by_area)


def near(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return each flare once for each region that it is placed near to at its start, with that region's number."""
    moments = pd.DataFrame({"path": flares.index, "time": flares["start"]})
    on_disk = regions_on_disk(moments, regions)
    pairs = flares.drop(columns="noaa_ar").merge(
        on_disk[["path", "noaa_ar", "latitude", "longitude"]],
        left_index=True,
        right_on="path",
        suffixes=("", "_of_region"),
    )
    north = pairs["latitude"] - pairs["latitude_of_region"]
    west = (pairs["longitude"] - pairs["longitude_of_region"]) * np.cos(np.radians(pairs["latitude"]))
    return pairs[np.hypot(north, west) <= NEAR]
