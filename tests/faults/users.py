"""Other users than the one who runs the faults: nobody knows the name of one of these."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

USER = 4242  # a user id that is in no list of users

# The interpreter may be below a folder that only root can enter. In a namespace of its own it is mounted again there.
OPENED = """\
mkdir -p "$1" && mount --bind "$3" "$1" && mount -t tmpfs -o mode=755 none "$2" && mkdir -p "$3" || exit 77
mount --bind "$1" "$3" || exit 77
shift 3
exec "$@"
"""
READ_ONLY = """\
while [ "$1" != -- ]; do mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77; shift; done
shift
cd "$PWD" && exec "$@"
"""


def is_root() -> bool:
    """Return whether this process may become another user, and mount."""
    return os.geteuid() == 0 and shutil.which("setpriv") is not None and shutil.which("unshare") is not None


def give(folder: Path, user: int = USER) -> None:
    """Give a folder, with all that is in it, to a user."""
    subprocess.run(["chown", "-R", f"{user}:{user}", str(folder)], check=True)


def become(user: int, scratch: Path) -> tuple[str, ...]:
    """Return what to put before a command that another user is to run. `scratch` is a folder that may be made."""
    switch = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all")
    closed = _first_closed(Path(sys.base_prefix))
    if closed is None:
        return switch
    return ("unshare", "--mount", "sh", "-c", OPENED, "sh", str(scratch), str(closed), sys.base_prefix, *switch)


def read_only(folders: Iterable[Path]) -> tuple[str, ...]:
    """Return what to put before a command for which some folders are to be mounted without the right to write."""
    return ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh", *map(str, folders), "--")


def _first_closed(folder: Path) -> Path | None:
    """Return the first folder on the way to another that other users cannot enter."""
    return next((above for above in reversed((folder, *folder.parents)) if not above.stat().st_mode & 0o001), None)
