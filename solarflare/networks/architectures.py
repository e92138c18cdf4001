"""The Keras models, by name: images in as they are stored, one probability out, all scaling inside.

Each network ends in a logit. An ensemble of networks that differ in their seeds answers with the mean of its members'
logits (Lakshminarayanan et al. 2017, arXiv:1612.01474, average probabilities; logits add up, and so do their
gradients), and is one Keras model like any other. So is one that is asked for an image and its mirror images.
"""

import math
from collections.abc import Callable

from solarflare.networks.backend import keras, tf

layers = keras.layers

LARGEST_SIDE = 75  # pixels that a side of an image has where `compact` starts to learn
MAP = "map"  # name of the layer of a network that knows where on the disk the regions are
NOWHERE = 1e-7  # probability of a disk whose cells are all empty beyond what float32 can tell: a logit has to be finite

FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))
"""Axes along which an image is flipped, as in `solarflare.networks.batches.augment`; the first leaves it as it is."""

Shape = tuple[int, int, int]


def centred() -> keras.Layer:
    """Return the layer that turns grey levels, 0 to 255, into -1 to 1; no field, 128, becomes 0."""
    return layers.Rescaling(1 / 128, offset=-1)


def paialunga2020(shape: Shape) -> keras.Model:
    """Return the network of 2020, whatever the images' size.

    Two convolutions of three filters with maximum pooling, and one sigmoid over all that is left: 16,102 parameters for
    grey images, 11,332 for colour (P. Paialunga, *Convolutional Neural Networks for binary classification of Solar
    Flares*, github.com/PieroPaialungaAI/SunML). Its inputs were 300 x 300 grey and 250 x 250 in colour.

    They are centred here: with inputs from 0 to 1, about every second seed leaves six filters that never fire again.
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

    Four blocks of convolution and maximum pooling; what is left is asked for its peak and its mean wherever they are,
    and for a mean weighted by place, which is learned: spots keep to two belts of the disk.
    """
    inputs = keras.Input(shape)
    x = _blocks(_brought_down(inputs, shape), filters=(8, 16, 32, 48))
    by_place = layers.Flatten()(layers.DepthwiseConv2D(x.shape[1:3])(x))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x), by_place])
    return keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.5)(x)))


def compact_map(shape: Shape) -> keras.Model:
    """Return our own network for full disks that can be shown where the regions are.

    Three blocks of convolution and maximum pooling and one without pooling lead to a map: for each cell of
    `map_side` by `map_side` the logit of a region there that makes the answer yes. The disk's answer is yes if that of
    any cell is. Training teaches the answer and the map (`solarflare.networks.training.fit`).
    """
    inputs = keras.Input(shape)
    x = _blocks(_brought_down(inputs, shape), filters=(8, 16, 32))
    x = layers.SpatialDropout2D(0.25)(_block(x, 48, layers.Identity()))
    # Most cells are empty: without the bias the first steps would teach nothing else.
    cells = layers.Conv2D(1, 1, bias_initializer=keras.initializers.Constant(-3.0), name=MAP)(x)
    return keras.Model(inputs, NoisyOr()(cells))


def map_side(name: str, shape: Shape) -> int:
    """Return how many cells a network's map has along each side, of images of a shape; 0 if it has no map."""
    if name != "compact_map":
        return 0
    side = min(shape[:2])
    return side // math.ceil(side / LARGEST_SIDE) // 8


class NoisyOr(keras.Layer):
    """From the logits of cells, (N, H, W, 1), to that of there being any, (N, 1).

    Each cell counts for itself: 1 - p is the product of theirs (Pearl 1988, *Probabilistic Reasoning in Intelligent
    Systems*, 4.3.2).
    """

    def call(self, cells: tf.Tensor) -> tf.Tensor:
        """Return the logit."""
        none = keras.ops.sum(keras.ops.softplus(cells), axis=(1, 2))  # -log(1 - p)
        return none + keras.ops.log(NOWHERE - keras.ops.expm1(-none))


def compact_pooled(shape: Shape) -> keras.Model:
    """Return our own network for cutouts, for two CPU cores.

    The same four blocks, asked for peak and mean alone: a few hundred cutouts do not teach where in one to look.
    """
    inputs = keras.Input(shape)
    x = _blocks(_brought_down(inputs, shape), filters=(8, 16, 32, 48))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)])
    return keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.3)(x)))


def _brought_down(inputs: keras.KerasTensor, shape: Shape) -> keras.KerasTensor:
    """Bring a large image down to at most `LARGEST_SIDE` pixels a side.

    What costs time is the first layers, at full resolution. Three summaries of each cell cost nothing to train: its
    mean (of a magnetogram, the net flux), its highest and its lowest value, so that one small spot on a whole disk is
    not averaged away.
    """
    cell = math.ceil(min(shape[:2]) / LARGEST_SIDE)
    x = centred()(inputs)
    if cell == 1:
        return x
    summaries = [layers.AveragePooling2D(cell)(x), layers.MaxPooling2D(cell)(x), layers.MaxPooling2D(cell)(-x)]
    return layers.Concatenate()(summaries)


def _blocks(x: keras.KerasTensor, filters: tuple[int, ...]) -> keras.KerasTensor:
    """Halve the resolution with each block of convolution and maximum pooling."""
    for count in filters:
        x = _block(x, count, layers.MaxPooling2D())
    return x


def _block(x: keras.KerasTensor, count: int, pooling: keras.Layer) -> keras.KerasTensor:
    x = layers.Conv2D(count, 3, padding="same", use_bias=False)(x)
    # Pooled before it is normalised: the same maximum, a quarter of the work.
    x = pooling(x)
    # Training takes few steps: averages with Keras' momentum, 0.99, would not arrive.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


# Models without names of their own: several of one kind are parts of an ensemble.
NETWORKS: dict[str, Callable[[Shape], keras.Model]] = {
    network.__name__: network for network in (compact, compact_map, compact_pooled, paialunga2020)
}


def build(name: str, shape: Shape, members: int = 1, flips: bool = False) -> keras.Model:
    """Return a network, or an ensemble of several, with fresh weights, drawn from Keras' random seed.

    Parameters
    ----------
    name, members
        A key of `NETWORKS`, and how many of them.
    shape : tuple of int
        Height and width, 16 to 1024 pixels each, and channels of the images: 1 (grey) or 3 (RGB).
    flips : bool, optional
        Whether the answer is the mean, of the logits again, over an image and its mirror images.

    Returns
    -------
    keras.Model
        From images (N, H, W, C), uint8 or float, 0 to 255, to scores (N, 1), float32, 0 to 1.
    """
    inputs = keras.Input(shape)
    views = [keras.ops.flip(inputs, axes) if axes else inputs for axes in FLIPS[: len(FLIPS) if flips else 1]]
    networks = [NETWORKS[name](shape) for _ in range(members)]
    logits = [network(view) for network in networks for view in views]
    mean = layers.Average()(logits) if len(logits) > 1 else logits[0]
    return keras.Model(inputs, layers.Activation("sigmoid")(mean), name=name)
