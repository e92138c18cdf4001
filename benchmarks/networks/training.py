"""How fast both networks learn and, with --data, which of them has learned more.

Run it from the project's folder. ``python -m benchmarks.networks.training`` needs nothing; with ``--data`` it needs the
crops, labels and splits in ``data/`` of a pipeline that has run.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.samples import samples
from solarflare.dataset.samples.samples import Rows
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import training
from solarflare.networks.architectures import Shape, map_side
from solarflare.networks.batches import training_batches
from solarflare.networks.schema import Train
from solarflare.networks.trainer import privileged_information
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking
from tests import parameters
from tests.parameters import AllParams

THEIRS = "paialunga2020"
SHAPES: dict[Task, Shape] = {Task.DISK: (300, 300, 1), Task.REGION: (64, 64, 3)}
IMAGES, ROUNDS = 512, 5


class Noise:
    """Images of noise: how long a network takes does not depend on what they show."""

    def __init__(self, shape: Shape) -> None:
        self._images = np.random.default_rng(1).integers(0, 256, (IMAGES, *shape), dtype=np.uint8)

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images (N, H, W, C)."""
        return self._images[positions]


def main() -> None:
    """Print images a second and their ratio; with ``--data`` also ROC-AUC on test, and the paired difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="store_true", help="train both on data/ and compare them on test")
    arguments, chosen = parser.parse_args(), parameters.load()
    training.configure(chosen.compute.threads)
    for task in TASKS:
        race(task, chosen)
    if arguments.data:
        for task in chosen.tasks:
            match(task, chosen)


def race(task: Task, chosen: AllParams) -> None:
    """Time both networks in turns, so that a busy machine slows both, on images of the default size."""
    noise = Noise(SHAPES[task])
    polarity = instrument(task, chosen) in MAGNETOGRAPHS
    models = {}
    ours = chosen.train(task).network
    for name in (ours, THEIRS):
        settings = with_network(task, chosen, name)
        side = map_side(settings.network, SHAPES[task])
        maps = np.zeros((IMAGES, side, side), np.int8) if side else None
        rows = Rows(np.arange(IMAGES), np.arange(IMAGES) % 2, maps=maps)
        model = training.compiled(training.initialised(settings, SHAPES[task]), settings)
        batches = training_batches(noise, rows, settings, polarity)
        model.fit(batches, verbose=0, shuffle=False)  # Keras traces the graph in the first epoch.
        models[name] = model, batches
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(ROUNDS):
        for name, (model, batches) in models.items():
            start = time.perf_counter()
            model.fit(batches, verbose=0, shuffle=False)
            seconds[name].append(time.perf_counter() - start)
    speed = {name: IMAGES / statistics.median(durations) for name, durations in seconds.items()}
    size = "x".join(map(str, SHAPES[task]))
    print(f"{task}, {size}: " + ", ".join(f"{name} {value:,.0f} images/s" for name, value in speed.items()))
    print(f"{task}: {ours} is {speed[ours] / speed[THEIRS]:.1f} times as fast")


def match(task: Task, chosen: AllParams) -> None:
    """Train both on the first fold of the split in ``data/``, and compare them on its test rows."""
    images = Crops(Path(f"data/crops/{task}"))
    rows = samples.read_samples(task, images.index)
    test = samples.part(rows, 0, "test")
    blocks = samples.in_part(rows, 0, "test")["block"].to_numpy()
    plan = BlockBootstrap(blocks, chosen.evaluate.resamples, seed=1)
    unweighted = np.ones((1, len(test.labels)))
    values, draws = {}, {}
    ours = chosen.train(task).network
    for name in (ours, THEIRS):
        settings = with_network(task, chosen, name)
        privileged = privileged_information(task, chosen, settings, images, rows)
        learned, watched = (samples.part(rows, 0, name, privileged) for name in ("train", "validation"))
        start = time.perf_counter()
        polarity = instrument(task, chosen) in MAGNETOGRAPHS
        model, history = training.fit(images, learned, watched, settings, polarity)
        seconds = time.perf_counter() - start
        ranking = Ranking(test.labels, training.predict(model, images, test.positions))
        values[name] = ranking.roc_auc(unweighted).item()
        draws[name] = np.concatenate([ranking.roc_auc(weight) for weight in plan.weights()])
        interval = plan.interval(values[name], draws[name])
        print(
            f"{task}: {name} ROC-AUC {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}], "
            f"{len(history)} epochs in {seconds:.0f} s"
        )
    paired = plan.difference(values[ours] - values[THEIRS], draws[ours] - draws[THEIRS])
    print(f"{task}: {ours} less {THEIRS} {paired.value:+.3f} [{paired.low:+.3f}, {paired.high:+.3f}]: {paired.verdict}")


def with_network(task: Task, chosen: AllParams, name: str) -> Train:
    """Return the task's training parameters with another network."""
    return chosen.train(task).model_copy(update={"network": name})


def instrument(task: Task, chosen: AllParams) -> str:
    """Return what took the task's images."""
    return chosen.instrument.of(task)


if __name__ == "__main__":
    main()
