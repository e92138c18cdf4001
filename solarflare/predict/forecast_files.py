"""Read anybody's forecasts: CSV files with a time, a probability and a label, under any column names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.cells import BadCell, refusal
from solarflare.core.errors import InputError
from solarflare.predict import column_roles, forecast_cells, foreign_cells
from solarflare.predict.forecast_cells import BLOCK, OPTIONAL, REGION

EXPECTED = {
    "time": "UTC, such as 2014-01-01T12:00:00 (in 01/02/2014 nothing says which number is the month)",
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
    blank: dict[str, int]  # by time, probability, label and so on, the number of rows whose cell is blank


def read(
    path: Path,
    named: Mapping[str, str | None] | None = None,
    labelled: bool = True,
    strict: bool = True,
    optional: Iterable[str] = (),
    missing: Iterable[float] = (),
    any_name: bool = False,
) -> ForecastFile:
    """Read a file of forecasts.

    Parameters
    ----------
    path : Path
        A CSV file with a header.
    named : dict, optional
        The names of the columns ``time``, ``probability`` and ``label``. A column without a name here is recognised by
        its cells and its own name, see `column_roles.find`. A time of day may be in a column beside the date.
    labelled, strict : bool, optional
        `labelled`: whether a label is read. `strict`: whether the file must have the named columns; if not, a named
        column that is missing is recognised by its cells.
    optional : iterable of str, optional
        Those of `OPTIONAL` that are read if the file has them.
    missing : iterable of float, optional
        Numbers that stand for a blank cell in the column of the probability, such as -1. They are not from 0 to 1.
    any_name : bool, optional
        Whether a column of any name may be the probability, such as one that is named after a method.

    Returns
    -------
    ForecastFile
        Rows without a value in one of its columns are left out and counted.

    Raises
    ------
    InputError
        If the file cannot be read, a column cannot be recognised, a time cannot be read, a probability, threshold or
        base rate is not from 0 to 1, a label is not 0 or 1, a block is not a whole number, no row is left, or all
        labels are the same.
    """
    df = forecast_cells.read(path)
    if df.empty:
        raise InputError(f"{path} has a header and no rows; name a file of forecasts")
    columns: dict[str, str] = {}
    for role in ("time", "probability", "label") if labelled else ("time", "probability"):
        others = df.drop(columns=[*columns.values(), *(name for name in OPTIONAL if name in df)])
        name = (named or {}).get(role)
        columns[role] = column_roles.find(
            others, role, name if strict or name in others else None, path, any_name and role == "probability"
        )
    if labelled and not ((named or {}).get("probability") and (named or {}).get("label")):
        column_roles.check_same_class(columns["probability"], columns["label"], path)
    _check_percent(path, columns["probability"], df[columns["probability"]])
    times = foreign_cells.parse_times(df[columns["time"]])
    forecast_cells.check_one_forecast(path, df, times, columns.values())
    probability = foreign_cells.probabilities(df[columns["probability"]])
    df.loc[probability.isin(list(missing)), columns["probability"]] = ""
    probability = probability.where(df[columns["probability"]] != "")
    _ask_for_missing(path, columns["probability"], probability)
    label = foreign_cells.labels(df[columns["label"]]) if labelled else -1
    rows = pd.DataFrame({"time": times, REGION: df.get(REGION, ""), "probability": probability, "label": label})
    for name in (name for name in optional if name in df):
        rows[name], columns[name] = tables.numbers(df[name]), name
    if bad := list(_bad_cells(df, columns, rows)):
        raise refusal(str(path), bad)
    complete = rows.dropna().astype({"label": np.int64})
    _check_rows(path, columns, complete)
    blank = {role: int(rows[role].isna().sum()) for role in columns}
    warnings = [
        f"{count:,} of {len(rows):,} rows are left out: no {role} in {columns[role]}"
        for role, count in blank.items()
        if count
    ]
    if moved := int((complete["time"].diff() < pd.Timedelta(0)).sum()):
        warnings.append(f"the rows were sorted by time: {moved:,} came directly after a later one")
    if repeats := int(complete.duplicated(["time", REGION]).sum()):
        key = "time and region" if REGION in df else "time"
        warnings.append(f"{repeats:,} of {len(complete):,} rows repeat the {key} of an earlier row")
    return ForecastFile(complete.sort_values("time", kind="stable", ignore_index=True), columns, warnings, blank)


def no_common_rows(key: Sequence[str], starts: Mapping[str, pd.Timestamp]) -> InputError:
    """Return the error for files without a common row. `starts` has the first time of each."""
    first = ", ".join(f"{time:%Y-%m-%d %H:%M:%S} in {name}" for name, time in starts.items())
    return InputError(
        f"no row is common to all: only rows of the same {' and '.join(key)} are compared, and the first time is "
        f"{first}; give forecasts of the same times"
    )


def _check_percent(path: Path, column: str, cells: pd.Series) -> None:
    """Raise an error if a column is in percent by its name only: 0.5 may be a half or a half of a percent."""
    if column_roles.is_percent(column) and not cells[cells != ""].str.endswith("%").all():
        raise InputError(
            f"{path}: the name of {column} says percent, and its cells have no percent sign; write probabilities from "
            "0 to 1 there and give the column another name, or add the sign to each cell"
        )


def _ask_for_missing(path: Path, column: str, probability: pd.Series) -> None:
    """Raise an error if the negative numbers are all the same, several or a whole one: they may mean "no forecast"."""
    negative = probability[probability < 0]
    if len(negative) and (negative == negative.iloc[0]).all() and (len(negative) > 1 or negative.iloc[0] % 1 == 0):
        value = f"{negative.iloc[0]:g}"
        raise InputError(
            f"{path}: {len(negative):,} of {len(probability):,} cells of {column} are {value}, which is no "
            f"probability; if it means that there is no forecast, add --missing {value}, or else correct them"
        )


def common_rows(first: ForecastFile, second: ForecastFile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that two files share, as each file has them.

    Rows match by time and, if both files have regions, by region. Repeated rows match in the order of the files. It is
    an error if no rows match, if all common rows have the same label, or if the two files' labels differ.
    """
    with_regions = [bool((file.rows[REGION] != "").any()) for file in (first, second)]
    if (
        any(with_regions)
        and not all(with_regions)
        and any(file.rows["time"].duplicated().any() for file in (first, second))
    ):
        raise InputError(
            f"only one of the two files has the column {REGION}, and times repeat, so nothing says which rows belong "
            f"together; give both files the column {REGION}"
        )
    by_region = all(with_regions)
    key = ["time", REGION] if by_region else ["time"]
    left, right = (
        file.rows.assign(repeat=file.rows.groupby(key).cumcount(), row=file.rows.index) for file in (first, second)
    )
    matched = left.merge(right, on=[*key, "repeat"], suffixes=("", "_second"))
    if matched.empty:
        starts = {"one file": first.rows["time"].iloc[0], "the other": second.rows["time"].iloc[0]}
        raise no_common_rows(key, starts)
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


def _bad_cells(raw: pd.DataFrame, columns: dict[str, str], parsed: pd.DataFrame) -> Iterator[BadCell]:
    """Yield the cells that are not blank and cannot be used.

    `raw` holds the file's cells as text. `parsed` has the same rows, with times and numbers. `columns` maps the columns
    of `parsed` to those of `raw`.
    """
    for role, column in columns.items():
        values = parsed[role]
        allowed = _allowed(role, values)
        what = EXPECTED[role] if column == role else f"{EXPECTED[role]}, for this is the {role}"
        for row in np.flatnonzero((raw[column] != "") & ~allowed):
            yield BadCell(int(row), column, raw[column].iloc[row], what)


def _allowed(role: str, values: pd.Series) -> pd.Series:
    """Return which values of a column are allowed."""
    if role == "time":
        return values.notna()
    if role == "label":
        return values.isin([0, 1])
    return values % 1 == 0 if role == BLOCK else values.between(0, 1)


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
