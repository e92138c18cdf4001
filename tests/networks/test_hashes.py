"""The hashes of a model's files: what differs from them in any way is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from solarflare.core.errors import InputError
from solarflare.networks import hashes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of two folds, with its hashes."""
    for fold in range(2):
        (tmp_path / f"fold-{fold}").mkdir()
        (tmp_path / f"fold-{fold}/weights").write_bytes(bytes(range(fold, 100)))
    hashes.write(tmp_path)
    return tmp_path


def test_the_same_files_give_the_same_hashes(folder: Path) -> None:
    before = (folder / hashes.SUMS).read_bytes()
    hashes.write(folder)
    hashes.check(folder, "")
    assert (folder / hashes.SUMS).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda folder: (folder / "fold-1/weights").write_bytes(b"other"), "fold-1/weights differs from"),
        (lambda folder: (folder / "fold-1/weights").unlink(), "fold-1/weights is not there"),
        (lambda folder: (folder / "fold-1/more").write_bytes(b""), "fold-1/more is not in"),
        (lambda folder: (folder / "fold-1").rename(folder / "fold-2"), "fold-1/weights is not there"),
        (lambda folder: (folder / hashes.SUMS).unlink(), "SHA256SUMS is not there"),
        (lambda folder: (folder / hashes.SUMS).write_bytes(b"\xff"), "SHA256SUMS is not there or is no text"),
        (lambda folder: (folder / hashes.SUMS).write_text(""), "fold-0/weights is not in"),
    ],
)
def test_a_change_is_one_sentence_with_a_remedy(folder: Path, change: Callable[[Path], object], sentence: str) -> None:
    change(folder)
    with pytest.raises(InputError, match=f"{sentence}.*: the model is damaged; train again"):
        hashes.check(folder, "train again")
