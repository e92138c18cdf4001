"""Trains and calibrates the networks of a task, one network a fold of its split."""

import logging

import numpy as np

from solarflare.core import absent, params
from solarflare.core.files import atomic_directory
from solarflare.core.tasks import Task
from solarflare.dataset.samples.samples import (
    part,
    privileged_information,
    read_samples,
    training_rows,
    with_validation,
)
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import calibration
from solarflare.networks.architectures import map_side
from solarflare.networks.batches import image_shape
from solarflare.networks.input_range import Ranges
from solarflare.networks.saved_model import AT_ONCE, RANGES, About, fold_folders, save
from solarflare.networks.schema import TrainingParams
from solarflare.networks.training import configure, fit, predict
from solarflare.sun.images.instruments import MAGNETOGRAPHS

log = logging.getLogger("solarflare")


def train(task: Task) -> None:
    """Train and calibrate one network a fold: ``models/<task>/``, or ``models/<task>/fold-<k>/`` for several.

    Reads ``params.yaml``, and the crops, labels and split of the task. Where one of these is absent, so is the model.
    With ``refit`` the calibration is that of a network trained on the training rows, and the network that answers has
    learned from the validation rows too, as scikit-learn's ``CalibratedClassifierCV(ensemble=False)`` does it.

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
    settings, instrument = chosen.train(task), chosen.instrument.of(task)
    question = chosen.label.of(task)
    privileged = privileged_information(
        rows,
        chosen.label,
        instrument,
        masked=chosen.crop.mask,
        has_teacher=settings.teacher > 0,
        map_side=map_side(settings.network, image_shape(images)),
    )
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
    about = About(
        settings.network,
        image_shape(images),
        task,
        instrument,
        chosen.scrape.origin,
        question.model_dump(mode="json"),
        chosen.crop.model_dump(include={"mask", task.value}),
        settings.ensemble,
        settings.flips,
    )
    polarity = instrument in MAGNETOGRAPHS
    configure(chosen.compute.threads)
    with atomic_directory(task.model) as partial:
        for fold, folder in fold_folders(partial, folds).items():
            training, validation, both = folds[fold]
            counts = len(training.labels), len(validation.labels)
            log.info("%s, fold %d: %d images to train on, %d to validate on", task, fold, *counts)
            model, history = fit(images, training, validation, settings, polarity)
            scores = predict(model, images, validation.positions)
            fitted = calibration.fit(scores, validation.labels, chosen.calibration.method)
            if settings.refit:
                log.info("%s, fold %d: calibrated; now %d images to train on", task, fold, len(both.labels))
                model, _ = fit(images, both, None, settings, polarity)
            save(folder, model, history, fitted, about)
            positions = np.concatenate([training.positions, validation.positions])
            batches = (images.take(positions[start : start + AT_ONCE]) for start in range(0, len(positions), AT_ONCE))
            Ranges.of(batches).write(folder / RANGES)
