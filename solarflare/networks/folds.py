"""Trains and calibrates the networks of a task, one network per fold of the split."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.files import atomic_directory
from solarflare.core.tasks import Task
from solarflare.dataset.samples.samples import every_crop, in_part, part, read_samples, with_validation
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import calibration, fusion, hashes
from solarflare.networks.backend import keras
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.calibration import Calibration
from solarflare.networks.description import OUT_OF_FOLD, RANGES, ModelDescription, fold_folders
from solarflare.networks.input_range import Ranges
from solarflare.networks.saved_model import AT_ONCE, save
from solarflare.networks.schema import Train, TrainingParams
from solarflare.networks.trainer import Trainer
from solarflare.networks.trainings import trainings

DECIMALS = 6  # of an out-of-fold logit
FEW = 20
"""Validation rows of a class. With fewer, a threshold and a calibration are mostly chance."""

log = logging.getLogger("solarflare")


def train(task: Task) -> None:
    """Train and calibrate one network per fold, and write it to ``models/<task>/``.

    If there are several folds, each network is in a folder ``models/<task>/fold-<k>/``. The function reads
    ``params.yaml`` and the crops, labels and split of the task. If one of these is absent, the model is marked absent.

    With ``refit`` two networks are trained. The first learns from the training rows, and the calibration is fitted on
    its scores. The second learns from the validation rows too, and only it is saved. Scikit-learn's
    ``CalibratedClassifierCV(ensemble=False)`` does the same. With ``cross_fit`` the first network is replaced by one
    for each group of blocks (`Trainer.cross_fit`). Their scores of all training and validation rows fit the calibration
    and the fusion, and are saved as a table.

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
    settings, about = chosen.train(task), description_of(task, chosen, images)
    for fold in rows["fold"].unique():
        _check(rows, fold, task, settings)
    with atomic_directory(task.model) as partial, trainings(chosen.compute) as where:
        trainer = Trainer.of(task, chosen, images, where)

        def train_fold(fold: int, folder: Path) -> None:
            folder.mkdir(exist_ok=True)
            fit = _cross_fitted if settings.cross_fit else _held_out
            model, history, fitted = fit(trainer, rows, fold, folder)
            save(folder, model, history, fitted, about)
            learned = [in_part(rows, fold, name)["position"] for name in ("train", "validation")]
            write_ranges(images, np.concatenate(learned), folder)

        folders = fold_folders(partial, rows["fold"]).items()
        for _ in where.side_by_side(lambda item: train_fold(*item), folders):
            pass
        hashes.write(partial)


def _check(rows: pd.DataFrame, fold: int, task: Task, settings: Train) -> None:
    """Raise an InputError if a part lacks a class, and warn if it has few rows for what is fitted on it."""
    part(rows, fold, "train")
    labels = part(rows, fold, "validation").labels
    if not settings.cross_fit and (few := min(np.bincount(labels))) < FEW:
        log.warning(
            "warning: %s, fold %d: validation has only %d rows labelled %d, so that calibration and threshold are "
            "uncertain; set train_%s.cross_fit to fit them on all training years",
            *(task, fold, few, np.bincount(labels).argmin(), task),
        )


def _held_out(
    trainer: Trainer, rows: pd.DataFrame, fold: int, folder: Path
) -> tuple[keras.Model, pd.DataFrame, Calibration]:
    """Return a fold's network and history, and the calibration that is fitted on validation."""
    task, settings = trainer.task, trainer.chosen.train(trainer.task)
    validation = in_part(rows, fold, "validation")
    counts = len(in_part(rows, fold, "train")), len(validation)
    log.info("%s, fold %d: %d images to train on, %d to validate on", task, fold, *counts)
    model, history = trainer.fit(rows, fold, settings)
    scores = trainer.scores(model, validation)
    fitted = calibration.fit_calibration(scores, validation["label"], trainer.chosen.calibration.method)
    if settings.refit:
        both = with_validation(rows)
        log.info("%s, fold %d: calibrated; now %d images to train on", task, fold, len(in_part(both, fold, "train")))
        model, _ = trainer.fit(both, fold, settings)
    return model, history, fitted


def _cross_fitted(
    trainer: Trainer, rows: pd.DataFrame, fold: int, folder: Path
) -> tuple[keras.Model, pd.DataFrame, Calibration]:
    """Return a fold's network, history and calibration; write the out-of-fold logits and the fusion into the folder."""
    task, settings = trainer.task, trainer.chosen.train(trainer.task)
    model, history, scored = trainer.cross_fit(rows, every_crop(task, trainer.images.index), fold, settings)
    scored["logit"] = calibration.logits(scored["score"]).round(DECIMALS)
    table = scored.reindex(columns=list(tables.OUT_OF_FOLD.columns))
    tables.write(table.sort_values(["path", "noaa_ar"]), folder / OUT_OF_FOLD, tables.OUT_OF_FOLD)
    learned = rows[(rows["fold"] == fold) & (rows["part"] != "test")]
    learned = learned.merge(scored[["position", "group", "score", "logit"]], on="position")
    fusion.fit_and_write(learned, trainer.chosen.label.of(task), folder)
    method = trainer.chosen.calibration.method
    return model, history, calibration.fit_calibration(learned["score"], learned["label"], method)


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
