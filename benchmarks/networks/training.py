"""How fast a network learns, beside that of 2020 and beside batches in memory; with --data, which has learned more.

Run it from the project's folder. ``python -m benchmarks.networks.training`` needs nothing; with ``--data`` it needs the
crops, labels and splits in ``data/`` of a pipeline that has run.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.ratios import Ratio, in_turns
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.samples import samples
from solarflare.dataset.samples.samples import Rows
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import training
from solarflare.networks.architectures import Shape, map_side
from solarflare.networks.batches import for_learner, training_batches
from solarflare.networks.schema import Train
from solarflare.networks.trainer import privileged_information
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking
from tests import parameters
from tests.parameters import AllParams

THEIRS = "paialunga2020"
SHAPES: dict[Task, Shape] = {Task.DISK: (300, 300, 1), Task.REGION: (64, 64, 3)}
GOALS = {Task.DISK: 3, Task.REGION: 5}  # times as many images a second as the network of 2020
IMAGES, ROUNDS = 512, 5


class Noise:
    """Images of noise: how long a network takes does not depend on what they show."""

    def __init__(self, shape: Shape) -> None:
        self._images = np.random.default_rng(1).integers(0, 256, (IMAGES, *shape), dtype=np.uint8)

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images (N, H, W, C)."""
        return self._images[positions]


def main() -> None:
    """Print the ratios; with ``--data`` also ROC-AUC on test, and the paired difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="store_true", help="train both on data/ and compare them on test")
    arguments, chosen = parser.parse_args(), parameters.load()
    print(*ratios(), sep="\n")
    if arguments.data:
        for task in chosen.tasks:
            match(task, chosen)


def ratios() -> Iterator[Ratio]:
    """Yield the ratios of each task, on images of the default size."""
    chosen = parameters.load()
    training.configure(chosen.compute)
    for task in TASKS:
        ours = chosen.train(task).network
        seconds, of_memory, of_theirs = in_turns(
            ROUNDS,
            epoch(task, chosen, ours),
            epoch(task, chosen, ours, in_memory=True),
            epoch(task, chosen, THEIRS),
        )
        rates = f"{IMAGES / seconds:,.0f} and {IMAGES / of_theirs:,.0f} images a second"
        yield Ratio(f"train, {task}: images a second", THEIRS, of_theirs / seconds, GOALS[task], rates, at_least=True)
        rates = f"{IMAGES / seconds:,.0f} and {IMAGES / of_memory:,.0f} images a second"
        yield Ratio(f"train, {task}: an epoch", "one of batches in memory", seconds / of_memory, 1.1, rates)


def epoch(task: Task, chosen: AllParams, name: str, in_memory: bool = False) -> Callable[[], object]:
    """Return a call that trains a network for an epoch. Keras has traced its graph before."""
    noise, settings = Noise(SHAPES[task]), with_network(task, chosen, name)
    side = map_side(settings.network, SHAPES[task])
    maps = np.zeros((IMAGES, side, side), np.int8) if side else None
    rows = Rows(np.arange(IMAGES), np.arange(IMAGES) % 2, maps=maps)
    network = training.initialised(settings, SHAPES[task])
    model = training.compiled(network, settings)
    batches = training_batches(noise, rows, settings, instrument(task, chosen) in MAGNETOGRAPHS)
    # To reduce the images is work of the network, not of the input pipeline.
    batches = for_learner(batches.cache() if in_memory else batches, network)
    fit = partial(model.fit, batches, verbose=0, shuffle=False)
    fit()
    return fit


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
