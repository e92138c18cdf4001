"""Read the cells of anybody's forecasts: times, probabilities and labels in the spellings of many programs."""

import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.spellings import a_year_from_now

LAST_TIME = r"^.*(?<!\d)((?:19|20)\d\d[-./_]?\d\d[-./_]?\d\d(?:[T _.-]?\d\d[:._-]?\d\d(?:[:._-]?\d\d)?)?)(?!\d)"
"""The last time in a text: a date with or without separators, with or without a time of day."""

_OTHER_CLOCK = (
    r"\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:[ap]\.?m\.?|[+-]\d\d:?\d\d|(?!utc?|gmt|tai|z)[a-z]{2,4})\s*$|\s\d:\d\d"
)
"""A time of day that is not certainly UTC, such as 8:09 PM or 08:09 EST, where `LAST_TIME` would take a part of it."""

NAMED_MONTHS = [
    f"{date}{clock}"
    for date in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%Y %b %d", "%Y %B %d")
    for clock in ("", " %H:%M", " %H:%M:%S")
]
"""Forms of dates with the name of the month, after their separators have become spaces."""

EPOCH_FROM = pd.Timestamp("1975-01-01")
CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|\d{4}|\d{6}"
"""A time of day: the first and only thing in a cell of a column beside a date."""

TRUTHS = {"true": "1", "t": "1", "yes": "1", "y": "1", "false": "0", "f": "0", "no": "0", "n": "0"}


def parse_times(cells: pd.Series) -> pd.Series:
    """Return the time, UTC, in each text, which may be a path or a file name; NaT where a text has no time.

    Understood are ISO 8601, dates with the name of the month, and seconds since 1970. Dates such as 01/02/2014 are not:
    nothing says which number is the month. Nor are times such as 08:09 EST or 8:09 PM.

    Examples
    --------
    >>> names = ["2014-03-07T09:09:10+01:00", "HMI.m2014.03.07_08.09.10.jpg", "7-Mar-2014 08:09:10", "11944"]
    >>> parse_times(pd.Series(names)).astype(str).tolist()
    ['2014-03-07 08:09:10', '2014-03-07 08:09:10', '2014-03-07 08:09:10', 'NaT']
    """
    times = tables.times(cells)
    if times.isna().any():
        certain = cells[times.isna() & ~cells.str.contains(_OTHER_CLOCK, case=False, regex=True)]
        stamp = certain.str.extract(LAST_TIME, expand=False).astype(object)
        digits = stamp.str.translate({ord(separator): None for separator in "-./_: T"}).str.ljust(14, "0")
        times = times.fillna(pd.to_datetime(digits.str[:8] + "T" + digits.str[8:], format="ISO8601", errors="coerce"))
    for read in (_named_month, _seconds):
        if times.isna().any():
            times = times.fillna(read(cells[times.isna()]))
    return times.astype("datetime64[ns]")


def _named_month(cells: pd.Series) -> pd.Series:
    spaced = cells.str.strip().str.replace(r"[-/., T]+(?=[A-Za-z\d])", " ", regex=True)
    times = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
    for form in NAMED_MONTHS if spaced.str.contains(r"[A-Za-z]{3}", regex=True).any() else ():
        times = times.fillna(pd.to_datetime(spaced, format=form, errors="coerce"))
    return times


def _seconds(cells: pd.Series) -> pd.Series:
    """Return seconds since 1970 as times, if they are between `EPOCH_FROM` and a year from now."""
    seconds = tables.numbers(cells[cells.str.fullmatch(r"\d{9,10}(\.\d+)?")]).round().astype("int64")
    # Not by to_datetime: with missing numbers in between, pandas 2.3 multiplies memory that it has not set.
    times = pd.Series(seconds.to_numpy().astype("datetime64[s]"), index=seconds.index, dtype="datetime64[ns]")
    return times.where(times.between(EPOCH_FROM, a_year_from_now())).reindex(cells.index)


def with_clock(dates: pd.Series, clocks: pd.Series) -> pd.Series:
    """Return the texts of a column of dates with the times of day of another column."""
    digits = clocks.str.replace(r"^(\d{2})(\d{2})(\d{2})?$", r"\1:\2:\3", regex=True).str.rstrip(":")
    midnight = dates.str.replace(r"[T ]00:00(:00)?$", "", regex=True)
    return (midnight + " " + digits.str.zfill(5)).where((dates != "") & (clocks != ""), "")


def is_clock(cells: pd.Series) -> bool:
    """Return whether all cells that are not blank are times of day; False if all are blank."""
    known = cells[cells != ""]
    return bool(len(known)) and bool(known.str.fullmatch(CLOCK).all())


def probabilities(cells: pd.Series) -> pd.Series:
    """Return numbers; with a percent sign, the hundredth part. NaN where a text is no number.

    Examples
    --------
    >>> probabilities(pd.Series(["0.16", "16%", "16 %", "high"])).tolist()
    [0.16, 0.16, 0.16, nan]
    """
    percent = cells.str.endswith("%")
    values = tables.numbers(cells.str.removesuffix("%").str.strip())
    return values.where(~percent, values / 100)


def labels(cells: pd.Series) -> pd.Series:
    """Return labels as numbers, also those in words, in any case: True and False, yes and no.

    Examples
    --------
    >>> labels(pd.Series(["True", "FALSE", "1", "maybe"])).tolist()
    [1.0, 0.0, 1.0, nan]
    """
    lower = cells.str.lower()
    return tables.numbers(lower.map(TRUTHS).fillna(lower))
