"""A place for the files that libraries keep in the user's home: sunpy and DVC stop where they cannot write there."""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

VARIABLES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")


def ensure() -> None:
    """Let libraries use a temporary folder if the home is missing or read-only, as in many containers."""
    home = None
    with suppress(RuntimeError):  # no HOME, and a user whom the system does not know
        home = Path.home()
    if home is not None and home.is_dir() and os.access(home, os.W_OK):
        return
    folder = tempfile.mkdtemp(prefix="solarflare-home-")
    atexit.register(_delete, folder, os.getpid())
    if home is not None and (home / ".gitconfig").is_file():
        os.environ.setdefault("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    os.environ["HOME"] = folder
    for name in VARIABLES:
        os.environ.setdefault(name, folder)


def _delete(folder: str, owner: int) -> None:
    # A worker process inherits this, and ends first.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
