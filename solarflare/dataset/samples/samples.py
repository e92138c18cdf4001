"""The labelled rows of a split, and what a training may learn from each of them."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.samples import teacher
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Rows:
    """Labelled images.

    Attributes
    ----------
    positions, labels : (N,) int64
        Where the images are, and 0 or 1.
    soft_labels : (N,) float64 or None
        A teacher's probability of label 1, from 0 to 1, if there is a teacher.
    maps : (N, side, side) int8 or None
        Of `region_maps.region_maps`, for a network that learns them.
    """

    positions: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    soft_labels: npt.NDArray[np.float64] | None = None
    maps: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True)
class PrivilegedInformation:
    """What a network learns from besides images and labels, and does not get when it answers.

    The term is that of Vapnik & Vashist 2009, doi:10.1016/j.neunet.2009.06.042.

    Attributes
    ----------
    records : Records or None
        Flares and region reports, if there is a teacher.
    maps : (rows, side, side) int8 or None
        Of `region_maps.region_maps`, for each of the rows of `samples`, if the network learns them.
    """

    records: Records | None = None
    maps: npt.NDArray[np.int8] | None = None


NOTHING = PrivilegedInformation()


def read_samples(task: Task, index: pd.DataFrame) -> pd.DataFrame:
    """Return `samples` of a task's label table and split, for the index of its crops."""
    labels = tables.read(task.labels, tables.LABELS[task])
    return samples(labels, tables.read(task.splits, tables.SPLITS), index)


def samples(labels: pd.DataFrame, splits: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that the split gives a part and in whose image the disk was found, in the split's order.

    Their columns are those of the split and of the labels, and ``position``, the place in `index` (of `tables.CROPS`).
    Where a nominal disk had to serve, nobody knows what the crop shows. If a row has no label or no crop, or no image
    shows a disk, this raises InputError.
    """
    key = [name for name in ("path", "noaa_ar") if name in labels]
    rows = splits.loc[splits["part"] != "", [*key, "fold", "block", "part"]].merge(labels, on=key, how="left")
    rows = rows.merge(index[[*key, "fitted"]].assign(position=np.arange(len(index))), on=key, how="left")
    if (missing := rows["label"].isna() | rows["position"].isna()).any():
        first = " ".join(str(rows[name].iloc[missing.argmax()]) for name in key)
        raise InputError(f"{first} is in the split but has no label or no crop; make them again with `dvc repro`")
    disk_found = rows["fitted"] == "yes"
    if not disk_found.any():
        raise InputError(
            f"data/crops: no disk was found in any of the {len(rows)} rows' images; check that they show the whole Sun "
            "and that instrument in params.yaml names what took them"
        )
    if not disk_found.all():
        log.info("%6d rows left out: no disk found in the image", (~disk_found).sum())
    rows = rows[disk_found].drop(columns="fitted").reset_index(drop=True)
    return rows.astype({"label": np.int64, "position": np.int64})


def in_part(rows: pd.DataFrame, fold: int, name: str) -> pd.DataFrame:
    """Return those of the rows of `samples` that are in one part of a fold."""
    return rows[(rows["fold"] == fold) & (rows["part"] == name)]


def with_validation(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `samples` with validation made part of training, for what is fitted once more at the end."""
    return rows.assign(part=rows["part"].replace("validation", "train"))


def part(rows: pd.DataFrame, fold: int, name: str, privileged: PrivilegedInformation = NOTHING) -> Rows:
    """Return the rows of one part of a fold.

    Parameters
    ----------
    rows : DataFrame
        Of `samples`.
    fold, name
        Which fold; ``train``, ``validation`` or ``test``.
    privileged : PrivilegedInformation, optional
        The maps of these rows are taken along.

    Raises
    ------
    InputError
        If a class is missing.
    """
    selected = in_part(rows, fold, name)
    labels = selected["label"].to_numpy()
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"data/splits: the {name} part of fold {fold} has {len(labels)} rows, {labels.sum()} of them positive, and "
            "both classes are needed; change split or label in params.yaml, or get more images"
        )
    maps = None if privileged.maps is None else privileged.maps[selected.index]
    return Rows(selected["position"].to_numpy(), labels, maps=maps)


def training_rows(
    rows: pd.DataFrame, fold: int, question: DiskLabel | RegionLabel, privileged: PrivilegedInformation, balanced: bool
) -> Rows:
    """Return the training part of a fold, with all that a network learns from.

    Parameters
    ----------
    rows, fold
        As of `part`.
    question, privileged
        The task's question, and what a teacher reads, if there are records.
    balanced : bool
        Whether the teacher gives both classes the same weight.

    Raises
    ------
    InputError
        As `part` and `teacher.soft_labels` do.
    """
    training = part(rows, fold, "train", privileged)
    if privileged.records is None:
        return training
    soft_labels = teacher.soft_labels(in_part(rows, fold, "train"), privileged.records, question, balanced)
    return replace(training, soft_labels=soft_labels)
