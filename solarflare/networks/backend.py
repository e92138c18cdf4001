"""Imports TensorFlow and Keras without their start-up messages. All other modules import the two from here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Training gives the same weights, byte for byte, on CPUs only.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _silence() -> Iterator[None]:
    """Hide messages that are printed before TensorFlow reads its log level."""
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


with _silence():
    import keras
    import tensorflow as tf

# Else TensorFlow replaces a division by a square root with `rsqrt`, whose bits depend on the processor (see `exact`).
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})

__all__ = ["keras", "tf"]
