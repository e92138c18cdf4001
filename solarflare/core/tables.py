"""Every CSV contract: columns, units, checks on reading and on writing.

In memory, times are ``datetime64[ns]`` without a zone (UTC), missing numbers are NaN or ``<NA>``, missing text is
``""``. On disk, times are ISO 8601 to the second and what is missing is blank.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path

GOES_CLASS = r"[ABCMX]\d{1,2}(\.\d+)?"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
INSTRUMENTS = ["gong", "hmi", "aia171", "aia193", "aia211"]


def _time(nullable: bool = False) -> pa.Column:
    return pa.Column("datetime64[ns]", nullable=nullable, description="UTC, such as 2014-01-01T12:00:00")


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column(str, list(checks), description="text")


def _number(low: float | None = None, high: float | None = None, nullable: bool = False) -> pa.Column:
    checks = [pa.Check.ge(low)] if low is not None else []
    checks += [pa.Check.le(high)] if high is not None else []
    between = f" from {low} to {high}" if low is not None and high is not None else ""
    return pa.Column(float, checks, nullable=nullable, description=f"a number{between}")


def _integer(low: int | None = None, nullable: bool = False) -> pa.Column:
    checks = [pa.Check.ge(low)] if low is not None else []
    return pa.Column("Int64", checks, nullable=nullable, description="a whole number")


def _one_of(*values: str) -> pa.Column:
    return pa.Column(str, pa.Check.isin(values), description=f"one of {', '.join(map(repr, values))}")


def _goes_class() -> pa.Column:
    return pa.Column(
        str, pa.Check.str_matches(rf"^({GOES_CLASS})?$"), description="a GOES class such as C1.0, or blank"
    )


def _table(name: str, **columns: pa.Column) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, name=name, strict=True, coerce=True)


_latitude, _longitude = _number(-90, 90, nullable=True), _number(-180, 180, nullable=True)
_label = {
    "label": _integer(nullable=True),
    "reason": _text(),
    "goes_class": _goes_class(),
    "true_probability": _number(0, 1, nullable=True),
    "pair_id": _text(),
}

IMAGES = _table(
    "images",
    path=_text(),
    instrument=_one_of(*INSTRUMENTS),
    time=_time(),
    width=_integer(1),
    height=_integer(1),
    bytes=_integer(1),
    sha256=_text(),
    pair_id=_text(),
    origin=_text(),
)
"""One row an image in ``data/raw/``; ``path`` is relative to that folder, ``pair_id`` blank without a partner."""

FLARES = _table(
    "flares",
    start=_time(),
    peak=_time(nullable=True),
    end=_time(nullable=True),
    goes_class=_goes_class(),
    noaa_ar=_integer(1, nullable=True),
    latitude=_latitude,
    longitude=_longitude,
    list=_text(),
)
"""One row a flare. Latitude and longitude in Stonyhurst degrees, west positive; ``noaa_ar`` has five digits."""

REGIONS = _table(
    "regions",
    time=_time(),
    noaa_ar=_integer(1),
    latitude=_number(-90, 90),
    longitude=_number(-180, 180),
    area=_number(0, nullable=True),
    mcintosh=_text(),
    mag_type=_text(),
    spots=_integer(0, nullable=True),
)
"""One row a region and day: its place at ``time``, area in millionths of the hemisphere, number of spots."""

COVERAGE = _table(
    "coverage",
    list=_text(),
    start=_time(),
    end=_time(),
    min_class=_goes_class(),
    status=_one_of("complete", "absent"),
    reason=_text(),
)
"""Where a list is complete ([start, end), and down to which class), and what was expected but is absent and why.

``list`` names a flare list, ``regions`` or ``images``. An image at a time that no ``complete`` row of the list in
question covers has no known label.
"""

PLAN = _table(
    "plan",
    task=_one_of("disk", "region"),
    instrument=_one_of(*INSTRUMENTS),
    wanted=_time(),
    time=_time(nullable=True),
    pair_id=_text(),
    origin=_text(),
    reason=_text(),
)
"""One row an image that a live scrape wants: for which task, at which time, and why; ``time`` and ``origin`` of the
image that is to be fetched, blank where no archive has one, with the ``reason``."""

CUTOUTS = _table(
    "cutouts",
    file=_text(),
    event_type=_one_of("AR", "FL"),
    time=_time(),
    goes_class=_goes_class(),
    noaa_ar=_integer(1, nullable=True),
    origin=_text(),
    reason=_text(),
)
"""One row a thumbnail around an event of HEK: the ``file`` it is in, or blank with the ``reason``."""

DISAGREEMENTS = _table(
    "disagreements",
    start=_time(),
    list=_text(),
    other=_text(),
    column=_text(),
    value=_text(),
    other_value=_text(),
)
"""One row a value in which two lists differ about one flare, which begins at ``start`` in ``list``; of a flare that
``other`` should have and has not, the column is ``start`` and ``other_value`` blank."""

TRUTH = _table("truth", time=_time(), noaa_ar=_integer(1), rate=_number(0), slope=_number(0))
"""The simulated Sun's true flare rates: flares a day of class C1.0 or more that a region on the visible disk has at
``time``, linear between rows of a region, zero outside them; of flux F or more: ``rate * (F / 1e-6) ** -slope``."""

DISK_LABELS = _table("labels of disk", path=_text(), time=_time(), **_label)
"""One row an image of the disk's instrument. ``label`` 1, 0 or blank with a ``reason``; ``goes_class`` the strongest
flare in the window; ``true_probability`` what the simulated Sun knows of the window, blank elsewhere."""

REGION_LABELS = _table(
    "labels of region",
    path=_text(),
    noaa_ar=_integer(1),
    time=_time(),
    latitude=_number(-90, 90),
    longitude=_number(-180, 180),
    area=_number(0, nullable=True),
    mcintosh=_text(),
    mag_type=_text(),
    spots=_integer(0, nullable=True),
    **_label,
)
"""One row a region on the disk of an image; latitude and longitude at the image's time."""

LABELS = {"disk": DISK_LABELS, "region": REGION_LABELS}
"""The contract of each task's labels."""

SPLITS = _table(
    "splits",
    path=_text(),
    noaa_ar=_integer(1, nullable=True),
    fold=_integer(0),
    block=_integer(),
    part=_one_of("train", "validation", "test", ""),
    reason=_text(),
)
"""One row a labelled row and fold (``noaa_ar`` blank for disk); ``part`` blank with a ``reason`` if it is left out;
``block`` the number of its 27-day block."""

CROPS = _table(
    "crops",
    path=_text(),
    noaa_ar=_integer(1, nullable=True),
    shard=_text(),
    row=_integer(0),
    x=_number(),
    y=_number(),
    radius=_number(0),
    fitted=_one_of("yes", "no"),
)
"""One row a crop: ``row`` of ``shard`` (a file beside the index); the fitted disk's centre and radius in pixels of the
original image, 0-based from the top left; ``fitted`` no where the instrument's nominal geometry had to serve."""

PREDICTIONS = _table(
    "predictions",
    path=_text(),
    noaa_ar=_integer(1, nullable=True),
    time=_time(),
    label=_integer(0),
    probability=_number(0, 1),
    threshold=_number(0, 1),
    base_rate=_number(0, 1),
    block=_integer(),
)
"""One row a test row: the calibrated probability of label 1, the threshold of its fold and the share of label 1 in the
fold's training rows: all that its scores follow from."""

CONFOUNDERS = _table(
    "confounders",
    path=_text(),
    noaa_ar=_integer(1, nullable=True),
    fold=_integer(0),
    confounder=_text(),
    probability=_number(0, 1),
)
"""What each confounder of the audit alone forecasts: one row a confounder and row of validation and test of a fold."""


def read(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read and check a table.

    Parameters
    ----------
    path : Path
        A CSV file with a header.
    schema : pandera.DataFrameSchema
        One of this module's contracts.

    Returns
    -------
    DataFrame
        The contract's columns in its order, with its types.

    Raises
    ------
    InputError
        If the file is missing or unreadable, or a column or a value is not what the contract says.
    """
    return check(read_text(path), schema, str(path))


def read_text(path: Path) -> pd.DataFrame:
    """Read a CSV file with every cell as text, blanks as ``""``.

    Raises
    ------
    InputError
        If the file is missing or is not a CSV table.
    """
    try:
        with warnings.catch_warnings():
            # A row with more cells than the header would shift or lose them, and pandas would only warn.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`, or name the folder that holds it") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not a CSV table with a header ({str(error).strip()}); mend or replace it"
        ) from None


def check(df: pd.DataFrame, schema: pa.DataFrameSchema, where: str) -> pd.DataFrame:
    """Return `df` in a contract's types and order, or say in one sentence what is wrong with it.

    Parameters
    ----------
    df : DataFrame
        With the contract's columns, as text or already typed; others are an error.
    schema : pandera.DataFrameSchema
        One of this module's contracts.
    where : str
        What the sentence calls the table, usually its path.

    Raises
    ------
    InputError
        Names `where`, the row (1 is the first below the header), the column, the value and what was expected.
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
        raise InputError(_sentence(where, row, column, df[column].iloc[row], schema.columns[column])) from None


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
        raise InputError(_sentence(where, row, str(column.name), cells.iloc[row], column))
    return typed


def numbers(cells: pd.Series) -> pd.Series:
    """Return cells, text or numbers, as float64; NaN for what is no number."""
    if cells.dtype == object:
        # In pandas 2.3 exponents of many digits end the process: a segmentation fault in to_numeric.
        cells = cells.mask(cells.astype(str).str.contains(r"[eE][+-]?\d{4}"))
    return pd.to_numeric(cells, errors="coerce").astype(float)


def _sentence(where: str, row: int, name: str, value: Any, column: pa.Column) -> str:
    return f"{where}, row {row + 1}, column {name}: got {value!r}; expected {column.description}"


def write(df: pd.DataFrame, path: Path, schema: pa.DataFrameSchema) -> None:
    """Check a table against its contract and write it atomically.

    Parameters
    ----------
    df : DataFrame
        The rows, in the order in which they shall stand.
    path : Path
        The file to write.
    schema : pandera.DataFrameSchema
        One of this module's contracts.
    """
    checked = check(df, schema, str(path))
    with atomic_path(path) as partial:
        checked.to_csv(partial, index=False, date_format=TIME_FORMAT, lineterminator="\n")


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of a contract without rows."""
    return check(pd.DataFrame(columns=list(schema.columns), dtype=object), schema, str(schema.name))


def concat(frames: Iterable[pd.DataFrame], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return tables of one contract below each other, however many have no rows."""
    kept = [df for df in frames if len(df)]
    return pd.concat(kept, ignore_index=True) if kept else empty(schema)
