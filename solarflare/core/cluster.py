"""A Dask cluster as a pool of workers: the stage's folder and this code, on other machines.

A worker is started by `start_worker` (``solarflare worker ADDRESS``). It works in the folder of the stage, which must
have the same path on all machines. It does nothing if its code or its packages differ from those of the stage: then the
bytes could differ too.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from solarflare.core import processor
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.identity import identity

WAIT = 30  # seconds for a scheduler or a first worker to answer
START = "start one with `solarflare worker {}` in the project's folder"

T = TypeVar("T")


class Cluster:
    """A pool of the workers of a Dask cluster. If one is lost, the others do its work.

    Parameters
    ----------
    client : distributed.Client
        A connection to the scheduler.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def map(self, function: Callable[..., T], *iterables: Iterable[Any], chunksize: int = 1) -> Iterator[T]:
        """Yield the results in the order of the items. A worker receives `chunksize` items at a time.

        Raises an InputError if the scheduler is lost, or one piece of work ended several workers.
        """
        items = list(zip(*iterables, strict=False))
        batches = [items[start : start + chunksize] for start in range(0, len(items), chunksize)]
        # Sent once to each worker: the simulated Sun has 9 MB.
        (sent,) = self._client.scatter([function], broadcast=True, hash=False)
        job = {"function": sent, "folder": str(Path.cwd()), "identity": identity()}
        futures = self._client.map(_work, batches, **job, pure=False)
        return self._results(futures)

    def _results(self, futures: list[Any]) -> Iterator[Any]:
        lost = _distributed().KilledWorker, _distributed().client.FutureCancelledError
        try:
            for future in futures:
                yield from future.result()
        except lost as error:
            raise InputError(
                f"the Dask cluster lost work ({error}); see the workers' logs, and run this again"
            ) from None


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Yield the cluster of a scheduler, such as ``tcp://127.0.0.1:8786``. Its dashboard is named in the log.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers, or it has no workers.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=WAIT, set_as_default=False)
    except OSError:
        raise InputError(
            f"params.yaml: compute.scheduler is {address}, and no Dask scheduler answers there: start one with "
            "`dask scheduler`, or set compute.scheduler to processes"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError:
            raise InputError(f"the Dask scheduler at {address} has no worker: {START.format(address)}") from None
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        log.info("Dask: %d workers at %s, dashboard %s", workers, address, client.dashboard_link)
        yield Cluster(client)


def start_worker(address: str, workers: int) -> NoReturn:
    """Become worker processes of a Dask scheduler, with one thread each, until Ctrl-C.

    Raises InputError if Dask is not installed.
    """
    _distributed()
    # This process has imported `solarflare`, so that the workers inherit the variables of `processor`.
    arguments = [address, "--nworkers", str(workers), "--nthreads", "1"]
    os.execv(sys.executable, [sys.executable, "-m", "distributed.cli.dask_worker", *arguments])  # noqa: S606


def _work(batch: list[tuple[Any, ...]], function: Callable[..., T], folder: str, identity: str) -> list[T]:
    """Return the results of a batch. This runs in a worker."""
    check_worker(identity)
    os.chdir(folder)
    return [function(*item) for item in batch]


def check_worker(wanted: str) -> None:
    """Raise an InputError if this worker might compute other bytes than the process that sent it work."""
    if processor.pinned_late:
        raise InputError(f"a Dask worker of {platform.node()} has unpinned libraries: {START.format('ADDRESS')}")
    if identity() != wanted:
        raise InputError(
            f"a Dask worker of {platform.node()} has other code or other packages than this folder: install the same "
            "commit there, and start the worker again"
        )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise InputError("Dask is not installed; `pip install -r requirements.lock` installs it") from None
    return distributed
