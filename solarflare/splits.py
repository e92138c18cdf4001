"""Training, validation and test, with nothing shared between them.

Time is cut into blocks (27 days, a solar rotation, counted from a fixed day), and a part is a set of times. What could
tie two parts together is left out, with the reason:

* rows in a gap between parts: the same Sun looks alike for days;
* a region's rows in another part than its home, the block of the day on which it was first seen: no region is on two
  sides. (Rows outside the home block but in the same part stay; they only count to the home block in a bootstrap.)
* a row whose partner (``pair_id``) is in another part or left out: a matched sample stays matched.

All regions of an image have its time, and so its part. `random` is the original's way: rows are dealt without looking
at time, region or partner, so that its scores are not to be trusted.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import tables
from solarflare.errors import InputError
from solarflare.params import Split, Task

EPOCH = pd.Timestamp("2010-01-01")
"""Where block 0 begins: fixed, so that a block's number does not depend on the data."""

GAP = "in the gap between parts"
OTHER_HOME = "its region was first seen in another part"
NO_PARTNER = "its partner is in another part or left out"

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
        blocked folds each row is in the test of exactly one, or left out of all.

    Raises
    ------
    InputError
        If no row has a label, a class is empty, or a part lacks rows or, for test, a class.
    """
    rows = labels[labels["label"].notna()].reset_index(drop=True)
    _require_both_classes(rows, f"the labels of {task}", f"change the question under label.{task} in params.yaml")
    noaa_ar = rows["noaa_ar"] if "noaa_ar" in rows else pd.Series(pd.NA, index=rows.index, dtype="Int64")
    first_seen = rows["time"]
    if "noaa_ar" in rows:
        first_seen = rows["noaa_ar"].map(labels.groupby("noaa_ar")["time"].min())
    pair_images = rows["pair_id"].map(labels.groupby("pair_id")["path"].nunique())
    home = blocks(first_seen, settings.block_days)
    folds = []
    for fold, (part, at_home) in enumerate(_parts(rows["time"], first_seen, settings, task)):
        df = pd.DataFrame({"path": rows["path"], "noaa_ar": noaa_ar, "fold": fold, "block": home, "part": part})
        df["reason"] = np.where(df["part"] == "", GAP, "")
        if settings.method != "random":
            _leave_out(df, (df["part"] != "") & (df["part"] != at_home), OTHER_HOME)
            _leave_out(df, _without_partner(df, rows["pair_id"], pair_images), NO_PARTNER)
        _require_rows(df, rows, task)
        folds.append(df)
    return tables.check(pd.concat(folds, ignore_index=True), tables.SPLITS, f"the split of {task}")


def blocks(times: pd.Series, block_days: float) -> npt.NDArray[np.int64]:
    """Return the number of the block that each time lies in, counted from `EPOCH`."""
    return np.asarray((times - EPOCH) // pd.Timedelta(days=block_days), dtype=np.int64)


def _parts(times: pd.Series, first_seen: pd.Series, settings: Split, task: Task) -> list[tuple[Parts, Parts]]:
    """Return, for each fold, the part of each row's time and the part in which its region was first seen."""
    match settings.method:
        case "chronological":
            return [_chronological(times, first_seen, settings, task)]
        case "blocked_kfold":
            return _blocked_folds(times, first_seen, settings)
        case "random":
            part = _random(len(times), settings)
            return [(part, part)]


def _chronological(times: pd.Series, first_seen: pd.Series, settings: Split, task: Task) -> tuple[Parts, Parts]:
    chosen = settings.chronological
    fractions = chosen.disk if task == "disk" else chosen.region
    ordered = times.sort_values(ignore_index=True)
    if chosen.test_start is None:
        test = ordered[int(len(ordered) * (1 - fractions.test))].normalize()
    else:
        test = pd.Timestamp(chosen.test_start)
    gap = pd.Timedelta(days=chosen.gap_days)
    earlier = ordered[ordered < test - gap]
    if earlier.empty:
        raise InputError(
            f"the split of {task}: no labelled row lies more than {chosen.gap_days:g} days before the test, which "
            f"starts on {test:%Y-%m-%d}; set a later split.chronological.test_start, or a smaller test or gap_days"
        )
    validation = earlier[int(len(earlier) * (1 - fractions.validation / (1 - fractions.test)))].normalize()

    def part(at: pd.Series) -> Parts:
        return np.select(
            [at >= test, (at >= validation) & (at < test - gap), at < validation - gap],
            ["test", "validation", "train"],
            default="",
        ).astype(object)

    # A region first seen in a gap has no part of its own, and is at home wherever it is next.
    own, at_home = part(times), part(first_seen)
    return own, np.where(at_home == "", own, at_home)


def _blocked_folds(times: pd.Series, first_seen: pd.Series, settings: Split) -> list[tuple[Parts, Parts]]:
    chosen = settings.blocked_kfold
    block, home = blocks(times, settings.block_days), blocks(first_seen, settings.block_days)
    generator = np.random.default_rng(settings.seed)
    numbers = generator.permutation(np.unique(np.append(block, home)))
    fold_of = {number: place % chosen.folds for place, number in enumerate(numbers)}
    result = []
    for fold in range(chosen.folds):
        rest = [number for number in numbers if fold_of[number] != fold]
        validation = set(rest[: max(1, round(len(rest) * chosen.validation))])
        part_of = {
            number: "test" if fold_of[number] == fold else "validation" if number in validation else "train"
            for number in numbers
        }
        part = np.array([part_of[number] for number in block], dtype=object)
        part[_in_gap(times, part_of, part, settings)] = ""
        result.append((part, np.array([part_of[number] for number in home], dtype=object)))
    return result


def _in_gap(times: pd.Series, part_of: dict[int, str], part: Parts, settings: Split) -> npt.NDArray[np.bool_]:
    """Tell which rows are too near to a block of a part that comes before theirs: test, then validation."""
    days = ((times - EPOCH) / pd.Timedelta(days=1)).to_numpy()
    before = {"test": [], "validation": ["test"], "train": ["test", "validation"]}
    near = np.zeros(len(times), dtype=bool)
    for name, others in before.items():
        starts = np.sort([number * settings.block_days for number, own in part_of.items() if own in others])
        if len(starts):
            after = np.searchsorted(starts, days)
            since_end = days - (starts[np.maximum(after - 1, 0)] + settings.block_days)
            until_start = starts[np.minimum(after, len(starts) - 1)] - days
            gap = settings.blocked_kfold.gap_days
            close = ((after > 0) & (since_end < gap)) | ((after < len(starts)) & (until_start < gap))
            near |= (part == name) & close
    return near


def _random(n: int, settings: Split) -> Parts:
    order = np.random.default_rng(settings.seed).permutation(n)
    part = np.full(n, "train", dtype=object)
    test = round(n * settings.random.test)
    part[order[:test]] = "test"
    part[order[test : test + round(n * settings.random.validation)]] = "validation"
    return part


def _leave_out(df: pd.DataFrame, rows: pd.Series, reason: str) -> None:
    df.loc[rows, ["part", "reason"]] = ["", reason]


def _without_partner(df: pd.DataFrame, pair_id: pd.Series, pair_images: pd.Series) -> pd.Series:
    """Tell which rows have a part in which not all images of their pair have a row."""
    paired = (df["part"] != "") & (pair_id != "")
    here = df["path"][paired].groupby([pair_id[paired], df["part"][paired]]).transform("nunique")
    return paired & (here.reindex(df.index) < pair_images)


def _require_both_classes(rows: pd.DataFrame, what: str, remedy: str) -> None:
    positives = int((rows["label"] == 1).sum())
    for name, count in (("1 (active)", positives), ("0 (quiet)", len(rows) - positives)):
        if count == 0:
            raise InputError(f"{what}: none of {len(rows)} rows is labelled {name}; {remedy}")


def _require_rows(df: pd.DataFrame, rows: pd.DataFrame, task: Task) -> None:
    for part in ("train", "validation", "test"):
        of_part = rows[(df["part"] == part).to_numpy()]
        remedy = "change the fractions, test_start or gap_days under split in params.yaml, or get more data"
        if of_part.empty:
            raise InputError(f"the split of {task}: {part} has no rows; {remedy}")
        _require_both_classes(of_part, f"the split of {task}, {part}", remedy)
