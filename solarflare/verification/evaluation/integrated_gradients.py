"""Integrated gradients: how much each pixel contributes to a network's answer.

The method is from Sundararajan et al. 2017, arXiv:1703.01365. The gradient of the answer is averaged along the straight
line from a baseline to the image, and multiplied by the difference of image and baseline. The contributions add up to
the answer for the image minus the answer for the baseline. The answer is the logit, the score before the sigmoid,
because its gradients do not vanish when a network is certain.

The baseline is the mean of the training images. A black image is no good baseline for EUV images: it is unlike all
training images, and the default network calls it flaring.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import progress
from solarflare.networks import description, saved_model
from solarflare.networks.backend import keras, tf
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.saved_model import AT_ONCE
from solarflare.verification.evaluation.attribution_mass import Attribution

STEPS = 16  # along the line; the error of the sum is in the metrics as completeness_error
MOST_AVERAGED = 512  # training images, at most, whose mean is the baseline

Values = npt.NDArray[np.float32]


def attribute(rows: pd.DataFrame, tested: pd.DataFrame, images: Images, models: Path) -> Attribution:
    """Return the attribution of test rows. Each row is explained for the network of its fold.

    The baseline is the mean of the fold's training images. `models` is the folder that `folds.train` wrote, and `rows`
    are all rows that `samples.samples` returned.
    """
    maps = np.zeros((len(tested), *image_shape(images)[:2]), np.float32)
    gap = np.zeros(len(tested), np.float32)
    position = tested["position"].to_numpy()
    for fold, folder in description.fold_folders(models, rows["fold"]).items():
        of_fold = np.flatnonzero(tested["fold"] == fold)
        train = rows.loc[(rows["fold"] == fold) & (rows["part"] == "train"), "position"].to_numpy()
        baseline = mean_image(images, train)
        crops = (images.take(position[[row]])[0] for row in of_fold)
        explained = integrated_gradients(saved_model.load(folder)[0], crops, baseline)
        results = progress(explained, len(of_fold), "answers explained")
        for row, (contributions, difference) in zip(of_fold, results, strict=True):
            maps[row], gap[row] = contributions, difference
    return Attribution(maps, gap)


def integrated_gradients(
    model: keras.Model, images: Iterable[npt.NDArray[np.uint8]], baseline: Values
) -> Iterable[tuple[Values, float]]:
    """Yield, for each image (H, W, C), its pixels' contributions to the logit, and the number they should add up to.

    The contributions (H, W) are summed over the channels. The number is the logit of the image minus the logit of the
    baseline. The last layer of the model must end in a sigmoid.
    """
    network = logits(model)
    middles = (np.arange(STEPS, dtype=np.float32)[:, None, None, None] + 0.5) / STEPS

    def contributions(difference: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        line = baseline + middles * difference
        with tf.GradientTape() as tape:
            tape.watch(line)
            answers = network(line, training=False)
        gradient = tf.reduce_mean(tape.gradient(answers, line), axis=0)
        ends = network(tf.stack([baseline, baseline + difference]), training=False)
        return tf.reduce_sum(difference * gradient, axis=-1), ends[1, 0] - ends[0, 0]

    traced = tf.function(contributions)
    for image in images:
        pixels, gap = traced(image - baseline)
        yield pixels.numpy(), gap.numpy()


def logits(model: keras.Model) -> keras.Model:
    """Return a network without the sigmoid at its end. It maps images (N, H, W, C) to logits (N, 1)."""
    last = model.layers[-1]
    linear = type(last).from_config({**last.get_config(), "activation": "linear"})
    network = keras.Model(model.inputs[0], linear(last.input))
    linear.set_weights(last.get_weights())
    return network


def mean_image(images: Images, positions: npt.NDArray[np.int64]) -> Values:
    """Return the mean (H, W, C) of the images at these positions, or of at most `MOST_AVERAGED` of them."""
    selected = positions[:: -(-len(positions) // MOST_AVERAGED)]
    parts = np.array_split(selected, -(-len(selected) // AT_ONCE))
    return (sum(images.take(part).sum(axis=0, dtype=np.float64) for part in parts) / len(selected)).astype(np.float32)
