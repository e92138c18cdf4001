"""What the operations that round alike on all processors cost in training.

Run ``python -m benchmarks.networks.exact_operations`` from the project's folder. Both variants train in processes of
their own, in turns, so that a busy machine slows both.
"""

import os
import statistics
import subprocess
import sys
import time
from functools import partial

import numpy as np

from benchmarks.networks.training import IMAGES, SHAPES, Noise, instrument
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.samples.samples import Rows
from solarflare.networks import architectures, training
from solarflare.networks.architectures import map_side
from solarflare.networks.backend import keras, tf
from solarflare.networks.batches import for_learner, training_batches
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from tests import parameters

VARIANTS = ("exact", "keras")
ROUNDS, EPOCHS = 4, 5


def main() -> None:
    """Print, for each task, how much longer an epoch takes than with the operations of Keras."""
    if len(sys.argv) > 1:
        time_epochs(sys.argv[1])
        return
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for variant in VARIANTS:
            command = [sys.executable, "-m", "benchmarks.networks.exact_operations", variant]
            printed = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
            for line in printed.splitlines():
                task, value = line.split()
                seconds.setdefault((task, variant), []).append(float(value))
    for task in TASKS:
        exact, usual = (statistics.median(seconds[task.value, variant]) for variant in VARIANTS)
        print(f"{task.value}: {exact / usual:.2f} times the training time with the operations of Keras")


def time_epochs(variant: str) -> None:
    """Print the median seconds that an epoch takes, for each task."""
    if variant == "keras":
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": True})
        vars(architectures).update(BatchNormalization=keras.layers.BatchNormalization, logarithm=tf.math.log)
        vars(training).update(binary_crossentropy=partial(keras.losses.binary_crossentropy, from_logits=True))
    chosen = parameters.load()
    training.configure(chosen.compute)
    for task in TASKS:
        print(task.value, statistics.median(epochs(task, chosen)))


def epochs(task: Task, chosen: parameters.AllParams) -> list[float]:
    """Return the seconds of each epoch after the first, in which Keras traces the graph."""
    settings = chosen.train(task)
    side = map_side(settings.network, SHAPES[task])
    maps = np.zeros((IMAGES, side, side), np.int8) if side else None
    rows = Rows(np.arange(IMAGES), np.arange(IMAGES) % 2, maps=maps)
    network = training.initialised(settings, SHAPES[task])
    model = training.compiled(network, settings)
    batches = training_batches(Noise(SHAPES[task]), rows, settings, instrument(task, chosen) in MAGNETOGRAPHS)
    batches = for_learner(batches, network)
    model.fit(batches, verbose=0, shuffle=False)
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.fit(batches, verbose=0, shuffle=False)
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
