"""Lists the files of an archive: which are read, and why the others are not."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from solarflare.core import printable
from solarflare.sources.common import filenames
from solarflare.sources.common.identity import Identity, identify

TABLES = ("flares.csv", "regions.csv", "coverage.csv")  # The tables in an archive's folder; only the first is needed
OTHER_ENDING = "its ending is not that of an image"
ODD_NAME = "its path is not printable text in UTF-8; rename it"
LINKED_FOLDER = "a link to a folder, which is not followed; copy the folder, or link each file"
NOWHERE = "a link to a file that is not there"
NO_FILE = "no file, but a pipe, a socket or a device"


class Found(NamedTuple):
    """A file below an archive's folder: its relative name, and why it is not read, whatever it holds."""

    name: str
    reason: str = ""


def files(folder: Path) -> list[Found]:
    """Return the files below a folder, sorted by name, without its tables and without hidden files and folders.

    A link to a file is read like the file, wherever that is. A link to a folder is listed with a reason and not
    followed, so that no link makes a circle. Raises OSError if a folder cannot be read.
    """
    return sorted(_files(folder))


def identity(folder: Path, file: Found) -> Identity:
    """Return instrument and time of a file, or the reason why they are not known or the file is not read."""
    if file.reason:
        return Identity(None, file.reason)
    return identify(folder / file.name) if filenames.is_image(file.name) else Identity(None, OTHER_ENDING)


def _files(folder: Path) -> Iterator[Found]:
    for place, folders, names in os.walk(folder, onerror=_fail):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in [*names, *linked]:
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            if not name.startswith(".") and relative not in TABLES:
                yield Found(relative, _why_not_read(path, relative))


def _fail(error: OSError) -> None:
    raise error


def _why_not_read(path: Path, name: str) -> str:
    try:
        mode = path.stat().st_mode
    except OSError:
        return NOWHERE
    if stat.S_ISDIR(mode):
        return LINKED_FOLDER
    if not stat.S_ISREG(mode):
        return NO_FILE
    return "" if printable.one_line(name) == name else ODD_NAME
