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
        The position of each image among the crops, and its label, 0 or 1.
    soft_labels : (N,) float64 or None
        A teacher's probability of label 1, from 0 to 1, if there is a teacher.
    maps : (N, side, side) int8 or None
        The maps that `region_maps.region_maps` draws, if the network learns them.
    """

    positions: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    soft_labels: npt.NDArray[np.float64] | None = None
    maps: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True)
class PrivilegedInformation:
    """What a network learns from besides images and labels. It does not get this when it answers.

    The term is from Vapnik & Vashist 2009, doi:10.1016/j.neunet.2009.06.042.

    Attributes
    ----------
    records : Records or None
        Flares and region reports, if there is a teacher.
    maps : (rows, side, side) int8 or None
        The map of each row that `samples` returns (`region_maps.region_maps`), if the network learns maps.
    """

    records: Records | None = None
    maps: npt.NDArray[np.int8] | None = None


NOTHING = PrivilegedInformation()


def read_samples(task: Task, index: pd.DataFrame) -> pd.DataFrame:
    """Read the label table and the split of a task, and return their `samples`. `index` is the index of the crops."""
    labels = tables.read(task.labels, tables.LABELS[task])
    return samples(labels, tables.read(task.splits, tables.SPLITS), index)


def samples(labels: pd.DataFrame, splits: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a part in the split and an image in which the disk was found, in the split's order.

    The columns are those of the split and of the labels, and ``position``: the crop's place in `index`, a table with
    the columns of `tables.CROPS`. An image without a found disk was cut around a nominal disk, and nobody knows what
    its crop shows. If a row has no label or no crop, or if no image shows a disk, this raises InputError.
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


def every_crop(task: Task, index: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each crop of a task, labelled or not, in whose image the disk was found.

    The columns are those of the labels, and ``position``, as `samples` returns them.
    """
    labels = tables.read(task.labels, tables.LABELS[task])
    key = [name for name in ("path", "noaa_ar") if name in labels]
    crops = index[[*key, "fitted"]].assign(position=np.arange(len(index)))
    crops = labels.merge(crops[crops["fitted"] == "yes"], on=key)
    return crops.drop(columns="fitted")


def in_part(rows: pd.DataFrame, fold: int, name: str) -> pd.DataFrame:
    """Return the rows of one part of a fold, as a table. `rows` is a table that `samples` returned."""
    return rows[(rows["fold"] == fold) & (rows["part"] == name)]


def with_validation(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with validation made part of training. A model that is fitted again at the end learns from both.

    `rows` is a table that `samples` returned.
    """
    return rows.assign(part=rows["part"].replace("validation", "train"))


def part(rows: pd.DataFrame, fold: int, name: str, privileged: PrivilegedInformation = NOTHING) -> Rows:
    """Return the rows of one part of a fold.

    Parameters
    ----------
    rows : DataFrame
        A table that `samples` returned.
    fold, name
        The number of the fold, and the part: ``train``, ``validation`` or ``test``.
    privileged : PrivilegedInformation, optional
        If it has maps, the result has the maps of its rows.

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
        The same as for `part`.
    question, privileged
        The task's question, and the privileged information. If it has records, a teacher makes soft labels from them.
    balanced : bool
        True if the teacher gives both classes the same weight.

    Raises
    ------
    InputError
        If a class is missing, or there are records but a teacher can learn nothing from them.
    """
    training = part(rows, fold, "train", privileged)
    if privileged.records is None:
        return training
    soft_labels = teacher.soft_labels(in_part(rows, fold, "train"), privileged.records, question, balanced)
    return replace(training, soft_labels=soft_labels)
