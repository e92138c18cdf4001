"""The pools that divide the work of a stage: processes or threads of this machine, or a Dask cluster."""

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from solarflare.core.compute import PROCESSES, THREADS
from solarflare.core.console import cores

T = TypeVar("T")


class Pool(Protocol):
    """What all pools have in common."""

    def map(self, function: Callable[..., T], *iterables: Iterable[Any], chunksize: int = 1) -> Iterator[T]:
        """Yield the results in the order of the items. A worker receives `chunksize` items at a time."""


@contextmanager
def worker_pool(scheduler: str = PROCESSES) -> Iterator[Pool]:
    """Yield a pool. When the block ends, work that has not begun is cancelled.

    Parameters
    ----------
    scheduler : str
        ``compute.scheduler`` of ``params.yaml``. ``processes`` and ``threads``: one per core.

    Raises
    ------
    InputError
        If there is no Dask cluster at the address, or if it cannot do the work of this folder.
    """
    pool: ProcessPoolExecutor | ThreadPoolExecutor
    if scheduler == PROCESSES:
        # Workers ignore Ctrl-C; the parent process reports it.
        pool = ProcessPoolExecutor(cores(), initializer=_ignore_interrupt)
    elif scheduler == THREADS:
        pool = ThreadPoolExecutor(cores())
    else:
        # Imported here: most runs need no cluster.
        from solarflare.core.cluster import connected

        with connected(scheduler) as cluster:
            yield cluster
        return
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupt() -> None:
    # A terminal sends Ctrl-C to the workers too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
