"""DVC's list of who reads and writes what. This module imports little: importing DVC takes a second."""

import fcntl
import json
from pathlib import Path

LIST = Path(".dvc/tmp/rwlock")


def mend() -> None:
    """Delete the list if a DVC that was killed left it half-written: DVC would refuse to run because of it.

    Nothing happens while another DVC writes it.
    """
    if not _is_broken():
        return
    with LIST.with_name("rwlock.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _is_broken():
            LIST.unlink(missing_ok=True)


def _is_broken() -> bool:
    try:
        json.loads(LIST.read_text())
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False
