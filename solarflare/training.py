"""Crops in, weights and calibrated probabilities out.

Crops are read batch by batch from memory-mapped files while the network computes. What fits stays in the operating
system's own cache; the process itself holds a few batches, however many crops there are.
"""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import absence, calibration, history, params, tables, teacher
from solarflare.backend import keras, tf
from solarflare.calibration import Calibration
from solarflare.crops import Crops
from solarflare.errors import InputError
from solarflare.files import atomic_directory
from solarflare.history import Records
from solarflare.networks import NETWORKS, Shape, build
from solarflare.params import MAGNETOGRAPHS, DiskLabel, RegionLabel, Task, Train
from solarflare.ranges import Ranges

WEIGHTS, ABOUT, CALIBRATION, HISTORY = "model.weights.h5", "model.json", "calibration.json", "history.csv"
RANGES = "ranges.json"
RAW = Path("data/raw")
DECIMALS = 6  # of the curves in history.csv
AT_ONCE = 64  # images that a prediction holds in memory
SEEDS_APART = 1000  # from one member's seed to the next one's: experiments with seeds in a row share no member

log = logging.getLogger("solarflare")


class Images(Protocol):
    """Images by position, such as `solarflare.crops.Crops`."""

    def take(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return images (N, H, W, C)."""


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
    """

    positions: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    opinions: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class About:
    """What a model is and where it comes from: one trained on one kind of Sun does not answer for another.

    Attributes
    ----------
    network : str
        A name that `solarflare.networks.build` knows.
    shape : tuple of int
        Height, width and channels of its images.
    task, instrument, origin : str
        As in ``params.yaml``.
    question : dict
        ``label.<task>`` of ``params.yaml``.
    crop : dict
        ``crop.mask`` and ``crop.<task>``: how the images were cut, and any other has to be.
    members : int
        How many networks answer together.
    """

    network: str
    shape: Shape
    task: Task
    instrument: str
    origin: str
    question: Mapping[str, Any]
    crop: Mapping[str, Any]
    members: int = 1


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

    Raises
    ------
    InputError
        If an input is missing or broken, or a part of the split lacks a class.
    """
    chosen = params.load()
    models, crops = Path(f"models/{task}"), Path(f"data/crops/{task}")
    inputs = (crops, Path(f"data/labels/{task}.csv"), Path(f"data/splits/{task}.csv"))
    if reason := next(filter(None, map(absence.reason, inputs)), None):
        absence.mark(models, reason)
        log.info("%s is absent: %s", models, reason)
        return
    images = Crops(crops)
    rows = read_samples(task, images.index)
    settings, instrument = chosen.train(task), getattr(chosen.instrument, task)
    asked = getattr(chosen.label, task)
    records = history.read_records(RAW) if settings.teacher else None
    folds = {
        fold: (taught(rows, fold, settings, asked, records), part(rows, fold, "validation"))
        for fold in rows["fold"].unique()
    }
    cut = chosen.crop.model_dump(include={"mask", task})
    about_images = image_shape(images), task, instrument, chosen.scrape.origin
    origin = About(settings.network, *about_images, asked.model_dump(mode="json"), cut, settings.ensemble)
    configure(chosen.compute.threads)
    with atomic_directory(models) as partial:
        for fold, folder in fold_folders(partial, folds).items():
            training, validation = folds[fold]
            counts = len(training.labels), len(validation.labels)
            log.info("%s, fold %d: %d images to train on, %d to validate on", task, fold, *counts)
            model, epochs = fit(images, training, validation, settings, polarity=instrument in MAGNETOGRAPHS)
            scores = predict(model, images, validation.positions)
            save(folder, model, epochs, calibration.fit(scores, validation.labels, chosen.calibration.method), origin)
            seen = np.concatenate([training.positions, validation.positions])
            batches = (images.take(seen[start : start + AT_ONCE]) for start in range(0, len(seen), AT_ONCE))
            Ranges.of(batches).write(folder / RANGES)


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


def part(rows: pd.DataFrame, fold: int, name: str) -> Rows:
    """Return the rows of one part of a fold.

    Parameters
    ----------
    rows : DataFrame
        Of `samples`.
    fold : int
        Which fold.
    name : str
        ``train``, ``validation`` or ``test``.

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
    return Rows(chosen["position"].to_numpy(), labels)


def taught(
    rows: pd.DataFrame, fold: int, settings: Train, question: DiskLabel | RegionLabel, records: Records | None
) -> Rows:
    """Return the training part of a fold, with a teacher's opinions where there are records that it may read.

    Parameters
    ----------
    rows, fold
        As of `part`.
    settings : params.Train
        ``class_weight``: whether the teacher balances the classes.
    question : DiskLabel or RegionLabel
        What is asked.
    records : Records or None
        For the teacher, if there is one.

    Raises
    ------
    InputError
        As `part` and `teacher.opinions` do.
    """
    learned = part(rows, fold, "train")
    if records is None:
        return learned
    balanced = settings.class_weight == "balanced"
    return replace(learned, opinions=teacher.opinions(in_part(rows, fold, "train"), records, question, balanced))


def fold_folders(models: Path, folds: Iterable[int]) -> dict[int, Path]:
    """Return where the model of each fold is: the folder itself if there is one fold, else a folder in it."""
    numbers = sorted(set(folds))
    return {numbers[0]: models} if len(numbers) == 1 else {fold: models / f"fold-{fold}" for fold in numbers}


def folders(models: Path) -> list[Path]:
    """Return the folders of a task's models: its folds, or the folder itself."""
    return sorted(models.glob("fold-*")) or [models]


def fit(
    images: Images, training: Rows, validation: Rows, settings: Train, polarity: bool
) -> tuple[keras.Model, pd.DataFrame]:
    """Train a network, or an ensemble of several that differ in their seeds.

    Parameters
    ----------
    images : Images
        All images, by position.
    training, validation : Rows
        What it learns from, and what tells it when to stop.
    settings : params.Train
        Which network, and how to train it.
    polarity : bool
        Whether the images are magnetograms, whose polarities may change places in augmentation.

    Returns
    -------
    model : keras.Model
        Of `solarflare.networks.build`.
    history : DataFrame
        One row an epoch: ``epoch`` (from 1), ``roc_auc`` and ``loss`` (of augmented and class-weighted training
        images), ``val_roc_auc`` and ``val_loss``; of an ensemble, the mean of the members that were still learning.
    """
    seeds = range(settings.seed, settings.seed + settings.ensemble * SEEDS_APART, SEEDS_APART)
    seeded = [settings.model_copy(update={"seed": seed}) for seed in seeds]
    members, histories = zip(*(_fit_one(images, training, validation, one, polarity) for one in seeded), strict=True)
    model = build(settings.network, image_shape(images), settings.ensemble)
    model.set_weights([weight for member in members for weight in member.get_weights()])
    return model, pd.concat(histories).groupby("epoch").mean().round(DECIMALS).reset_index()


def _fit_one(
    images: Images, training: Rows, validation: Rows, settings: Train, polarity: bool
) -> tuple[keras.Model, pd.DataFrame]:
    """Train one network that ends in a logit, and return it with its history.

    With patience it keeps the weights of the epoch with the least validation loss, without those of the last.
    """
    model = compiled(settings, image_shape(images), steps=-(-len(training.labels) // settings.batch_size))
    watched = sys.stdout.isatty()
    callbacks = [] if watched else [keras.callbacks.LambdaCallback(on_epoch_end=_say)]
    if settings.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
        )
    done = model.fit(
        training_batches(images, training, settings, polarity),
        validation_data=batches(images, validation, settings.batch_size),
        epochs=settings.epochs,
        callbacks=callbacks,
        verbose=1 if watched else 0,
        shuffle=False,  # The pipeline does that; Keras would warn that it cannot.
    )
    history = pd.DataFrame(done.history)
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    return model, history


def compiled(settings: Train, shape: Shape, steps: int = 1) -> keras.Model:
    """Return a network that ends in a logit, ready to be trained.

    Parameters
    ----------
    settings : params.Train
        Its weights are drawn from their seed.
    shape : tuple of int
        Height, width and channels of its images.
    steps : int, optional
        Batches an epoch, by which a learning rate that falls knows when the last one is reached.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    model = NETWORKS[settings.network](shape)
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * settings.epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        # Thresholds are taken from 0 to 1.
        metrics=[_RocAuc(name="roc_auc", from_logits=True)],
    )
    return model


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
    settings : params.Train
        Batch size, seed, whether to augment, whether both classes weigh the same, and the teacher's share.
    polarity : bool
        Whether the images are magnetograms.
    """
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, *_lessons(rows, settings)))
    shuffled = slices.shuffle(len(rows.labels), seed=settings.seed, reshuffle_each_iteration=True)
    taken = _take(images, shuffled.batch(settings.batch_size))
    if settings.augment:
        seeds = tf.data.Dataset.random(settings.seed, rerandomize_each_iteration=True).batch(2)
        taken = tf.data.Dataset.zip(taken, seeds).map(
            lambda batch, seed: (augment(batch[0], seed, polarity), *batch[1:])
        )
    return taken.prefetch(2)


def batches(images: Images, rows: Rows, batch_size: int) -> tf.data.Dataset:
    """Return batches of images and labels as they are, in order."""
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, rows.labels))
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
        Of `solarflare.networks.build`.
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


def save(folder: Path, model: keras.Model, history: pd.DataFrame, fitted: Calibration, about: About) -> None:
    """Write all that `load` needs, and the training's curves; the same bytes for the same training."""
    folder.mkdir(exist_ok=True)
    # A .keras file would hold the date.
    model.save_weights(folder / WEIGHTS)
    fitted.write(folder / CALIBRATION)
    (folder / ABOUT).write_text(json.dumps(asdict(about), indent=2) + "\n")
    history.to_csv(folder / HISTORY, index=False, lineterminator="\n")


def load(folder: Path) -> tuple[keras.Model, Calibration]:
    """Return what a training left in a folder: the network with its weights, and its calibration.

    Raises
    ------
    InputError
        If a file is missing or broken.
    """
    origin = about(folder)
    model = build(origin.network, origin.shape, origin.members)
    try:
        model.load_weights(folder / WEIGHTS)
    except (OSError, ValueError):
        raise InputError(f"{folder / WEIGHTS} does not hold the weights of {origin.network}; `dvc repro`") from None
    return model, calibration.read(folder / CALIBRATION)


def about(folder: Path) -> About:
    """Return what the model in a folder is and where it comes from.

    Raises
    ------
    InputError
        If the folder holds no model.
    """
    path = folder / ABOUT
    try:
        content = json.loads(path.read_text())
        return About(**{**content, "shape": tuple(content["shape"])})
    except FileNotFoundError:
        raise InputError(f"{path} is not there: {folder} holds no model; train one with `dvc repro`") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} does not say what model this is; train it again with `dvc repro`") from None


def probabilities(models: Path, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the calibrated probability of label 1 for images in memory; of several folds, the mean.

    Parameters
    ----------
    models : Path
        What `train` wrote.
    images : (N, H, W, C) uint8
        As the crop stage cuts them.

    Returns
    -------
    (N,) float64
        From 0 to 1.
    """
    loaded = [load(folder) for folder in folders(models)]
    return np.mean(
        [fitted.apply(model.predict(images, batch_size=AT_ONCE, verbose=0)[:, 0]) for model, fitted in loaded], axis=0
    )


def _take(images: Images, positions: tf.data.Dataset) -> tf.data.Dataset:
    """Replace batches of positions by the images there."""
    shape = (None, *image_shape(images))

    def read(wanted: tf.Tensor, *told: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tf.ensure_shape(tf.numpy_function(images.take, [wanted], tf.uint8), shape), *told

    return positions.map(read)


def _lessons(rows: Rows, settings: Train) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return what is to be learned of each row, from 0 to 1, and how much each counts, 1 on average."""
    targets, weights = rows.labels.astype(np.float64), np.ones(len(rows.labels))
    if settings.class_weight == "balanced":
        weights = len(targets) / (2 * np.bincount(rows.labels))[rows.labels]
    if rows.opinions is not None:
        # The teacher has balanced the classes already.
        targets = (1 - settings.teacher) * targets + settings.teacher * rows.opinions
        weights = (1 - settings.teacher) * weights + settings.teacher
    return targets.astype(np.float32), weights.astype(np.float32)


class _RocAuc(keras.metrics.AUC):
    """The area under the curve where targets may lie between 0 and 1: each counts as the nearer."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        super().update_state(tf.round(y_true), y_pred, sample_weight)


def _say(epoch: int, logs: dict[str, float]) -> None:
    log.info(
        "epoch %d: loss %.3f, val_loss %.3f, val ROC-AUC %.3f",
        epoch + 1,
        logs["loss"],
        logs["val_loss"],
        logs["val_roc_auc"],
    )
