"""Ties a process to the one that started it, which cannot end its children if it is killed."""

import ctypes
import os
import signal
import subprocess
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
# Loaded here: between the fork of a process and the start of its program nothing may be loaded.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(kind: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Let the system send a signal to this process when its parent ends, however that ends.

    Only Linux can do this; elsewhere nothing happens.

    Parameters
    ----------
    kind : int
        The signal.
    parent : int, optional
        The process id of the parent, to notice that it ended before this call. If it is not known, a parent in another
        session is a sign: an orphan gets the system's first process as its parent.
    """
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, kind)
        if _is_orphan(parent):
            os.kill(os.getpid(), kind)


def _is_orphan(parent: int | None) -> bool:
    now = os.getppid()
    if parent is not None:
        return now != parent
    try:
        return os.getsid(now) != os.getsid(0)
    except ProcessLookupError:
        return True


def run(command: list[str], **how: Any) -> "subprocess.CompletedProcess[Any]":
    """Run a command to its end as `subprocess.run` does, without check. It does not outlive this process."""
    return subprocess.run(command, check=False, preexec_fn=end_with_parent, **how)
