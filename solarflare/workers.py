"""Worker processes that leave Ctrl-C to the process that started them."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from solarflare.console import cores


@contextmanager
def worker_processes() -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of one process a core.

    A terminal sends Ctrl-C to the workers too: they ignore it, so that one process says one sentence, and what is still
    waiting when the block ends is not begun.
    """
    pool = ProcessPoolExecutor(cores(), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
