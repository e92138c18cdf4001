"""Which pixels a network's answer rests on: integrated gradients, which add up to the answer.

Sundararajan et al. 2017, arXiv:1703.01365: the gradient of the answer, averaged on the straight way from a baseline to
the image, times what the image has more than the baseline. The answer is the logit, the score before the sigmoid:
there contributions add up, and a certain network has gradients too.

The baseline is the mean of the training images: what they all share. Of EUV images a black one would not do. No network
has seen it, the default one calls it flaring, and all cutouts would be explained by how they differ from that.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import progress
from solarflare.networks import saved_model
from solarflare.networks.backend import keras, tf
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.saved_model import AT_ONCE
from solarflare.verification.evaluation.attribution_mass import Attribution

STEPS = 16  # of the way; what the sum then lacks is in the metrics
AVERAGED = 512  # training images in the baseline, at most

Values = npt.NDArray[np.float32]


def attribute(rows: pd.DataFrame, tested: pd.DataFrame, images: Images, models: Path) -> Attribution:
    """Explain the answers to test rows, each by its fold's network and the mean of the fold's training images.

    Parameters
    ----------
    rows : DataFrame
        Of `samples.samples`.
    tested : DataFrame
        The n test rows in question: ``fold`` and ``position``.
    images : Images
        All crops, by position.
    models : Path
        What `folds.train` wrote.

    Returns
    -------
    Attribution
        In the order of `tested`.
    """
    maps = np.zeros((len(tested), *image_shape(images)[:2]), np.float32)
    gap = np.zeros(len(tested), np.float32)
    position = tested["position"].to_numpy()
    for fold, folder in saved_model.fold_folders(models, rows["fold"]).items():
        asked = np.flatnonzero(tested["fold"] == fold)
        learned = rows.loc[(rows["fold"] == fold) & (rows["part"] == "train"), "position"].to_numpy()
        baseline = mean_image(images, learned)
        taken = (images.take(position[[place]])[0] for place in asked)
        found = integrated_gradients(saved_model.load(folder)[0], taken, baseline)
        for place, (one, difference) in zip(asked, progress(found, len(asked), "answers explained"), strict=True):
            maps[place], gap[place] = one, difference
    return Attribution(maps, gap)


def integrated_gradients(
    model: keras.Model, images: Iterable[npt.NDArray[np.uint8]], baseline: Values
) -> Iterable[tuple[Values, float]]:
    """Yield what each image's pixels contribute to its logit, and the difference of logits that they add up to.

    Parameters
    ----------
    model : keras.Model
        Whose last layer ends in a sigmoid.
    images : iterable of (H, W, C) uint8
        What it was asked about.
    baseline : (H, W, C) float32
        An image that says nothing.
    """
    network = logits(model)
    middles = (np.arange(STEPS, dtype=np.float32)[:, None, None, None] + 0.5) / STEPS

    def contributions(difference: tf.Tensor) -> tf.Tensor:
        way = baseline + middles * difference
        with tf.GradientTape() as tape:
            tape.watch(way)
            answers = network(way, training=False)
        return tf.reduce_sum(difference * tf.reduce_mean(tape.gradient(answers, way), axis=0), axis=-1)

    computed = tf.function(contributions)
    ends = np.zeros((2, *baseline.shape), np.float32)
    for image in images:
        ends[:] = baseline, image
        without, answer = network(ends, training=False).numpy()[:, 0]
        yield computed(ends[1] - ends[0]).numpy(), answer - without


def logits(model: keras.Model) -> keras.Model:
    """Return a network without the sigmoid at its end, from images (N, H, W, C) to logits (N, 1)."""
    last = model.layers[-1]
    linear = type(last).from_config({**last.get_config(), "activation": "linear"})
    network = keras.Model(model.inputs[0], linear(last.input))
    linear.set_weights(last.get_weights())
    return network


def mean_image(images: Images, positions: npt.NDArray[np.int64]) -> Values:
    """Return the mean (H, W, C) of the images at these positions, `AVERAGED` of them at most."""
    chosen = positions[:: -(-len(positions) // AVERAGED)]
    parts = np.array_split(chosen, -(-len(chosen) // AT_ONCE))
    return (sum(images.take(part).sum(axis=0, dtype=np.float64) for part in parts) / len(chosen)).astype(np.float32)
