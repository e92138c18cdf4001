"""Divides the labelled rows into training, validation and test parts that share nothing.

A part is a set of times. A chronological split has three consecutive parts. For blocked folds, time is divided into
blocks (27 days, one solar rotation, counted from a fixed day), and each part is a set of blocks. All regions of an
image are in the same part. Rows that would connect two parts are left out, and the reason is kept:

* A row lies in a gap between parts: the Sun changes little in a few days.
* The row's region was first seen in another part: no region is in two parts.
* The row's partner (``pair_id``) is in another part or left out: pairs stay complete.

The ``block`` of a row is the unit of the bootstrap. All rows of a region get the block of the region's first day, so
that no region is in two blocks. Its rows in the next block of the same part are kept.
`random` is the method of the original study. It ignores time, region and partner, so its scores cannot be trusted.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.splits.schema import Chronological, Split

EPOCH = pd.Timestamp("2010-01-01")
"""Start of block 0: fixed, so that block numbers do not depend on the data."""

GAP = "in the gap between parts"
OTHER_PART = "its region was first seen in another part"
NO_PARTNER = "its partner is in another part or left out"

Mask = npt.NDArray[np.bool_]
Parts = npt.NDArray[np.object_]


def split(labels: pd.DataFrame, settings: Split, task: Task) -> pd.DataFrame:
    """Divide the labelled rows.

    Parameters
    ----------
    labels : DataFrame
        A table with the columns of `tables.DISK_LABELS` or `tables.REGION_LABELS`. Rows without a label are ignored.
    settings : Split
        The method and its parameters.
    task : Task
        The task whose fractions are used.

    Returns
    -------
    DataFrame
        A table with the columns of `tables.SPLITS`, sorted by fold, then in the order of `labels`. Chronological and
        random splits have only fold 0. In blocked folds, each row is in the test part of exactly one fold, or left out.

    Raises
    ------
    InputError
        If no row has a label, if all labels are the same, or if a part lacks rows or a class.
    """
    _require_labels(labels, task)
    labelled = labels["label"].notna().to_numpy()
    df = pd.DataFrame({"path": labels["path"], "noaa_ar": labels.get("noaa_ar", pd.NA)})
    first_day = labels.groupby("noaa_ar")["time"].transform("min") if "noaa_ar" in labels else labels["time"]
    df["block"] = blocks(first_day, settings.block_days)
    folds = []
    for fold, part in enumerate(_folds(labels, labelled, settings, task)):
        reason = _left_out(labels, labelled, part) if settings.method != "random" else ""
        rows = df.assign(fold=fold, part=np.where(reason == "", part, ""), reason=reason)[labelled]
        _require_parts(rows["part"], labels.loc[labelled, "label"], task)
        folds.append(rows)
    return tables.check(pd.concat(folds)[list(tables.SPLITS.columns)], tables.SPLITS, f"the split of {task}")


def counts(labels: pd.DataFrame, table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the rows of a label table and of its split, by label, part and reason.

    Parameters
    ----------
    labels : DataFrame
        A table with the columns of `tables.DISK_LABELS` or `tables.REGION_LABELS`.
    table : DataFrame
        The result of `split`.

    Returns
    -------
    dict of dict of int
        ``labelled``: rows by label. ``unlabelled``: rows by reason. ``parts``: rows of all folds by part. ``left_out``:
        rows of all folds by reason.
    """
    columns = {
        "labelled": labels["label"].dropna().astype(str),
        "unlabelled": labels.loc[labels["label"].isna(), "reason"],
        "parts": table.loc[table["part"] != "", "part"],
        "left_out": table.loc[table["part"] == "", "reason"],
    }
    return {
        name: {str(value): int(count) for value, count in column.value_counts().items()}
        for name, column in columns.items()
    }


def blocks(times: pd.Series, block_days: float) -> npt.NDArray[np.int64]:
    """Return the number of the block that each time lies in, counted from `EPOCH`.

    Examples
    --------
    >>> blocks(pd.to_datetime(pd.Series(["2010-01-01", "2010-01-27", "2010-01-28"])), 27.0).tolist()
    [0, 0, 1]
    """
    return np.asarray((times - EPOCH) // pd.Timedelta(days=block_days), dtype=np.int64)


def _folds(labels: pd.DataFrame, labelled: Mask, settings: Split, task: Task) -> list[Parts]:
    """Return the part of each row in each fold, from its time alone."""
    match settings.method:
        case "chronological":
            return [_chronological(labels["time"], labelled, settings.chronological, task)]
        case "blocked_kfold":
            return _blocked_folds(labels["time"], labelled, settings)
        case "random":
            return [_random(labelled, settings)]


def _chronological(times: pd.Series, labelled: Mask, settings: Chronological, task: Task) -> Parts:
    fractions = settings.of(task)
    sorted_times = times[labelled].sort_values(ignore_index=True)
    if settings.test_start is None:
        test = sorted_times[int(len(sorted_times) * (1 - fractions.test))].normalize()
    else:
        test = pd.Timestamp(settings.test_start)
    gap = pd.Timedelta(days=settings.gap_days)
    earlier = sorted_times[sorted_times < test - gap]
    if earlier.empty:
        raise InputError(
            f"the split of {task}: no labelled row lies more than {settings.gap_days:g} days before the test, which "
            f"starts on {test:%Y-%m-%d}; set a later split.chronological.test_start, or a smaller test or gap_days"
        )
    share = fractions.validation / (1 - fractions.test)
    validation = earlier[int(len(earlier) * (1 - share))].normalize()
    return np.select(
        [times >= test, (times >= validation) & (times < test - gap), times < validation - gap],
        ["test", "validation", "train"],
        default="",
    ).astype(object)


def _blocked_folds(times: pd.Series, labelled: Mask, settings: Split) -> list[Parts]:
    kfold = settings.blocked_kfold
    block = blocks(times, settings.block_days)
    numbers = np.random.default_rng(settings.seed).permutation(np.unique(block[labelled]))
    fold_of = np.arange(len(numbers)) % kfold.folds
    folds = []
    for fold in range(kfold.folds):
        test, rest = numbers[fold_of == fold], numbers[fold_of != fold]
        validation = rest[: max(1, round(len(rest) * kfold.validation))]
        part = np.select(
            [
                ~np.isin(block, numbers),
                np.isin(block, test),
                _days_from(test, times, settings.block_days) < kfold.gap_days,
                np.isin(block, validation),
                _days_from(validation, times, settings.block_days) < kfold.gap_days,
            ],
            ["", "test", "", "validation", ""],
            default="train",
        )
        folds.append(part.astype(object))
    return folds


def _days_from(numbers: npt.NDArray[np.int64], times: pd.Series, block_days: float) -> npt.NDArray[np.float64]:
    """Return the days from each time to the nearest of the numbered blocks. They are negative inside of a block."""
    days = ((times - EPOCH) / pd.Timedelta(days=1)).to_numpy()
    starts = np.sort(numbers) * block_days
    after = np.searchsorted(starts, days, side="right")
    since_end = days - np.append(-np.inf, starts + block_days)[after]
    until_start = np.append(starts, np.inf)[after] - days
    return np.asarray(np.minimum(since_end, until_start))


def _random(labelled: Mask, settings: Split) -> Parts:
    rows = np.random.default_rng(settings.seed).permutation(np.flatnonzero(labelled))
    test, validation = (round(len(rows) * share) for share in (settings.random.test, settings.random.validation))
    part = np.full(len(labelled), "train", dtype=object)
    part[rows[:test]] = "test"
    part[rows[test : test + validation]] = "validation"
    return part


def _left_out(labels: pd.DataFrame, labelled: Mask, part: Parts) -> Parts:
    """Return why each row is left out of its part. The reason is blank if the row is kept."""
    reason = np.where(part == "", GAP, "").astype(object)
    reason[(reason == "") & (part != _first_part(labels, part))] = OTHER_PART
    kept = (reason == "") & labelled
    paired = labels.assign(part=part)[kept & (labels["pair_id"] != "")]
    in_part = paired.groupby(["pair_id", "part"])["path"].transform("nunique")
    in_pair = paired["pair_id"].map(labels.groupby("pair_id")["path"].nunique())
    reason[np.flatnonzero(labels.index.isin(paired.index[in_part < in_pair]))] = NO_PARTNER
    return reason


def _first_part(labels: pd.DataFrame, part: Parts) -> Parts:
    """Return the part in which an image first shows each row's region."""
    if "noaa_ar" not in labels:
        return part
    in_parts = labels.assign(part=part)[part != ""].sort_values("time")
    return labels["noaa_ar"].map(in_parts.groupby("noaa_ar")["part"].first()).to_numpy(object)


def _require_labels(labels: pd.DataFrame, task: Task) -> None:
    """Raise an InputError if all labels are unknown or equal."""
    known = labels["label"].dropna()
    remedy = f"change the question under label.{task} in params.yaml, or get data that answer it"
    if labels.empty:
        raise InputError(f"the labels of {task} have no rows; {remedy}")
    if known.empty:
        reason = labels["reason"].value_counts().index[0]
        raise InputError(
            f"the labels of {task}: all {len(labels)} rows are unknown, most because of: {reason}; {remedy}"
        )
    _require_both_classes(known, f"the labels of {task}", remedy)


def _require_parts(part: pd.Series, label: pd.Series, task: Task) -> None:
    """Raise an InputError if a part is empty or has only one class."""
    for name in ("train", "validation", "test"):
        remedy = "change the method, the fractions, test_start or gap_days under split in params.yaml, or get more data"
        of_part = label[part == name]
        if of_part.empty:
            raise InputError(f"the split of {task}: {name} has no rows; {remedy}")
        _require_both_classes(of_part, f"the split of {task}, {name}", remedy)


def _require_both_classes(label: pd.Series, what: str, remedy: str) -> None:
    for value in (1, 0):
        if not (label == value).any():
            raise InputError(f"{what}: none of {len(label)} rows is labelled {value}; {remedy}")
