"""Training, validation and test, with nothing shared between them.

A part is a set of times. In a chronological split there are three, one after the other; in blocked folds time is cut
into blocks (27 days, a solar rotation, counted from a fixed day), and each part is a set of blocks. All regions of an
image have its time, and so its part. What else could tie two parts together is left out, with the reason:

* rows in a gap between parts: the same Sun looks alike for days;
* a region's rows in another part than its home, the first part in which any image shows it: no region is on two sides;
* rows whose partner (``pair_id``) is in another part or left out: what was matched stays matched.

The ``block`` of a row, the unit of bootstraps, is that of its region's first day, so that no region is in two blocks
either; its rows in the next block of the same part stay.

`random` is the original's way: rows are dealt without a look at time, region or partner, so that its scores are not
to be trusted.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.splits.schema import Chronological, Fractions, Split

EPOCH = pd.Timestamp("2010-01-01")
"""Where block 0 begins: fixed, so that a block's number does not depend on the data."""

GAP = "in the gap between parts"
OTHER_HOME = "its region was first seen in another part"
NO_PARTNER = "its partner is in another part or left out"

Mask = npt.NDArray[np.bool_]
Parts = npt.NDArray[np.object_]


def split(labels: pd.DataFrame, settings: Split, task: Task) -> pd.DataFrame:
    """Divide the labelled rows.

    Parameters
    ----------
    labels : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`; rows without a label take no part.
    settings : Split
        How to divide them.
    task : str
        Whose fractions count: ``"disk"`` or ``"region"``.

    Returns
    -------
    DataFrame
        Of `tables.SPLITS`, in the order of fold and `labels`. Chronological and random splits have fold 0 alone; of
        blocked folds each row is in the test of exactly one, or left out of it.

    Raises
    ------
    InputError
        If no row has a label, or all have the same, or a part lacks rows or a class.
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
    """Count the rows of a label table and of its split, so that a review can say what came in and went out, and why.

    Parameters
    ----------
    labels : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`.
    table : DataFrame
        What `split` made of it.

    Returns
    -------
    dict of dict of int
        ``labelled``, by label; ``unlabelled``, by reason; ``parts``, rows of all folds by part; ``left_out``, rows of
        all folds by reason.
    """
    columns = {
        "labelled": labels["label"].dropna().astype(str),
        "unlabelled": labels.loc[labels["label"].isna(), "reason"],
        "parts": table.loc[table["part"] != "", "part"],
        "left_out": table.loc[table["part"] == "", "reason"],
    }
    return {name: {str(value): int(n) for value, n in of.value_counts().items()} for name, of in columns.items()}


def blocks(times: pd.Series, block_days: float) -> npt.NDArray[np.int64]:
    """Return the number of the block that each time lies in, counted from `EPOCH`."""
    return np.asarray((times - EPOCH) // pd.Timedelta(days=block_days), dtype=np.int64)


def _folds(labels: pd.DataFrame, labelled: Mask, settings: Split, task: Task) -> list[Parts]:
    """Return, for each fold, the part that each row would have if its time were all that matters."""
    match settings.method:
        case "chronological":
            chosen = settings.chronological
            fractions = chosen.of(task)
            return [_chronological(labels["time"], labelled, chosen, fractions, task)]
        case "blocked_kfold":
            return _blocked_folds(labels["time"], labelled, settings)
        case "random":
            return [_random(labelled, settings)]


def _chronological(times: pd.Series, labelled: Mask, chosen: Chronological, fractions: Fractions, task: Task) -> Parts:
    known = times[labelled].sort_values(ignore_index=True)
    if chosen.test_start is None:
        test = known[int(len(known) * (1 - fractions.test))].normalize()
    else:
        test = pd.Timestamp(chosen.test_start)
    gap = pd.Timedelta(days=chosen.gap_days)
    earlier = known[known < test - gap]
    if earlier.empty:
        raise InputError(
            f"the split of {task}: no labelled row lies more than {chosen.gap_days:g} days before the test, which "
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
    chosen = settings.blocked_kfold
    block = blocks(times, settings.block_days)
    numbers = np.random.default_rng(settings.seed).permutation(np.unique(block[labelled]))
    fold_of = np.arange(len(numbers)) % chosen.folds
    folds = []
    for fold in range(chosen.folds):
        test, rest = numbers[fold_of == fold], numbers[fold_of != fold]
        validation = rest[: max(1, round(len(rest) * chosen.validation))]
        part = np.select(
            [
                ~np.isin(block, numbers),
                np.isin(block, test),
                _days_from(test, times, settings.block_days) < chosen.gap_days,
                np.isin(block, validation),
                _days_from(validation, times, settings.block_days) < chosen.gap_days,
            ],
            ["", "test", "", "validation", ""],
            default="train",
        )
        folds.append(part.astype(object))
    return folds


def _days_from(numbers: npt.NDArray[np.int64], times: pd.Series, block_days: float) -> npt.NDArray[np.float64]:
    """Return how many days each time lies from the nearest of some blocks."""
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
    """Return why each row is left out of its part, blank if it stays."""
    reason = np.where(part == "", GAP, "").astype(object)
    reason[(reason == "") & (part != _home(labels, part))] = OTHER_HOME
    kept = (reason == "") & labelled
    paired = labels.assign(part=part)[kept & (labels["pair_id"] != "")]
    here = paired.groupby(["pair_id", "part"])["path"].transform("nunique")
    all_images = paired["pair_id"].map(labels.groupby("pair_id")["path"].nunique())
    reason[np.flatnonzero(labels.index.isin(paired.index[here < all_images]))] = NO_PARTNER
    return reason


def _home(labels: pd.DataFrame, part: Parts) -> Parts:
    """Return the part in which each row's region is first seen."""
    if "noaa_ar" not in labels:
        return part
    placed = labels.assign(part=part)[part != ""].sort_values("time")
    return labels["noaa_ar"].map(placed.groupby("noaa_ar")["part"].first()).to_numpy(object)


def _require_labels(labels: pd.DataFrame, task: Task) -> None:
    """Refuse labels that are all unknown or all the same."""
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
    """Refuse a part that is empty or holds one class alone."""
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
