"""Flares: a Poisson process in each region, at a rate that its images show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.flares import LETTERS
from solarflare.geometry import rotate_longitude
from solarflare.sources.simulated.regions import DAY, LONGEST_LIFE, Regions, Times

Values = npt.NDArray[np.float64]

LIST = "simulated"
WEAKEST = 1e-7
"""W/m2 (B1.0) of the weakest flare that is drawn."""

COMPLETE_FROM = "C1.0"
"""The class from which the list is complete whatever the background."""

SLOPE = 1.0
"""Flares of flux F or more: F ** -SLOPE (differential index 2: Aschwanden & Freeland 2012, ApJ 754, 112)."""

STRONGEST = 2e-3
"""W/m2 (X20)."""

RATE = 0.55
"""Flares a day of C1.0 or more of a region of 1e22 Mx and middle complexity."""

RATE_PER_FLUX = 1.2
RATE_PER_COMPLEXITY = 3.6
"""A beta-gamma-delta region flares some 35 times as often as an alpha of the same flux (Bloomfield et al. 2012)."""

DURATION_MEDIAN = 15.0
DURATION_SPREAD = 0.65
"""Minutes from start to end, log-normal (Veronig et al. 2002, A&A 382, 1070: 12 minutes, with a long tail)."""

RISE_SHARE = 0.4
WITHOUT_REGION = 0.12
"""Share of listed flares that no region is named for: 34 % of 2014's M and X flares, fewer in other years."""

STEP = 0.25
"""Days between two values of a region's rate, linear in between."""


@dataclass(frozen=True)
class Flares:
    """Flares in the order of their starts; times are datetime64[s], flux in W/m2, region the index of their region."""

    region: npt.NDArray[np.int64]
    start: Times
    peak: Times
    end: Times
    flux: Values

    def in_progress(self, time: np.datetime64) -> npt.NDArray[np.int64]:
        """Return which flares are still seen at a time: until three times their decay."""
        first, last = np.searchsorted(self.start, [time - np.timedelta64(1, "D"), time], side="right")
        window = np.arange(first, last)
        return window[self.peak[window] + 4 * (self.end[window] - self.peak[window]) > time]

    def flux_at(self, which: npt.NDArray[np.int64], time: np.datetime64) -> Values:
        """Return the X-ray flux of some flares at a time: a linear rise, then halved from peak to end and so on."""
        rise = (time - self.start[which]) / np.maximum(self.peak[which] - self.start[which], np.timedelta64(1, "s"))
        decay = (time - self.peak[which]) / np.maximum(self.end[which] - self.peak[which], np.timedelta64(1, "s"))
        return self.flux[which] * np.where(time < self.peak[which], rise, 0.5**decay)


def rate(flux: Values, complexity: Values) -> Values:
    """Return how many flares of C1.0 or more a region has in a day.

    Parameters
    ----------
    flux : ndarray of float64
        The region's unsigned flux, Mx.
    complexity : ndarray of float64
        0 to 1.
    """
    return RATE * (flux / 1e22) ** RATE_PER_FLUX * np.exp(RATE_PER_COMPLEXITY * (complexity - 0.5))


def true_rates(regions: Regions, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Return each region's rate while it is on the visible disk, in the form of `tables.TRUTH`.

    Behind the limb and before birth a region has no flares that are listed, so a row of rate 0 stands a second before
    the first and after the last.
    """
    ages = np.arange(0, LONGEST_LIFE, STEP)
    parts = []
    for region in range(len(regions.born)):
        which = np.full(len(ages), region)
        times = regions.born[region] + (ages * 86_400).astype(np.int64) * np.timedelta64(1, "s")
        longitude = (regions.longitude[region] + 180) % 360 - 180
        turned = longitude + _degrees_a_day(regions.latitude[region]) * ages
        seen = (np.abs((turned + 180) % 360 - 180) < 90) & (times >= start) & (times < end)
        values = np.where(seen, rate(regions.flux_at(which, ages), regions.complexity[which]), 0)
        kept = seen | np.roll(seen, 1) | np.roll(seen, -1)
        if seen.any():
            parts.append(pd.DataFrame({"time": times[kept], "noaa_ar": regions.noaa_ar[region], "rate": values[kept]}))
    return pd.concat(parts, ignore_index=True).assign(slope=SLOPE)


def erupt(regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> Flares:
    """Draw the flares of all regions from their rates, `WEAKEST` and up."""
    place = {number: index for index, number in enumerate(regions.noaa_ar)}
    region, start = [], []
    scale = (WEAKEST / 1e-6) ** -SLOPE
    for number, of_region in rates.groupby("noaa_ar"):
        at = (of_region["time"].to_numpy("datetime64[s]")).astype(np.int64)
        values = of_region["rate"].to_numpy()
        cumulative = np.append(0, np.cumsum(np.diff(at) / 86_400 * (values[1:] + values[:-1]) / 2)) * scale
        count = generator.poisson(cumulative[-1])
        # The inverse of the cumulative rate turns uniform numbers into times of a Poisson process.
        times = np.interp(np.sort(generator.uniform(0, cumulative[-1], count)), cumulative, at)
        region.append(np.full(count, place[number]))
        start.append(times.astype(np.int64))
    regions_of, starts = np.concatenate(region), np.concatenate(start)
    order = np.argsort(starts, kind="stable")
    n = len(order)
    lowest, highest = WEAKEST**-SLOPE, STRONGEST**-SLOPE
    flux = _to_tenths((lowest - generator.uniform(size=n) * (lowest - highest)) ** (-1 / SLOPE))
    minutes = DURATION_MEDIAN * np.exp(DURATION_SPREAD * generator.standard_normal(n))
    duration = np.maximum(120, np.round(minutes) * 60).astype(np.int64)
    begin = starts[order] // 60 * 60
    rise = np.maximum(60, np.round(duration * RISE_SHARE / 60) * 60).astype(np.int64)
    start_time, peak, end = (at.astype("datetime64[s]") for at in (begin, begin + rise, begin + duration))
    return Flares(regions_of[order], start_time, peak, end, flux)


def listed(flares: Flares, regions: Regions, rates: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Return the list of flares as an observatory publishes it, in the form of `tables.FLARES`.

    The weakest drown in the background, which rises with the flares' total rate; some have no region, and then no
    position either.
    """
    hours = flares.start.astype("datetime64[h]")
    total = rates.assign(hour=rates["time"].to_numpy("datetime64[D]")).groupby("hour")["rate"].mean()
    background = 2e-8 + 1.2e-7 * total.reindex(hours.astype("datetime64[D]")).fillna(0).to_numpy()
    seen = flares.flux > np.minimum(2 * background, 9e-7)
    named = generator.uniform(size=len(flares.flux)) >= WITHOUT_REGION
    days = (flares.start - regions.born[flares.region]) / DAY
    longitude = regions.longitude[flares.region] + _degrees_a_day(regions.latitude[flares.region]) * days
    df = pd.DataFrame(
        {
            "start": flares.start,
            "peak": flares.peak,
            "end": flares.end,
            "goes_class": _goes_class(flares.flux),
            "noaa_ar": pd.array(regions.noaa_ar[flares.region], dtype="Int64"),
            "latitude": np.round(regions.latitude[flares.region]),
            "longitude": np.clip(np.round((longitude + 180) % 360 - 180), -90, 90),
            "list": LIST,
        }
    )
    df.loc[~named, ["noaa_ar", "latitude", "longitude"]] = pd.NA
    return df[seen].reset_index(drop=True)


def _to_tenths(flux: Values) -> Values:
    """Cut fluxes to what a class prints, C1.0 and not C1.07."""
    base = 10 ** np.floor(np.log10(flux))
    return np.floor(flux / base * 10) / 10 * base


def _goes_class(flux: Values) -> npt.NDArray[np.str_]:
    """Return GOES classes, such as C1.0, of fluxes cut to tenths."""
    letters = np.array(list(LETTERS))
    place = np.clip(np.floor(np.log10(flux) + 1e-9).astype(np.int64) + 8, 0, len(letters) - 1)
    number = np.char.mod("%.1f", flux / np.array(list(LETTERS.values()))[place])
    return np.char.add(letters[place], number)


def _degrees_a_day(latitude: npt.ArrayLike) -> Values:
    return rotate_longitude(latitude, np.zeros(np.shape(latitude)), np.ones(np.shape(latitude)))
