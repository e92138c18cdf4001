"""Flare tables: their clean-up, their classes as fluxes, and which flare is the strongest in a window."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.sun.events.questions import Event

LETTERS = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}
"""W/m2 of class 1.0 in the 1-8 angstrom band of GOES."""

FOUR_DIGITS_FROM = pd.Timestamp("2002-06-14")
"""From this day on NOAA's region numbers have five digits, and some lists still print four."""

MIDNIGHT = pd.Timedelta(hours=12)
"""A peak or end at least this much before the start, but less than a day, belongs to the next day."""

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def flux(goes_class: pd.Series) -> Values:
    """Return peak fluxes of GOES classes.

    Parameters
    ----------
    goes_class : Series of str
        Such as ``C1.0``; blank where it is not known.

    Returns
    -------
    ndarray of float64
        W/m2; NaN for blanks. Rounded so that equal classes have equal fluxes: C10.0 is M1.0.
    """
    letter = goes_class.str[:1].map(LETTERS).astype(float)
    number = pd.to_numeric(goes_class.str[1:], errors="coerce")
    return np.asarray((letter * number).round(12), dtype=np.float64)


def five_digits(noaa_ar: pd.Series, times: pd.Series) -> pd.Series:
    """Return region numbers of which the lists print the last four digits, as NOAA counts them.

    Parameters
    ----------
    noaa_ar : Series of Int64
        As printed; ``<NA>`` where none is.
    times : Series of datetime64[ns]
        When each was printed, on the same index.
    """
    return noaa_ar + 10_000 * ((noaa_ar < 10_000) & (times >= FOUR_DIGITS_FROM))


def clean(flares: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Repair what flare lists are known for.

    Parameters
    ----------
    flares : DataFrame
        Of `tables.FLARES`, in any order.

    Returns
    -------
    flares : DataFrame
        Sorted by start; region numbers with five digits; no peak or end before its start; no position 0, 0, which is
        how lists print that they know none; no row twice, where one without a region repeats one with. Every end is
        known: a missing one is set to where a flare of the table's median duration would end, but not before its peak.
    counts : dict
        How many rows each repair changed or dropped, and how many have no class.
    """
    df = flares.copy()
    counts = {}
    for column in ("peak", "end"):
        early = df["start"] - df[column]
        before = early > pd.Timedelta(0)
        over_midnight = early.between(MIDNIGHT, pd.Timedelta(days=1), inclusive="left")
        df.loc[over_midnight, column] += pd.Timedelta(days=1)
        df.loc[before & ~over_midnight, column] = pd.NaT
        counts[f"{column} moved over midnight"] = int(over_midnight.sum())
        counts[f"{column} before its start, blanked"] = int((before & ~over_midnight).sum())
    df["noaa_ar"] = five_digits(flares["noaa_ar"], flares["start"])
    counts["four-digit region number completed"] = int((df["noaa_ar"] != flares["noaa_ar"]).sum())
    nowhere = (df["latitude"] == 0) & (df["longitude"] == 0)
    df.loc[nowhere, ["latitude", "longitude"]] = np.nan
    counts["position 0, 0 blanked"] = int(nowhere.sum())

    # Of a repeat the row that knows its region, end and peak comes first and stays.
    known = ["start", "goes_class", "noaa_ar", "end", "peak", "latitude", "longitude", "list"]
    df = df.sort_values(known, na_position="last", ignore_index=True)
    repeat = df.duplicated(["start", "goes_class", "noaa_ar"])
    repeat |= df["noaa_ar"].isna() & df.duplicated(["start", "goes_class"])
    counts["repeat dropped"] = int(repeat.sum())
    df = df[~repeat].reset_index(drop=True)

    counts["end missing, set by the median duration"] = int(df["end"].isna().sum())
    usual_end = df["start"] + (df["end"] - df["start"]).dropna().median()
    df["end"] = df["end"].fillna(pd.concat([df["start"], df["peak"], usual_end], axis=1).max(axis=1))
    counts["peak missing"] = int(df["peak"].isna().sum())
    counts["class missing"] = int((df["goes_class"] == "").sum())
    return df, {what: count for what, count in counts.items() if count}


def seconds(times: pd.Series) -> Integers:
    """Return times as whole seconds since 1970."""
    return times.to_numpy("datetime64[s]").astype(np.int64)


def keys(noaa_ar: Integers | None, at: Integers) -> Integers:
    """Return one number for a region and a time, ordered by region, then time.

    Parameters
    ----------
    noaa_ar : ndarray of int64 or None
        At most 2**22; None for the whole Sun.
    at : ndarray of int64
        Seconds since 1970, within 17,000 years.
    """
    return at if noaa_ar is None else (noaa_ar << 40) + at


@dataclass(frozen=True)
class Windows:
    """Time windows, one a row.

    Attributes
    ----------
    first, last : (n,) int64
        Seconds since 1970; both belong to the window.
    noaa_ar : (n,) int64 or None
        The regions whose flares count; None if all flares of the Sun do.
    """

    first: Integers
    last: Integers
    noaa_ar: Integers | None


def strongest(flares: pd.DataFrame, windows: Windows, event: Event) -> Integers:
    """Find the strongest flare in each of many windows.

    Flares are laid out once, as the strongest flare at each of a sorted row of times, so that a window is a run of that
    row, found by binary search, and its maximum is read from a table of the maxima over runs of 1, 2, 4, ... times.

    Parameters
    ----------
    flares : DataFrame
        As `clean` returns them; if the windows are of regions, each with one.
    windows : Windows
        In any order.
    event : str
        ``"start"`` for flares that begin in the window, ``"overlap"`` for those in progress at some time in it.

    Returns
    -------
    (windows,) ndarray of int64
        The position in `flares` of each window's strongest flare, -1 where there is none. A flare without a class is
        weaker than all others.
    """
    weakest_first = np.argsort(np.nan_to_num(flux(flares["goes_class"])), kind="stable")
    ordered = flares.iloc[weakest_first]
    noaa_ar = None if windows.noaa_ar is None else ordered["noaa_ar"].to_numpy(np.int64)
    begin = keys(noaa_ar, seconds(ordered["start"]))
    end = keys(noaa_ar, seconds(ordered["start" if event == "start" else "end"])) + 1
    times = np.unique(np.append(begin, end))
    rank = np.full(len(times), -1, dtype=np.int64)
    # Painted over each other from the weakest to the strongest.
    for number, run in enumerate(np.column_stack([np.searchsorted(times, begin), np.searchsorted(times, end)])):
        rank[slice(*run)] = number
    first = np.searchsorted(times, keys(windows.noaa_ar, windows.first), side="right") - 1
    last = np.searchsorted(times, keys(windows.noaa_ar, windows.last), side="right")
    return np.append(weakest_first, -1)[_range_maxima(rank, np.maximum(first, 0), last)]


def _range_maxima(values: Integers, begin: Integers, end: Integers) -> Integers:
    """Return the maximum of ``values[begin:end]`` for each begin and end, -1 where that is empty (a sparse table)."""
    levels = [values]
    while 2 ** len(levels) <= len(values):
        half = 2 ** (len(levels) - 1)
        wider = levels[-1].copy()
        wider[:-half] = np.maximum(wider[:-half], levels[-1][half:])
        levels.append(wider)
    table = np.stack(levels)
    result = np.full(len(begin), -1, dtype=np.int64)
    some = end > begin
    level = np.frexp(end[some] - begin[some])[1] - 1
    result[some] = np.maximum(table[level, begin[some]], table[level, end[some] - 2**level])
    return result
