"""Trains and calibrates the networks of a task, one network per fold of the split."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, params
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory
from solarflare.core.paths import RAW
from solarflare.core.tasks import Task
from solarflare.dataset.samples.region_maps import region_maps
from solarflare.dataset.samples.samples import (
    NOTHING,
    PrivilegedInformation,
    part,
    read_samples,
    training_rows,
    with_validation,
)
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import calibration
from solarflare.networks.architectures import map_side
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.description import RANGES, ModelDescription, fold_folders
from solarflare.networks.input_range import Ranges
from solarflare.networks.saved_model import AT_ONCE, save
from solarflare.networks.schema import Train, TrainingParams
from solarflare.networks.training import configure, fit, predict
from solarflare.sun.events.records import read_records
from solarflare.sun.images.instruments import MAGNETOGRAPHS

log = logging.getLogger("solarflare")


def train(task: Task) -> None:
    """Train and calibrate one network per fold, and write it to ``models/<task>/``.

    If there are several folds, each network is in a folder ``models/<task>/fold-<k>/``. The function reads
    ``params.yaml`` and the crops, labels and split of the task. If one of these is absent, the model is marked absent.

    With ``refit`` two networks are trained. The first learns from the training rows, and the calibration is fitted on
    its scores. The second learns from the validation rows too, and only it is saved. Scikit-learn's
    ``CalibratedClassifierCV(ensemble=False)`` does the same.

    Raises
    ------
    InputError
        If an input is missing or broken, or a part of the split lacks a class.
    """
    chosen = params.load(TrainingParams)
    if reason := next(filter(None, map(absent.reason, (task.crops, task.labels, task.splits))), None):
        absent.mark(task.model, reason)
        log.info("%s is absent: %s", task.model, reason)
        return
    images = Crops(task.crops)
    rows = read_samples(task, images.index)
    settings, question = chosen.train(task), chosen.label.of(task)
    privileged = privileged_information(task, chosen, settings, images, rows)
    balanced = settings.class_weight == "balanced"
    refitted = with_validation(rows) if settings.refit else rows
    folds = {
        fold: (
            training_rows(rows, fold, question, privileged, balanced),
            part(rows, fold, "validation", privileged),
            training_rows(refitted, fold, question, privileged, balanced),
        )
        for fold in rows["fold"].unique()
    }
    about = description_of(task, chosen, images)
    polarity = about.instrument in MAGNETOGRAPHS
    configure(chosen.compute.threads)
    with atomic_directory(task.model) as partial:
        for fold, folder in fold_folders(partial, folds).items():
            training, validation, both = folds[fold]
            counts = len(training.labels), len(validation.labels)
            log.info("%s, fold %d: %d images to train on, %d to validate on", task, fold, *counts)
            model, history = fit(images, training, validation, settings, polarity)
            scores = predict(model, images, validation.positions)
            fitted = calibration.fit_calibration(scores, validation.labels, chosen.calibration.method)
            if settings.refit:
                log.info("%s, fold %d: calibrated; now %d images to train on", task, fold, len(both.labels))
                model, _ = fit(images, both, None, settings, polarity)
            save(folder, model, history, fitted, about)
            write_ranges(images, np.concatenate([training.positions, validation.positions]), folder)


def write_ranges(images: Images, positions: npt.NDArray[np.int64], folder: Path) -> None:
    """Write the input ranges of the images at some positions, (N,), into a model's folder."""
    by_time = np.unique(positions)
    batches = (images.take(by_time[start : start + AT_ONCE]) for start in range(0, len(by_time), AT_ONCE))
    Ranges.of(batches).write(folder / RANGES)


def description_of(task: Task, chosen: TrainingParams, images: Images) -> ModelDescription:
    """Return what `params.yaml` says of a task's model."""
    settings = chosen.train(task)
    return ModelDescription(
        settings.network,
        image_shape(images),
        task,
        chosen.instrument.of(task),
        chosen.scrape.origin,
        chosen.label.of(task).model_dump(mode="json"),
        chosen.crop.model_dump(include={"mask", "saturation", task.value}),
        settings.ensemble,
        settings.flips,
    )


def privileged_information(
    task: Task, chosen: TrainingParams, settings: Train, images: Images, rows: pd.DataFrame
) -> PrivilegedInformation:
    """Read what a task's network learns from besides images and labels.

    Parameters
    ----------
    task, chosen
        The task, and the parameters: the task's question, its instrument, and whether disks are centred.
    settings : Train
        They say whether there is a teacher, and which network is trained. A network with a map learns where the regions
        are.
    images, rows
        All crops, by position, and the rows that `samples` returns.

    Raises
    ------
    InputError
        If a table is missing or broken, or there are no regions for the maps.
    """
    side = map_side(settings.network, image_shape(images))
    if not settings.teacher and not side:
        return NOTHING
    if side and not chosen.crop.mask:
        raise InputError(
            "params.yaml: crop.mask is false, and compact_map learns places on disks that are centred; set it to true, "
            "or train_disk.network to compact"
        )
    records = read_records(RAW)
    maps = region_maps(rows, records, chosen.label.disk, chosen.instrument.of(task), side) if side else None
    return PrivilegedInformation(records if settings.teacher else None, maps)
