"""The schemas of all CSV tables: columns, units, and checks on reading and writing.

In memory, times are ``datetime64[ns]`` without a time zone (UTC), missing numbers are NaN or ``<NA>``, missing text is
``""``. On disk, times are ISO 8601 to the second and missing values are blank.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from solarflare.core import columns
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
INSTRUMENTS = ["gong", "hmi", "aia171", "aia193", "aia211"]


_latitude, _longitude = columns.number(-90, 90, nullable=True), columns.number(-180, 180, nullable=True)
_label = {
    "label": columns.integer(nullable=True),
    "reason": columns.text(),
    "goes_class": columns.goes_class(),
    "true_probability": columns.number(0, 1, nullable=True),
    "pair_id": columns.text(),
}

IMAGES = columns.table(
    "images",
    path=columns.text(),
    instrument=columns.one_of(*INSTRUMENTS),
    time=columns.time(),
    width=columns.integer(1),
    height=columns.integer(1),
    bytes=columns.integer(1),
    sha256=columns.text(),
    pair_id=columns.text(),
    origin=columns.text(),
)
"""One row per image in ``data/raw/``. ``path`` is relative to that folder; ``pair_id`` is blank without a partner."""

FLARES = columns.table(
    "flares",
    start=columns.time(),
    peak=columns.time(nullable=True),
    end=columns.time(nullable=True),
    goes_class=columns.goes_class(),
    noaa_ar=columns.integer(1, nullable=True),
    latitude=_latitude,
    longitude=_longitude,
    list=columns.text(),
)
"""One row per flare. Latitude and longitude in Stonyhurst degrees, west positive; ``noaa_ar`` has five digits."""

REGIONS = columns.table(
    "regions",
    time=columns.time(),
    noaa_ar=columns.integer(1),
    latitude=columns.number(-90, 90),
    longitude=columns.number(-180, 180),
    area=columns.number(0, nullable=True),
    mcintosh=columns.text(),
    mag_type=columns.text(),
    spots=columns.integer(0, nullable=True),
)
"""One row per region and day: position at ``time``, area in millionths of the hemisphere, number of spots."""

COVERAGE = columns.table(
    "coverage",
    list=columns.text(),
    start=columns.time(),
    end=columns.time(),
    min_class=columns.goes_class(),
    status=columns.one_of("complete", "absent"),
    reason=columns.text(),
)
"""One row per time span [start, end) in which a list is complete, down to ``min_class``, or absent, with the reason.

``list`` is the name of a flare list, ``regions`` or ``images``. The label of an image is unknown if no ``complete`` row
of the list covers its time.
"""

PLAN = columns.table(
    "plan",
    task=columns.one_of("disk", "region"),
    instrument=columns.one_of(*INSTRUMENTS),
    wanted=columns.time(),
    time=columns.time(nullable=True),
    pair_id=columns.text(),
    origin=columns.text(),
    reason=columns.text(),
)
"""One row per image that a live scrape plans: its task and the ``wanted`` time; ``time`` and ``origin`` of the image
to download, blank with a ``reason`` if no archive has one."""

CUTOUTS = columns.table(
    "cutouts",
    file=columns.text(),
    event_type=columns.one_of("AR", "FL"),
    time=columns.time(),
    goes_class=columns.goes_class(),
    noaa_ar=columns.integer(1, nullable=True),
    origin=columns.text(),
    reason=columns.text(),
)
"""One row per thumbnail of an event of the HEK; ``file`` is blank with a ``reason`` if there is none."""

DISAGREEMENTS = columns.table(
    "disagreements",
    start=columns.time(),
    list=columns.text(),
    other=columns.text(),
    column=columns.text(),
    value=columns.text(),
    other_value=columns.text(),
)
"""One row per value in which two lists differ for the flare that begins at ``start`` in ``list``. If the flare is
missing from ``other``, the column is ``start`` and ``other_value`` is blank."""

TRUTH = columns.table(
    "truth", time=columns.time(), noaa_ar=columns.integer(1), rate=columns.number(0), slope=columns.number(0)
)
"""The simulated Sun's true flare rates: flares per day of class C1.0 or more of a region on the visible disk at
``time``. The rate is linear between two rows of a region, and zero before the first and after the last. The rate of
flares of peak flux F or more is ``rate * (F / 1e-6) ** -slope``."""

DISK_LABELS = columns.table("labels of disk", path=columns.text(), time=columns.time(), **_label)
"""One row per image. ``label`` is 1, 0 or blank with a ``reason``; ``goes_class`` is that of the strongest flare in the
window; ``true_probability`` is that of a flare in the window, known only for the simulated Sun."""

REGION_LABELS = columns.table(
    "labels of region",
    path=columns.text(),
    noaa_ar=columns.integer(1),
    time=columns.time(),
    latitude=columns.number(-90, 90),
    longitude=columns.number(-180, 180),
    area=columns.number(0, nullable=True),
    mcintosh=columns.text(),
    mag_type=columns.text(),
    spots=columns.integer(0, nullable=True),
    **_label,
)
"""One row per image and region on its disk; latitude and longitude at the image's time."""

LABELS = {"disk": DISK_LABELS, "region": REGION_LABELS}
"""The schema of each task's labels."""

SPLITS = columns.table(
    "splits",
    path=columns.text(),
    noaa_ar=columns.integer(1, nullable=True),
    fold=columns.integer(0),
    block=columns.integer(),
    part=columns.one_of("train", "validation", "test", ""),
    reason=columns.text(),
)
"""One row per labelled row and fold (``noaa_ar`` is blank for disk). ``part`` is blank with a ``reason`` if the row is
left out; ``block`` is the number of its 27-day block."""

CROPS = columns.table(
    "crops",
    path=columns.text(),
    noaa_ar=columns.integer(1, nullable=True),
    shard=columns.text(),
    row=columns.integer(0),
    x=columns.number(),
    y=columns.number(),
    radius=columns.number(0),
    fitted=columns.one_of("yes", "no"),
)
"""One row per crop: its ``row`` in ``shard`` (a file beside the index); centre and radius of the disk in pixels of the
original image, 0-based from the top left; ``fitted`` is no if it is the instrument's nominal disk."""

PREDICTIONS = columns.table(
    "predictions",
    path=columns.text(),
    noaa_ar=columns.integer(1, nullable=True),
    time=columns.time(),
    label=columns.integer(0),
    probability=columns.number(0, 1),
    threshold=columns.number(0, 1),
    base_rate=columns.number(0, 1),
    block=columns.integer(),
)
"""One row per test row: calibrated probability of label 1, threshold of its fold, and ``base_rate``, the fraction of
label 1 in the fold's training rows. All scores are computed from these."""

CONFOUNDERS = columns.table(
    "confounders",
    path=columns.text(),
    noaa_ar=columns.integer(1, nullable=True),
    fold=columns.integer(0),
    confounder=columns.text(),
    probability=columns.number(0, 1),
)
"""The audit's forecasts from single confounders: one row per confounder, fold, and validation or test row."""


def read(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read and check a table.

    Parameters
    ----------
    path : Path
        A CSV file with a header.
    schema : pandera.DataFrameSchema
        One of this module's schemas.

    Returns
    -------
    DataFrame
        The columns of the schema in its order, with its types.

    Raises
    ------
    InputError
        If the file is missing or unreadable, or a column or a value violates the schema.
    """
    return check(read_text(path), schema, str(path))


def read_text(path: Path) -> pd.DataFrame:
    """Read all cells of a CSV file as text, blanks as ``""``.

    Raises
    ------
    InputError
        If the file is missing or is not a CSV table.
    """
    try:
        with warnings.catch_warnings():
            # If a row has more cells than the header, pandas shifts or loses cells and only warns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`, or name the folder that holds it") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not a CSV table with a header ({str(error).strip()}); mend or replace it"
        ) from None


def check(df: pd.DataFrame, schema: pa.DataFrameSchema, where: str) -> pd.DataFrame:
    """Return a table with the types and the column order of a schema.

    Parameters
    ----------
    df : DataFrame
        With exactly the columns of the schema, as text or already typed.
    schema : pandera.DataFrameSchema
        One of this module's schemas.
    where : str
        The name of the table in error messages, usually its path.

    Raises
    ------
    InputError
        With `where`, the row (1 is the first below the header), the column, the value and what was expected.
    """
    if missing := [name for name in schema.columns if name not in df.columns]:
        raise InputError(f"{where}: column {missing[0]} is missing; expected {', '.join(schema.columns)}")
    if unknown := [name for name in df.columns if name not in schema.columns]:
        raise InputError(f"{where}: column {unknown[0]} is not known; expected {', '.join(schema.columns)}")
    df = df[list(schema.columns)].reset_index(drop=True)
    converted = {name: _convert(df[name], column, where) for name, column in schema.columns.items()}
    try:
        return schema.validate(pd.DataFrame(converted, index=df.index))
    except pa.errors.SchemaError as error:
        column = error.schema.name
        row = 0 if error.failure_cases is None else int(error.failure_cases["index"].iloc[0] or 0)
        raise InputError(_message(where, row, column, df[column].iloc[row], schema.columns[column])) from None


def _convert(cells: pd.Series, column: pa.Column, where: str) -> pd.Series:
    """Turn text cells into the column's type, naming the first that cannot be."""
    kind = str(column.dtype)
    if kind in ("str", "string"):
        return cells.astype(object).where(cells.notna(), "").astype(str)
    blank = cells.isna() | (cells.astype(object) == "")
    typed: pd.Series
    if kind.startswith("datetime"):
        typed = pd.to_datetime(cells.where(~blank), format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
        typed = typed.astype("datetime64[ns]")
    else:
        typed = numbers(cells.where(~blank))
        if kind == "Int64":
            whole = (typed % 1 == 0) & (typed.abs() < 2**53)  # floats are exact up to there
            typed = typed.where(whole).astype("Int64")
    bad = typed.isna() & ~blank if column.nullable else typed.isna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(_message(where, row, str(column.name), cells.iloc[row], column))
    return typed


def numbers(cells: pd.Series) -> pd.Series:
    """Return cells, text or numbers, as float64; NaN for cells that are not numbers.

    Examples
    --------
    >>> numbers(pd.Series(["1.5", "2e3", "", "north"])).tolist()
    [1.5, 2000.0, nan, nan]
    """
    if cells.dtype == object:
        # In pandas 2.3 an exponent of many digits is a segmentation fault in to_numeric.
        cells = cells.mask(cells.astype(str).str.contains(r"[eE][+-]?\d{4}"))
    return pd.to_numeric(cells, errors="coerce").astype(float)


def _message(where: str, row: int, name: str, value: Any, column: pa.Column) -> str:
    return f"{where}, row {row + 1}, column {name}: got {value!r}; expected {column.description}"


def write(df: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> None:
    """Check a table against its schema and write it atomically.

    Parameters
    ----------
    df : DataFrame
        The rows, in the order of the file.
    path : Path
        The file to write.
    schema : pandera.DataFrameSchema
        One of this module's schemas.
    """
    checked = check(df, schema, str(path))
    with atomic_path(path) as partial:
        checked.to_csv(partial, index=False, date_format=TIME_FORMAT, lineterminator="\n")


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of a schema without rows."""
    return check(pd.DataFrame(columns=list(schema.columns), dtype=object), schema, str(schema.name))


def concat(frames: Iterable[pd.DataFrame], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Concatenate tables of one schema; some or all may have no rows."""
    kept = [df for df in frames if len(df)]
    return pd.concat(kept, ignore_index=True) if kept else empty(schema)
