"""Anybody's forecasts: a CSV file with a time, a probability and what happened, whatever the columns are called."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError

WORDS = {
    "time": ("time", "date", "t_rec", "path", "file", "image"),
    "probability": ("probability", "prob", "forecast", "prediction", "pred", "score"),
    "label": ("label", "target", "truth", "observ", "y_true", "event", "flare", "outcome"),
}
"""What the columns are usually called, or have in their name, the best first."""

REGION = "noaa_ar"
"""The column that tells the regions of one time apart, where there is one."""

SAMPLE = 1000  # rows by which a column is recognised
STAMP = r"^.*(?<!\d)((?:19|20)\d\d[-./_]?\d\d[-./_]?\d\d(?:[T _.-]?\d\d[:._-]?\d\d(?:[:._-]?\d\d)?)?)(?!\d)"
"""The last time in a text: a date with or without separators, with or without a time of day."""

BOOLEANS = {"true": "1", "false": "0"}


@dataclass(frozen=True)
class Forecasts:
    """What a file of forecasts holds.

    Attributes
    ----------
    rows : DataFrame
        ``time``, ``noaa_ar`` (text, ``""`` where the file has none), ``probability`` (0 to 1) and ``label`` (1 or 0, or
        -1 throughout where they were not asked for), in the order of time, as in the file where times are equal.
    columns : dict
        Which column of the file each came from.
    warnings : list of str
        What was left out or put right, with how many rows.
    """

    rows: pd.DataFrame
    columns: dict[str, str]
    warnings: list[str] = field(default_factory=list)


def read(
    path: Path, told: dict[str, str | None] | None = None, labelled: bool = True, strict: bool = True
) -> Forecasts:
    """Read a file of forecasts.

    Parameters
    ----------
    path : Path
        A CSV file with a header.
    told : dict, optional
        The columns ``time``, ``probability`` and ``label`` as far as they are known; the others are found by what is in
        them and, if that leaves a choice, by their names.
    labelled : bool, optional
        Whether there must be a label.
    strict : bool, optional
        Whether a column that is told must be there; else it is found as if it had not been told.

    Returns
    -------
    Forecasts
        Rows without a time, a probability or a label are left out and counted.

    Raises
    ------
    InputError
        If the file cannot be read, a column cannot be found, a probability is not from 0 to 1, a label is not 0 or 1,
        no row is left, or all labels are the same.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a CSV file with a time, a probability and a label")
    df = tables.read_text(path)
    if df.empty:
        raise InputError(f"{path} has a header and no rows; name a file of forecasts")
    columns: dict[str, str] = {}
    for role in ("time", "probability", "label") if labelled else ("time", "probability"):
        others = df.drop(columns=list(columns.values()))
        name = (told or {}).get(role)
        columns[role] = _find(others, role, name if strict or name in others else None, path)
    rows = pd.DataFrame(
        {
            "time": times(df[columns["time"]]),
            REGION: df.get(REGION, ""),
            "probability": tables.numbers(df[columns["probability"]]),
            "label": _labels(df[columns["label"]]) if labelled else -1,
        }
    )
    _refuse(path, df, columns, rows)
    warnings = [
        f"{count:,} of {len(rows):,} rows are left out: no {role} in {column}"
        for role, column in columns.items()
        if (count := int(rows[role].isna().sum()))
    ]
    rows = rows.dropna().astype({"label": np.int64})
    if rows.empty:
        raise InputError(
            f"{path}: no row has {', '.join(columns)} (columns {', '.join(columns.values())}); mend the file"
        )
    if labelled and rows["label"].min() == (only := rows["label"].max()):
        raise InputError(
            f"{path}: all {len(rows):,} labels in {columns['label']} are {only}, and scores need both classes; "
            "add rows of the other, or name another column with --label"
        )
    if not rows["time"].is_monotonic_increasing:
        moved = int((rows["time"].diff() < pd.Timedelta(0)).sum())
        warnings.append(
            f"the rows are not in the order of time ({moved:,} come before their predecessor); they were sorted"
        )
    if repeats := int(rows.duplicated(["time", REGION]).sum()):
        warnings.append(
            f"{repeats:,} of {len(rows):,} rows repeat an earlier one's time{' and region' if REGION in df else ''}"
        )
    return Forecasts(rows.sort_values("time", kind="stable", ignore_index=True), columns, warnings)


def common(one: Forecasts, other: Forecasts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that two files have in common, matched by time and region; repeats in the order of the files.

    Raises
    ------
    InputError
        If there are none, all of them have the same label, or their labels differ.
    """
    key = ["time", *([REGION] if (one.rows[REGION] != "").any() and (other.rows[REGION] != "").any() else [])]
    numbered = [of.rows.assign(repeat=of.rows.groupby(key).cumcount()) for of in (one, other)]
    both = numbered[0].merge(numbered[1], on=[*key, "repeat"], suffixes=("", "_other"))
    if both["label"].nunique() < 2:
        raise InputError(
            f"the two files have {len(both):,} rows in common, and not both classes; compare the same times"
        )
    if differing := int((both["label"] != both["label_other"]).sum()):
        raise InputError(
            f"the labels of {differing:,} of {len(both):,} common rows differ: these forecast different events"
        )
    return (
        both[["time", "label", "probability"]],
        both[["time", "label", "probability_other"]].rename(columns={"probability_other": "probability"}),
    )


def times(cells: pd.Series) -> pd.Series:
    """Return the times in texts, which may be paths and file names, as datetime64[ns]; NaT where there is none."""
    found = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    if found.isna().any():
        stamp = cells[found.isna()].str.extract(STAMP, expand=False).astype(object)
        digits = stamp.str.translate({ord(separator): None for separator in "-./_: T"}).str.ljust(14, "0")
        found = found.fillna(pd.to_datetime(digits.str[:8] + "T" + digits.str[8:], format="ISO8601", errors="coerce"))
    return found.astype("datetime64[ns]")


def _find(df: pd.DataFrame, role: str, told: str | None, path: Path) -> str:
    """Return the column of a role: the one that is told, or of those that hold what it should the best named."""
    if told is not None:
        if told not in df:
            raise InputError(
                f"{path}: column {told} is not there; the columns left for --{role} are {', '.join(df.columns)}"
            )
        return told
    if role in df:
        return role
    fitting = [name for name in df.columns if FITS[role](df[name].head(SAMPLE))]
    for names in (_called(role, fitting), fitting, _called(role, list(df.columns))):
        if len(names) == 1:
            return names[0]
    left = ", ".join(df.columns) or "the columns left"
    choice = f"it may be any of {', '.join(fitting)}" if fitting else f"none of {left} looks like one"
    raise InputError(f"{path}: which column holds the {role}? {choice}; name it with --{role}")


def _called(role: str, names: list[str]) -> list[str]:
    """Return those names that have in them the best of the words for a role that any of them has."""
    return next(filter(None, ([name for name in names if word in name.lower()] for word in WORDS[role])), [])


def _labels(cells: pd.Series) -> pd.Series:
    return tables.numbers(cells.replace(BOOLEANS) if cells.head(SAMPLE).isin(BOOLEANS).any() else cells)


FITS: dict[str, Callable[[pd.Series], bool]] = {
    "time": lambda cells: bool(times(cells).notna().mean() > 0.5),
    "probability": lambda cells: bool(
        (tables.numbers(cells).between(0, 1) & (tables.numbers(cells) % 1 > 0)).mean() > 0.5
    ),
    "label": lambda cells: bool(_labels(cells).isin([0, 1]).mean() > 0.5),
}
"""Whether some cells, as text, are mostly what a role needs."""


def _refuse(path: Path, df: pd.DataFrame, columns: dict[str, str], rows: pd.DataFrame) -> None:
    """Say what is wrong with the first cell that is neither missing nor what it should be."""
    allowed = {"probability": rows["probability"].between(0, 1), "label": rows["label"].isin([0, 1, -1])}
    expected = {"probability": "a number from 0 to 1 (divide percentages by 100)", "label": "0 or 1"}
    for role, good in allowed.items():
        wrong = rows[role].notna() & ~good
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise InputError(
                f"{path}, row {row + 1}, column {columns[role]}: got {df[columns[role]].iloc[row]!r} "
                f"({wrong.sum():,} such rows); expected {expected[role]}"
            )
