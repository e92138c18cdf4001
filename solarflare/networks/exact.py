"""A normalisation, a loss and a logarithm that give the same bits on every processor.

TensorFlow computes `rsqrt` and `reciprocal` from an approximation that differs between makes of processors. Keras
uses the first in batch normalisation. TensorFlow uses the second in the gradients of `log` and `log1p`, and so in the
cross-entropy of logits. Square roots and divisions are exact everywhere (IEEE 754), and are used here instead.
"""

from collections.abc import Callable

from solarflare.networks.backend import keras, tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer for channels in the last axis, without `rsqrt`, and without masks (Ioffe & Szegedy 2015)."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Return the normalised inputs, (..., C) float32. In training, update the moving mean and variance."""
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = keras.ops.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        scale = self.gamma / keras.ops.sqrt(variance + self.epsilon)
        return inputs * scale + (self.beta - mean * scale)


def binary_crossentropy(label: tf.Tensor, logit: tf.Tensor) -> tf.Tensor:
    """Return the cross-entropy of labels, 0 to 1, and logits, as the mean over the last axis."""
    return keras.ops.mean(keras.ops.softplus(logit) - keras.ops.cast(label, logit.dtype) * logit, axis=-1)


def logarithm(x: tf.Tensor) -> tf.Tensor:
    """Return the natural logarithm. Its gradient is a division."""

    def with_gradient(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        return tf.math.log(x), lambda upstream: upstream / x

    return tf.custom_gradient(with_gradient)(x)
