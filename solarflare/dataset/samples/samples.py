"""The labelled rows of a split, and what a training may learn from each of them."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.params import DiskLabel, Params, RegionLabel, Task, Train
from solarflare.dataset.samples import teacher
from solarflare.dataset.samples.region_maps import region_maps
from solarflare.sun.events.records import Records, read_records

RAW = Path("data/raw")

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Rows:
    """Labelled images.

    Attributes
    ----------
    positions : (N,) int64
        Where the images are.
    labels : (N,) int64
        0 or 1.
    opinions : (N,) float64 or None
        How likely a teacher takes label 1 to be, from 0 to 1, where there is one.
    maps : (N, side, side) int8 or None
        Of `region_maps.region_maps`, for a network that learns them.
    """

    positions: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    opinions: npt.NDArray[np.float64] | None = None
    maps: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Lessons:
    """What a network learns from beside images and labels; nothing of it is at hand when it answers.

    Attributes
    ----------
    records : Records or None
        For a teacher, if there is one.
    maps : (rows, side, side) int8 or None
        Of `region_maps.region_maps`, for each of the rows of `samples`, if the network learns them.
    """

    records: Records | None = None
    maps: npt.NDArray[np.int8] | None = None


NONE = Lessons()


def lessons(chosen: Params, task: Task, rows: pd.DataFrame, side: int) -> Lessons:
    """Read what the task's network is to learn from beside images and labels.

    Parameters
    ----------
    chosen : Params
        Whether there is a teacher, and what is asked.
    task : str
        ``"disk"`` or ``"region"``.
    rows : DataFrame
        Of `samples`.
    side : int
        Cells along each side of the network's map; 0 if it has none.

    Raises
    ------
    InputError
        If a table is missing or broken, or there are no regions to be shown.
    """
    has_teacher = chosen.train(task).teacher > 0
    if not has_teacher and not side:
        return NONE
    if side and not chosen.crop.mask:
        raise InputError(
            "params.yaml: crop.mask is false, and compact_map learns places on disks that are centred; set it to true, "
            "or train_disk.network to compact"
        )
    records = read_records(RAW)
    maps = region_maps(rows, records, chosen.label.disk, chosen.instrument.disk, side) if side else None
    return Lessons(records if has_teacher else None, maps)


def read_samples(task: Task, index: pd.DataFrame) -> pd.DataFrame:
    """Return `samples` of a task's label table and split, for the index of its crops."""
    labels = tables.read(Path(f"data/labels/{task}.csv"), tables.LABELS[task])
    return samples(labels, tables.read(Path(f"data/splits/{task}.csv"), tables.SPLITS), index)


def samples(labels: pd.DataFrame, splits: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Put together what is known of each row of a split.

    Parameters
    ----------
    labels : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`.
    splits : DataFrame
        Of `tables.SPLITS`.
    index : DataFrame
        Of `tables.CROPS`, in the order of the crops.

    Returns
    -------
    DataFrame
        The rows that the split gives a part and in whose image the disk was found, in the split's order: its columns,
        those of the labels, and ``position``, the place in `index`. Where a nominal disk had to serve, nobody knows
        what the crop shows.

    Raises
    ------
    InputError
        If a row has no label or no crop, or no image shows a disk.
    """
    key = [name for name in ("path", "noaa_ar") if name in labels]
    rows = splits.loc[splits["part"] != "", [*key, "fold", "block", "part"]]
    rows = rows.merge(labels, on=key, how="left")
    rows = rows.merge(index[[*key, "fitted"]].assign(position=np.arange(len(index))), on=key, how="left")
    if (missing := rows["label"].isna() | rows["position"].isna()).any():
        first = " ".join(str(rows[name].iloc[missing.argmax()]) for name in key)
        raise InputError(f"{first} is in the split but has no label or no crop; make them again with `dvc repro`")
    found = rows["fitted"] == "yes"
    if not found.any():
        raise InputError(
            f"data/crops: no disk was found in any of the {len(rows)} rows' images; check that they show the whole Sun "
            "and that instrument in params.yaml names what took them"
        )
    if not found.all():
        log.info("%6d rows left out: no disk found in the image", (~found).sum())
    rows = rows[found].drop(columns="fitted").reset_index(drop=True)
    return rows.astype({"label": np.int64, "position": np.int64})


def in_part(rows: pd.DataFrame, fold: int, name: str) -> pd.DataFrame:
    """Return those of the rows of `samples` that are in one part of a fold."""
    return rows[(rows["fold"] == fold) & (rows["part"] == name)]


def with_validation(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `samples` with validation made part of training, for what is fitted once more at the end."""
    return rows.assign(part=rows["part"].replace("validation", "train"))


def part(rows: pd.DataFrame, fold: int, name: str, beside: Lessons = NONE) -> Rows:
    """Return the rows of one part of a fold.

    Parameters
    ----------
    rows : DataFrame
        Of `samples`.
    fold : int
        Which fold.
    name : str
        ``train``, ``validation`` or ``test``.
    beside : Lessons, optional
        Of which the maps of these rows are taken along.

    Raises
    ------
    InputError
        If a class is missing.
    """
    chosen = in_part(rows, fold, name)
    labels = chosen["label"].to_numpy()
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"data/splits: the {name} part of fold {fold} has {len(labels)} rows, {labels.sum()} of them positive, and "
            "both classes are needed; change split or label in params.yaml, or get more images"
        )
    maps = None if beside.maps is None else beside.maps[chosen.index]
    return Rows(chosen["position"].to_numpy(), labels, maps=maps)


def taught(rows: pd.DataFrame, fold: int, settings: Train, question: DiskLabel | RegionLabel, beside: Lessons) -> Rows:
    """Return the training part of a fold, with all that there is to be learned from.

    Parameters
    ----------
    rows, fold
        As of `part`.
    settings : params.Train
        ``class_weight``: whether the teacher balances the classes.
    question : DiskLabel or RegionLabel
        What is asked.
    beside : Lessons
        Where there are records, a teacher reads them.

    Raises
    ------
    InputError
        As `part` and `teacher.opinions` do.
    """
    learned = part(rows, fold, "train", beside)
    if beside.records is None:
        return learned
    balanced = settings.class_weight == "balanced"
    opinions = teacher.opinions(in_part(rows, fold, "train"), beside.records, question, balanced)
    return replace(learned, opinions=opinions)
