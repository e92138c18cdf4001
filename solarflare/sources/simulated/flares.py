"""Flares: a Poisson process in each region, at a rate that its images show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sources.simulated.regions import DAY, LONGEST_LIFE, Integers, Regions, Times, Values
from solarflare.sun.events.flares import LETTERS

LIST = "simulated"
WEAKEST = 1e-7
"""W/m2 (B1.0) of the weakest flare that is drawn."""

COMPLETE_FROM = "C1.0"
"""The class from which the list is complete whatever the background."""

SLOPE = 1.0
"""Flares of flux F or more: F ** -SLOPE (differential index 2: Aschwanden & Freeland 2012, ApJ 754, 112)."""

STRONGEST = 2e-3
"""W/m2 (X20)."""

RATE = 0.5
"""Flares a day of C1.0 or more of a region of 1e22 Mx and middle complexity."""

RATE_PER_FLUX = 2.0
RATE_PER_COMPLEXITY = 2.5
"""A beta-gamma-delta region flares some 12 times as often as an alpha of the same flux (Sammis et al. 2000, ApJ 540,
583; Bloomfield et al. 2012, ApJ 747, L41)."""

DURATION_MEDIAN = 15.0
DURATION_SPREAD = 0.65
"""Minutes from start to end, log-normal (Veronig et al. 2002, A&A 382, 1070: 12 minutes, with a long tail)."""

RISE_SHARE = 0.4
"""Of the duration, until the peak."""

WITHOUT_REGION = 0.12
PLACED = 0.5
"""Share of listed flares that no region is named for (34 % of 2014's M and X flares, fewer in other years), and the
share of those that have a position all the same."""

BACKGROUND_AT_REST = 2e-8
BACKGROUND_PER_FLARE = 2.5e-8
"""W/m2 of the whole Sun's X-ray background: without regions, and for each C1.0 flare a day that they would make."""

DETECTABLE = 2.0
"""Backgrounds that a flare has to reach to be listed; `COMPLETE_FROM` always is."""

STEP = 0.25
"""Days between two values of a region's rate, linear in between."""


@dataclass(frozen=True)
class Flares:
    """Flares, one an index, in the order of their starts.

    Attributes
    ----------
    region : (n,) int64
        The index of their region.
    start, peak, end : (n,) datetime64[s]
    flux : (n,) float64
        At the peak, W/m2.
    """

    region: Integers
    start: Times
    peak: Times
    end: Times
    flux: Values

    def in_progress(self, time: np.datetime64) -> Integers:
        """Return which flares shine at a time: until their flux has halved four times."""
        first, last = np.searchsorted(self.start, [time - DAY, time], side="right")
        window = np.arange(first, last)
        return window[self.peak[window] + 4 * (self.end[window] - self.peak[window]) > time]

    def flux_at(self, which: Integers, time: np.datetime64) -> Values:
        """Return the X-ray flux of some flares at a time: a fast rise, then halved from peak to end and so on."""
        rise = (time - self.start[which]) / (self.peak[which] - self.start[which])
        decay = (time - self.peak[which]) / (self.end[which] - self.peak[which])
        return np.asarray(self.flux[which] * np.where(time < self.peak[which], rise, 0.5**decay))


def rate(flux: Values, complexity: Values) -> Values:
    """Return how many flares of C1.0 or more regions have in a day.

    Parameters
    ----------
    flux : (n,) float64
        Unsigned flux, Mx.
    complexity : (n,) float64
        0 to 1.
    """
    return np.asarray(RATE * (flux / 1e22) ** RATE_PER_FLUX * np.exp(RATE_PER_COMPLEXITY * (complexity - 0.5)))


def true_rates(regions: Regions, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return each region's rate of flares that are listed, in the form of `tables.TRUTH`.

    Flares behind the limb are not listed, so that the rate falls to zero within a `STEP` of the limb.
    """
    ages = np.arange(0, LONGEST_LIFE, STEP)
    which = np.broadcast_to(np.arange(len(regions.born))[:, None], (len(regions.born), len(ages)))
    times = regions.born[:, None] + (ages * 86_400).astype(np.int64) * np.timedelta64(1, "s")
    seen = np.abs(regions.longitude_at(which, ages)) < 90
    seen &= (times >= start) & (times < end)
    # A region has no flares at birth nor after its end: so the rate is zero where its rows begin and end.
    seen[:, [0, -1]] = False
    rates = np.where(seen, rate(regions.flux_at(which, ages), regions.complexity[which]), 0)
    kept = seen.copy()
    kept[:, 1:] |= seen[:, :-1]
    kept[:, :-1] |= seen[:, 1:]
    df = pd.DataFrame(
        {"time": times[kept], "noaa_ar": regions.noaa_ar[which[kept]], "rate": rates[kept], "slope": SLOPE}
    )
    return tables.check(df, tables.TRUTH, "the simulated truth")


def erupt(regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> Flares:
    """Draw the flares of all regions from their rates, `WEAKEST` and up."""
    at = rates["time"].to_numpy("datetime64[s]").astype(np.int64)
    number, daily = rates["noaa_ar"].to_numpy(np.int64), rates["rate"].to_numpy(np.float64)
    same = number[1:] == number[:-1]
    days = np.where(same, np.diff(at), 0) / 86_400
    expected = (daily[1:] + daily[:-1]) / 2 * days * (WEAKEST / 1e-6) ** -SLOPE
    count = generator.poisson(expected)
    n = int(count.sum())
    piece = np.repeat(np.arange(len(count)), count)
    share = _linear_density(daily[piece], daily[piece + 1], generator.uniform(size=n))
    # Lists give whole minutes.
    start = (at[piece] + share * (at[piece + 1] - at[piece])).astype(np.int64) // 60 * 60
    order = np.argsort(start, kind="stable")
    lowest, highest = WEAKEST**-SLOPE, STRONGEST**-SLOPE
    flux = (lowest - generator.uniform(size=n) * (lowest - highest)) ** (-1 / SLOPE)
    minutes = np.maximum(2, np.round(DURATION_MEDIAN * np.exp(DURATION_SPREAD * generator.standard_normal(n))))
    rise = np.maximum(1, np.floor(RISE_SHARE * minutes))
    place, begin = np.searchsorted(regions.noaa_ar, number[piece[order]]), start[order].astype("datetime64[s]")
    peak, end = (begin + minutes_after.astype("timedelta64[m]") for minutes_after in (rise, minutes))
    return Flares(place, begin, peak, end, _printed(flux))


def listed(flares: Flares, regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the list of flares as an observatory publishes it, in the form of `tables.FLARES`.

    The weakest drown in the background, which rises with the regions on the disk; some have no region, and half of
    those no position either.
    """
    day = flares.start.astype("datetime64[D]")
    # Rates are a quarter of a day apart: their sum over a day is that many daily rates of the whole Sun.
    total = rates["rate"].groupby(rates["time"].to_numpy("datetime64[D]")).sum() * STEP
    background = BACKGROUND_AT_REST + BACKGROUND_PER_FLARE * total.reindex(day).fillna(0).to_numpy()
    complete = LETTERS[COMPLETE_FROM[0]] * float(COMPLETE_FROM[1:])
    seen = flares.flux >= np.minimum(DETECTABLE * background, complete) * (1 - 1e-9)
    n = len(flares.flux)
    named = generator.uniform(size=n) >= WITHOUT_REGION
    placed = named | (generator.uniform(size=n) < PLACED)
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
    df.loc[~named, "noaa_ar"] = pd.NA
    df.loc[~placed, ["latitude", "longitude"]] = np.nan
    return tables.check(df[seen], tables.FLARES, "the simulated flares")


def goes_class(flux: Values) -> npt.NDArray[np.str_]:
    """Return the classes of (n,) peak fluxes in W/m2, from A up, cut to tenths as they are printed."""
    letters = np.array(list(LETTERS))
    bounds = np.array(list(LETTERS.values()))
    place = np.searchsorted(bounds * (1 - 1e-9), flux, side="right") - 1
    tenths = np.floor(flux / bounds[place] * 10 + 1e-6).astype(np.int64)
    return np.array([f"{letter}{n // 10}.{n % 10}" for letter, n in zip(letters[place], tenths, strict=True)])


def _printed(flux: Values) -> Values:
    """Cut fluxes to what a class prints: C1.0, not C1.07."""
    base = 10.0 ** np.floor(np.log10(flux))
    return np.asarray(np.floor(flux / base * 10) / 10 * base)


def _linear_density(first: Values, last: Values, uniform: Values) -> Values:
    """Turn uniform numbers into numbers from 0 to 1 whose density goes linearly from `first` to `last`."""
    # Written so that nothing cancels where both are equal.
    area = uniform * (first + last)
    return np.asarray(area / (first + np.sqrt(first**2 + area * (last - first)) + 1e-300))
