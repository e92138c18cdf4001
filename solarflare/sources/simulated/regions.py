"""Active regions: when and where they emerge, how they grow and decay, what they are called.

Each region is a bipole. Its flux grows over days and decays over weeks; its spots vanish sooner than its plage. Its
complexity says how much of its flux is of the wrong polarity in the wrong place; with the flux it sets the rate of
flares, and both are drawn into every image.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.geometry import rotate_longitude

Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
DAY = np.timedelta64(86_400, "s")

CYCLE_START = np.datetime64("2008-12-01")
CYCLE_YEARS = 11.0
"""Solar cycle 24 began in December 2008; cycles last eleven years on average (Hathaway 2015, LRSP 12, 4)."""

EMERGENCE_AT_MAXIMUM = 0.85
EMERGENCE_AT_MINIMUM = 0.09
"""Regions a day on the whole Sun: about nine numbered regions on the disk at maximum, spotless weeks at minimum."""

LATITUDES = (28.0, 7.0)
"""Degrees at which regions emerge at the start and the end of a cycle (Hathaway 2015, 4.5)."""

LATITUDE_SPREAD = 5.0
JOY_SLOPE = 0.5
"""Tilt in degrees per degree of latitude, leading polarity nearer to the equator (Wang & Sheeley 1989, SoPh 124)."""

TILT_SPREAD = 12.0
HALE_EXCEPTIONS = 0.05
"""Share of regions whose polarities are the wrong way round (Li 2018, ApJ 867, 89: 4 to 8 %)."""

FLUX_MEDIAN = 3e21
FLUX_SPREAD = 1.0
"""Peak unsigned flux in Mx, log-normal (Parnell et al. 2009, ApJ 698, 75; NOAA regions hold 1e21 to 3e22)."""

DECAY_DAYS = 12.0
"""E-folding time of the plage's flux for a region of `FLUX_MEDIAN`; spots decay three times as fast."""

AREA_PER_FLUX = 110.0 / 1e22
"""Millionths of the hemisphere of spots a Mx, at the flux's peak."""

SMALLEST_AREA = 6.0
"""Millionths below which no spot is seen; the smallest above it are pores."""

FIRST_NUMBER = 11_040
"""NOAA's region numbers of 2010 begin here; they have had five digits since 2002."""

LONGEST_LIFE = 60.0
"""Days after which nothing of a region is drawn any more."""


@dataclass(frozen=True)
class Regions:
    """All regions of a simulation, one an index.

    Attributes
    ----------
    noaa_ar : (n,) int64
    born : (n,) datetime64[s]
        When the region begins to emerge.
    latitude, longitude : (n,) float64
        Stonyhurst degrees at ``born``.
    tilt : (n,) float64
        Degrees by which the leading polarity lies nearer to the equator.
    leading : (n,) float64
        Sign of the leading polarity: 1 or -1.
    flux : (n,) float64
        Largest unsigned flux, Mx.
    rise, decay : (n,) float64
        Days until the flux is largest, and e-folding time after that.
    complexity : (n,) float64
        0 (one spot, alpha) to 1 (beta-gamma-delta).
    """

    noaa_ar: npt.NDArray[np.int64]
    born: Times
    latitude: Values
    longitude: Values
    tilt: Values
    leading: Values
    flux: Values
    rise: Values
    decay: Values
    complexity: Values

    def age(self, time: np.datetime64) -> Values:
        """Return days since each region was born; negative before."""
        return (time - self.born) / DAY

    def visible(self, time: np.datetime64) -> npt.NDArray[np.int64]:
        """Return which regions exist and are on the side of the Sun that faces the Earth."""
        age = self.age(time)
        alive = np.flatnonzero((age > 0) & (age < LONGEST_LIFE))
        longitude = self.longitude_at(alive, time)
        return alive[np.abs(longitude) < 90]

    def longitude_at(self, which: npt.NDArray[np.int64], time: np.datetime64) -> Values:
        """Return Stonyhurst longitudes, -180 to 180 degrees, of some regions at a time."""
        turned = rotate_longitude(self.latitude[which], self.longitude[which], self.age(time)[which])
        return (turned + 180) % 360 - 180

    def flux_at(self, which: npt.NDArray[np.int64], age: Values) -> Values:
        """Return the unsigned flux, Mx, of some regions at ages in days."""
        return self.flux[which] * _course(age, self.rise[which], self.decay[which])

    def area_at(self, which: npt.NDArray[np.int64], age: Values) -> Values:
        """Return the spots' area, millionths of the hemisphere, of some regions at ages in days; 0 without spots."""
        area = AREA_PER_FLUX * self.flux[which] * _course(age, self.rise[which], self.decay[which] / 3)
        return np.where(area >= SMALLEST_AREA, area, 0)


def emerge(start: np.datetime64, end: np.datetime64, generator: np.random.Generator) -> Regions:
    """Draw the regions that live at any time between two dates.

    Parameters
    ----------
    start, end : datetime64
        The span.
    generator : Generator
        Of all that is random.
    """
    days = np.arange(start - np.timedelta64(int(LONGEST_LIFE), "D"), end, np.timedelta64(1, "D"))
    rate = EMERGENCE_AT_MINIMUM + (EMERGENCE_AT_MAXIMUM - EMERGENCE_AT_MINIMUM) * activity(days)
    count = generator.poisson(rate)
    n = int(count.sum())
    # In the order of birth, so that numbers rise with time.
    second = generator.integers(0, 86_400, n) * np.timedelta64(1, "s")
    born: Times = np.sort(np.repeat(days, count).astype("datetime64[s]") + second)
    phase = cycle_phase(born)
    hemisphere = generator.choice([-1.0, 1.0], n)
    width = LATITUDES[0] + (LATITUDES[1] - LATITUDES[0]) * phase
    latitude = hemisphere * np.clip(width + LATITUDE_SPREAD * generator.standard_normal(n), 1, 45)
    flux = FLUX_MEDIAN * np.exp(FLUX_SPREAD * generator.standard_normal(n))
    relative = flux / FLUX_MEDIAN
    # Larger regions are more often complex (Sammis, Tang & Zirin 2000, ApJ 540, 583).
    complexity = 1 / (1 + np.exp(-(np.log(relative) * 0.9 - 1.2 + 1.1 * generator.standard_normal(n))))
    # Odd and even cycles take turns (Hale & Nicholson 1925, ApJ 62, 270): in cycle 24 the north is led by negative.
    odd = np.floor((born - CYCLE_START) / DAY / 365.25 / CYCLE_YEARS) % 2
    hale = np.where(generator.uniform(size=n) < HALE_EXCEPTIONS, -1.0, 1.0)
    return Regions(
        noaa_ar=FIRST_NUMBER + np.arange(n),
        born=born,
        latitude=latitude,
        longitude=generator.uniform(-180, 180, n),
        tilt=JOY_SLOPE * np.abs(latitude) + TILT_SPREAD * generator.standard_normal(n),
        leading=-hemisphere * np.where(odd == 1, -1.0, 1.0) * hale,
        flux=flux,
        rise=np.clip(1.5 * relative**0.3 * np.exp(0.3 * generator.standard_normal(n)), 0.5, 8),
        decay=np.clip(DECAY_DAYS * relative**0.4 * np.exp(0.3 * generator.standard_normal(n)), 4, 40),
        complexity=complexity,
    )


def activity(times: Times) -> Values:
    """Return the activity cycle at times: 0 at its deepest, 1 at its highest.

    Notes
    -----
    The mean shape of Hathaway, Wilson & Reichmann 1994, SoPh 151, 177, eq. 1, with its rise of about four years.
    """
    months = cycle_phase(times) * CYCLE_YEARS * 12
    x = months / 46.0
    return np.clip(x**3 / (np.exp(x**2) - 0.71) / 0.596, 0, 1)


def cycle_phase(times: Times) -> Values:
    """Return how far the cycle has come at times, 0 to 1."""
    years = (times - CYCLE_START) / DAY / 365.25
    return np.asarray((years / CYCLE_YEARS) % 1, dtype=np.float64)


def daily_reports(regions: Regions, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return the region reports of each day at 00:00 UTC, as NOAA gives them: in whole degrees and tens of millionths.

    A region is reported from the first day on which it has spots on the disk; a plage without spots is reported on
    while it is on the disk, with no spots.
    """
    rows = []
    numbered = np.zeros(len(regions.born), dtype=bool)
    for time in np.arange(start, end + np.timedelta64(1, "D"), np.timedelta64(1, "D")).astype("datetime64[s]"):
        which = regions.visible(time)
        age = regions.age(time)[which]
        area = regions.area_at(which, age)
        longitude = np.round(regions.longitude_at(which, time))
        numbered[which] |= area > 0
        for place, region in enumerate(which):
            if numbered[region] and abs(longitude[place]) < 90:
                complexity, spotted = regions.complexity[region], area[place] > 0
                rows.append(
                    {
                        "time": time,
                        "noaa_ar": regions.noaa_ar[region],
                        "latitude": round(regions.latitude[region]),
                        "longitude": longitude[place],
                        "area": max(10, round(area[place] / 10) * 10) if spotted else 0,
                        "mcintosh": mcintosh(area[place], complexity) if spotted else "",
                        "mag_type": magnetic_class(area[place], complexity) if spotted else "",
                        "spots": max(1, round(area[place] ** 0.6 * (0.3 + complexity))) if spotted else 0,
                    }
                )
    return pd.DataFrame(
        rows, columns=["time", "noaa_ar", "latitude", "longitude", "area", "mcintosh", "mag_type", "spots"]
    )


def magnetic_class(area: float, complexity: float) -> str:
    """Return the Mount Wilson class (Hale et al. 1919, ApJ 49, 153; Künzel 1960, AN 285, 271)."""
    if area < 30 and complexity < 0.3:
        return "alpha"
    for limit, name in ((0.45, "beta"), (0.65, "beta-gamma"), (0.8, "beta-delta")):
        if complexity < limit:
            return name
    return "beta-gamma-delta"


def mcintosh(area: float, complexity: float) -> str:
    """Return the class of McIntosh 1990, SoPh 125, 251: size, penumbra of the largest spot, distribution of spots."""
    if area < 20:
        return "Axx" if complexity < 0.3 else "Bxo"
    size = next(name for limit, name in ((60, "C"), (200, "D"), (450, "E"), (np.inf, "F")) if area < limit)
    if complexity < 0.2:
        return "Hsx" if area < 120 else "Hhx"
    penumbra = "s" if area < 100 else "a" if area < 250 else "k"
    return size + penumbra + ("o" if complexity < 0.45 else "i" if complexity < 0.7 else "c")


def _course(age: Values, rise: Values, decay: Values) -> Values:
    """Return the share of the largest flux at ages in days: a smooth rise, then an exponential decay."""
    growing = np.sin(np.pi / 2 * np.clip(age / rise, 0, 1)) ** 2
    return np.where(age < rise, growing, np.exp(-np.maximum(age - rise, 0) / decay))
