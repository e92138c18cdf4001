"""Who else uses the MLflow store: the lock of this project's processes, and the processes that lock a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from solarflare.core.console import log

SILENT, LONGEST = 2, 60  # seconds of waiting: until it is said, and until it is given up


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock in a file during the block. Only one process of this project has it at a time.

    Raises
    ------
    TimeoutError
        If another process has not given it back after `LONGEST` seconds.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=SILENT)
    except Timeout:
        log.info("waiting until %s is done with the MLflow store (its lock is %s)", holders(path), path)
        try:
            lock.acquire(timeout=LONGEST)
        except Timeout:
            raise TimeoutError(f"{holders(path)} still holds {path} after {LONGEST} s") from None
    try:
        yield
    finally:
        lock.release()


def holders(path: Path) -> str:
    """Return the processes that hold a lock on a file, such as ``process 123``, as far as Linux tells."""
    table, names = Path("/proc/locks"), []
    if table.is_file() and path.exists():
        inode = str(path.stat().st_ino)
        # 1: POSIX  ADVISORY  WRITE 1234 fe:01:5678 0 EOF, with the process before the device and the inode
        lines = [line.split() for line in table.read_text(encoding="utf-8").splitlines()]
        processes = {line[4] for line in lines if len(line) > 5 and line[5].rpartition(":")[2] == inode}
        names = [f"process {process}" for process in sorted(processes) if int(process) > 0]
    return " and ".join(names) or "another process"
