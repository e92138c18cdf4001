"""Active regions: when and where they emerge, and how they grow and decay.

Each region is a bipole. Its flux grows over days and decays over weeks; its spots vanish sooner than its plage. Its
complexity is the extent to which polarities are mixed. Flux and complexity determine the rate of flares, and both are
visible in every image.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solarflare.sun.images.coordinates import rotate_longitude

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
DAY = np.timedelta64(86_400, "s")

CYCLE_START = np.datetime64("2008-12-01")
CYCLE_YEARS = 11.0
"""Solar cycle 24 began in December 2008; cycles last eleven years on average (Hathaway 2015, LRSP 12, 4)."""

EMERGENCE_AT_MAXIMUM = 0.55
EMERGENCE_AT_MINIMUM = 0.06
"""Regions per day on the whole Sun: a weak cycle, like cycles 14 and 24, with spotless days in most of its years."""

LATITUDES = (28.0, 7.0)
"""Latitude of emergence in degrees, at the start and at the end of a cycle (Hathaway 2015, 4.5)."""

LATITUDE_SPREAD = 5.0
JOY_SLOPE = 0.5
"""Tilt in degrees per degree of latitude; the leading polarity is nearer to the equator (Wang & Sheeley 1989, SoPh 124,
81)."""

TILT_SPREAD = 12.0
HALE_EXCEPTIONS = 0.05
"""Fraction of regions that violate Hale's polarity law (Li 2018, ApJ 867, 89: 4 to 8 %)."""

FLUX_MEDIAN = 1e22
FLUX_SPREAD = 1.0
"""Largest unsigned flux in Mx, log-normal (Parnell et al. 2009, ApJ 698, 75; NOAA's regions hold 1e21 to 5e22)."""

DECAY_DAYS = 6.0
"""E-folding time of the flux of a region of `FLUX_MEDIAN`."""

SPOT_DECAY = 0.65
"""Decay time of the spots' area, divided by that of the flux (van Driel-Gesztelyi & Green 2015, LRSP 12, 1: plage
outlives spots)."""

AREA_PER_FLUX = 120.0 / 1e22
AREA_SPREAD = 0.45
"""Area of spots per flux at its peak, in millionths of the hemisphere per Mx, and the log-normal spread of the area."""

SMALLEST_AREA = 10.0
"""Spots of a smaller area, in millionths of the hemisphere, are not visible. The smallest visible spots are pores."""

FIRST_NUMBER = 11_040
"""First NOAA region number of 2010."""

LONGEST_LIFE = 60.0
"""Days after which a region has vanished."""


@dataclass(frozen=True)
class Regions:
    """All regions of a simulation, sorted by the time of their emergence.

    Attributes
    ----------
    noaa_ar : (n,) int64
    born : (n,) datetime64[s]
        When the region begins to emerge.
    latitude, longitude : (n,) float64
        Stonyhurst degrees at ``born``.
    rotation : (n,) float64
        Synodic rotation rate, degrees per day.
    tilt : (n,) float64
        Tilt of the bipole's axis in degrees; positive: the leading polarity is nearer to the equator.
    leading : (n,) float64
        Sign of the leading polarity: 1 or -1.
    flux : (n,) float64
        Largest unsigned flux, Mx.
    area : (n,) float64
        Largest area of its spots, millionths of the hemisphere.
    rise, decay : (n,) float64
        Days from emergence to the largest flux, and e-folding time of the decay in days.
    complexity : (n,) float64
        0 (one spot, alpha) to 1 (beta-gamma-delta).
    """

    noaa_ar: Integers
    born: Times
    latitude: Values
    longitude: Values
    rotation: Values
    tilt: Values
    leading: Values
    flux: Values
    area: Values
    rise: Values
    decay: Values
    complexity: Values

    def alive(self, time: np.datetime64) -> Integers:
        """Return the indices of the regions that exist at a time, on both sides of the Sun."""
        age = (time - self.born) / DAY
        return np.flatnonzero((age > 0) & (age < LONGEST_LIFE))

    def longitude_at(self, which: Integers, age: Values) -> Values:
        """Return Stonyhurst longitudes, -180 to 180 degrees, of some regions at ages in days."""
        return np.asarray((self.longitude[which] + self.rotation[which] * age + 180) % 360 - 180)

    def flux_at(self, which: Integers, age: Values) -> Values:
        """Return the unsigned flux, Mx, of some regions at ages in days."""
        return np.asarray(self.flux[which] * relative_flux(age, self.rise[which], self.decay[which]))

    def area_at(self, which: Integers, age: Values) -> Values:
        """Return the area of spots, millionths of the hemisphere, of some regions at ages in days; 0 without spots."""
        area = self.area[which] * relative_flux(age, self.rise[which], SPOT_DECAY * self.decay[which])
        return np.where(area >= SMALLEST_AREA, area, 0)


def relative_flux(age: Values, rise: Values, decay: Values) -> Values:
    """Return the flux at ages in days, divided by its maximum: it rises smoothly, then decays exponentially."""
    growing = np.sin(np.pi / 2 * np.clip(age / rise, 0, 1)) ** 2
    return np.where(age < rise, growing, np.exp(-np.maximum(age - rise, 0) / decay))


def emerge(start: np.datetime64, end: np.datetime64, generator: np.random.Generator) -> Regions:
    """Draw the regions that exist at any time between two dates."""
    days = np.arange(start - np.timedelta64(int(LONGEST_LIFE), "D"), end, np.timedelta64(1, "D"))
    rate = EMERGENCE_AT_MINIMUM + (EMERGENCE_AT_MAXIMUM - EMERGENCE_AT_MINIMUM) * activity(days)
    count = generator.poisson(rate)
    n = int(count.sum())
    seconds = generator.integers(0, 86_400, n) * np.timedelta64(1, "s")
    # Sorted, so that region numbers increase with time.
    born: Times = np.sort(np.repeat(days, count).astype("datetime64[s]") + seconds)
    hemisphere = generator.choice([-1.0, 1.0], n)
    belt = LATITUDES[0] + (LATITUDES[1] - LATITUDES[0]) * cycle_phase(born)
    latitude = hemisphere * np.clip(belt + LATITUDE_SPREAD * generator.standard_normal(n), 1, 45)
    relative = np.exp(FLUX_SPREAD * generator.standard_normal(n))
    # Larger regions are more often complex (Sammis, Tang & Zirin 2000, ApJ 540, 583).
    complexity = 1 / (1 + np.exp(1.2 - 0.8 * np.log(relative) - 1.3 * generator.standard_normal(n)))
    # Polarities alternate between cycles (Hale & Nicholson 1925, ApJ 62, 270). In cycle 24 the leading polarity of the
    # northern hemisphere is negative.
    cycle = np.floor((born - CYCLE_START) / DAY / 365.25 / CYCLE_YEARS)
    hale = np.where(generator.uniform(size=n) < HALE_EXCEPTIONS, -1.0, 1.0)
    return Regions(
        noaa_ar=FIRST_NUMBER + np.arange(n),
        born=born,
        latitude=latitude,
        longitude=generator.uniform(-180, 180, n),
        rotation=rotate_longitude(latitude, np.zeros(n), np.ones(n)),
        tilt=JOY_SLOPE * np.abs(latitude) + TILT_SPREAD * generator.standard_normal(n),
        leading=-hemisphere * np.where(cycle % 2 == 0, 1.0, -1.0) * hale,
        flux=FLUX_MEDIAN * relative,
        area=AREA_PER_FLUX * FLUX_MEDIAN * relative * np.exp(AREA_SPREAD * generator.standard_normal(n)),
        rise=np.clip(1.5 * relative**0.3 * np.exp(0.3 * generator.standard_normal(n)), 0.5, 8),
        decay=np.clip(DECAY_DAYS * relative**0.4 * np.exp(0.3 * generator.standard_normal(n)), 4, 40),
        complexity=complexity,
    )


def activity(times: Times) -> Values:
    """Return the activity of the solar cycle at times: 0 at minimum, 1 at maximum.

    Notes
    -----
    It is the mean cycle of Hathaway, Wilson & Reichmann 1994, SoPh 151, 177, eq. 1. It rises for about four years.
    """
    months = cycle_phase(times) * CYCLE_YEARS * 12
    x = months / 46.0
    return np.clip(x**3 / (np.exp(x**2) - 0.71) / 0.596, 0, 1)


def cycle_phase(times: Times) -> Values:
    """Return the phase of the solar cycle at times, 0 to 1."""
    years = (times - CYCLE_START) / DAY / 365.25
    return np.asarray((years / CYCLE_YEARS) % 1, dtype=np.float64)
