"""Placeholders for the outputs of a skipped task: the task is off, or the origin lacks a table that it needs."""

from pathlib import Path

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory, atomic_path

MARKER = "absent.json"
LONGEST = 4096  # most bytes of a placeholder


def mark(path: Path, reason: str) -> None:
    """Write ``{"absent": reason}`` in place of an output of a skipped task.

    A path without a suffix is a folder, which gets a file ``absent.json``.
    """
    content = strict_json.dumps({"absent": reason}) + "\n"
    if path.suffix:
        with atomic_path(path) as partial:
            partial.write_text(content, encoding="utf-8")
    else:
        with atomic_directory(path) as partial:
            (partial / MARKER).write_text(content, encoding="utf-8")


def reason(path: Path) -> str | None:
    """Return the reason in a placeholder, or None for a file or folder that a stage wrote."""
    marker = path / MARKER if path.is_dir() else path
    if not marker.is_file():
        return None
    with marker.open("rb") as file:
        first = file.readline(LONGEST)
    if not first.startswith(b'{"absent"'):
        return None
    try:
        return str(strict_json.parse(first)["absent"])
    except ValueError:
        raise InputError(f"{marker} is broken; make it again with `dvc repro`") from None
