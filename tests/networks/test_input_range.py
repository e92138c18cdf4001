"""A network is asked about what looks like that which it learned from, and about nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest

from solarflare.core.errors import InputError
from solarflare.networks import input_range
from solarflare.networks.input_range import NAMES, Ranges
from solarflare.sun.images.imaging import Pixels

SHAPE = (32, 32, 3)


def suns(count: int, seed: int) -> Pixels:
    """Return grainy cutouts, each with a brightness of its own."""
    generator = np.random.default_rng(seed)
    brightness = generator.uniform(80, 140, (count, 1, 1, 1))
    return np.clip(brightness + generator.normal(0, 15, (count, *SHAPE)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def known() -> Ranges:
    return Ranges.of([suns(150, 1), suns(150, 2)])


def test_what_looks_alike_is_let_through(known: Ranges) -> None:
    assert input_range.refusals([known], suns(100, 3)) == [None] * 100


ODD = {
    "brightness": np.full(SHAPE, 255),
    "contrast": np.full(SHAPE, 110),
    "share of red": suns(1, 4)[0] * np.array([1, 0.8, 0.8]),
}


@pytest.mark.parametrize("reason", ODD)
def test_what_looks_otherwise_is_refused_for_what_is_odd_about_it(known: Ranges, reason: str) -> None:
    assert f"its {reason} is" in (input_range.refusals([known], ODD[reason].astype(np.uint8)[None])[0] or "")


def test_the_number_of_batches_does_not_matter() -> None:
    crops = suns(60, 5)
    assert Ranges.of([crops]) == Ranges.of([crops[:20], crops[20:]])


def test_what_was_written_is_read(known: Ranges, tmp_path: Path) -> None:
    known.write(tmp_path / "ranges.json")
    assert input_range.read(tmp_path / "ranges.json") == known


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ranges\.json is not there"):
        input_range.read(tmp_path / "ranges.json")


GREY = {name: [0, 1] for name in NAMES[:-2]}


@pytest.mark.parametrize(
    "content",
    [
        "<<<<<<< HEAD",
        "[]",
        "{}",
        '{"brightness": 3}',
        '{"brightness": [0, 1]}',
        json.dumps(GREY | {"share of green": [0, 1]}),
        json.dumps(GREY | {"grain": [float("nan"), 1]}),
        json.dumps(GREY | {"grain": [1, 0]}),
    ],
)
def test_a_broken_file_gets_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "ranges.json").write_text(content)
    with pytest.raises(InputError, match=r"ranges\.json does not hold ranges that a training wrote"):
        input_range.read(tmp_path / "ranges.json")
