"""The pools that divide the work of a stage: processes or threads of this machine, or a Dask cluster."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.sharedctypes import RawValue
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
    """Yield a pool. When the block ends, work that has not begun is cancelled.

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
    pool: _Processes | ThreadPoolExecutor
    if scheduler == PROCESSES:
        pool = _Processes()
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
        if isinstance(pool, _Processes):
            pool.drop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Processes(ProcessPoolExecutor):
    """A process per core, whose work can be dropped.

    To kill them instead would not do: who is killed while it sends a result lets the pool wait for the rest for ever.
    """

    def __init__(self) -> None:
        self._dropped = RawValue(ctypes.c_bool, False)
        super().__init__(cores(), initializer=_prepare, initargs=(os.getpid(), self._dropped))

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        return super().map(partial(_unless_dropped, fn), *iterables, timeout=timeout, chunksize=chunksize)

    def drop(self) -> None:
        """Begin no item any more, also of those that a worker has received: nobody waits for the results."""
        self._dropped.value = True


_work: dict[str, Any] = {}  # of a worker: whether its pool dropped the work


def _unless_dropped(function: Callable[..., T], *item: Any) -> T:
    if _work["dropped"].value:
        raise RuntimeError("the work was dropped")
    return function(*item)


def _prepare(parent: int, dropped: Any) -> None:
    """Make a process a worker of its parent: it ends with it."""
    _work["dropped"] = dropped
    # A terminal sends these to the workers too; the parent reports them.
    for kind in (signal.SIGINT, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(signal.SIGKILL, parent)
