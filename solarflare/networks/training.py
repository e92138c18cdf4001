"""Trains one network or ensemble, and returns its scores for images."""

import logging
import math
import sys
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.compute import GPU, Compute
from solarflare.dataset.samples.samples import Rows
from solarflare.networks.architectures import MAP, REDUCED, Shape, build, logit_network, map_side, reduced_by
from solarflare.networks.backend import keras, show_gpus, tf
from solarflare.networks.batches import ANSWER, Images, batches_in_order, for_learner, image_shape, training_batches
from solarflare.networks.exact import binary_crossentropy
from solarflare.networks.saved_model import AT_ONCE
from solarflare.networks.schema import Train
from solarflare.networks.trainings import Trainings

DECIMALS = 6  # of the curves in history.csv
CURVES = "loss", "roc_auc", "val_loss", "val_roc_auc"
LOGGED = {"loss": "loss", "val_loss": "val_loss", "val_roc_auc": "val ROC-AUC"}  # curves in a log without a terminal
ONE_BY_ONE = Trainings()
SEEDS_APART = 1000  # between the seeds of ensemble members, so that experiments with consecutive seeds share no member

_KERAS = threading.Lock()  # Keras has one state for all threads

log = logging.getLogger("solarflare")


def configure(compute: Compute) -> None:
    """Make TensorFlow deterministic, and choose its device and threads. Call this before TensorFlow computes anything.

    Parameters
    ----------
    compute : Compute
        The group ``compute`` of ``params.yaml``. The last bits of the weights depend on its threads and its device.

    Raises
    ------
    InputError
        If a GPU is wanted, and TensorFlow sees none.
    """
    tf.config.threading.set_intra_op_parallelism_threads(compute.threads)
    tf.config.threading.set_inter_op_parallelism_threads(compute.threads)
    tf.config.experimental.enable_op_determinism()
    if compute.device == GPU:
        show_gpus()


def fit(
    images: Images,
    training: Rows,
    validation: Rows | None,
    settings: Train,
    polarity: bool,
    where: Trainings = ONE_BY_ONE,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network, or an ensemble of networks that differ in their seeds.

    Parameters
    ----------
    images : Images
        All images, by position.
    training, validation : Rows
        The rows to learn from, and the rows that measure progress and decide when training stops. Validation may be
        None if ``patience`` is None.
    settings : Train
        Which network to train, and how.
    polarity : bool
        True if the images are magnetograms. Augmentation may swap the polarities of a magnetogram.
    where : Trainings, optional
        Where the networks are trained.

    Returns
    -------
    model : keras.Model
        A model as `solarflare.networks.architectures.build` returns it.
    history : DataFrame
        One row per epoch: ``epoch`` (from 1), ``roc_auc`` and ``loss`` of the augmented and class-weighted training
        images, and, if there is validation, ``val_roc_auc`` and ``val_loss``. If the network learns a map, a loss
        includes the map's loss. The row of an ensemble is the mean over the members that were still learning.
    """
    seeds = range(settings.seed, settings.seed + settings.ensemble * SEEDS_APART, SEEDS_APART)
    seeded = [settings.model_copy(update={"seed": seed}) for seed in seeds]
    fitted = where.fit(partial(_fit_member, images, training, validation, polarity), seeded)
    members, histories = zip(*fitted, strict=True)
    with _KERAS:
        # Layers' names are saved with the weights: they are numbered from the first, whatever was built before.
        keras.backend.clear_session()
        model = build(settings.network, image_shape(images), settings.ensemble, settings.flips)
        model.set_weights([weight for weights in members for weight in weights])
    return model, pd.concat(histories).groupby("epoch").mean().round(DECIMALS).reset_index()


def _fit_member(
    images: Images, training: Rows, validation: Rows | None, polarity: bool, settings: Train
) -> tuple[list[npt.NDArray[np.float32]], pd.DataFrame]:
    """Train one network that ends in a logit, and return its weights and its history.

    With patience, the network keeps the weights of the epoch with the lowest validation loss. Without patience, it
    keeps the weights of the last epoch.
    """
    network = initialised(settings, image_shape(images))
    learner = compiled(network, settings, steps=-(-len(training.labels) // settings.batch_size))
    interactive = sys.stdout.isatty()
    callbacks = [] if interactive else [keras.callbacks.LambdaCallback(on_epoch_end=_log_epoch)]
    if settings.patience is not None:
        stop = keras.callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
        callbacks.append(stop)
    validated = None if validation is None else batches_in_order(images, validation, settings.batch_size)
    fitted = learner.fit(
        for_learner(training_batches(images, training, settings, polarity), network),
        validation_data=None if validated is None else for_learner(validated, network),
        epochs=settings.epochs,
        callbacks=callbacks,
        verbose=1 if interactive else 0,
        shuffle=False,  # The input pipeline shuffles; Keras cannot shuffle a dataset.
    )
    history = pd.DataFrame(_curves(fitted.history))
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    return network.get_weights(), history


def initialised(settings: Train, shape: Shape) -> keras.Model:
    """Return a network for images of this shape. It ends in a logit; `settings.seed` decides its random weights."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    return logit_network(settings.network, shape)


def compiled(network: keras.Model, settings: Train, steps: int = 1) -> keras.Model:
    """Return a compiled model that trains a network, from batches of `for_learner`.

    The model shares the network's weights. A network that reduces its images learns from reduced ones: the layers
    before `REDUCED` have no weights. Its outputs are the answer and, if the network has one, the map. An epoch
    has `steps` batches. With the cosine schedule the learning rate reaches zero after the last batch of the last epoch.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * settings.epochs)
    outputs, losses = {ANSWER: network.outputs[0]}, {ANSWER: binary_crossentropy}
    if map_side(settings.network, network.inputs[0].shape[1:]):
        outputs[MAP] = network.get_layer(MAP).output
        losses[MAP] = binary_crossentropy
    inputs = network.get_layer(REDUCED).output if reduced_by(network) > 1 else network.inputs
    learner = keras.Model(inputs, outputs)
    learner.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=losses,
        # Keras takes the mean over the cells of a map. The sum is wanted.
        loss_weights={name: math.prod(output.shape[1:]) for name, output in outputs.items()},
        # Keras places the thresholds between 0 and 1.
        metrics={ANSWER: [_RocAuc(name="roc_auc", from_logits=True)]},
    )
    return learner


def predict(model: keras.Model, images: Images, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the network's scores, not yet calibrated.

    Parameters
    ----------
    model, images
        A model that `solarflare.networks.architectures.build` returned, and all images, by position.
    positions : (N,) int64
        The positions of the images to score.

    Returns
    -------
    (N,) float32
        From 0 to 1.
    """
    rows = Rows(positions, np.zeros(len(positions), np.int64))
    with _KERAS:
        return model.predict(batches_in_order(images, rows, AT_ONCE), verbose=0)[:, 0]


class _RocAuc(keras.metrics.AUC):
    """The area under the ROC curve. Targets between 0 and 1 are rounded to 0 or 1."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        super().update_state(tf.round(y_true), y_pred, sample_weight)


def _curves(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the curves in `CURVES` from Keras' logs. The logs of a network with two outputs hold more than these."""
    renamed = {name.replace(f"{ANSWER}_roc_auc", "roc_auc"): values for name, values in logs.items()}
    return {name: renamed[name] for name in CURVES if name in renamed}


def _log_epoch(epoch: int, logs: dict[str, float]) -> None:
    curves = ", ".join(f"{LOGGED[name]} {value:.3f}" for name, value in _curves(logs).items() if name in LOGGED)
    log.info("epoch %d: %s", epoch + 1, curves)
