"""The folder of a model that is shipped: its files, and the hashes by which a damaged one is noticed."""

from collections.abc import Iterator
from pathlib import Path

from solarflare.core.errors import InputError
from solarflare.core.files import sha256

NETWORK, CARD, PAGE, SUMS = "model.tflite", "card.json", "card.md", "SHA256SUMS"


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of each file of a folder, in the form of ``sha256sum``."""
    names = sorted(path.name for path in folder.iterdir() if path.name != SUMS)
    (folder / SUMS).write_text("".join(f"{sha256(folder / name)}  {name}\n" for name in names))


def check_sums(folder: Path) -> None:
    """Check that a folder holds the files of its ``SHA256SUMS``, and no others, with these hashes.

    Raises
    ------
    InputError
        If a file is missing, changed or not listed.
    """
    listed = dict(_listed(folder))
    names = {path.name for path in folder.iterdir()} - {SUMS}
    for name in sorted(names | listed.keys()):
        path = folder / name
        if not path.is_file() or listed.get(name) != sha256(path):
            state = "is not there" if not path.is_file() else "differs from" if name in listed else "is not in"
            which = "" if state == "is not there" else f" {folder / SUMS}"
            raise InputError(f"{path} {state}{which}: the model is damaged; `git checkout {folder}`")


def _listed(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and hash of each line."""
    path = folder / SUMS
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        raise InputError(f"{path} is not there or is no text: the model is damaged; `git checkout {folder}`") from None
    for line in lines:
        digest, _, name = line.partition("  ")
        yield name, digest
