"""Worker processes. They ignore Ctrl-C; the parent process reports it."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from solarflare.core.console import cores


@contextmanager
def worker_processes() -> Iterator[ProcessPoolExecutor]:
    """Yield a pool with one process per core. When the block ends, work that has not begun is cancelled."""
    pool = ProcessPoolExecutor(cores(), initializer=_ignore_interrupt)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupt() -> None:
    # A terminal sends Ctrl-C to the workers too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
