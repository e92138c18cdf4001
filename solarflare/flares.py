"""Flare tables: their clean-up, their classes as fluxes, and what of them falls into a window."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

LETTERS = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}
"""W/m2 of class 1.0 in the 1-8 angstrom band of GOES."""

FOUR_DIGITS_FROM = pd.Timestamp("2002-06-14")
"""From this day on NOAA's region numbers have five digits, and some lists still print four."""

MIDNIGHT = pd.Timedelta(hours=12)
"""An end this much before the start belongs to the next day."""

Keys = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.int64]
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
        W/m2; NaN for blanks. Rounded so that equal classes have equal fluxes.
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
        Of `tables.FLARES`.

    Returns
    -------
    flares : DataFrame
        Sorted by start; region numbers with five digits; no peak or end before its start; no row twice; every end
        known: one that is missing is the peak's time, or the start's, so that no flare lasts longer than its list says.
    counts : dict
        How many rows each repair changed or dropped.
    """
    df = flares.copy()
    counts = {}
    for column in ("peak", "end"):
        before = df[column] < df["start"]
        over_midnight = before & (df["start"] - df[column] > MIDNIGHT)
        df.loc[over_midnight, column] += pd.Timedelta(days=1)
        df.loc[before & ~over_midnight, column] = pd.NaT
        counts[f"{column} moved over midnight"] = int(over_midnight.sum())
        counts[f"{column} before its start, blanked"] = int((before & ~over_midnight).sum())
    df["noaa_ar"] = five_digits(flares["noaa_ar"], flares["start"])
    counts["four-digit region number completed"] = int((df["noaa_ar"] != flares["noaa_ar"]).sum())
    counts["end missing"] = int(df["end"].isna().sum())
    df["end"] = df["end"].fillna(df["peak"]).fillna(df["start"])
    counts["class missing"] = int((df["goes_class"] == "").sum())
    # The one with a region comes first and stays.
    df = df.sort_values(["start", "goes_class", "noaa_ar", "end"], kind="stable", na_position="last")
    twice = df.duplicated(["start", "goes_class", "noaa_ar"])
    unnamed_twin = df["noaa_ar"].isna() & df.duplicated(["start", "goes_class"])
    counts["repeat"] = int((twice | unnamed_twin).sum())
    df = df[~(twice | unnamed_twin)].reset_index(drop=True)
    return df, {reason: count for reason, count in counts.items() if count}


def seconds(times: pd.Series) -> Seconds:
    """Return times as whole seconds since 1970."""
    return times.to_numpy("datetime64[s]").astype(np.int64)


@dataclass(frozen=True)
class Windows:
    """Time windows, one a row, each of one group (a region, or 0 for the whole Sun).

    Attributes
    ----------
    group : (n,) int64
        Less than 2**20.
    first, last : (n,) int64
        Seconds since 1970; both belong to the window.
    """

    group: Keys
    first: Seconds
    last: Seconds


class FlareIndex:
    """Flares in a form in which a million windows are answered at once, by binary search.

    Parameters
    ----------
    flares : DataFrame
        As `clean` returns them.
    group : ndarray of int64, optional
        The group of each flare; by default all flares are of group 0.
    """

    def __init__(self, flares: pd.DataFrame, group: Keys | None = None) -> None:
        group = np.zeros(len(flares), dtype=np.int64) if group is None else group
        start = _keys(group, seconds(flares["start"]))
        order = np.argsort(start, kind="stable")
        self._start = start[order]
        self._end = _keys(group, seconds(flares["end"]))[order]
        self._flux = flux(flares["goes_class"])[order]
        self._longest = int((self._end - self._start).max()) if len(flares) else 0
        self._maxima = _range_maxima(self._flux)

    def strongest_beginning(self, windows: Windows) -> Values:
        """Return the peak flux of the strongest flare that begins in each window, 0 where none does, in W/m2."""
        first = np.searchsorted(self._start, _keys(windows.group, windows.first), side="left")
        last = np.searchsorted(self._start, _keys(windows.group, windows.last), side="right")
        return _maximum(self._maxima, first, last)

    def strongest_in_progress(self, windows: Windows) -> Values:
        """Return the peak flux of the strongest flare in progress in each window, 0 where none is, in W/m2."""
        strongest = self.strongest_beginning(windows)
        # What began before the window can reach into it only from as far back as the longest flare lasts.
        at = _keys(windows.group, windows.first)
        first = np.searchsorted(self._start, at - self._longest, side="left")
        last = np.searchsorted(self._start, at, side="left")
        for back in range(int((last - first).max(initial=0))):
            candidate = last - 1 - back
            reaches = (candidate >= first) & (self._end[np.maximum(candidate, 0)] >= at)
            strongest = np.where(reaches, np.maximum(strongest, self._flux[np.maximum(candidate, 0)]), strongest)
        return strongest


def goes_class(values: Values) -> npt.NDArray[np.object_]:
    """Return the GOES classes of peak fluxes, such as ``C1.0``; blank for 0.

    Parameters
    ----------
    values : ndarray of float64
        W/m2.
    """
    names = {}
    for value in np.unique(values):
        letter = next((letter for letter, base in reversed(LETTERS.items()) if value >= base * (1 - 1e-9)), "")
        names[value] = f"{letter}{value / LETTERS[letter]:.1f}" if letter else ""
    return np.array([names[value] for value in values], dtype=object)


def _keys(group: Keys, at: Seconds) -> Keys:
    # 2**40 s are 35,000 years: no window reaches from one group into the next.
    return (group << 40) + at


def _range_maxima(values: Values) -> list[Values]:
    """Return maxima over runs of 1, 2, 4, ... values (a sparse table)."""
    levels = [np.nan_to_num(values)]
    while 2 ** len(levels) <= len(values):
        half = 2 ** (len(levels) - 1)
        levels.append(np.maximum(levels[-1][:-half], levels[-1][half:]))
    return levels


def _maximum(maxima: list[Values], first: Keys, last: Keys) -> Values:
    """Return the maxima over [first, last), 0 where that is empty."""
    result = np.zeros(len(first))
    length = last - first
    for level, values in enumerate(maxima):
        chosen = (length >= 2**level) & (length < 2 ** (level + 1))
        low, high = first[chosen], last[chosen] - 2**level
        result[chosen] = np.maximum(values[low], values[high])
    return result
