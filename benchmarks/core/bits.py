"""Hashes of what a processor computes in a few steps: NumPy, BLAS, SciPy, the simulated Sun, training.

Run it from the project's folder: ``python -m benchmarks.core.bits``. Two machines that print the same lines give the
same bits. An emulated processor is tried with ``qemu-x86_64 -cpu Haswell .venv/bin/python -m benchmarks.core.bits``.
"""

import argparse
import hashlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import scipy.linalg
import scipy.special
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.samples.samples import Rows
from solarflare.networks import training
from solarflare.networks.architectures import map_side
from solarflare.sources.simulated import scrape as simulated
from tests import parameters

SHAPES = {Task.DISK: (300, 300, 1), Task.REGION: (64, 64, 3)}
STEPS = 4  # of training


def main() -> None:
    """Print a line for each step: its name, and the first digits of the SHA-256 of its result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*STEPS_BY_NAME], help="one step only")
    only = parser.parse_args().only
    logging.getLogger("solarflare").setLevel(logging.ERROR)
    for name, step in STEPS_BY_NAME.items():
        if only in (None, name):
            digest = hashlib.sha256(b"".join(step()))
            print(f"{name:<12} {digest.hexdigest()[:16]}", flush=True)


def functions() -> Iterator[bytes]:
    """Yield what NumPy and SciPy compute element by element."""
    x = np.random.default_rng(1).uniform(1e-3, 30, 20_000)
    for values in (x, x.astype(np.float32)):
        for function in (np.exp, np.log, np.sqrt, np.sin, np.cos, np.arctan, np.tanh, np.log1p, np.expm1, np.cbrt):
            yield function(values).tobytes()
        yield np.power(values, values[::-1] / 10).tobytes()
        yield np.hypot(values, values[::-1]).tobytes()
        yield values.sum().tobytes() + values.reshape(200, 100).mean(axis=0).tobytes()
    yield scipy.special.expit(x).tobytes() + scipy.special.erf(x).tobytes()
    yield np.fft.fft(x).tobytes()


def products() -> Iterator[bytes]:
    """Yield matrix products and solutions, which BLAS and LAPACK compute."""
    generator = np.random.default_rng(2)
    for side in (7, 100, 333):
        matrix = generator.normal(size=(side, side))
        yield (matrix @ matrix.T).tobytes() + (matrix.astype(np.float32) @ matrix[0].astype(np.float32)).tobytes()
        yield scipy.linalg.solve(matrix, matrix[0]).tobytes() + np.linalg.lstsq(matrix, matrix[0])[0].tobytes()


def models() -> Iterator[bytes]:
    """Yield the forecasts of two models of scikit-learn."""
    generator = np.random.default_rng(3)
    features, label = generator.normal(size=(300, 7)), generator.integers(0, 2, 300)
    for model in (LogisticRegression(), RandomForestClassifier(20, random_state=1)):
        yield model.fit(features, label).predict_proba(features).tobytes()


def sun() -> Iterator[bytes]:
    """Yield the images and tables of a small simulated Sun."""
    chosen = parameters.load()
    content = chosen.model_dump()
    content["scrape"]["simulated"] |= {f"{task}_images": 2 for task in TASKS}
    with TemporaryDirectory() as folder:
        simulated.scrape(type(chosen).model_validate(content), Path(folder))
        for path in sorted(Path(folder).rglob("*.*")):
            yield path.read_bytes()


class Noise:
    """Images of noise."""

    def __init__(self, task: Task) -> None:
        self._images = np.random.default_rng(1).integers(0, 256, (64, *SHAPES[task]), dtype=np.uint8)

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images (N, H, W, C)."""
        return self._images[positions]


def trained(task: Task) -> Iterator[bytes]:
    """Yield the weights and the scores of a network after an epoch of a few steps."""
    chosen = parameters.load()
    training.configure(chosen.compute)
    settings = chosen.train(task).model_copy(
        update={"epochs": 1, "patience": None, "ensemble": 1, "batch_size": 16, "teacher": 0.0}
    )
    count, side = 16 * STEPS, map_side(settings.network, SHAPES[task])
    maps = np.random.default_rng(4).integers(0, 2, (count, side, side), dtype=np.int8) if side else None
    rows = Rows(np.arange(count), np.arange(count) % 2, maps=maps)
    model, _ = training.fit(Noise(task), rows, None, settings, polarity=False)
    for weight in model.get_weights():
        yield weight.tobytes()
    yield training.predict(model, Noise(task), rows.positions).tobytes()


STEPS_BY_NAME: dict[str, Callable[[], Iterator[bytes]]] = {
    "functions": functions,
    "products": products,
    "models": models,
    "sun": sun,
    "disk": lambda: trained(Task.DISK),
    "region": lambda: trained(Task.REGION),
}

if __name__ == "__main__":
    main()
