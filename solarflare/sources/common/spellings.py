"""Cells of other people's tables in the spelling of `core.tables`, column by column."""

import re
from collections.abc import Callable

import pandas as pd

from solarflare.core import tables
from solarflare.core.cells import BadCell
from solarflare.sun.events.magnetic import mount_wilson

TIMES = ("time", "start", "peak", "end")
LOCATION = "latitude and longitude such as N15E28"
FAR = 10  # degrees between a number and its location. In half a day the Sun turns by 7.
EARLIEST = pd.Timestamp("1970-01-01")
"""NOAA numbers the regions since 1972, and lists of X-ray flares from GOES begin in 1975."""

# Words and marks that tables print where nothing is known; two of the marks are the long dashes.
_BLANK = re.compile(r"[-\u2013\u2014/.?*_]+|<?(nan|nat|na)>?|none|null|n/a|unk|unknown|\\n", re.IGNORECASE)
_LOCATION = (
    r"^(?P<north>[NS])(?P<latitude>\d{1,2}(?:\.\d+)?)(?P<west>[EW])(?P<longitude>\d{1,3}(?:\.\d+)?)"
    r"(?:\((?P<noaa_ar>\d*)\))?$"
)


def blanked(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text without spaces around the cells, with ``""`` where a cell says that nothing is known."""
    stripped = df.fillna("").apply(lambda cells: cells.str.strip())
    return stripped.mask(stripped.apply(lambda cells: cells.str.fullmatch(_BLANK)), "")


def spelled(cells: pd.Series) -> pd.Series:
    """Return the cells of a column, text, as `tables.check` reads them. The name of the column says what they are.

    Cells that cannot be read stay as they are.
    """
    return SPELLINGS.get(str(cells.name), _as_it_is)(cells)


def locations(df: pd.DataFrame) -> tuple[pd.DataFrame, list[BadCell]]:
    """Fill blank latitudes and longitudes from the column ``location``, such as N15E28.

    A location may name a region too, as LMSAL's do: S22E79( 4405 ). That fills a blank ``noaa_ar``. Returns the table,
    the locations that cannot be read, and the numbers that are far from their location: their sign is another one.
    """
    location = df["location"].str.upper().str.replace(r"\s", "", regex=True)
    parts = location.str.extract(_LOCATION).fillna("")
    unreadable = df.index[(parts["north"] == "") & (location != "")]
    signs = {"latitude": parts["north"].map({"N": "", "S": "-"}), "longitude": parts["west"].map({"W": "", "E": "-"})}
    filled = {name: (sign + parts[name]).fillna("") for name, sign in signs.items()} | {"noaa_ar": parts["noaa_ar"]}
    df = df.copy()
    bad = [BadCell(int(row), "location", df["location"][row], LOCATION) for row in unreadable]
    for name in df.columns.intersection(list(signs)):
        apart = (tables.numbers(df[name]) - tables.numbers(filled[name])).abs()
        expected = f"a {name} near the column location: north and west are positive"
        bad += [BadCell(int(row), name, df[name][row], expected) for row in df.index[apart > FAR]]
    for name, values in filled.items():
        given = df[name] if name in df.columns else pd.Series("", index=df.index)
        df[name] = given.where(given != "", values)
    return df, bad


def unusable(cells: pd.Series) -> list[BadCell]:
    """Return the cells of a column, as `spelled` returns them, that have the right form and cannot be true."""
    if cells.name == "mag_type":
        wrong = cells.map(mount_wilson).isna()
        expected = "a Mount Wilson class such as beta-gamma, BG or βγ, or blank"
    elif cells.name in TIMES:
        times = tables.times(cells)
        wrong = times.notna() & ~times.between(EARLIEST, a_year_from_now())
        expected = f"a time from {EARLIEST:%Y} to a year from now"
    else:
        return []
    return [BadCell(int(row), str(cells.name), cells[row], expected) for row in cells.index[wrong]]


def a_year_from_now() -> pd.Timestamp:
    """Return the latest time, UTC, that a table may hold: coverage may be stated for the rest of the year."""
    return pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(days=366)


def _as_it_is(cells: pd.Series) -> pd.Series:
    return cells


def _time(cells: pd.Series) -> pd.Series:
    cells = cells.str.replace(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", regex=True)
    return cells.str.replace(r"\s*UTC?$", "", regex=True)


def _goes_class(cells: pd.Series) -> pd.Series:
    # X17+ and >X17: the detector was saturated. The class is at least this one.
    return cells.str.upper().str.replace(r"^[>≥]=?|[+\s]", "", regex=True)


def _noaa_ar(cells: pd.Series) -> pd.Series:
    numbers = cells.str.replace(r"^(NOAA\s*)?(AR\s*)?#?", "", regex=True, case=False)
    return numbers.str.replace(r"^0+(\.0*)?$", "", regex=True)


def _mag_type(cells: pd.Series) -> pd.Series:
    return cells.map(lambda text: text if (spelling := mount_wilson(text)) is None else spelling)


SPELLINGS: dict[str, Callable[[pd.Series], pd.Series]] = {
    **dict.fromkeys(TIMES, _time),
    **dict.fromkeys(("goes_class", "min_class"), _goes_class),
    "noaa_ar": _noaa_ar,
    "mcintosh": lambda cells: cells.str.capitalize(),
    "mag_type": _mag_type,
}
"""For each column with other spellings, a function that returns its cells in the spelling of `core.tables`."""
