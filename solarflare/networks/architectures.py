"""The Keras models, by name. Input: pixels as stored. Output: one probability. Scaling is part of the model.

Each network ends in a logit. An ensemble of networks that differ in their seeds returns the mean of its members' logits
(Lakshminarayanan et al. 2017, arXiv:1612.01474, average probabilities; the mean of logits is linear, so that gradients
average too). An ensemble is one Keras model. A network that averages over an image and its mirror images is one too.
"""

import math
from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

from solarflare.core.errors import InputError
from solarflare.networks.backend import keras, tf
from solarflare.networks.exact import BatchNormalization, logarithm

layers = keras.layers

LARGEST_SIDE = 75  # pixels per side, at most, at the first convolution of the compact networks
MAP = "map"  # name of the layer that maps where the regions are
REDUCED = "reduced"  # name of the layer after which a large image is reduced
NOWHERE = 1e-7  # lowest probability that a disk can get, so that its logit stays finite in float32

FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))
"""Axes along which an image is flipped, as in `solarflare.networks.batches.augment`. The first entry flips nothing."""

Shape = tuple[int, int, int]


def centred() -> keras.Layer:
    """Return the layer that scales grey levels from 0..255 to -1..1. The grey level of no field, 128, becomes 0."""
    return layers.Rescaling(1 / 128, offset=-1)


def paialunga2020(shape: Shape) -> keras.Model:
    """Return the network of 2020, for images of any size.

    Two convolutions of three filters with maximum pooling, then one dense unit: 16,102 parameters for
    grey images, 11,332 for colour (P. Paialunga, *Convolutional Neural Networks for binary classification of Solar
    Flares*, github.com/PieroPaialungaAI/SunML). Its inputs were 300 x 300 grey and 250 x 250 in colour.

    The input is centred here: with inputs from 0 to 1, all filters end up inactive for about every second seed.
    """
    side = 300 if shape[-1] == 1 else 250
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Resizing(side, side, interpolation="bilinear"),
            centred(),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def compact(shape: Shape) -> keras.Model:
    """Return our own network for full disks, for two CPU cores.

    Four blocks of convolution and maximum pooling come first. Their output is summarised by its maximum, its mean, and
    a mean whose weights by position are learned, because sunspots appear in two belts of latitude.
    """
    inputs = keras.Input(shape)
    x = _blocks(_reduced(inputs, shape), filters=(8, 16, 32, 48))
    by_place = layers.Flatten()(layers.DepthwiseConv2D(x.shape[1:3])(x))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x), by_place])
    x = layers.Dropout(0.5)(x)  # made before the dense layer: both draw from one random seed
    return keras.Model(inputs, layers.Dense(1)(x))


def compact_map(shape: Shape) -> keras.Model:
    """Return our own network for full disks that also learns where the regions are.

    Three blocks of convolution and maximum pooling, and one block without pooling, lead to a map of `map_side` by
    `map_side` cells. The map holds one logit per cell: that the cell has a region that makes the label 1. The disk's
    logit says that at least one cell has such a region. Both the map and the label are training targets
    (`solarflare.networks.training.fit`).
    """
    inputs = keras.Input(shape)
    x = _blocks(_reduced(inputs, shape), filters=(8, 16, 32))
    x = layers.SpatialDropout2D(0.25)(_block(x, 48, layers.Identity()))
    # Most cells are empty: the bias starts the map near their share.
    cells = layers.Conv2D(1, 1, bias_initializer=keras.initializers.Constant(-3.0), name=MAP)(x)
    return keras.Model(inputs, NoisyOr()(cells))


def map_side(name: str, shape: Shape) -> int:
    """Return how many cells lie along each side of a network's map for images of this shape, 0 if it has no map."""
    if name != "compact_map":
        return 0
    side = min(shape[:2])
    return side // math.ceil(side / LARGEST_SIDE) // 8


class NoisyOr(keras.Layer):
    """Combines the logits of cells, (N, H, W, 1), into the logit that at least one cell is positive, (N, 1).

    The cells are taken as independent: 1 - p of the disk is the product of 1 - p over the cells (Pearl 1988,
    *Probabilistic Reasoning in Intelligent Systems*, 4.3.2).
    """

    def call(self, cells: tf.Tensor) -> tf.Tensor:
        """Return the logit."""
        none = keras.ops.sum(keras.ops.softplus(cells), axis=(1, 2))  # -log(1 - p)
        return none + logarithm(NOWHERE - keras.ops.expm1(-none))


def compact_pooled(shape: Shape) -> keras.Model:
    """Return our own network for cutouts, for two CPU cores.

    It has the four blocks of `compact`, then the maximum and the mean only: a few hundred cutouts are too few to learn
    weights by position.
    """
    inputs = keras.Input(shape)
    x = _blocks(_reduced(inputs, shape), filters=(8, 16, 32, 48))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)])
    x = layers.Dropout(0.3)(x)  # made before the dense layer: both draw from one random seed
    return keras.Model(inputs, layers.Dense(1)(x))


def _reduced(inputs: keras.KerasTensor, shape: Shape) -> keras.KerasTensor:
    """Reduce a large image to at most `LARGEST_SIDE` pixels a side.

    At full resolution the first layers would take most of the time. The image is divided into cells of some pixels, and
    each cell becomes one pixel with three channels: the mean (in a magnetogram, the net flux), the maximum and the
    minimum of the cell. So one small spot on a disk is not averaged away.
    """
    cell = math.ceil(min(shape[:2]) / LARGEST_SIDE)
    x = centred()(inputs)
    if cell == 1:
        return x
    summaries = [layers.AveragePooling2D(cell)(x), layers.MaxPooling2D(cell)(x), layers.MaxPooling2D(cell)(-x)]
    return layers.Concatenate(name=REDUCED)(summaries)


def reduced_by(network: keras.Model) -> int:
    """Return how many pixels along each side of the images a network reduces to one; 1 if it does not reduce them."""
    reduced = [layer.output for layer in network.layers if layer.name == REDUCED]
    return network.inputs[0].shape[1] // reduced[0].shape[1] if reduced else 1


def reduced(images: npt.NDArray[np.uint8], cell: int) -> npt.NDArray[np.float32]:
    """Return what the layer `REDUCED` of a network makes of images, in a fraction of the time.

    Parameters
    ----------
    images : (N, H, W, C) uint8
        Images.
    cell : int
        What `reduced_by` returned.

    Returns
    -------
    (N, H // cell, W // cell, 3 C) float32
        Mean, maximum and minus minimum of the centred grey levels of each cell. If `cell` is a power of two, no value
        is rounded, and they equal those of the layer.
    """
    count, height, width, channels = images.shape
    tall, wide = height // cell, width // cell
    cells = np.empty((count, tall, wide, 3, channels), np.float32)
    # One by one: an image stays in the processor's cache.
    for image, place in zip(images, cells, strict=True):
        rows = [image[offset : tall * cell : cell, : wide * cell] for offset in range(cell)]
        for summary, combine in enumerate((np.add, np.maximum, np.minimum)):
            # Sums of grey levels need 16 bits.
            column = reduce(combine, rows[1:], rows[0].astype(np.uint16) if combine is np.add else rows[0])
            place[..., summary, :] = reduce(combine, [column[:, offset::cell] for offset in range(cell)])
    cells *= np.array([1 / 128 / cell**2, 1 / 128, -1 / 128], np.float32)[:, None]
    cells += np.array([-1, -1, 1], np.float32)[:, None]
    return cells.reshape(count, tall, wide, 3 * channels)


def _blocks(x: keras.KerasTensor, filters: tuple[int, ...]) -> keras.KerasTensor:
    """Apply one block of convolution and maximum pooling per number of filters; each block halves the resolution."""
    for count in filters:
        x = _block(x, count, layers.MaxPooling2D())
    return x


def _block(x: keras.KerasTensor, count: int, pooling: keras.Layer) -> keras.KerasTensor:
    x = layers.Conv2D(count, 3, padding="same", use_bias=False)(x)
    # Pooling first gives the same maximum for a quarter of the work.
    x = pooling(x)
    # Training takes few steps: with Keras' momentum of 0.99 the moving averages would lag behind.
    return layers.ReLU()(BatchNormalization(momentum=0.9)(x))


# These models get no Keras name: an ensemble holds several of one kind, and names must differ.
NETWORKS: dict[str, Callable[[Shape], keras.Model]] = {
    make.__name__: make for make in (compact, compact_map, compact_pooled, paialunga2020)
}

SQUASHING = ("Sigmoid", "Softmax")
"""Operations that turn a logit into a probability. The last operation of a network is none of them."""


def logit_network(name: str, shape: Shape) -> keras.Model:
    """Return one network that ends in a logit, with random weights drawn from Keras' seed.

    Parameters
    ----------
    name
        A key of `NETWORKS`.
    shape : tuple of int
        Height, width and channels of the images.

    Raises
    ------
    InputError
        If the network does not end in one logit. With an activation of its own, `build` would apply two.
    """
    network = NETWORKS[name](shape)
    last: keras.Operation = network
    while isinstance(last, keras.Model):
        last = getattr(last, "operations", last.layers)[-1]
    activation = getattr(last, "activation", None)
    squashed = activation not in (None, keras.activations.linear) or type(last).__name__ in SQUASHING
    if squashed or network.output_shape != (None, 1):
        raise InputError(
            f"train_disk.network or train_region.network: {name} ends in {last.name} with an output of shape "
            f"{network.output_shape}; it must end in one logit, (None, 1), without activation, as `build` adds the "
            "sigmoid; mend it in solarflare/networks/architectures.py"
        )
    return network


def build(name: str, shape: Shape, members: int = 1, flips: bool = False) -> keras.Model:
    """Return a network, or an ensemble of networks, with random weights drawn from Keras' seed.

    Parameters
    ----------
    name, members
        A key of `NETWORKS`, and how many such networks the ensemble has.
    shape : tuple of int
        Height and width of the images, 16 to 1024 pixels each, and their channels: 1 (grey) or 3 (RGB).
    flips : bool, optional
        True if the answer averages the logits of an image and of its mirror images.

    Returns
    -------
    keras.Model
        A model that maps images (N, H, W, C), uint8 or float, 0 to 255, to scores (N, 1), float32, 0 to 1.

    Raises
    ------
    InputError
        If the network does not end in one logit.
    """
    inputs = keras.Input(shape)
    views = [keras.ops.flip(inputs, axes) if axes else inputs for axes in FLIPS[: len(FLIPS) if flips else 1]]
    networks = [logit_network(name, shape) for _ in range(members)]
    logits = [member(view) for member in networks for view in views]
    mean = layers.Average()(logits) if len(logits) > 1 else logits[0]
    return keras.Model(inputs, layers.Activation("sigmoid")(mean), name=name)
