"""Flare tables: repairs, GOES classes as fluxes, and the strongest flare in a time window."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.sun.events.questions import Event, FlareQuestion

LETTERS = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}
"""Peak flux in W/m2 of class 1.0 of each letter, in the 1-8 angstrom band of GOES."""

FIVE_DIGITS_FROM = pd.Timestamp("2002-06-14")
"""From this day on NOAA's region numbers have five digits. Some lists still print only the last four digits."""

MIDNIGHT = pd.Timedelta(hours=12)
"""A peak or end that is listed 12 to 24 hours before the start belongs to the next day."""

LONGEST = pd.Timedelta(days=1)
"""A peak or end so long after the start is a mistake. The longest of SWPC's 6,375 flares of class C1.0 and up of
2010-2014 lasts 7 hours."""

REPEAT = "repeat dropped"
"""The key of the repeated rows in the counts of `clean`."""

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def flux(goes_class: pd.Series) -> Values:
    """Return the peak fluxes of GOES classes.

    Parameters
    ----------
    goes_class : Series of str
        Such as ``C1.0``; blank if unknown.

    Returns
    -------
    ndarray of float64
        W/m2; NaN for blanks. Rounded so that equal classes have equal fluxes: C10.0 is M1.0.

    Examples
    --------
    >>> flux(pd.Series(["C1.0", "M1.0", "C10.0", "X2.5", ""])).tolist()
    [1e-06, 1e-05, 1e-05, 0.00025, nan]
    """
    letter = goes_class.str[:1].map(LETTERS).astype(float)
    number = pd.to_numeric(goes_class.str[1:], errors="coerce")
    return np.asarray((letter * number).round(12), dtype=np.float64)


def five_digits(noaa_ar: pd.Series, times: pd.Series) -> pd.Series:
    """Return full region numbers of NOAA, also for rows with only the last four digits.

    Parameters
    ----------
    noaa_ar : Series of Int64
        Region numbers as printed; ``<NA>`` for none.
    times : Series of datetime64[ns]
        Time of each row, on the same index.

    Examples
    --------
    >>> times = pd.to_datetime(pd.Series(["2014-01-07", "2001-04-02"]))
    >>> five_digits(pd.Series([1944, 9393], dtype="Int64"), times).tolist()
    [11944, 9393]
    """
    return noaa_ar + 10_000 * ((noaa_ar < 10_000) & (times >= FIVE_DIGITS_FROM))


def clean(flares: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Repair the known errors of flare lists.

    Parameters
    ----------
    flares : DataFrame
        A table with the columns of `tables.FLARES`, in any order.

    Returns
    -------
    flares : DataFrame
        The flares, sorted by start. Region numbers have five digits. Peaks and ends are those of `without_wrong_times`.
        The position 0, 0, which lists print for an unknown position, is blank. Repeated rows, with the same start,
        class and region, are dropped. A row without a region is also dropped if a row with a region has its start and
        class. A missing end becomes the start plus the table's median duration, but not a time before the peak.
    counts : dict
        The number of rows that each repair changed or dropped, and the number of rows without a class.
    """
    df, counts = without_wrong_times(flares)
    df["noaa_ar"] = five_digits(flares["noaa_ar"], flares["start"])
    counts["four-digit region number completed"] = int((df["noaa_ar"] != flares["noaa_ar"]).sum())
    at_zero = (df["latitude"] == 0) & (df["longitude"] == 0)
    df.loc[at_zero, ["latitude", "longitude"]] = np.nan
    counts["position 0, 0 blanked"] = int(at_zero.sum())

    # Missing values are sorted last, so that the most complete of several equal rows is kept.
    columns = ["start", "goes_class", "noaa_ar", "end", "peak", "latitude", "longitude", "list"]
    df = df.sort_values(columns, na_position="last", ignore_index=True)
    repeat = df.duplicated(["start", "goes_class", "noaa_ar"])
    repeat |= df["noaa_ar"].isna() & df.duplicated(["start", "goes_class"])
    counts[REPEAT] = int(repeat.sum())
    df = df[~repeat].reset_index(drop=True)

    counts["end missing, set by the median duration"] = int(df["end"].isna().sum())
    median_end = df["start"] + (df["end"] - df["start"]).dropna().median()
    df["end"] = df["end"].fillna(pd.concat([df["start"], df["peak"], median_end], axis=1).max(axis=1))
    counts["peak missing"] = int(df["peak"].isna().sum())
    counts["class missing"] = int((df["goes_class"] == "").sum())
    return df, {repair: count for repair, count in counts.items() if count}


def without_wrong_times(flares: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return flares whose peaks and ends can be true, and the number of rows that each repair changed.

    A peak or end 12 to 24 hours before the start is moved to the next day. Any other one before the start, or more than
    `LONGEST` after it, is blanked. Columns and order are those of `flares` (`tables.FLARES`).
    """
    df = flares.copy()
    counts = {}
    for column in ("peak", "end"):
        early = df["start"] - df[column]
        over_midnight = early.between(MIDNIGHT, pd.Timedelta(days=1), inclusive="left")
        before, late = (early > pd.Timedelta(0)) & ~over_midnight, -early > LONGEST
        df.loc[over_midnight, column] += pd.Timedelta(days=1)
        df.loc[before | late, column] = pd.NaT
        counts[f"{column} moved over midnight"] = int(over_midnight.sum())
        counts[f"{column} before its start, blanked"] = int(before.sum())
        counts[f"{column} more than 24 h after its start, blanked"] = int(late.sum())
    return df, counts


def seconds(times: pd.Series) -> Integers:
    """Return times as whole seconds since 1970.

    Examples
    --------
    >>> seconds(pd.to_datetime(pd.Series(["1970-01-02 00:00:01.9"]))).tolist()
    [86401]
    """
    return times.to_numpy("datetime64[s]").astype(np.int64)


def sort_keys(noaa_ar: Integers | None, times: Integers) -> Integers:
    """Return one number for each pair of a region and a time, ordered by region, then by time.

    Parameters
    ----------
    noaa_ar : ndarray of int64 or None
        Region numbers, at most 2**22; None for the whole Sun.
    times : ndarray of int64
        Seconds since 1970, within 17,000 years.
    """
    return times if noaa_ar is None else (noaa_ar << 40) + times


@dataclass(frozen=True)
class Windows:
    """Time windows, one for each row of another table.

    ``first`` and ``last``, (n,) int64, are seconds since 1970; both belong to the window. ``noaa_ar``, (n,) int64, is
    the region whose flares count. It is None if all flares of the Sun count.
    """

    first: Integers
    last: Integers
    noaa_ar: Integers | None


def question_windows(times: pd.Series, question: FlareQuestion, noaa_ar: pd.Series | None = None) -> Windows:
    """Return the window of a question around each time.

    Parameters
    ----------
    times : Series of datetime64
        Times of the images, UTC.
    question : FlareQuestion
        It gives the hours ``before`` and ``after`` the time, and the kind of event.
    noaa_ar : Series of int, optional
        The region of each window. If it is left out, flares of the whole Sun count.

    Examples
    --------
    >>> question = FlareQuestion(event="start", min_class="C1.0", before=0, after=24)
    >>> question_windows(pd.to_datetime(pd.Series(["1970-01-02"])), question)
    Windows(first=array([86401]), last=array([172800]), noaa_ar=None)
    """
    image_seconds = seconds(times)
    # A flare that starts with the image is not a forecast: the window of ``event: start`` opens one second later.
    first = image_seconds - round(question.before * 3600) + (question.event == "start")
    last = image_seconds + round(question.after * 3600)
    return Windows(first, last, None if noaa_ar is None else noaa_ar.to_numpy(np.int64))


def min_flux(question: FlareQuestion) -> float:
    """Return the peak flux, in W/m2, of the weakest flare that counts."""
    return float(flux(pd.Series([question.min_class]))[0])


def strongest_class(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> npt.NDArray[np.object_]:
    """Return the GOES class of the strongest flare in each window; blank without a flare, or if the flare has no class.

    `flares` is a table that `clean` returned. If the windows are about regions, it holds only flares with a region.
    """
    return np.append(flares["goes_class"].to_numpy(object), "")[strongest(flares, windows, question.event)]


def any_flare(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Mask:
    """Return whether any flare lies in each window, (n,) bool; arguments as in `strongest_class`."""
    return strongest(flares, windows, question.event) >= 0


def strongest(flares: pd.DataFrame, windows: Windows, event: Event) -> Integers:
    """Find the strongest flare in each of many windows.

    An array, sorted by time, holds the strongest flare from each time at which the strongest flare changes. A window is
    a range of this array, found by binary search. A table holds the maxima of all ranges of 1, 2, 4, ... elements; the
    maximum of a window is read from this table.

    Parameters
    ----------
    flares : DataFrame
        A table that `clean` returned. If the windows are about regions, it holds only flares with a region.
    windows : Windows
        The windows, in any order.
    event : str
        ``"start"``: flares that begin in the window count. ``"overlap"``: flares in progress at some time in it count.

    Returns
    -------
    (windows,) ndarray of int64
        The row number in `flares` of each window's strongest flare; -1 if the window has no flare. A flare without a
        class counts as weaker than all others.
    """
    weakest_first = np.argsort(np.nan_to_num(flux(flares["goes_class"])), kind="stable")
    ordered = flares.iloc[weakest_first]
    noaa_ar = None if windows.noaa_ar is None else ordered["noaa_ar"].to_numpy(np.int64)
    begin = sort_keys(noaa_ar, seconds(ordered["start"]))
    end = sort_keys(noaa_ar, seconds(ordered["start" if event == "start" else "end"])) + 1
    times = np.unique(np.append(begin, end))
    rank = np.full(len(times), -1, dtype=np.int64)
    # Stronger flares come later and overwrite weaker ones.
    for number, span in enumerate(np.column_stack([np.searchsorted(times, begin), np.searchsorted(times, end)])):
        rank[slice(*span)] = number
    first = np.searchsorted(times, sort_keys(windows.noaa_ar, windows.first), side="right") - 1
    last = np.searchsorted(times, sort_keys(windows.noaa_ar, windows.last), side="right")
    return np.append(weakest_first, -1)[_range_maxima(rank, np.maximum(first, 0), last)]


def _range_maxima(values: Integers, begin: Integers, end: Integers) -> Integers:
    """Return the maximum of ``values[begin:end]`` for each begin and end; -1 if the range is empty (a sparse table)."""
    levels = [values]
    while 2 ** len(levels) <= len(values):
        half = 2 ** (len(levels) - 1)
        wider = levels[-1].copy()
        wider[:-half] = np.maximum(wider[:-half], levels[-1][half:])
        levels.append(wider)
    table = np.stack(levels)
    result = np.full(len(begin), -1, dtype=np.int64)
    filled = end > begin
    level = np.frexp(end[filled] - begin[filled])[1] - 1
    result[filled] = np.maximum(table[level, begin[filled]], table[level, end[filled] - 2**level])
    return result
