"""Atomic writing: under a temporary name first, then renamed. Nothing is half-written after an interruption.

A stage writes its own outputs with `atomic_path` and `atomic_directory`. A command whose output the user names writes
into an `OutputFolder`, or asks `check_output_file` first: neither replaces anything that no command wrote.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from solarflare.core import strict_json
from solarflare.core.errors import InputError

MADE = ".made-by-solarflare"
"""A file in an output folder: the names of the files that commands wrote there, one per line."""


def main_checkout() -> Path:
    """Return the folder of the main checkout. Relative paths, the MLflow store and the caches start there.

    The folder is ``DVC_ROOT``, which DVC sets for every stage, or else the working folder. In ``dvc exp run --temp``
    and ``--queue`` the working folder is a temporary copy, but ``DVC_ROOT`` is still the main checkout.
    """
    return Path(os.environ.get("DVC_ROOT") or ".")


def read_json(path: Path, stage: str) -> dict[str, Any]:
    """Return the content of a JSON file that a stage wrote.

    Raises
    ------
    InputError
        If the file is missing or is not JSON; the sentence names the stage that writes it.
    """
    try:
        return strict_json.parse(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise InputError(f"{path} is not there or is broken; make it with `dvc repro {stage}`") from None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with sorted keys, an entry on each line. The folder is made if it is missing."""
    with atomic_path(path) as partial:
        partial.write_text(strict_json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, renamed to `path` if the block ends without an error.

    The folder is made if it is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new" / "table.csv"
    ...     with atomic_path(path) as partial:
    ...         written = partial.write_text("a,b", encoding="utf-8")
    ...     path.read_text(encoding="utf-8")
    'a,b'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays the same: Keras requires ".weights.h5", Pillow and numpy infer the format from it.
    partial = path.with_name(f".partial-{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder that replaces `path` if the block ends without an error.

    The former folder is deleted, whoever made it: only for outputs of stages, and folders of the cache.

    Raises
    ------
    InputError
        If another process is writing this folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, former = path.with_name(f".partial-{path.name}"), path.with_name(f".former-{path.name}")
    if _is_locked(partial):
        raise InputError(f"{path} is being written by another process: wait for its end, and run the command again")
    # A killed run may have left both. If it had not put the new folder in place yet, the former one comes back.
    if not path.exists() and former.is_dir() and not former.is_symlink():
        former.replace(path)
    _delete(partial)
    _delete(former)
    partial.mkdir()
    lock = _lock(partial)
    try:
        yield partial
        # The former folder is renamed first: deleting it takes time, and Ctrl-C meanwhile would leave neither folder.
        if path.exists():
            if former.exists():
                former = Path(tempfile.mkdtemp(prefix=f"{former.name}-", dir=path.parent))
            path.replace(former)
        partial.replace(path)
    finally:
        os.close(lock)
        _delete(partial)
        _delete(former)


def _lock(folder: Path) -> int:
    """Lock a folder until the returned descriptor is closed, or this process and its workers end, however they do."""
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _is_locked(folder: Path) -> bool:
    """Return whether a process, which still runs, has locked a folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def _delete(path: Path) -> None:
    """Delete a folder, a file or a link, as far as this is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


class OutputFolder:
    """A folder, named by the user, for the files of a command. A file that no command wrote is never replaced.

    The folder keeps the names of its commands' files in `MADE`. It is made with the first file.

    Raises
    ------
    InputError
        If `path` is a file, or a folder that has files and no `MADE`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file and the output needs a folder: name a new folder")
        self._made, self._repeats = self._read()
        if path.is_dir() and not (path / MADE).is_file() and any(_is_finished(entry) for entry in path.iterdir()):
            raise InputError(
                f"{path} is not empty and no command of solarflare made it, so nothing is written into it: name a new "
                "or an empty folder"
            )

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """Yield a temporary path, renamed to a file of the folder if the block ends without an error."""
        self._check_free(name)
        self.path.mkdir(parents=True, exist_ok=True)
        if self._repeats:
            self._write(self._made)
            self._repeats = False
        if name not in self._made:
            with (self.path / MADE).open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
            self._made.add(name)
        with atomic_path(self.path / name) as partial:
            yield partial

    @contextmanager
    def replaced(self) -> Iterator[Path]:
        """Yield an empty temporary folder. If the block ends without an error, its files replace all earlier ones."""
        is_new, partial = not self.path.exists(), self.path / ".partial"
        _delete(partial)
        partial.mkdir(parents=True)
        try:
            yield partial
            former, names = self._made, {path.relative_to(partial).as_posix() for path in _files(partial)}
            for name in sorted(names):
                self._check_free(name)
            self._write(former | names)
            for name in sorted(names):
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                (partial / name).replace(self.path / name)
            for name in former - names:
                (self.path / name).unlink(missing_ok=True)
            self._write(names)
        finally:
            _delete(partial)
            if is_new:
                with suppress(OSError):
                    self.path.rmdir()

    def _check_free(self, name: str) -> None:
        """Raise InputError if there is something of this name that no command wrote."""
        path = self.path / name
        if path.is_dir() or (path.exists() and name not in self._made):
            raise InputError(f"{path} is there and no command of solarflare wrote it: move it, or name another folder")

    def _read(self) -> tuple[set[str], bool]:
        """Return the names in `MADE`, and whether some are there twice, as after two commands at once."""
        try:
            names = (self.path / MADE).read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return set(), False
        # A list that came with a downloaded folder must not name files outside of it.
        folder = self.path.resolve()
        inside = {name for name in names if name and (self.path / name).resolve().is_relative_to(folder)}
        return inside, len(set(names)) < len(names)

    def _write(self, names: set[str]) -> None:
        self._made = names
        with atomic_path(self.path / MADE) as partial:
            partial.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


def check_output_file(path: Path, beginning: str) -> None:
    """Check that a file, named by the user, may be written.

    Raises InputError if there is a folder, or a file that does not begin like the files that the command writes.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder and the output is a file: name a file")
    if path.exists():
        with path.open("rb") as file:
            content = file.read(len(beginning.encode()))
        if content and content != beginning.encode():
            raise InputError(f"{path} is there and this command did not write it: name another file")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _is_finished(path: Path) -> bool:
    """Return whether a file or folder is more than what a killed command left."""
    return not path.name.startswith(".partial")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
