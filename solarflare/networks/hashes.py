"""The hashes of a model's files, by which a damaged model is noticed before it answers."""

from pathlib import Path

from solarflare.core.errors import InputError
from solarflare.core.files import sha256

SUMS = "SHA256SUMS"
"""A file in a model's folder: the hash and the name of each other file, in the form of ``sha256sum``."""


def write(folder: Path) -> None:
    """Write the SHA-256 of each file in a folder and in the folders in it. The same files give the same bytes."""
    lines = (f"{sha256(folder / name)}  {name}\n" for name in sorted(_names(folder)))
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def check(folder: Path, remedy: str) -> None:
    """Check that a folder holds the files of its `SUMS`, and no others, with these hashes.

    Raises
    ------
    InputError
        If a file is missing, changed or not listed. The sentence ends with the remedy.
    """
    listed = _listed(folder, remedy)
    for name in sorted(_names(folder) | listed.keys()):
        path = folder / name
        if not path.is_file() or listed.get(name) != sha256(path):
            state = "is not there" if not path.is_file() else "differs from" if name in listed else "is not in"
            which = "" if state == "is not there" else f" {folder / SUMS}"
            raise InputError(f"{path} {state}{which}: the model is damaged; {remedy}")


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {SUMS}


def _listed(folder: Path, remedy: str) -> dict[str, str]:
    """Return the hash of each name in a folder's list."""
    path = folder / SUMS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path} is not there or is no text: the model is damaged; {remedy}") from None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
