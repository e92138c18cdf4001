"""Imports TensorFlow and Keras without their start-up messages. All other modules import the two from here."""

import os

from solarflare.core.console import silenced

# Training gives the same weights, byte for byte, on CPUs only.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


with silenced():  # messages before TensorFlow reads its log level
    import keras
    import tensorflow as tf

# Else TensorFlow replaces a division by a square root with `rsqrt`, whose bits depend on the processor (see `exact`).
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})

__all__ = ["keras", "tf"]
