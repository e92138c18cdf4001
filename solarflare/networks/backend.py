"""Imports TensorFlow and Keras without their start-up messages. All other modules import the two from here."""

import os

from solarflare.core.console import silenced
from solarflare.core.errors import InputError

# Training gives the same weights, byte for byte, on CPUs only. `show_gpus` undoes this.
_GPUS = os.environ.get("CUDA_VISIBLE_DEVICES")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


with silenced():  # messages before TensorFlow reads its log level
    import keras
    import tensorflow as tf

# Else TensorFlow replaces a division by a square root with `rsqrt`, whose bits depend on the processor (see `exact`).
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


def show_gpus() -> None:
    """Let TensorFlow use the GPUs that ``CUDA_VISIBLE_DEVICES`` named when it was imported, by default all.

    Raises
    ------
    InputError
        If TensorFlow sees none.
    """
    del os.environ["CUDA_VISIBLE_DEVICES"]
    if _GPUS is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = _GPUS
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        raise InputError(
            "params.yaml: compute.device is gpu, and TensorFlow sees none: install a driver and "
            "tensorflow[and-cuda], or set compute.device to cpu"
        )
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)  # else the first process takes all memory


__all__ = ["keras", "show_gpus", "tf"]
