"""The pools that divide the work of a stage: processes or threads of this machine, or a Dask cluster."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from solarflare.core.compute import PROCESSES, THREADS
from solarflare.core.console import cores
from solarflare.core.errors import InputError
from solarflare.core.parent import end_with_parent

T = TypeVar("T")


class Pool(Protocol):
    """What all pools have in common."""

    def map(self, function: Callable[..., T], *iterables: Iterable[Any], chunksize: int = 1) -> Iterator[T]:
        """Yield the results in the order of the items. A worker receives `chunksize` items at a time."""


@contextmanager
def worker_pool(scheduler: str = PROCESSES) -> Iterator[Pool]:
    """Yield a pool. When the block ends, work that has not begun is cancelled; if it fails, all work.

    Parameters
    ----------
    scheduler : str
        ``compute.scheduler`` of ``params.yaml``. ``processes`` and ``threads``: one per core.

    Raises
    ------
    InputError
        If there is no Dask cluster at the address, or if it cannot do the work of this folder, or if a process of the
        pool was killed.
    """
    pool: ProcessPoolExecutor | ThreadPoolExecutor
    if scheduler == PROCESSES:
        pool = ProcessPoolExecutor(cores(), initializer=_prepare, initargs=(os.getpid(),))
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
    except BrokenProcessPool:
        raise InputError(
            "a worker process was killed, as the system does when memory is short: free some memory, or set "
            "compute.scheduler to threads, and run the command again"
        ) from None
    except BaseException:
        _stop(pool)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _stop(pool: ProcessPoolExecutor | ThreadPoolExecutor) -> None:
    """End the processes of a pool at once: nobody waits for their results, which may take seconds."""
    if isinstance(pool, ProcessPoolExecutor):
        # `ProcessPoolExecutor.kill_workers` is new in Python 3.14.
        for process in list((pool._processes or {}).values()):
            process.kill()


def _prepare(parent: int) -> None:
    """Make a process a worker of its parent: it ends with it."""
    # A terminal sends these to the workers too; the parent reports them.
    for kind in (signal.SIGINT, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(signal.SIGKILL, parent)
