"""Where the trainings of a stage run: one after another in this process, or at once on a Dask cluster.

On a cluster each network is trained in a fresh process, because TensorFlow's number of threads, which decides the last
bits of the weights, can be set once in a process. So the bytes are the same as here.
"""

import logging
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from solarflare.core.compute import PROCESSES, THREADS, Compute
from solarflare.core.errors import InputError
from solarflare.core.parent import end_with_parent
from solarflare.core.workers import Pool, worker_pool

JOB, SETTINGS, RESULT = "job.pickle", "settings.pickle", "result.pickle"

T = TypeVar("T")


class Trainings:
    """Runs trainings one after another in this process."""

    def fit(self, train: Callable[[Any], T], settings: Iterable[Any]) -> Iterator[T]:
        """Yield what `train` returns for each of some settings. It trains one network."""
        return map(train, settings)

    def side_by_side(self, steps: Callable[[Any], T], items: Iterable[Any]) -> Iterator[T]:
        """Yield what `steps` returns for each item. The steps are independent of other items, and call `fit`."""
        return map(steps, items)


class TrainingsOnCluster(Trainings):
    """Runs trainings at once, each in a fresh process of a worker.

    Parameters
    ----------
    cluster, compute
        The pool of the workers, and the group ``compute`` of ``params.yaml``.
    """

    def __init__(self, cluster: Pool, compute: Compute) -> None:
        self._cluster, self._compute = cluster, compute

    def fit(self, train: Callable[[Any], T], settings: Iterable[Any]) -> Iterator[T]:
        """Yield what `train` returns for each of some settings."""
        # As bytes: to read them, the worker itself would import TensorFlow.
        job = pickle.dumps((self._compute, train))
        return self._cluster.map(partial(_in_fresh_process, job), settings)

    def side_by_side(self, steps: Callable[[Any], T], items: Iterable[Any]) -> Iterator[T]:
        """Yield what `steps` returns for each item. The threads of this process wait for the workers."""
        listed = list(items)
        threads = ThreadPoolExecutor(len(listed))
        try:
            yield from threads.map(steps, listed)
        finally:
            # After Ctrl-C nothing waits for the workers.
            threads.shutdown(wait=False, cancel_futures=True)


@contextmanager
def trainings(compute: Compute) -> Iterator[Trainings]:
    """Yield where trainings run, which ``compute.scheduler`` decides. Errors are those of `worker_pool`."""
    if compute.scheduler in (PROCESSES, THREADS):
        yield Trainings()
        return
    with worker_pool(compute.scheduler) as cluster:
        yield TrainingsOnCluster(cluster, compute)


def _in_fresh_process(job: bytes, settings: Any) -> Any:
    """Return what a training returns, from a process that does nothing else. This runs in a worker."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / JOB).write_bytes(job)
        (folder / SETTINGS).write_bytes(pickle.dumps(settings))
        subprocess.run([sys.executable, "-m", __name__, folder], check=True)
        returned = pickle.loads((folder / RESULT).read_bytes())  # noqa: S301 - of `_run`
    if isinstance(returned, InputError):
        raise returned
    return returned


def _run(folder: Path) -> None:
    """Train as the files of a folder say, and write what the training returns, or the InputError that it raises."""
    from solarflare.networks.training import configure

    compute, train = pickle.loads((folder / JOB).read_bytes())  # noqa: S301 - of `_in_fresh_process`
    try:
        configure(compute)
        returned = train(pickle.loads((folder / SETTINGS).read_bytes()))  # noqa: S301 - as above
    except InputError as error:
        returned = error
    (folder / RESULT).write_bytes(pickle.dumps(returned))


if __name__ == "__main__":
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _run(Path(sys.argv[1]))
