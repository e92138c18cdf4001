import numpy as np
import pytest
from scipy.special import expit, logit

from solarflare.core.errors import InputError
from solarflare.networks.architectures import NETWORKS, REDUCED, Shape, build, logit_network, reduced, reduced_by
from solarflare.networks.backend import keras

SHAPES: list[Shape] = [(16, 16, 3), (64, 64, 3), (75, 75, 1), (300, 300, 1), (1024, 1024, 1)]


@pytest.mark.parametrize(
    ("shape", "parameters"), [((300, 300, 1), 16_102), ((250, 250, 3), 11_332), ((64, 64, 3), 11_332)]
)
def test_the_network_of_2020_has_its_parameters_at_every_size(shape: Shape, parameters: int) -> None:
    assert build("paialunga2020", shape).count_params() == parameters


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_of_any_size_gives_one_probability(name: str, shape: Shape) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    scores = build(name, shape).predict(images, verbose=0)
    assert scores.shape == (2, 1)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_an_ensemble_ends_in_the_sigmoid_of_one_logit() -> None:
    model = build("compact_pooled", (32, 32, 3), members=3)
    assert model.count_params() == 3 * build("compact_pooled", (32, 32, 3)).count_params()
    assert model.layers[-1].get_config()["activation"] == "sigmoid"


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_and_its_mirror_images_are_answered_with_the_mean_of_their_logits(name: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 1), dtype=np.uint8)
    alone, together = build(name, (64, 64, 1)), build(name, (64, 64, 1), flips=True)
    together.set_weights(alone.get_weights())
    views = [images[:, ::north_south, ::east_west] for north_south in (1, -1) for east_west in (1, -1)]
    expected = expit(np.mean([logit(alone.predict(view, verbose=0)) for view in views], axis=0))
    for view in views:
        assert together.predict(view, verbose=0) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_bytes_and_floats_mean_the_same(name: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), dtype=np.uint8)
    model = build(name, (32, 32, 1))
    assert model.predict(images, verbose=0).tolist() == model.predict(images.astype(np.float32), verbose=0).tolist()


@pytest.mark.parametrize("shape", [(300, 300, 1), (150, 150, 3), (310, 301, 1), (230, 230, 1)])
def test_images_reduced_beforehand_are_those_that_the_network_reduces(shape: Shape) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    images[0], images[1] = 0, 255
    network = logit_network("compact", shape)
    cell = reduced_by(network)
    by_network = keras.Model(network.inputs, network.get_layer(REDUCED).output).predict(images, verbose=0)
    beforehand = reduced(images, cell)
    if cell in (2, 4):
        assert np.array_equal(beforehand, by_network)
    assert beforehand == pytest.approx(by_network, abs=1e-6)


def test_a_network_of_small_images_reduces_nothing() -> None:
    assert reduced_by(logit_network("compact", (64, 64, 3))) == 1


def flat(shape: Shape, *ends: keras.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), *ends])


def functional(shape: Shape) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.ops.sigmoid(flat(shape, keras.layers.Dense(1))(inputs)))


ENDS = {
    "a dense layer with a sigmoid": lambda shape: flat(shape, keras.layers.Dense(1, activation="sigmoid")),
    "a layer that is a sigmoid": lambda shape: flat(shape, keras.layers.Dense(1), keras.layers.Activation("sigmoid")),
    "the operation": functional,
    "a network within": lambda shape: keras.Sequential([keras.Input(shape), functional(shape)]),
    "two units": lambda shape: flat(shape, keras.layers.Dense(2)),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_network_that_does_not_end_in_one_logit_is_refused(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "mine", ENDS[end])
    with pytest.raises(InputError, match="it must end in one logit"):
        build("mine", (16, 16, 1))


def test_a_network_that_ends_in_a_logit_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "mine", lambda shape: flat(shape, keras.layers.Dense(1)))
    assert logit_network("mine", (16, 16, 1)).output_shape == (None, 1)
