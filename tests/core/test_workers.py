"""Worker processes and the process that started them, when one of them is killed."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from solarflare.core.console import cores
from solarflare.core.errors import InputError
from solarflare.core.workers import worker_pool

PROGRAM = """
import os, time
from solarflare.core.workers import worker_pool

def who(_):
    time.sleep(0.1)
    return os.getpid()

with worker_pool() as pool:
    print(*set(pool.map(who, range(8))), flush=True)
    time.sleep(60)
"""


def is_alive(process: int) -> bool:
    """Return whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end_this_process(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def note(folder: Path, number: int) -> None:
    (folder / str(number)).touch()
    time.sleep(0.02)


def interrupted(folder: Path) -> None:
    with worker_pool() as pool:
        pool.map(partial(note, folder), range(100 * cores()), chunksize=100)
        while not any(folder.iterdir()):
            time.sleep(0.01)
        raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(process) for process in parent.stdout.readline().split()]
        assert workers
        parent.kill()
        parent.wait()
        # They end before the pipe that they share with their parent is closed.
        parent.stdout.read()
        time.sleep(0.1)
        assert not any(map(is_alive, workers))


def test_a_worker_that_is_killed_is_one_sentence() -> None:
    with pytest.raises(InputError, match="a worker process was killed"), worker_pool() as pool:
        list(pool.map(end_this_process, range(2)))


def test_items_that_nobody_waits_for_are_not_begun(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path)
    assert len(list(tmp_path.iterdir())) < 100 * cores()
