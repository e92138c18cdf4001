"""Find out which column of anybody's forecasts holds the time, which the probability, and which the label.

A wrong choice gives scores that look right, so a column is only chosen if nothing else can be meant. In doubt the
error names the columns and the option.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.predict import foreign_cells

COLUMN_WORDS = {
    "time": ("time", "date", "t_rec", "path", "file", "image"),
    "probability": ("prob", "forecast", "predict", "pred", "score"),
    "label": ("label", "target", "truth", "observ", "obs", "y_true", "event", "flare", "outcome", "happen", "class"),
}
"""Words that the names of each column usually contain."""

SHORT_WORDS = {"time": {"when", "t", "day"}, "probability": {"p"}, "label": {"y"}}
"""Words that say the same if they stand alone, as in p_flare."""

_NO = (
    r"(^|_)(no|non|not|without|complement\w*|inverse|neg|negative|quiet|calm|inactive|background|"
    r"survival|unlikely|null|below|under|less|lt|false|n|b|1_minus|1)"
    r"(_|$|(?=flar|event|p(rob)?(_|$)))"
    r"|(^|_)(p|prob|proba|probability|class|y|label|flare|event)_?0_?$|^0$"
)
CONTRARY = {
    "time": re.compile(r"(^|_)(jst|est|edt|cst|cdt|mst|mdt|pst|pdt|cet|cest|bst|ist|msk|local\w*)(_|$)"),
    "probability": re.compile(_NO),
    "label": re.compile(
        rf"{_NO}|pred|forecast|prob|(^|_)(y?_?hat|alarm|guess|model|warning|previous|prior|past|last)(_|$)"
    ),
}
"""Names of times that are not UTC, of probabilities of no flare, and of labels that are not the truth."""

ABOUT = re.compile(
    r"(^|_)(correct|hit|miss|missing|errors?|err|std|sigma|uncertainty|ci|low|lower|upper|high|quality|weights?|fold|cv|"
    r"split|train|valid|id|index|mask|count|number|brier|loss|entropy|logit|log|odds|flux|lon\w*|lat\w*|hours?|lead)(_|$)"
)
"""Names of columns that say something about a row, a forecast or a label, such as ``label_quality``."""

GOES_CLASS = re.compile(
    r"(?:^|_)(?:ge_?|gt_?|above_?|over_?)?(c?m?x|c?m|c)(\d+(?:_\d+)?)?(?:_?(?:class|plus|flares?))?(?=_|$)"
)
"""A GOES class in the name of a column: prob_M, label_C1.0, p_mx."""

SAMPLE = 1000  # Rows that are read to recognise a column
FITS: dict[str, Callable[[pd.Series], bool]] = {
    "time": lambda cells: bool(foreign_cells.parse_times(cells).notna().mean() > 0.5),
    "probability": lambda cells: bool(
        foreign_cells.probabilities(cells).between(0, 1, inclusive="neither").mean() > 0.5
    ),
    "label": lambda cells: bool(foreign_cells.labels(cells).isin([0, 1]).mean() > 0.5),
}
"""For each role, a function that returns whether most of some cells (text) fit the role."""


def find(df: pd.DataFrame, role: str, name: str | None, path: Path, any_name: bool = False) -> str:
    """Return the column for a role.

    Parameters
    ----------
    df : DataFrame
        The columns that may be meant, as text.
    role : str
        ``time``, ``probability`` or ``label``.
    name : str or None
        The column that the caller names.
    path : Path
        The file, for messages.
    any_name : bool
        Whether a probability may be recognised by its cells alone, as in a column that is named after a method.

    Raises
    ------
    InputError
        If the named column is missing or bears the name of another role, no column fits, several columns fit, or the
        name of the only one that fits says the contrary, or nothing of it.
    """
    if name is not None:
        if name not in df:
            raise InputError(f"{path} has no column {name}; the columns left for --{role} are {', '.join(df.columns)}")
        if name in COLUMN_WORDS and name != role:
            raise InputError(f"{path}: --{role} names the column {name}, which by its name is no {role}; name another")
        return name
    if role != "time":
        df = df[[column for column in df.columns if not ABOUT.search(_words(column))]]
    fitting = [column for column in df.columns if FITS[role](df[column].head(SAMPLE))]
    named = [column for column in df.columns if column == role or (column in fitting and _says(column, role))]
    if role == "time":
        named = _without_repeats(df, named)
    candidates = named or fitting
    # Without cells that fit, the only column with a fitting name is taken, so that a message can name its first cell.
    if not candidates:
        candidates = [column for column in df.columns if _says(column, role) and not _is_class(df[column], role)]
        candidates = candidates if len(candidates) == 1 else []
    question = f"{path}: which column holds the {role}?"
    if not candidates:
        left = ", ".join(df.columns) or "the columns left"
        raise InputError(f"{question} none of {left} looks like one; name it with --{role}")
    if len(candidates) > 1:
        raise InputError(f"{question} it may be any of {', '.join(candidates)}; name it with --{role}")
    doubt = ""
    if says_the_contrary(candidates[0], role):
        doubt = "may say another time zone than UTC" if role == "time" else "may say the contrary"
    elif role != "time" and not any_name and not _says(candidates[0], role):
        doubt = "does not say so"  # many things are from 0 to 1
    if doubt:
        raise InputError(
            f"{question} only {candidates[0]} looks like one, and its name {doubt}; "
            f"if it is the {role}, add --{role} {candidates[0]}"
        )
    return candidates[0]


def check_same_class(probability: str, label: str, path: Path) -> None:
    """Raise an InputError if the names of two columns name different GOES classes, as prob_M and label_C do."""
    of_probability, of_label = goes_class(probability), goes_class(label)
    if of_probability and of_label and of_probability != of_label:
        raise InputError(
            f"{path}: the column {probability} names the GOES class {of_probability}, and the column {label} the class "
            f"{of_label}; name columns of one class with --probability and --label, or rename them"
        )


def is_percent(name: str) -> bool:
    """Return whether the name of a column says that its numbers are percentages."""
    return "%" in name or bool(re.search(r"(^|_)(percent\w*|pct)(_|$)", _words(name)))


def goes_class(name: str) -> str | None:
    """Return the lowest GOES class in the name of a column; None if it has no class or several.

    Examples
    --------
    >>> [goes_class(name) for name in ("prob_M", "label C1.0+", "p_MX", "X-flare forecast", "time")]
    ['M1', 'C1', 'M1', 'X1', None]
    """
    classes = {
        f"{letters[0].upper()}{float((digits or '1').replace('_', '.')):g}" for letters, digits in _classes(name)
    }
    return classes.pop() if len(classes) == 1 else None


def _classes(name: str) -> list[tuple[str, str]]:
    return GOES_CLASS.findall(_words(name))


def says_the_contrary(name: str, role: str) -> bool:
    """Return whether the name of a column may say the contrary of a role, see :data:`CONTRARY`."""
    return bool(CONTRARY[role].search(_words(name)))


def _words(name: str) -> str:
    """Return a name in lower case, with _ between its words: noFlareProb becomes no_flare_prob."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _says(name: str, role: str) -> bool:
    words = _words(name)
    known = SHORT_WORDS[role] & set(words.split("_")) or any(word in words for word in COLUMN_WORDS[role])
    return bool(known) or says_the_contrary(name, role)


def _without_repeats(df: pd.DataFrame, named: list[str]) -> list[str]:
    """Return of columns with times the one called time, or the first if all have the same times."""
    if "time" in named:
        return ["time"]
    times = [foreign_cells.parse_times(df[column]) for column in named]
    return named[:1] if times and all(other.equals(times[0]) for other in times[1:]) else named


def _is_class(cells: pd.Series, role: str) -> bool:
    """Return whether a column that a probability is looked for in holds classes, 0 and 1, instead."""
    return role == "probability" and bool(tables.numbers(cells).dropna().isin([0, 1]).all())
