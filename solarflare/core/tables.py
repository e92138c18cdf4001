"""The schemas of all CSV tables: columns, units, and checks on reading and writing.

In memory, times are ``datetime64[ns]`` without a time zone (UTC), missing numbers are NaN or ``<NA>``, missing text is
``""``. On disk, times are ISO 8601 to the second and missing values are blank.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from solarflare.core import cells, csv_text
from solarflare.core.columns import goes_class, integer, mcintosh, number, one_of, table, text, time
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
_DATE = r"\s*\d{4}-\d{1,2}-\d{1,2}|\s*\d{8}"
INSTRUMENTS = ["gong", "hmi", "mdi", "aia171", "aia193", "aia211"]

LARGEST_AREA = 1_000_000  # millionths of the hemisphere
LARGEST_REGION = 99_999  # NOAA's numbers have five digits

_row = {"path": text(), "noaa_ar": integer(1, nullable=True)}
_region = {
    "latitude": number(-90, 90),
    "longitude": number(-180, 180),
    "area": number(0, LARGEST_AREA, nullable=True),
    "mcintosh": mcintosh(),
    "mag_type": text(),
    "spots": integer(0, nullable=True),
}
_label = {
    "label": integer(nullable=True),
    "reason": text(),
    "goes_class": goes_class(),
    "true_probability": number(0, 1, nullable=True),
    "pair_id": text(),
}

IMAGES = table(
    "images",
    path=text(),
    instrument=one_of(*INSTRUMENTS),
    time=time(),
    width=integer(1),
    height=integer(1),
    bytes=integer(1),
    sha256=text(),
    pair_id=text(),
    origin=text(),
)
"""One row per image in ``data/raw/``. ``path`` is relative to that folder; ``pair_id`` is blank without a partner."""

FLARES = table(
    "flares",
    start=time(),
    peak=time(nullable=True),
    end=time(nullable=True),
    goes_class=goes_class(),
    noaa_ar=integer(1, LARGEST_REGION, nullable=True),
    latitude=number(-90, 90, nullable=True),
    longitude=number(-180, 180, nullable=True),
    list=text(),
)
"""One row per flare. Latitude and longitude in Stonyhurst degrees, west positive; ``noaa_ar`` has five digits."""

REGIONS = table("regions", time=time(), noaa_ar=integer(1, LARGEST_REGION), **_region)
"""One row per region and day: position at ``time``, area in millionths of the hemisphere, number of spots."""

COVERAGE = table(
    "coverage",
    list=text(),
    start=time(),
    end=time(),
    min_class=goes_class(),
    status=one_of("complete", "absent"),
    reason=text(),
)
"""One row per list and time span [start, end): the list is complete down to ``min_class``, or absent for a ``reason``.

``list`` is the name of a flare list, ``regions`` or ``images``. The label of an image is unknown if no ``complete`` row
of the list covers its time.
"""

PLAN = table(
    "plan",
    task=one_of("disk", "region"),
    instrument=one_of(*INSTRUMENTS),
    wanted=time(),
    time=time(nullable=True),
    pair_id=text(),
    origin=text(),
    reason=text(),
)
"""One row per image that a live scrape plans. ``wanted`` is the time that the task asks for; ``time`` and ``origin``
describe the image to download. They are blank, with a ``reason``, if no archive has such an image."""

CUTOUTS = table(
    "cutouts",
    file=text(),
    event_type=one_of("AR", "FL"),
    time=time(),
    goes_class=goes_class(),
    noaa_ar=integer(1, nullable=True),
    origin=text(),
    reason=text(),
)
"""One row per thumbnail of an event of the HEK. ``file`` is blank, with a ``reason``, if there is no thumbnail."""

DISAGREEMENTS = table(
    "disagreements", start=time(), list=text(), other=text(), column=text(), value=text(), other_value=text()
)
"""One row per value in which two lists differ for the flare that begins at ``start`` in ``list``. If the flare is
missing from ``other``, the column is ``start`` and ``other_value`` is blank."""

TRUTH = table("truth", time=time(), noaa_ar=integer(1), rate=number(0), slope=number(0))
"""The simulated Sun's true flare rates. ``rate`` is the number of flares per day, of class C1.0 or more, of a region on
the visible disk at ``time``. It is linear between two rows of a region, and zero before the first and after the last.
The rate of flares of peak flux F (W/m2) or more is ``rate * (F / 1e-6) ** -slope``."""

DISK_LABELS = table("labels of disk", path=text(), time=time(), **_label)
"""One row per image. ``label`` is 1, 0 or blank with a ``reason``. ``goes_class`` is the class of the strongest flare
in the window. ``true_probability`` is the probability of a flare in the window, known only for the simulated Sun."""

REGION_LABELS = table("labels of region", path=text(), noaa_ar=integer(1), time=time(), **_region, **_label)
"""One row per image and region on its disk. Latitude and longitude are those at the image's time."""

LABELS = {"disk": DISK_LABELS, "region": REGION_LABELS}
"""The schema of each task's labels."""

SPLITS = table(
    "splits", **_row, fold=integer(0), block=integer(), part=one_of("train", "validation", "test", ""), reason=text()
)
"""One row per fold and labelled row of `LABELS` (``noaa_ar`` is blank for disk). ``part`` is blank, with a ``reason``,
if the row is left out. ``block`` is the number of the row's 27-day block."""

CROPS = table(
    "crops", **_row, shard=text(), row=integer(0), x=number(), y=number(), radius=number(0), fitted=one_of("yes", "no")
)
"""One row per crop. ``shard`` is the file, beside this table, that holds the crop, and ``row`` its place in the file.
``x``, ``y`` and ``radius`` are the centre and the radius of the disk in pixels of the original image, 0-based from the
top left. ``fitted`` is ``no`` if they are those of the instrument's nominal disk."""

PREDICTIONS = table(
    "predictions",
    **_row,
    time=time(),
    label=integer(0),
    probability=number(0, 1),
    threshold=number(0, 1),
    base_rate=number(0, 1),
    block=integer(),
)
"""One row per test row: the calibrated probability of label 1, the threshold of the row's fold, and ``base_rate``, the
fraction of label 1 in the fold's training rows. All scores are computed from this table."""

OUT_OF_FOLD = table("out_of_fold", **_row, logit=number())
"""One row per crop outside of the test's time: the logit of a network that learned from other blocks of days only."""

CONFOUNDERS = table("confounders", **_row, fold=integer(0), confounder=text(), probability=number(0, 1))
"""The audit's forecasts from single confounders: one row per confounder, fold, and validation or test row."""


def read(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a CSV file that `write` wrote, and return the columns of a schema in its order, with its types.

    Raises
    ------
    InputError
        If the file is missing, unreadable or cut off, or a column or a value violates the schema.
    """
    df = csv_text.read(path)
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise InputError(f"{path}: its last line has no end, so the file was cut off; make it again, or replace it")
    return check(df, schema, str(path))


def check(
    df: pd.DataFrame, schema: pa.DataFrameSchema, where: str, others: Iterable[cells.BadCell] = ()
) -> pd.DataFrame:
    """Return a table with the types and the column order of a schema.

    Parameters
    ----------
    df : DataFrame
        A table with exactly the columns of the schema, as text or already typed.
    schema : DataFrameSchema
        A schema of this module.
    where : str
        The name of the table in error messages, usually its path.
    others : iterable of BadCell, optional
        Bad cells that the caller has found, listed in the same message.

    Raises
    ------
    InputError
        If a column or a value violates the schema. The message names `where` and, for the first bad cells, the row
        (1 is the first below the header), the column, the value and what was expected; see `cells.refusal`.
    """
    if missing := [name for name in schema.columns if name not in df.columns]:
        raise InputError(f"{where}: column {missing[0]} is missing; expected {', '.join(schema.columns)}")
    if unknown := [name for name in df.columns if name not in schema.columns]:
        raise InputError(f"{where}: column {unknown[0]} is not known; expected {', '.join(schema.columns)}")
    df = df[list(schema.columns)].reset_index(drop=True)
    typed, bad = {}, list(others)
    for name, column in schema.columns.items():
        typed[name], unreadable = _convert(df[name], column)
        bad += _bad_cells(df[name], np.flatnonzero(unreadable), column)
    converted = pd.DataFrame(typed, index=df.index)
    try:
        checked = schema.validate(converted, lazy=True)
    except pa.errors.SchemaErrors as error:
        for name, rows in error.failure_cases.groupby("column")["index"]:
            bad += _bad_cells(df[name], rows.astype(int), schema.columns[name])
    if bad:
        raise cells.refusal(where, bad)
    return checked


def _bad_cells(column_cells: pd.Series, rows: Iterable[int], column: pa.Column) -> list[cells.BadCell]:
    return [cells.BadCell(row, str(column.name), column_cells.iloc[row], str(column.description)) for row in rows]


def _convert(column_cells: pd.Series, column: pa.Column) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    """Return cells, text or typed, with the column's type, and which of them cannot be read, (n,) bool."""
    kind = str(column.dtype)
    if kind in ("str", "string"):
        as_text = column_cells.astype(object).where(column_cells.notna(), "").astype(str)
        return as_text, np.zeros(len(column_cells), dtype=bool)
    blank = column_cells.isna() | (column_cells.astype(object) == "")
    typed: pd.Series
    if kind.startswith("datetime"):
        typed = times(column_cells.where(~blank))
    else:
        typed = numbers(column_cells.where(~blank))
        if kind == "Int64":
            whole = (typed % 1 == 0) & (typed.abs() < 2**53)  # floats are exact up to there
            typed = typed.where(whole).astype("Int64")
    bad = typed.isna() & ~blank if column.nullable else typed.isna()
    return typed, bad.to_numpy(dtype=bool)


def times(values: pd.Series) -> pd.Series:
    """Return values, ISO 8601 texts or times, as datetime64[ns], UTC; NaT for those that are not times.

    A text without a full date is none: pandas reads the time of day 1903 as a year.

    Examples
    --------
    >>> times(pd.Series(["2014-01-01T12:00:00+01:00", "1903", "north"])).astype(str).tolist()
    ['2014-01-01 11:00:00', 'NaT', 'NaT']
    """
    if values.dtype == object:
        values = values.where(values.astype(str).str.match(_DATE))
    utc = pd.to_datetime(values, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    return utc.astype("datetime64[ns]")


def numbers(values: pd.Series) -> pd.Series:
    """Return values, text or numbers, as float64; NaN for those that are not numbers.

    Examples
    --------
    >>> numbers(pd.Series(["1.5", "2e3", "", "north"])).tolist()
    [1.5, 2000.0, nan, nan]
    """
    if values.dtype == object:
        # In pandas 2.3 to_numeric crashes (segmentation fault) on an exponent of many digits.
        values = values.mask(values.astype(str).str.contains(r"[eE][+-]?\d{4}"))
    return pd.to_numeric(values, errors="coerce").astype(float)


def write(df: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> None:
    """Check a table as `check` does, and write it atomically as a CSV file."""
    checked = check(df, schema, str(path))
    with atomic_path(path) as partial:
        checked.to_csv(partial, index=False, date_format=TIME_FORMAT, lineterminator="\n")


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table with the columns of a schema and no rows."""
    return check(pd.DataFrame(columns=list(schema.columns), dtype=object), schema, str(schema.name))


def concat(frames: Iterable[pd.DataFrame], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Concatenate tables of one schema; some or all may have no rows."""
    kept = [df for df in frames if len(df)]
    return pd.concat(kept, ignore_index=True) if kept else empty(schema)
