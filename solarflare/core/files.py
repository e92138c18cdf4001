"""Atomic writing: under a temporary name first, then renamed. Nothing is half-written after an interruption."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main_checkout() -> Path:
    """Return the folder of the main checkout, which relative paths, the MLflow store and caches refer to.

    DVC sets ``DVC_ROOT`` for every stage; in ``dvc exp run --temp`` and ``--queue`` it stays the main checkout,
    where the working folder is a temporary copy.

    Returns
    -------
    Path
        ``DVC_ROOT`` if set, else the working folder.
    """
    return Path(os.environ.get("DVC_ROOT") or ".")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, renamed to `path` if the block ends without an error.

    Parameters
    ----------
    path : Path
        The file to write; its folder is made if it is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new" / "table.csv"
    ...     with atomic_path(path) as partial:
    ...         written = partial.write_text("a,b")
    ...     path.read_text()
    'a,b'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # With the same suffix: Keras requires ".weights.h5", Pillow and numpy infer the format from it.
    partial = path.with_name(f".partial-{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder that replaces `path` if the block ends without an error.

    Parameters
    ----------
    path : Path
        The folder to fill; its former content is deleted after the new content is complete.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, former = path.with_name(f".partial-{path.name}"), path.with_name(f".former-{path.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        # Renamed before it is deleted: deleting takes time, in which Ctrl-C would leave neither folder.
        if path.exists():
            path.replace(former)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
