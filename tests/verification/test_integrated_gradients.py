"""What an answer rests on: maps that add up to it, of any network, found where the evidence was put."""

import numpy as np
import pytest
from numpy.typing import NDArray

from solarflare.networks.architectures import NETWORKS, Shape, build
from solarflare.networks.backend import keras
from solarflare.verification.evaluation import integrated_gradients

SHAPE: Shape = (32, 32, 1)


def image(seed: int, shape: Shape = SHAPE) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.fixture(autouse=True)
def seeded() -> None:
    keras.utils.set_random_seed(1)


def ensemble() -> keras.Model:
    inputs = keras.Input(SHAPE)
    members = [integrated_gradients.logits(build("compact", SHAPE)) for _ in range(2)]
    mean = keras.layers.Average()([member(inputs) for member in members])
    return keras.Model(inputs, keras.layers.Activation("sigmoid")(mean))


@pytest.mark.parametrize("name", [*NETWORKS, "an ensemble"])
def test_the_score_is_the_sigmoid_of_the_logit(name: str) -> None:
    model = ensemble() if name == "an ensemble" else build(name, SHAPE)
    batch = np.stack([image(seed) for seed in range(4)])
    logit = integrated_gradients.logits(model).predict(batch, verbose=0)
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(model.predict(batch, verbose=0), abs=1e-6)


@pytest.mark.parametrize("name", [*NETWORKS, "an ensemble"])
def test_a_map_adds_up_to_the_difference_of_logits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ensemble() if name == "an ensemble" else build(name, SHAPE)
    monkeypatch.setattr(integrated_gradients, "STEPS", 64)
    baseline = np.full(SHAPE, 128, np.float32)
    logit = integrated_gradients.logits(model)
    asked_about = [image(1), image(2)]
    explained = integrated_gradients.integrated_gradients(model, asked_about, baseline)
    for asked, (one, gap) in zip(asked_about, explained, strict=True):
        difference = logit(asked[None].astype(np.float32)) - logit(baseline[None])
        assert gap == pytest.approx(float(difference[0, 0]), rel=1e-4)
        assert one.sum() == pytest.approx(gap, rel=0.05)


def test_a_map_shows_what_the_network_looks_at() -> None:
    inputs = keras.Input(SHAPE)
    corner = keras.layers.Flatten()(keras.layers.Cropping2D(((0, 24), (0, 24)))(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(corner))
    ((one, _),) = integrated_gradients.integrated_gradients(model, [image(1)], np.zeros(SHAPE, np.float32))
    assert np.abs(one[:8, :8]).min() > 0
    assert not one[8:].any()
    assert not one[:, 8:].any()


class Memory:
    """Images in memory."""

    images = np.stack([image(seed) for seed in range(6)])

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.images[positions]


@pytest.mark.parametrize("most", [512, 2])
def test_the_baseline_is_the_mean_of_the_training_images(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrated_gradients, "MOST_AVERAGED", most)
    monkeypatch.setattr(integrated_gradients, "AT_ONCE", 2)
    mean = integrated_gradients.mean_image(Memory(), np.array([0, 2, 3, 5]))
    averaged = [0, 3] if most == 2 else [0, 2, 3, 5]
    assert mean == pytest.approx(Memory.images[averaged].mean(axis=0), rel=1e-6)


def test_a_network_that_is_very_certain_is_explained_too() -> None:
    inputs = keras.Input(SHAPE)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")(
        keras.layers.Flatten()(inputs)
    ))  # fmt: skip
    assert float(model(image(1)[None])[0, 0]) == 1
    ((one, gap),) = integrated_gradients.integrated_gradients(model, [image(1)], np.zeros(SHAPE, np.float32))
    assert one.sum() == pytest.approx(gap, rel=1e-3)
