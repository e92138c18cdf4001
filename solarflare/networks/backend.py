"""TensorFlow and Keras, without what they say of CPUs and GPUs while they start; nothing else imports them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# The bytes of the weights are promised for a number of CPU threads; no GPU keeps that promise.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _silence() -> Iterator[None]:
    """Close the terminal to notices that are printed before TensorFlow reads its log level."""
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

__all__ = ["keras", "tf"]
