"""Read anybody's forecasts: CSV files with a time, a probability and a label, under any column names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError

COLUMN_WORDS = {
    "time": ("time", "date", "t_rec", "path", "file", "image"),
    "probability": ("probability", "prob", "forecast", "prediction", "pred", "score"),
    "label": ("label", "target", "truth", "observ", "y_true", "event", "flare", "outcome"),
}
"""Words that the names of each column usually contain, the most telling word first."""

FRACTIONS = ("threshold", "base_rate")
"""Columns that a file may have: the probability from which a row is an alarm, and the reference of the Brier skill."""

BLOCK = "block"
"""A column that a file may have: the number of the block, of which the bootstrap keeps all rows together."""

OPTIONAL = (*FRACTIONS, BLOCK)

REGION = "noaa_ar"  # the column that distinguishes regions of the same time; a file may lack it
SAMPLE = 1000  # rows that are read to recognise a column
LAST_TIME = r"^.*(?<!\d)((?:19|20)\d\d[-./_]?\d\d[-./_]?\d\d(?:[T _.-]?\d\d[:._-]?\d\d(?:[:._-]?\d\d)?)?)(?!\d)"
"""The last time in a text: a date with or without separators, with or without a time of day."""

BOOLEANS = {"true": "1", "false": "0"}
EXPECTED = {
    "probability": "a number from 0 to 1 (divide percentages by 100)",
    "label": "0 or 1",
    "threshold": "a number from 0 to 1, or the option --threshold",
    "base_rate": "a number from 0 to 1, or the option --base-rate",
    BLOCK: "a whole number, or the option --block-days",
}


@dataclass(frozen=True)
class ForecastFile:
    """The content of a file of forecasts.

    `rows` is sorted by time. Its columns are ``time`` (UTC), ``noaa_ar`` (text; ``""`` if the file has no such column),
    ``probability`` (0 to 1) and ``label`` (1: the event happened; 0: it did not happen; -1 in all rows if no label was
    read). Those of `OPTIONAL` that the file has and the caller wants follow: `FRACTIONS` from 0 to 1, `BLOCK` a whole
    number.
    """

    rows: pd.DataFrame
    columns: dict[str, str]  # the file's column for each of time, probability and label
    warnings: list[str]  # what was left out or changed, with the number of rows


def read(
    path: Path,
    named: Mapping[str, str | None] | None = None,
    labelled: bool = True,
    strict: bool = True,
    optional: Iterable[str] = (),
) -> ForecastFile:
    """Read a file of forecasts.

    Parameters
    ----------
    path : Path
        A CSV file with a header.
    named : dict, optional
        The names of the columns ``time``, ``probability`` and ``label``. A column without a name here is recognised by
        its cells and, if several fit, by its own name.
    labelled, strict : bool, optional
        `labelled`: whether a label is read. `strict`: whether the file must have the named columns; if not, a named
        column that is missing is recognised by its cells.
    optional : iterable of str, optional
        Those of `OPTIONAL` that are read if the file has them.

    Returns
    -------
    ForecastFile
        Rows without a value in one of its columns are left out and counted.

    Raises
    ------
    InputError
        If the file cannot be read, a column cannot be recognised, a probability, threshold or base rate is not from 0
        to 1, a label is not 0 or 1, a block is not a whole number, no row is left, or all labels are the same.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a CSV file with a time, a probability and a label")
    df = tables.read_text(path)
    if df.empty:
        raise InputError(f"{path} has a header and no rows; name a file of forecasts")
    columns: dict[str, str] = {}
    for role in ("time", "probability", "label") if labelled else ("time", "probability"):
        others = df.drop(columns=[*columns.values(), *(name for name in OPTIONAL if name in df)])
        name = (named or {}).get(role)
        columns[role] = _column(others, role, name if strict or name in others else None, path)
    times, probability = parse_times(df[columns["time"]]), tables.numbers(df[columns["probability"]])
    label = _labels(df[columns["label"]]) if labelled else -1
    rows = pd.DataFrame({"time": times, REGION: df.get(REGION, ""), "probability": probability, "label": label})
    for name in (name for name in optional if name in df):
        rows[name], columns[name] = tables.numbers(df[name]), name
    _check_cells(path, df, columns, rows)
    complete = rows.dropna().astype({"label": np.int64})
    _check_rows(path, columns, complete)
    warnings = [
        f"{count:,} of {len(rows):,} rows are left out: no {role} in {column}"
        for role, column in columns.items()
        if (count := int(rows[role].isna().sum()))
    ]
    if moved := int((complete["time"].diff() < pd.Timedelta(0)).sum()):
        warnings.append(f"the rows were sorted by time: {moved:,} came directly after a later one")
    if repeats := int(complete.duplicated(["time", REGION]).sum()):
        key = "time and region" if REGION in df else "time"
        warnings.append(f"{repeats:,} of {len(complete):,} rows repeat the {key} of an earlier row")
    return ForecastFile(complete.sort_values("time", kind="stable", ignore_index=True), columns, warnings)


def common_rows(first: ForecastFile, second: ForecastFile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that two files share, as each file has them.

    Rows match by time and, if both files have regions, by region. Repeated rows match in the order of the files. It is
    an error if no rows match, if all common rows have the same label, or if the two files' labels differ.
    """
    by_region = all((file.rows[REGION] != "").any() for file in (first, second))
    key = ["time", REGION] if by_region else ["time"]
    left, right = (
        file.rows.assign(repeat=file.rows.groupby(key).cumcount(), row=file.rows.index) for file in (first, second)
    )
    matched = left.merge(right, on=[*key, "repeat"], suffixes=("", "_second"))
    if matched["label"].nunique() < 2:
        raise InputError(
            f"the two files have {len(matched):,} rows in common, and these do not have both labels; "
            "compare files of the same times"
        )
    if differing := int((matched["label"] != matched["label_second"]).sum()):
        counts = f"{differing:,} of {len(matched):,} common rows"
        raise InputError(f"the labels of {counts} differ; compare forecasts of the same events")
    common = first.rows.loc[matched["row"]], second.rows.loc[matched["row_second"]]
    return common[0].reset_index(drop=True), common[1].reset_index(drop=True)


def parse_times(cells: pd.Series) -> pd.Series:
    """Return the time, UTC, in each text, which may be a path or a file name; NaT where a text has no time.

    >>> names = ["2014-03-07T09:09:10+01:00", "HMI.m2014.03.07_08.09.10.jpg", "11944"]
    >>> parse_times(pd.Series(names)).astype(str).tolist()
    ['2014-03-07 08:09:10', '2014-03-07 08:09:10', 'NaT']
    """
    times = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    if times.isna().any():
        stamp = cells[times.isna()].str.extract(LAST_TIME, expand=False).astype(object)
        digits = stamp.str.translate({ord(separator): None for separator in "-./_: T"}).str.ljust(14, "0")
        times = times.fillna(pd.to_datetime(digits.str[:8] + "T" + digits.str[8:], format="ISO8601", errors="coerce"))
    return times.astype("datetime64[ns]")


def _column(df: pd.DataFrame, role: str, name: str | None, path: Path) -> str:
    """Return the column for a role: the column `name` or, without a name, the column whose cells and name fit best."""
    if name is not None:
        if name not in df:
            raise InputError(f"{path} has no column {name}; the columns left for --{role} are {', '.join(df.columns)}")
        return name
    if role in df:
        return role
    fitting = [column for column in df.columns if FITS[role](df[column].head(SAMPLE))]
    for candidates in (_best_named(role, fitting), fitting, _best_named(role, list(df.columns))):
        if len(candidates) == 1:
            return candidates[0]
    remaining = ", ".join(df.columns) or "the columns left"
    choice = f"it may be any of {', '.join(fitting)}" if fitting else f"none of {remaining} looks like one"
    raise InputError(f"{path}: which column holds the {role}? {choice}; name it with --{role}")


def _best_named(role: str, names: list[str]) -> list[str]:
    """Return the names that contain the first of a role's words that any name contains."""
    matches = ([name for name in names if word in name.lower()] for word in COLUMN_WORDS[role])
    return next(filter(None, matches), [])


def _labels(cells: pd.Series) -> pd.Series:
    return tables.numbers(cells.replace(BOOLEANS) if cells.head(SAMPLE).isin(BOOLEANS).any() else cells)


FITS: dict[str, Callable[[pd.Series], bool]] = {
    "time": lambda cells: bool(parse_times(cells).notna().mean() > 0.5),
    "probability": lambda cells: bool(tables.numbers(cells).between(0, 1, inclusive="neither").mean() > 0.5),
    "label": lambda cells: bool(_labels(cells).isin([0, 1]).mean() > 0.5),
}
"""For each role, a function that returns whether most of some cells (text) fit the role."""


def _check_cells(path: Path, raw: pd.DataFrame, columns: dict[str, str], parsed: pd.DataFrame) -> None:
    """Raise an error that names the first cell with a wrong value; missing values are not wrong.

    `raw` holds the file's cells as text. `parsed` has the same rows, with times and numbers. `columns` maps the columns
    of `parsed` to those of `raw`.
    """
    fractions = [name for name in ("probability", *FRACTIONS) if name in parsed]
    allowed = {name: parsed[name].between(0, 1) for name in fractions} | {"label": parsed["label"].isin([0, 1, -1])}
    if BLOCK in parsed:
        allowed[BLOCK] = parsed[BLOCK] % 1 == 0
    for role, good in allowed.items():
        if (wrong := parsed[role].notna() & ~good).any():
            row, column = int(wrong.to_numpy().argmax()), columns[role]
            got = f"got {raw[column].iloc[row]!r} ({wrong.sum():,} such rows)"
            raise InputError(f"{path}, row {row + 1}, column {column}: {got}; expected {EXPECTED[role]}")


def _check_rows(path: Path, columns: dict[str, str], rows: pd.DataFrame) -> None:
    """Raise an error if no row is left, or all labels that were read are the same."""
    if rows.empty:
        names = ", ".join(columns.values())
        raise InputError(f"{path}: no row has {', '.join(columns)} (columns {names}); correct the file")
    if "label" in columns and rows["label"].min() == rows["label"].max():
        raise InputError(
            f"{path}: all {len(rows):,} labels in {columns['label']} are {rows['label'].iloc[0]}, and scores need "
            "both 0 and 1; add rows of the other, or name another column with --label"
        )
