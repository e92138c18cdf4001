"""Daily region reports of the simulated Sun: position, area, McIntosh class and magnetic class."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sources.simulated.region_evolution import DAY, LONGEST_LIFE, Regions

Texts = npt.NDArray[np.str_]
Values = npt.NDArray[np.float64]


def daily(regions: Regions, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return the region reports of each day at 00:00 UTC, with positions and areas rounded as in NOAA's reports.

    A region is reported while it is on the disk, from the first day on which it has spots. When its spots are gone, it
    is reported as a plage, with 0 area and 0 spots.

    Parameters
    ----------
    regions : Regions
        All regions of the simulation.
    start, end : datetime64
        The first and the last day.

    Returns
    -------
    DataFrame
        In the form of `tables.REGIONS`, sorted by time and region number.
    """
    first = (regions.born - np.timedelta64(1, "s")).astype("datetime64[D]") + np.timedelta64(1, "D")
    days = first[:, None] + np.arange(int(LONGEST_LIFE)) * np.timedelta64(1, "D")
    which = np.broadcast_to(np.arange(len(regions.born))[:, None], days.shape)
    age = (days.astype("datetime64[s]") - regions.born[:, None]) / DAY
    longitude = np.round(regions.longitude_at(which, age))
    area = np.where(np.abs(longitude) < 90, regions.area_at(which, age), 0)
    had_spots = np.maximum.accumulate(area > 0, axis=1)
    reported = had_spots & (np.abs(longitude) < 90) & (days >= start) & (days <= end)
    which, area = which[reported], area[reported]
    complexity, with_spots = regions.complexity[which], area > 0
    df = pd.DataFrame(
        {
            "time": days[reported].astype("datetime64[ns]"),
            "noaa_ar": regions.noaa_ar[which],
            "latitude": np.round(regions.latitude[which]),
            "longitude": longitude[reported],
            "area": np.where(with_spots, np.maximum(10, np.round(area / 10) * 10), 0),
            "mcintosh": np.where(with_spots, mcintosh(area, complexity), ""),
            "mag_type": np.where(with_spots, magnetic_class(area, complexity), ""),
            "spots": np.where(with_spots, np.maximum(1, np.round(area**0.6 * (0.3 + complexity))), 0).astype(np.int64),
        }
    )
    return tables.check(df.sort_values(["time", "noaa_ar"]), tables.REGIONS, "the simulated regions")


def magnetic_class(area: Values, complexity: Values) -> Texts:
    """Return the Mount Wilson class (Hale et al. 1919, ApJ 49, 153; Künzel 1960, AN 285, 271) of (n,) regions."""
    names = np.array(["beta", "beta-gamma", "beta-delta", "beta-gamma-delta"])
    named = names[np.searchsorted([0.45, 0.65, 0.8], complexity, side="right")]
    return np.where((area < 30) & (complexity < 0.3), "alpha", named)


def mcintosh(area: Values, complexity: Values) -> Texts:
    """Return the McIntosh class (1990, SoPh 125, 251) of (n,) regions: Zurich class, penumbra, compactness."""
    size = np.array(["C", "D", "E", "F"])[np.searchsorted([60, 200, 450], area, side="right")]
    penumbra = np.array(["s", "a", "k"])[np.searchsorted([100, 250], area, side="right")]
    spots = np.array(["o", "i", "c"])[np.searchsorted([0.45, 0.7], complexity, side="right")]
    group = np.char.add(np.char.add(size, penumbra), spots)
    single = np.where(area < 120, "Hsx", "Hhx")
    pores = np.where(complexity < 0.3, "Axx", "Bxo")
    return np.where(area < 20, pores, np.where(complexity < 0.2, single, group))
