"""The forecasts of a leaderboard: the columns of probabilities in one or several files."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from solarflare.core import csv_text
from solarflare.core.errors import InputError
from solarflare.core.printable import one_line
from solarflare.predict import column_roles, forecast_cells, forecast_files

ALL = "all"
"""Instead of a column's name: every column of probabilities that a file has."""


@dataclass(frozen=True)
class Wish:
    """Which columns of the files are forecasts, as the caller says.

    Attributes
    ----------
    columns : mapping
        The names of the columns ``time`` and ``label``; None for a column that is recognised. A file that lacks a named
        column has its own recognised.
    probabilities : sequence of str
        The names of columns of probabilities, or :data:`ALL`. Each file gives those that it has. In a file that has
        none of them, the column of the probability is recognised.
    without : collection of str
        Columns that :data:`ALL` leaves out.
    missing : collection of float
        Numbers below 0 or above 1 that stand for a blank cell in a column of probabilities.
    """

    columns: Mapping[str, str | None]
    probabilities: Sequence[str] = ()
    without: Collection[str] = ()
    missing: Collection[float] = ()


@dataclass(frozen=True)
class Entry:
    """A forecast of a leaderboard.

    `rows` has the columns ``time``, ``noaa_ar``, ``probability`` and ``label`` of `forecast_files.ForecastFile`: the
    rows that have all of these. `blank` is the number of the file's rows without a probability.
    """

    name: str
    path: Path
    column: str
    rows: pd.DataFrame
    blank: int


def read(paths: Sequence[Path], wish: Wish) -> list[Entry]:
    """Read the forecasts of files, in the order of the files and of their columns.

    A forecast is called by its column, if its file gives several, and else by its file without the ending. If two would
    have the same name, both get the path and the column. Names are printable.

    Raises
    ------
    InputError
        If a file or a column is named twice, a file cannot be used (see `forecast_files.read`), no file has a named
        column, or a number that stands for a blank cell is a probability.
    """
    if repeated := [path for path, count in Counter(path.resolve() for path in paths).items() if count > 1]:
        raise InputError(f"{repeated[0].name} is named twice; name each file once")
    if twice := [name for name, count in Counter(wish.probabilities).items() if count > 1]:
        raise InputError(f"--probability names {twice[0]} twice; name each column once")
    if wrong := [value for value in wish.missing if 0 <= value <= 1]:
        raise InputError(f"--missing is {wrong[0]:g}, which is a probability; name a number below 0 or above 1")
    _check_without(paths, wish)
    entries = [entry for path in paths for entry in _of_file(path, wish)]
    found = {entry.column for entry in entries}
    if absent := [name for name in wish.probabilities if name not in (ALL, *found)]:
        raise InputError(f"no file has a column {absent[0]}, which --probability names; name a column of a file")
    names = Counter(entry.name for entry in entries)
    return [entry if names[entry.name] == 1 else replace(entry, name=_full_name(entry)) for entry in entries]


def _full_name(entry: Entry) -> str:
    return one_line(f"{entry.path}: {entry.column}")


def _check_without(paths: Sequence[Path], wish: Wish) -> None:
    """Raise an error if a column that is to be left out is in no file, or would not be taken anyhow."""
    if wish.without and ALL not in wish.probabilities:
        raise InputError("--without leaves columns out of `--probability all`; add that, or name the columns you want")
    there = {name for path in paths if wish.without and path.is_file() for name in csv_text.read(path).columns}
    if absent := [name for name in wish.without if name not in there]:
        raise InputError(f"no file has a column {absent[0]}, which --without names; name a column of a file")


def _of_file(path: Path, wish: Wish) -> list[Entry]:
    """Return the forecasts of a file."""
    named, columns = _columns(path, wish)
    entries = []
    for column in columns:
        file = forecast_files.read(
            path, {**named, "probability": column}, strict=False, missing=wish.missing, any_name=True
        )
        named = {role: file.columns[role] for role in ("time", "label")}
        column = file.columns["probability"]
        name = one_line(column if len(columns) > 1 else path.stem)
        entries.append(Entry(name, path, column, file.rows, file.blank["probability"]))
    return entries


def _columns(path: Path, wish: Wish) -> tuple[Mapping[str, str | None], Sequence[str | None]]:
    """Return the names of a file's time and label, and of its probabilities; None for what is yet to be recognised."""
    if not wish.probabilities:
        return wish.columns, [None]
    df = forecast_cells.read(path)
    if ALL not in wish.probabilities:
        return wish.columns, [name for name in wish.probabilities if name in df] or [None]
    reserved = [name for name in (*forecast_cells.OPTIONAL, forecast_cells.REGION) if name in df]
    others = df.drop(columns=[*reserved, *wish.without], errors="ignore")
    found = {}
    for role in ("time", "label"):
        name = wish.columns.get(role)
        found[role] = column_roles.find(others, role, name if name in others else None, path)
        others = others.drop(columns=found[role])
    is_time = column_roles.FITS["time"]
    columns = [name for name in others.columns if not is_time(others[name].head(column_roles.SAMPLE))]
    if contrary := [name for name in columns if column_roles.says_the_contrary(name, "probability")]:
        raise InputError(
            f"{path}: the name of {contrary[0]} may say that it is the probability of no flare; add "
            f"--without {contrary[0]}, or name the columns that are compared with --probability"
        )
    for column in columns:
        column_roles.check_same_class(column, found["label"], path)
    return found, columns or [None]
