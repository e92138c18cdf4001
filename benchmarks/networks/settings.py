"""How fast TensorFlow learns with other settings, and Keras with JAX: images a second, beside those of the defaults.

Run it from the project's folder: ``python -m benchmarks.networks.settings``. Each setting learns from the same noise,
in a process of its own, and the settings take turns. JAX is no dependency of the project; it is tried if it is there:
``pip install --target FOLDER jax``, with FOLDER in ``PYTHONPATH``.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from benchmarks.ratios import timed
from solarflare.core.console import progress

ROUNDS, EPOCHS, IMAGES = 3, 3, 512
NETWORKS = {"compact": (300, 300, 1), "compact_pooled": (64, 64, 3)}
"""Networks and the shapes of their images. JAX cannot run the disk's default, which has a function of TensorFlow."""


@dataclass(frozen=True)
class Setting:
    """What differs from the defaults: variables of the environment, threads, and arguments of Keras."""

    environment: Mapping[str, str] = field(default_factory=dict)
    threads: int = 2
    exact: bool = True  # TensorFlow's deterministic operations
    batch_size: int = 32
    compiled: Mapping[str, Any] = field(default_factory=dict)


DEFAULTS = "defaults"
JAX = "Keras with JAX"
SETTINGS = {
    DEFAULTS: Setting(),
    "one thread": Setting(threads=1),
    "oneDNN off": Setting({"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "oneDNN with all instructions": Setting({"ONEDNN_MAX_CPU_ISA": "DEFAULT"}),
    "not deterministic": Setting(exact=False),
    "XLA": Setting(exact=False, compiled={"jit_compile": True}),  # Keras uses none with deterministic operations
    "8 steps at once": Setting(compiled={"steps_per_execution": 8}),
    "batches of 64": Setting(batch_size=64),
    "batches of 128": Setting(batch_size=128),
    JAX: Setting({"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}, exact=False, compiled={"jit_compile": True}),
}


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs=2, metavar=("NETWORK", "SETTING"), help="print seconds of an epoch of one")
    if measured := parser.parse_args().measure:
        print(epoch(*measured))
        return
    names = [name for name in SETTINGS if name != JAX or importlib.util.find_spec("jax")]
    turns = [(network, name) for _ in range(ROUNDS) for network in NETWORKS for name in names]
    seconds: dict[tuple[str, str], list[float]] = {}
    for turn in progress(turns, len(turns), "settings measured"):
        seconds.setdefault(turn, []).append(in_own_process(*turn))
    print("| setting |", " | ".join(NETWORKS), "|")
    print("| --- |", " | ".join("---" for _ in NETWORKS), "|")
    for name in names:
        rates = [median(seconds[network, DEFAULTS]) / median(seconds[network, name]) for network in NETWORKS]
        print(f"| {name} |", " | ".join(f"{rate:.2f}" for rate in rates), "|")


def in_own_process(network: str, name: str) -> float:
    """Return what `epoch` measures in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.networks.settings", "--measure", network, name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def epoch(network: str, name: str) -> float:
    """Return the median seconds of an epoch. What Keras does once, before the first, does not count."""
    setting, shape = SETTINGS[name], NETWORKS[network]
    os.environ.update(setting.environment)  # after `solarflare` has pinned what a setting may change
    from solarflare.networks.architectures import logit_network
    from solarflare.networks.backend import keras, tf
    from solarflare.networks.exact import binary_crossentropy

    tf.config.threading.set_intra_op_parallelism_threads(setting.threads)
    tf.config.threading.set_inter_op_parallelism_threads(setting.threads)
    if setting.exact:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (IMAGES, *shape), dtype=np.uint8)
    labels = random.integers(0, 2, (IMAGES, 1)).astype(np.float32)
    model = logit_network(network, shape)
    model.compile(keras.optimizers.Adam(0.002), binary_crossentropy, **{"jit_compile": False, **setting.compiled})
    learn = {"batch_size": setting.batch_size, "shuffle": False, "verbose": 0}
    model.fit(images, labels, **learn)
    return median(timed(lambda: model.fit(images, labels, **learn)) for _ in range(EPOCHS))


if __name__ == "__main__":
    main()
