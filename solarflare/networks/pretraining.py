"""Trains the model that is shipped: on all rows of a split into folds, calibrated on the folds' own test rows."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import params
from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.dataset.samples.samples import in_part, read_samples
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import shipped
from solarflare.networks.calibration import fit_calibration
from solarflare.networks.description import CALIBRATION
from solarflare.networks.folds import description_of, write_ranges
from solarflare.networks.litert import LiteNetwork, export
from solarflare.networks.schema import TrainingParams
from solarflare.networks.trainer import Trainer, until_the_end


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
    trainer = Trainer.of(task, chosen, images)

    scores, labels, histories = [], [], []
    for fold in sorted(rows["fold"].unique()):
        log.info("%s: fold %d", task, fold)
        model, history = trainer.fit_fold(rows, fold, settings)
        test = in_part(rows, fold, "test")
        scores.append(trainer.scores(model, test))
        labels.append(test["label"].to_numpy())
        histories.append(history)
    fitted = fit_calibration(np.concatenate(scores), np.concatenate(labels), chosen.calibration.method)

    key = ["path", "noaa_ar"] if task == Task.REGION else ["path"]
    everything = rows.drop_duplicates(key, ignore_index=True).assign(fold=0, part="train")
    last = until_the_end(histories, settings)
    log.info("%s: %d images, %d epochs", task, len(everything), last.epochs)
    model, _ = trainer.fit(everything, 0, last)
    positions = everything["position"].to_numpy()

    folder.mkdir(parents=True)
    (folder / shipped.NETWORK).write_bytes(export(model))
    replace(about, crop=chosen.crop.model_dump()).write(folder)
    fitted.write(folder / CALIBRATION)
    write_ranges(images, positions, folder)
    converted = LiteNetwork(folder / shipped.NETWORK)(images.take(positions))
    difference = np.abs(converted - trainer.scores(model, everything))
    return Pretrained(
        rows=everything,
        epochs=last.epochs,
        calibration_rows=sum(map(len, labels)),
        parameters=model.count_params(),
        base_rate=chosen.calibration.base_rate.of(about.origin, task),
        difference=float(difference.max()),
    )
