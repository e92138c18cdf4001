"""Crops in, weights and calibrated probabilities out.

Crops are read batch by batch from memory-mapped files while the network computes. What fits stays in the operating
system's own cache; the process itself holds a few batches, however many crops there are.
"""

import logging
import math
import sys
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, params
from solarflare.core.files import atomic_directory
from solarflare.core.tasks import Task
from solarflare.dataset.crops.crops import Crops
from solarflare.dataset.samples.region_maps import REGION, UNSAID
from solarflare.dataset.samples.samples import (
    Rows,
    part,
    privileged_information,
    read_samples,
    training_rows,
    with_validation,
)
from solarflare.networks import calibration
from solarflare.networks.architectures import MAP, NETWORKS, Shape, build, map_side
from solarflare.networks.backend import keras, tf
from solarflare.networks.input_range import Ranges
from solarflare.networks.saved_model import AT_ONCE, RANGES, About, fold_folders, save
from solarflare.networks.schema import Train, TrainingParams
from solarflare.sun.images.instruments import MAGNETOGRAPHS

DECIMALS = 6  # of the curves in history.csv
ANSWER = "answer"  # the output of a training model that is the network's own
CURVES = "loss", "roc_auc", "val_loss", "val_roc_auc"
SAID = {"loss": "loss", "val_loss": "val_loss", "val_roc_auc": "val ROC-AUC"}  # of these, in a log without a terminal
SEEDS_APART = 1000  # from one member's seed to the next one's: experiments with seeds in a row share no member

log = logging.getLogger("solarflare")


Floats = npt.NDArray[np.float32]


class Images(Protocol):
    """Images by position, such as `solarflare.dataset.crops.crops.Crops`."""

    def take(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return images (N, H, W, C)."""


def configure(threads: int) -> None:
    """Make TensorFlow deterministic on a number of CPU threads; to be called before it computes anything.

    Parameters
    ----------
    threads : int
        ``compute.threads``: another number changes the last bits of the weights.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()


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
    everything = with_validation(rows) if settings.refit else rows
    folds = {
        fold: (
            training_rows(rows, fold, question, privileged, balanced),
            part(rows, fold, "validation", privileged),
            training_rows(everything, fold, question, privileged, balanced),
        )
        for fold in rows["fold"].unique()
    }
    cut = chosen.crop.model_dump(include={"mask", task.value})
    about_images = image_shape(images), task, instrument, chosen.scrape.origin
    members = settings.ensemble, settings.flips
    origin = About(settings.network, *about_images, question.model_dump(mode="json"), cut, *members)
    configure(chosen.compute.threads)
    with atomic_directory(task.model) as partial:
        for fold, folder in fold_folders(partial, folds).items():
            training, validation, both = folds[fold]
            counts = len(training.labels), len(validation.labels)
            log.info("%s, fold %d: %d images to train on, %d to validate on", task, fold, *counts)
            model, epochs = fit(images, training, validation, settings, polarity=instrument in MAGNETOGRAPHS)
            scores = predict(model, images, validation.positions)
            fitted = calibration.fit(scores, validation.labels, chosen.calibration.method)
            if settings.refit:
                log.info("%s, fold %d: calibrated; now %d images to train on", task, fold, len(both.labels))
                model, _ = fit(images, both, None, settings, polarity=instrument in MAGNETOGRAPHS)
            save(folder, model, epochs, fitted, origin)
            seen = np.concatenate([training.positions, validation.positions])
            batches = (images.take(seen[start : start + AT_ONCE]) for start in range(0, len(seen), AT_ONCE))
            Ranges.of(batches).write(folder / RANGES)


def fit(
    images: Images, training: Rows, validation: Rows | None, settings: Train, polarity: bool
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network, or an ensemble of several that differ in their seeds.

    Parameters
    ----------
    images : Images
        All images, by position.
    training : Rows
        What it learns from.
    validation : Rows or None
        What tells it when to stop, and shows how it gets on; None only without ``patience``.
    settings : Train
        Which network, and how to train it.
    polarity : bool
        Whether the images are magnetograms, whose polarities may change places in augmentation.

    Returns
    -------
    model : keras.Model
        Of `solarflare.networks.architectures.build`.
    history : DataFrame
        One row an epoch: ``epoch`` (from 1), ``roc_auc`` and ``loss`` (of augmented and class-weighted
        training images, with that of the map, if the network learns one), ``val_roc_auc`` and ``val_loss``, if there
        is validation; of an ensemble, the mean of the members that were still learning.
    """
    seeds = range(settings.seed, settings.seed + settings.ensemble * SEEDS_APART, SEEDS_APART)
    seeded = [settings.model_copy(update={"seed": seed}) for seed in seeds]
    members, histories = zip(*(_fit_one(images, training, validation, one, polarity) for one in seeded), strict=True)
    model = build(settings.network, image_shape(images), settings.ensemble, settings.flips)
    model.set_weights([weight for member in members for weight in member.get_weights()])
    return model, pd.concat(histories).groupby("epoch").mean().round(DECIMALS).reset_index()


def _fit_one(
    images: Images, training: Rows, validation: Rows | None, settings: Train, polarity: bool
) -> tuple[keras.Model, pd.DataFrame]:
    """Train one network that ends in a logit, and return it with its history.

    With patience it keeps the weights of the epoch with the least validation loss, without those of the last.
    """
    network = drawn(settings, image_shape(images))
    learner = compiled(network, settings, steps=-(-len(training.labels) // settings.batch_size))
    watched = sys.stdout.isatty()
    callbacks = [] if watched else [keras.callbacks.LambdaCallback(on_epoch_end=_say)]
    if settings.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
        )
    done = learner.fit(
        training_batches(images, training, settings, polarity),
        validation_data=None if validation is None else batches(images, validation, settings.batch_size),
        epochs=settings.epochs,
        callbacks=callbacks,
        verbose=1 if watched else 0,
        shuffle=False,  # The pipeline does that; Keras would warn that it cannot.
    )
    history = pd.DataFrame(_curves(done.history))
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    return network, history


def drawn(settings: Train, shape: Shape) -> keras.Model:
    """Return a network that ends in a logit, its weights drawn from the seed of `settings`.

    Parameters
    ----------
    settings : Train
        Which network.
    shape : tuple of int
        Height, width and channels of its images.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    return NETWORKS[settings.network](shape)


def compiled(network: keras.Model, settings: Train, steps: int = 1) -> keras.Model:
    """Return what trains a network: a model of the same weights, from images to all that it is taught.

    Parameters
    ----------
    network : keras.Model
        Of `drawn`.
    settings : Train
        Learning rate and epochs.
    steps : int, optional
        Batches an epoch, by which a learning rate that falls knows when the last one is reached.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * settings.epochs)
    outputs, losses = {ANSWER: network.outputs[0]}, {ANSWER: keras.losses.BinaryCrossentropy(from_logits=True)}
    if map_side(settings.network, network.inputs[0].shape[1:]):
        outputs[MAP] = network.get_layer(MAP).output
        losses[MAP] = keras.losses.BinaryCrossentropy(from_logits=True)
    learner = keras.Model(network.inputs, outputs)
    learner.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=losses,
        # Keras takes the mean over the cells, and the sum is meant.
        loss_weights={name: math.prod(output.shape[1:]) for name, output in outputs.items()},
        # Thresholds are taken from 0 to 1.
        metrics={ANSWER: [_RocAuc(name="roc_auc", from_logits=True)]},
    )
    return learner


def image_shape(images: Images) -> Shape:
    """Return height, width and channels."""
    height, width, channels = images.take(np.zeros(1, np.int64)).shape[1:]
    return height, width, channels


def training_batches(images: Images, rows: Rows, settings: Train, polarity: bool) -> tf.data.Dataset:
    """Return batches of images, targets and weights, in another order every epoch, augmented if `settings` say so.

    Parameters
    ----------
    images : Images
        All images, by position.
    rows : Rows
        Which of them.
    settings : Train
        Batch size, seed, whether to augment, whether both classes weigh the same, and the teacher's share.
    polarity : bool
        Whether the images are magnetograms.
    """
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, *_told(rows, *_lessons(rows, settings))))
    shuffled = slices.shuffle(len(rows.labels), seed=settings.seed, reshuffle_each_iteration=True)
    taken = _take(images, shuffled.batch(settings.batch_size))
    if settings.augment:
        seeds = tf.data.Dataset.random(settings.seed, rerandomize_each_iteration=True).batch(2)
        taken = tf.data.Dataset.zip(taken, seeds).map(
            lambda batch, seed: (augment(batch[0], seed, polarity), *(_augment_map(told, seed) for told in batch[1:]))
        )
    return taken.prefetch(2)


def batches(images: Images, rows: Rows, batch_size: int) -> tf.data.Dataset:
    """Return batches of images, labels and weights as they are, in order."""
    told = _told(rows, rows.labels.astype(np.float32), np.ones(len(rows.labels), np.float32))
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, *told))
    return _take(images, slices.batch(batch_size)).prefetch(2)


def augment(images: tf.Tensor, seed: tf.Tensor, polarity: bool) -> tf.Tensor:
    """Return each image flipped or not, east-west and north-south, and with its polarities swapped or not.

    None of this changes what is asked: on the Sun the hemispheres and the signs of the field take turns, from one cycle
    to the next (Hale & Nicholson 1925, doi:10.1086/142933), and no flare and no spot prefers one.

    Parameters
    ----------
    images : (N, H, W, C) uint8
        A batch.
    seed : (2,) int
        The same seed, the same choices.
    polarity : bool
        Whether they are magnetograms.
    """
    chosen = tf.random.stateless_uniform((3, tf.shape(images)[0], 1, 1, 1), seed) < 0.5
    images = tf.where(chosen[0], tf.reverse(images, [2]), images)
    images = tf.where(chosen[1], tf.reverse(images, [1]), images)
    return tf.where(chosen[2], invert_polarity(images), images) if polarity else images


def invert_polarity(images: tf.Tensor) -> tf.Tensor:
    """Return magnetograms, uint8, with the signs of the field swapped.

    No field is 128, on the Sun and where an image is blanked, and stays 128: x becomes 256 - x, and 0 as 1 does.
    """
    return 255 - tf.maximum(images, 1) + 1


def predict(
    model: keras.Model, images: Images, positions: npt.NDArray[np.int64], batch_size: int = AT_ONCE
) -> npt.NDArray[np.float32]:
    """Return the network's scores, not yet calibrated.

    Parameters
    ----------
    model : keras.Model
        Of `solarflare.networks.architectures.build`.
    images : Images
        All images, by position.
    positions : (N,) int64
        Which of them.
    batch_size : int, optional
        Images held in memory at once.

    Returns
    -------
    (N,) float32
        From 0 to 1.
    """
    rows = Rows(positions, np.zeros(len(positions), np.int64))
    return model.predict(batches(images, rows, batch_size), verbose=0)[:, 0]


def _take(images: Images, positions: tf.data.Dataset) -> tf.data.Dataset:
    """Replace batches of positions by the images there."""
    shape = (None, *image_shape(images))

    def read(wanted: tf.Tensor, *told: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        return tf.ensure_shape(tf.numpy_function(images.take, [wanted], tf.uint8), shape), *told

    return positions.map(read)


def _lessons(rows: Rows, settings: Train) -> tuple[Floats, Floats]:
    """Return what is to be learned of each row, from 0 to 1, and how much each counts, 1 on average."""
    targets, weights = rows.labels.astype(np.float64), np.ones(len(rows.labels))
    if settings.class_weight == "balanced":
        weights = len(targets) / (2 * np.bincount(rows.labels))[rows.labels]
    if rows.opinions is not None:
        # The teacher has balanced the classes already.
        targets = (1 - settings.teacher) * targets + settings.teacher * rows.opinions
        weights = (1 - settings.teacher) * weights + settings.teacher
    return targets.astype(np.float32), weights.astype(np.float32)


def _told(rows: Rows, targets: Floats, weights: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return targets and weights by output: those given, of the answer, and of the map, where there is one."""
    if rows.maps is None:
        return {ANSWER: targets}, {ANSWER: weights}
    maps = rows.maps[..., None]
    return (
        {ANSWER: targets, MAP: (maps == REGION).astype(np.float32)},
        {ANSWER: weights, MAP: (maps != UNSAID).astype(np.float32)},
    )


def _augment_map(told: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Flip what is told of the map's cells as the images are flipped by the same seed."""
    return {name: augment(values, seed, polarity=False) if name == MAP else values for name, values in told.items()}


class _RocAuc(keras.metrics.AUC):
    """The area under the curve where targets may lie between 0 and 1: each counts as the nearer."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        super().update_state(tf.round(y_true), y_pred, sample_weight)


def _curves(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Keras noted, by the names of `CURVES`: of a network that learns two things it notes more."""
    noted = {name.replace(f"{ANSWER}_roc_auc", "roc_auc"): values for name, values in logs.items()}
    return {name: noted[name] for name in CURVES if name in noted}


def _say(epoch: int, logs: dict[str, float]) -> None:
    curves = ", ".join(f"{SAID[name]} {value:.3f}" for name, value in _curves(logs).items() if name in SAID)
    log.info("epoch %d: %s", epoch + 1, curves)
