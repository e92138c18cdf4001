"""Reads the cells of a file of forecasts as text, before anybody knows what its columns are."""

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from solarflare.core import csv_text, tables
from solarflare.core.errors import InputError
from solarflare.predict import foreign_cells
from solarflare.sources.common import spellings

DATES, HOURS = ("date", "day", "date_utc"), ("hour", "hour_utc")
CLOCKS = ("time", "time_utc", "utc", "ut", "hhmm", "clock", "time_of_day", *HOURS)
"""Names, in lower case, of a column with dates and of a column beside it with times of day or whole hours."""

FRACTIONS = ("threshold", "base_rate")
"""Columns that a file may have: the probability from which a row is an alarm, and the reference of the Brier skill."""

BLOCK = "block"
"""A column that a file may have: the number of the block, of which the bootstrap keeps all rows together."""

OPTIONAL = (*FRACTIONS, BLOCK)

REGION = "noaa_ar"  # the column that distinguishes regions of the same time; a file may lack it

MOST_KINDS = 12  # more values than forecasts of one time usually have
OF_REGIONS = re.compile(r"(^|_)(ar|noaa|s?harp|region|id|number)", re.IGNORECASE)
"""Names of columns in which the regions of one time differ."""


def read(path: Path) -> pd.DataFrame:
    """Return the cells of a file of forecasts as text without spaces around, ``""`` where nothing is known.

    A date and the time of day in a column beside it stand together in both columns. The columns of `OPTIONAL` and
    `REGION` may be in capital letters in the file.

    Raises
    ------
    InputError
        If there is no such file, it is no CSV table, it has no header, or two columns have one of these names.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a CSV file with a time, a probability and a label")
    df = spellings.blanked(csv_text.read(path))
    names = pd.Series(df.columns, dtype=object)
    if foreign_cells.parse_times(names).notna().any() and tables.numbers(names).between(0, 1).any():
        raise InputError(f"{path}: its first line holds values; expected the names of the columns, such as time")
    for name in (*OPTIONAL, REGION):
        spelled = [column for column in df.columns if column.strip().lower() == name]
        if len(spelled) > 1:
            raise InputError(f"{path} has the columns {' and '.join(spelled)}; leave one of them, called {name}")
        df = df.rename(columns=dict.fromkeys(spelled, name))
    return _with_clock(df)


def check_one_forecast(path: Path, df: pd.DataFrame, times: pd.Series, used: Iterable[str]) -> None:
    """Raise an InputError if rows of one time are several forecasts, such as those of 24 and of 48 hours.

    Parameters
    ----------
    path : Path
        The file, for the message.
    df, times : DataFrame and Series
        Its cells, and the time of each row.
    used : iterable of str
        The columns that are read as time, probability, label and so on.
    """
    key = pd.DataFrame({"time": times, REGION: df.get(REGION, "")})
    if not key.duplicated().any():
        return
    for name in df.columns.drop([*{*used, *OPTIONAL, REGION}], errors="ignore"):
        values = sorted(df[name].unique())
        if not 1 < len(values) <= MOST_KINDS or OF_REGIONS.search(name):
            continue
        if not key.assign(kind=df[name]).duplicated().any():
            raise InputError(
                f"{path}: the rows of one time differ in the column {name} ({', '.join(values)}), so they may be "
                "several forecasts; give a file with the rows of one of them, or without this column"
            )


def _with_clock(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which a column of dates and one of times of day both hold the two together."""
    dates, clocks = ([name for name in df.columns if name.strip().lower() in names] for names in (DATES, CLOCKS))
    if df.empty or len(dates) != 1 or len(clocks) != 1:
        return df
    clock = df[clocks[0]]
    if clocks[0].strip().lower() in HOURS:
        clock = clock.str.replace(r"^(\d{1,2})(\.0*)?$", r"\1:00", regex=True)
    if not foreign_cells.is_clock(clock):
        return df
    together = foreign_cells.with_clock(df[dates[0]], clock)
    return df.assign(**{dates[0]: together, clocks[0]: together})
