"""Batches of images, targets and weights for training and for answering.

Crops are read batch by batch from memory-mapped files while the network computes. The operating system caches as much
of the files as fits into memory. The process itself holds a few batches, however many crops there are.
"""

from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from solarflare.dataset.samples.region_maps import REGION, UNKNOWN
from solarflare.dataset.samples.samples import Rows
from solarflare.networks.architectures import MAP, REDUCED, Shape, reduced, reduced_by
from solarflare.networks.backend import keras, tf
from solarflare.networks.schema import Train

ANSWER = "answer"  # name of the output of a training model that is the network's answer, not its map

Floats = npt.NDArray[np.float32]


class Images(Protocol):
    """Images by position, such as `solarflare.dataset.shards.reader.Crops`."""

    def take(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return images (N, H, W, C)."""


def image_shape(images: Images) -> Shape:
    """Return height, width and channels."""
    height, width, channels = images.take(np.zeros(1, np.int64)).shape[1:]
    return height, width, channels


def training_batches(images: Images, rows: Rows, settings: Train, polarity: bool) -> tf.data.Dataset:
    """Return batches of images, targets and weights, in a new order every epoch, augmented if `settings.augment`.

    `polarity` is True if the images are magnetograms.
    """
    targets_and_weights = _by_output(rows, *_targets_and_weights(rows, settings))
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, *targets_and_weights))
    shuffled = slices.shuffle(len(rows.labels), seed=settings.seed, reshuffle_each_iteration=True)
    dataset = _take(images, shuffled.batch(settings.batch_size))
    if settings.augment:
        seeds = tf.data.Dataset.random(settings.seed, rerandomize_each_iteration=True).batch(2)
        dataset = tf.data.Dataset.zip(dataset, seeds).map(
            lambda batch, seed: (augment(batch[0], seed, polarity), *(_augment_map(part, seed) for part in batch[1:]))
        )
    return dataset.prefetch(2)


def batches_in_order(images: Images, rows: Rows, batch_size: int) -> tf.data.Dataset:
    """Return batches of images, labels and weights in the order of the rows, without augmentation."""
    targets, weights = _by_output(rows, rows.labels.astype(np.float32), np.ones(len(rows.labels), np.float32))
    slices = tf.data.Dataset.from_tensor_slices((rows.positions, targets, weights))
    return _take(images, slices.batch(batch_size)).prefetch(2)


def for_learner(batches: tf.data.Dataset, network: keras.Model) -> tf.data.Dataset:
    """Return batches whose images are reduced, if the network reduces them, as `training.compiled` expects them."""
    cell = reduced_by(network)
    if cell == 1:
        return batches
    shape = (None, *network.get_layer(REDUCED).output.shape[1:])

    def reduce(images: tf.Tensor, *others: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        cells = tf.numpy_function(partial(reduced, cell=cell), [images], tf.float32)
        return tf.ensure_shape(cells, shape), *others

    return batches.map(reduce).prefetch(2)


def augment(images: tf.Tensor, seed: tf.Tensor, polarity: bool) -> tf.Tensor:
    """Flip each image (N, H, W, C) at random, east-west and north-south. With `polarity`, swap its signs at random too.

    None of this changes the label. On the Sun the hemispheres exchange their signs of the field from one cycle to the
    next (Hale & Nicholson 1925, doi:10.1086/142933), and flares and spots prefer no hemisphere and no sign. The same
    seed, (2,), makes the same choices.
    """
    chosen = tf.random.stateless_uniform((3, tf.shape(images)[0], 1, 1, 1), seed)[..., 0, 0, 0] < 0.5
    if not polarity:
        chosen = tf.concat([chosen[:2], tf.zeros_like(chosen[2:])], axis=0)
    # NumPy copies each image once. tf.where and tf.reverse pass over the batch six times.
    return tf.ensure_shape(tf.numpy_function(_augmented, [images, chosen], images.dtype), images.shape)


def _augmented(images: npt.NDArray, chosen: npt.NDArray[np.bool_]) -> npt.NDArray:
    """Return images (N, H, W, C), flipped east-west, north-south, and with swapped polarity, as chosen: (3, N)."""
    result = np.empty_like(images)
    for image, place, (east_west, north_south, swapped) in zip(images, result, chosen.T, strict=True):
        flipped = image[:: -1 if north_south else 1, :: -1 if east_west else 1]
        place[:] = invert_polarity(flipped) if swapped else flipped
    return result


def invert_polarity(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return magnetograms, uint8, with the signs of the field swapped.

    The grey level x becomes 256 - x. So 128, the level of no field and of blanked pixels, stays 128. The level 0 is
    treated as 1, and becomes 255.
    """
    return 255 - np.maximum(images, 1) + 1


def _take(images: Images, positions: tf.data.Dataset) -> tf.data.Dataset:
    """Replace batches of positions by the images there."""
    shape = (None, *image_shape(images))

    def read(batch: tf.Tensor, *others: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        return tf.ensure_shape(tf.numpy_function(images.take, [batch], tf.uint8), shape), *others

    return positions.map(read)


def _targets_and_weights(rows: Rows, settings: Train) -> tuple[Floats, Floats]:
    """Return the target of each row, 0 to 1, and the weight of each row, 1 on average."""
    targets, weights = rows.labels.astype(np.float64), np.ones(len(rows.labels))
    if settings.class_weight == "balanced":
        weights = len(targets) / (2 * np.bincount(rows.labels))[rows.labels]
    if rows.soft_labels is not None:
        # The teacher has balanced the classes already.
        targets = (1 - settings.teacher) * targets + settings.teacher * rows.soft_labels
        weights = (1 - settings.teacher) * weights + settings.teacher
    return targets.astype(np.float32), weights.astype(np.float32)


def _by_output(rows: Rows, targets: Floats, weights: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return targets by output, and weights by output: the given ones for the answer, and more for a map if any."""
    if rows.maps is None:
        return {ANSWER: targets}, {ANSWER: weights}
    maps = rows.maps[..., None]
    return (
        {ANSWER: targets, MAP: (maps == REGION).astype(np.float32)},
        {ANSWER: weights, MAP: (maps != UNKNOWN).astype(np.float32)},
    )


def _augment_map(by_output: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Flip the targets or the weights of the map like `augment` flips the images with the same seed."""
    return {
        name: augment(values, seed, polarity=False) if name == MAP else values for name, values in by_output.items()
    }
