"""Flares of the simulated Sun. Each region has a Poisson process whose rate depends on what the images show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sources.simulated.region_evolution import DAY, LONGEST_LIFE, Integers, Regions, Times, Values
from solarflare.sun.events.flares import LETTERS

LIST = "simulated"
WEAKEST = 1e-7
"""Peak flux in W/m2 (B1.0) of the weakest simulated flare."""

COMPLETE_FROM = "C1.0"
"""The flare list is complete for this class and stronger ones, at any background."""

SLOPE = 1.0
"""The number of flares of peak flux F or more is proportional to F ** -SLOPE (differential index 2: Aschwanden &
Freeland 2012, ApJ 754, 112)."""

STRONGEST = 2e-3
"""Peak flux in W/m2 (X20) of the strongest possible flare."""

RATE = 0.5
"""Flares per day of C1.0 or more in a region of 1e22 Mx and complexity 0.5."""

RATE_PER_FLUX = 2.0
RATE_PER_COMPLEXITY = 2.5
"""A beta-gamma-delta region flares about 12 times as often as an alpha region of the same flux (Sammis et al. 2000, ApJ
540, 583; Bloomfield et al. 2012, ApJ 747, L41)."""

DURATION_MEDIAN = 15.0
DURATION_SPREAD = 0.65
"""Minutes from start to end, log-normal (Veronig et al. 2002, A&A 382, 1070: 12 minutes, with a long tail)."""

RISE_SHARE = 0.4
"""Fraction of the duration before the peak."""

WITHOUT_REGION = 0.12
WITH_POSITION = 0.5
"""`WITHOUT_REGION`: fraction of listed flares without a region (34 % of the M and X flares of 2014, fewer in other
years). `WITH_POSITION`: fraction of the flares without a region that have a position."""

BACKGROUND_AT_REST = 2e-8
BACKGROUND_PER_FLARE = 2.5e-8
"""X-ray background of the whole Sun in W/m2: that without regions, and the increase per expected C1.0 flare per day."""

DETECTABLE = 2.0
"""Smallest ratio of a listed flare's peak flux to the background. Flares from `COMPLETE_FROM` up are always listed."""

STEP = 0.25
"""Days between two values of a region's rate. Between them the rate is linear."""


@dataclass(frozen=True)
class Flares:
    """All flares of a simulation, sorted by their starts.

    Attributes
    ----------
    region : (n,) int64
        Index of each flare's region.
    start, peak, end : (n,) datetime64[s]
    flux : (n,) float64
        Peak flux, W/m2.
    """

    region: Integers
    start: Times
    peak: Times
    end: Times
    flux: Values

    def in_progress(self, time: np.datetime64) -> Integers:
        """Return the indices of the flares visible at a time. It is visible until its flux has halved four times."""
        first, last = np.searchsorted(self.start, [time - DAY, time], side="right")
        window = np.arange(first, last)
        return window[self.peak[window] + 4 * (self.end[window] - self.peak[window]) > time]

    def flux_at(self, which: Integers, time: np.datetime64) -> Values:
        """Return the X-ray flux of some flares at a time: a linear rise, then a decay by half from peak to end."""
        rise = (time - self.start[which]) / (self.peak[which] - self.start[which])
        decay = (time - self.peak[which]) / (self.end[which] - self.peak[which])
        return np.asarray(self.flux[which] * np.where(time < self.peak[which], rise, 0.5**decay))


def rate(flux: Values, complexity: Values) -> Values:
    """Return for some regions the number of flares of C1.0 or more per day.

    Parameters
    ----------
    flux : (n,) float64
        Unsigned flux, Mx.
    complexity : (n,) float64
        0 to 1.
    """
    return np.asarray(RATE * (flux / 1e22) ** RATE_PER_FLUX * np.exp(RATE_PER_COMPLEXITY * (complexity - 0.5)))


def true_rates(regions: Regions, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return each region's rate of flares on the visible disk, in the form of `tables.TRUTH`.

    Flares behind the limb are not observed, so the rate falls to zero within one `STEP` at the limb.
    """
    ages = np.arange(0, LONGEST_LIFE, STEP)
    which = np.broadcast_to(np.arange(len(regions.born))[:, None], (len(regions.born), len(ages)))
    times = regions.born[:, None] + (ages * 86_400).astype(np.int64) * np.timedelta64(1, "s")
    visible = np.abs(regions.longitude_at(which, ages)) < 90
    visible &= (times >= start) & (times < end)
    # A region has no flares at its emergence or after its end, so its first and last rates are zero.
    visible[:, [0, -1]] = False
    rates = np.where(visible, rate(regions.flux_at(which, ages), regions.complexity[which]), 0)
    kept = visible.copy()
    kept[:, 1:] |= visible[:, :-1]
    kept[:, :-1] |= visible[:, 1:]
    df = pd.DataFrame(
        {"time": times[kept], "noaa_ar": regions.noaa_ar[which[kept]], "rate": rates[kept], "slope": SLOPE}
    )
    return tables.check(df, tables.TRUTH, "the simulated truth")


def erupt(regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> Flares:
    """Draw the flares of all regions from their rates. The peak fluxes are at least `WEAKEST`."""
    times = rates["time"].to_numpy("datetime64[s]").astype(np.int64)
    number, daily = rates["noaa_ar"].to_numpy(np.int64), rates["rate"].to_numpy(np.float64)
    same_region = number[1:] == number[:-1]
    days = np.where(same_region, np.diff(times), 0) / 86_400
    expected = (daily[1:] + daily[:-1]) / 2 * days * (WEAKEST / 1e-6) ** -SLOPE
    count = generator.poisson(expected)
    n = int(count.sum())
    piece = np.repeat(np.arange(len(count)), count)
    share = _linear_density(daily[piece], daily[piece + 1], generator.uniform(size=n))
    # Flare lists give whole minutes.
    start = (times[piece] + share * (times[piece + 1] - times[piece])).astype(np.int64) // 60 * 60
    order = np.argsort(start, kind="stable")
    lowest, highest = WEAKEST**-SLOPE, STRONGEST**-SLOPE
    flux = (lowest - generator.uniform(size=n) * (lowest - highest)) ** (-1 / SLOPE)
    minutes = np.maximum(2, np.round(DURATION_MEDIAN * np.exp(DURATION_SPREAD * generator.standard_normal(n))))
    rise = np.maximum(1, np.floor(RISE_SHARE * minutes))
    region, begin = np.searchsorted(regions.noaa_ar, number[piece[order]]), start[order].astype("datetime64[s]")
    peak, end = (begin + elapsed.astype("timedelta64[m]") for elapsed in (rise, minutes))
    return Flares(region, begin, peak, end, _to_tenths(flux))


def listed(flares: Flares, regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the flare list as an observatory would publish it, in the form of `tables.FLARES`.

    Weak flares are missing when the X-ray background is high. Some listed flares have no region, and half of these
    have no position.
    """
    day = flares.start.astype("datetime64[D]")
    # The rates of a day are `STEP` days apart: their sum times STEP is the expected number of flares of that day.
    total = rates["rate"].groupby(rates["time"].to_numpy("datetime64[D]")).sum() * STEP
    background = BACKGROUND_AT_REST + BACKGROUND_PER_FLARE * total.reindex(day).fillna(0).to_numpy()
    complete = LETTERS[COMPLETE_FROM[0]] * float(COMPLETE_FROM[1:])
    is_listed = flares.flux >= np.minimum(DETECTABLE * background, complete) * (1 - 1e-9)
    n = len(flares.flux)
    has_region = generator.uniform(size=n) >= WITHOUT_REGION
    has_position = has_region | (generator.uniform(size=n) < WITH_POSITION)
    longitude = regions.longitude_at(flares.region, (flares.start - regions.born[flares.region]) / DAY)
    df = pd.DataFrame(
        {
            "start": flares.start,
            "peak": flares.peak,
            "end": flares.end,
            "goes_class": goes_class(flares.flux),
            "noaa_ar": pd.array(regions.noaa_ar[flares.region], dtype="Int64"),
            "latitude": np.round(regions.latitude[flares.region]),
            "longitude": np.round(np.clip(longitude, -90, 90)),
            "list": LIST,
        }
    )
    df.loc[~has_region, "noaa_ar"] = pd.NA
    df.loc[~has_position, ["latitude", "longitude"]] = np.nan
    return tables.check(df[is_listed], tables.FLARES, "the simulated flares")


def goes_class(flux: Values) -> npt.NDArray[np.str_]:
    """Return the GOES classes of (n,) peak fluxes in W/m2, truncated to tenths.

    Examples
    --------
    >>> goes_class(np.array([1.07e-6, 2.5e-4])).tolist()
    ['C1.0', 'X2.5']
    """
    letters = np.array(list(LETTERS))
    bounds = np.array(list(LETTERS.values()))
    index = np.searchsorted(bounds * (1 - 1e-9), flux, side="right") - 1
    tenths = np.floor(flux / bounds[index] * 10 + 1e-6).astype(np.int64)
    return np.array([f"{letter}{n // 10}.{n % 10}" for letter, n in zip(letters[index], tenths, strict=True)])


def _to_tenths(flux: Values) -> Values:
    """Truncate fluxes to the precision of a class: C1.0, not C1.07."""
    base = 10.0 ** np.floor(np.log10(flux))
    return np.asarray(np.floor(flux / base * 10) / 10 * base)


def _linear_density(first: Values, last: Values, uniform: Values) -> Values:
    """Transform uniform numbers to numbers from 0 to 1 with a density that is linear from `first` to `last`."""
    # This form is also accurate if `first` and `last` are almost equal.
    area = uniform * (first + last)
    return np.asarray(area / (first + np.sqrt(first**2 + area * (last - first)) + 1e-300))
