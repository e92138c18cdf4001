"""What replaces the operations whose bits depend on the processor."""

import numpy as np
import pytest

from solarflare.core.tasks import TASKS, Task
from solarflare.networks import exact, training
from solarflare.networks.architectures import Shape
from solarflare.networks.backend import keras, tf
from tests import parameters

SHAPES: dict[Task, Shape] = {Task.DISK: (300, 300, 1), Task.REGION: (64, 64, 3)}
APPROXIMATE = {"Rsqrt", "RsqrtGrad", "Reciprocal", "Inv"}


@pytest.mark.parametrize("task", TASKS)
def test_a_training_step_has_no_operation_whose_bits_depend_on_the_processor(task: Task) -> None:
    settings = parameters.load().train(task)
    model = training.compiled(training.initialised(settings, SHAPES[task]), settings)
    image = tf.zeros((2, *model.input_shape[1:]))
    outputs = model(image)
    targets = {name: tf.zeros(output.shape) for name, output in outputs.items()}
    graph = tf.function(model.train_step).get_concrete_function((image, targets)).graph
    assert not {operation.type for operation in graph.get_operations()} & APPROXIMATE


def test_tensorflow_does_not_bring_them_back() -> None:
    assert tf.config.optimizer.get_experimental_options()["arithmetic_optimization"] is False


@pytest.mark.parametrize("training_step", [True, False])
def test_the_normalisation_is_that_of_keras(training_step: bool) -> None:
    inputs = np.random.default_rng(1).normal(3, 2, (8, 5, 5, 4)).astype(np.float32)
    ours, theirs = exact.BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for layer in (ours, theirs):
        layer.build(inputs.shape)
        layer.set_weights([np.full(4, value, np.float32) for value in (1.5, 0.3, 2.0, 3.0)])
    expected = np.asarray(theirs(inputs, training=training_step))
    assert np.asarray(ours(inputs, training=training_step)) == pytest.approx(expected, abs=1e-5)
    for weight, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert weight == pytest.approx(other, abs=1e-5)


def test_the_cross_entropy_is_that_of_keras() -> None:
    logit = np.linspace(-30, 30, 50, dtype=np.float32)[:, None]
    label = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    expected = keras.losses.binary_crossentropy(label, logit, from_logits=True)
    assert np.asarray(exact.binary_crossentropy(label, logit)) == pytest.approx(np.asarray(expected), rel=1e-5)


def test_the_logarithm_has_its_gradient() -> None:
    x = tf.constant([0.5, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = exact.logarithm(x)
    assert np.asarray(y) == pytest.approx(np.log([0.5, 2.0]))
    assert np.asarray(tape.gradient(y, x)) == pytest.approx([2.0, 0.5])
