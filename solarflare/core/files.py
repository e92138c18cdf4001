"""Atomic writing: under a temporary name first, then renamed. Nothing is half-written after an interruption."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from solarflare.core.errors import InputError


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
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        raise InputError(f"{path} is not there or is broken; make it with `dvc repro {stage}`") from None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with sorted keys, an entry on each line. The folder is made if it is missing."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


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
    ...         written = partial.write_text("a,b")
    ...     path.read_text()
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
    """Yield an empty temporary folder that replaces `path` if the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, former = path.with_name(f".partial-{path.name}"), path.with_name(f".former-{path.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        # The former folder is renamed first: deleting it takes time, and Ctrl-C meanwhile would leave neither folder.
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
