"""Worker processes that leave it to the process that started them to say that they are interrupted."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from solarflare.core.console import cores


@contextmanager
def worker_processes() -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of one process a core.

    A terminal sends Ctrl-C to the workers too: they ignore it, so that one process says one sentence, and what is still
    waiting when the block ends is not begun.
    """
    pool = ProcessPoolExecutor(cores(), initializer=_be_silent)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _be_silent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
