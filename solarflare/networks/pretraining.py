"""Trains the model that is shipped: on all rows of a split into folds, calibrated on the folds' own test rows."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import params
from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.dataset.samples.samples import in_part, part, read_samples, training_rows, with_validation
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import shipped
from solarflare.networks.backend import keras
from solarflare.networks.calibration import fit_calibration
from solarflare.networks.description import CALIBRATION
from solarflare.networks.folds import description_of, privileged_information, write_ranges
from solarflare.networks.litert import LiteNetwork, export
from solarflare.networks.schema import Train, TrainingParams
from solarflare.networks.training import configure, fit, predict
from solarflare.sun.images.instruments import MAGNETOGRAPHS


@dataclass(frozen=True)
class Pretrained:
    """What the card says of a training.

    `rows` are the labelled rows that the model learned from. `difference` is the largest difference between the scores
    of LiteRT and of Keras on their images.
    """

    rows: pd.DataFrame
    epochs: int
    calibration_rows: int
    parameters: int
    base_rate: float | None
    difference: float


def pretrain(task: Task, folder: Path) -> Pretrained:
    """Train on all rows of a task, and write the model into a new folder.

    The working folder holds the parameters, crops, labels and split of a run with `blocked_kfold`. For each fold, a
    model is trained that scores the fold's test rows. The calibration and its threshold are fitted on these scores: no
    model has learned from the rows that it scores.

    Raises
    ------
    InputError
        If an input is missing or broken.
    """
    chosen = params.load(TrainingParams)
    images = Crops(task.crops)
    rows = read_samples(task, images.index)
    settings, about = chosen.train(task), description_of(task, chosen, images)
    configure(chosen.compute.threads)
    trainer = _Trainer(task, chosen, images, about.instrument in MAGNETOGRAPHS)

    scores, labels, epochs = [], [], []
    for fold in sorted(rows["fold"].unique()):
        log.info("%s: fold %d", task, fold)
        model, best = trainer.fit_fold(rows, fold, settings)
        test = in_part(rows, fold, "test")
        scores.append(predict(model, images, test["position"].to_numpy()))
        labels.append(test["label"].to_numpy())
        epochs.append(best)
    fitted = fit_calibration(np.concatenate(scores), np.concatenate(labels), chosen.calibration.method)

    key = ["path", "noaa_ar"] if task == Task.REGION else ["path"]
    everything = rows.drop_duplicates(key, ignore_index=True).assign(fold=0, part="train")
    # Nothing is left to stop it: it learns as long as the folds' models, on the median.
    last = settings.model_copy(update={"epochs": round(float(np.median(epochs))), "patience": None})
    log.info("%s: %d images, %d epochs", task, len(everything), last.epochs)
    model, _ = trainer.fit(everything, 0, last)
    positions = everything["position"].to_numpy()

    folder.mkdir(parents=True)
    (folder / shipped.NETWORK).write_bytes(export(model))
    replace(about, crop=chosen.crop.model_dump()).write(folder)
    fitted.write(folder / CALIBRATION)
    write_ranges(images, positions, folder)
    converted = LiteNetwork(folder / shipped.NETWORK)(images.take(positions))
    difference = np.abs(converted - predict(model, images, positions))
    return Pretrained(
        rows=everything,
        epochs=last.epochs,
        calibration_rows=sum(map(len, labels)),
        parameters=model.count_params(),
        base_rate=chosen.calibration.base_rate.of(about.origin, task),
        difference=float(difference.max()),
    )


@dataclass(frozen=True)
class _Trainer:
    """Trains models of a task. `polarity` is True if the images are magnetograms."""

    task: Task
    chosen: TrainingParams
    images: Crops
    polarity: bool

    def fit_fold(self, rows: pd.DataFrame, fold: int, settings: Train) -> tuple[keras.Model, int]:
        """Return a fold's model, as `folds.train` saves it, and the epoch whose weights it has."""
        return self.fit(with_validation(rows) if settings.refit else rows, fold, settings)

    def fit(self, rows: pd.DataFrame, fold: int, settings: Train) -> tuple[keras.Model, int]:
        """Train on the training part of a fold; return the model, and the epoch whose weights it has."""
        privileged = privileged_information(self.task, self.chosen, settings, self.images, rows)
        question, balanced = self.chosen.label.of(self.task), settings.class_weight == "balanced"
        training = training_rows(rows, fold, question, privileged, balanced)
        stopped = settings.patience is not None
        validation = part(rows, fold, "validation", privileged) if stopped else None
        model, history = fit(self.images, training, validation, settings, self.polarity)
        return model, int(history["epoch"][history["val_loss"].idxmin()]) if stopped else settings.epochs
