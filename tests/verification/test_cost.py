"""What a network costs, against sums on paper."""

from pathlib import Path

import pandas as pd
import pytest

from solarflare.core.tasks import Task
from solarflare.networks import description, saved_model
from solarflare.networks.architectures import build
from solarflare.networks.backend import keras
from solarflare.networks.calibration import Calibration, Platt
from solarflare.verification.evaluation.cost import cost, flops

layers = keras.layers


def test_a_convolution_and_a_dense_layer_are_counted_as_on_paper() -> None:
    network = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3),  # 6 x 6 places, 3 x 3 x 2 x 4 = 72 weights: 2 x 36 x 72 = 5184
            layers.MaxPooling2D(),  # 3 x 3 places
            layers.Flatten(),
            layers.Dense(5),  # 36 x 5 weights: 2 x 180 = 360
        ]
    )
    assert flops(network) == 5184 + 360


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.Conv2D(4, 3, strides=2, padding="same"), 2 * 16 * 72),
        (layers.DepthwiseConv2D(8), 2 * 8 * 8 * 2),
        (layers.MaxPooling2D(), 0),
    ],
    ids=["strided", "depthwise", "pooling"],
)
def test_a_kernel_counts_once_for_each_place_of_its_output(layer: keras.Layer, expected: int) -> None:
    assert flops(keras.Sequential([keras.Input((8, 8, 2)), layer])) == expected


def test_the_network_of_2020_is_counted_as_on_paper() -> None:
    # 300 x 300 grey: 298 x 298 places of 27 weights, then 147 x 147 of 81, then 73 x 73 x 3 weights of a sigmoid.
    assert flops(build("paialunga2020", (300, 300, 1))) == 2 * (298**2 * 27 + 147**2 * 81 + 73**2 * 3)


def test_an_image_and_its_mirror_images_take_four_times_as_much(tmp_path: Path) -> None:
    def per_image(flips: bool) -> int:
        about = description.ModelDescription(
            "compact", (32, 32, 1), Task.DISK, "gong", "simulated", {}, {}, flips=flips
        )
        model = build("compact", (32, 32, 1), flips=flips)
        saved_model.save(tmp_path, model, pd.DataFrame({"epoch": [1]}), Calibration(Platt(1.0, 0.0), 0.5), about)
        return cost(tmp_path)["flops"]

    assert per_image(flips=True) == 4 * per_image(flips=False) > 0


def test_an_ensemble_takes_as_much_as_its_members() -> None:
    shape = (64, 64, 3)
    assert flops(build("compact_pooled", shape, members=3)) == 3 * flops(build("compact_pooled", shape)) > 0
