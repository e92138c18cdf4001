"""A network is asked about what looks like that which it learned from, and about nothing else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solarflare.core.errors import InputError
from solarflare.networks import input_range
from solarflare.networks.input_range import Ranges
from solarflare.networks.statistics import BINS, colour_difference, colour_sums, colours, statistics
from solarflare.sun.images.imaging import Pixels

SHAPE = (32, 32, 3)
TINT = np.array([1, 0.8, 0.6])


def cutouts(count: int, seed: int) -> Pixels:
    """Return grainy cutouts in one colour, each with a brightness of its own."""
    generator = np.random.default_rng(seed)
    brightness = generator.uniform(80, 140, (count, 1, 1, 1))
    grey = np.clip(brightness + generator.normal(0, 15, (count, *SHAPE[:2], 1)), 0, 255)
    return (grey * TINT).astype(np.uint8)


def suns(count: int, seed: int, limb: float = 1.4, hole: bool = False) -> Pixels:
    """Return grey disks of a side of 80 pixels, in the field of view of an EUV crop.

    `limb` is its brightness in parts of the disk's. `hole` is a dark spot with soft edges that covers a tenth of the
    disk.
    """
    generator = np.random.default_rng(seed)
    place = np.linspace(-1.15, 1.15, 80)
    radius = np.hypot(*np.meshgrid(place, place))
    profile = np.where(radius < 0.97, 1.0, limb * np.exp(-np.maximum(radius - 1.03, 0) / 0.15))
    brightness = generator.uniform(70, 120, (count, 1, 1))
    if hole:
        from_hole = np.hypot(*np.meshgrid(place - 0.2, place + 0.3))
        profile = profile * (1 - 0.95 * np.exp(-((from_hole / 0.35) ** 4)))
    grain = generator.uniform(3, 8, (count, 1, 1))
    crops = brightness * profile + grain * generator.normal(size=(count, 80, 80))
    return np.clip(crops, 0, 255).astype(np.uint8)[..., None]


@pytest.fixture(scope="module")
def of_cutouts() -> Ranges:
    return Ranges.of([cutouts(150, 1), cutouts(150, 2)])


@pytest.fixture(scope="module")
def of_disks() -> Ranges:
    return Ranges.of([suns(150, 1), suns(150, 2)])


def test_what_looks_alike_is_let_through(of_cutouts: Ranges, of_disks: Ranges) -> None:
    assert of_cutouts.refusals(cutouts(100, 3)) == [None] * 100
    assert of_disks.refusals(suns(100, 3)) == [None] * 100


def test_a_coronal_hole_is_let_through(of_disks: Ranges) -> None:
    assert of_disks.refusals(suns(20, 4, hole=True)) == [None] * 20


ODD = {
    "fine detail": np.full(SHAPE, 110) * TINT,
    "its colours differ by": cutouts(1, 4)[0] * np.array([1, 0.8, 0.8]),
}


@pytest.mark.parametrize("reason", ODD)
def test_an_odd_cutout_is_refused_for_what_is_odd_about_it(of_cutouts: Ranges, reason: str) -> None:
    assert reason in (of_cutouts.refusals(ODD[reason].astype(np.uint8)[None])[0] or "")


def test_a_limb_that_is_too_bright_for_its_disk_is_refused(of_disks: Ranges) -> None:
    assert "limb is" in (of_disks.refusals(suns(1, 5, limb=1.7))[0] or "")


def test_a_disk_that_is_partly_covered_is_refused(of_disks: Ranges) -> None:
    covered = suns(1, 6)[0]
    covered[:, :16] = 0
    assert "its darkest limb is" in (of_disks.refusals(covered[None])[0] or "")


def test_the_number_of_batches_does_not_matter(tmp_path: Path) -> None:
    crops = cutouts(60, 5)
    for name, batches in (("one", [crops]), ("two", [crops[:20], crops[20:]])):
        Ranges.of(batches).write(tmp_path / name)
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()


def test_a_broken_image_among_the_training_crops_does_not_count() -> None:
    crops = suns(60, 5)
    blank = np.concatenate([crops, np.zeros_like(crops[:1])])
    assert Ranges.of([blank]).mean == pytest.approx(Ranges.of([crops]).mean)


def test_the_colours_of_a_brightness_are_told() -> None:
    ramp = (np.arange(256)[:, None] * TINT).astype(np.uint8)[None, :, None]
    sums = colour_sums(ramp)
    assert sums.shape == (1, BINS, 4)
    assert colour_difference(sums, colours(sums)) == pytest.approx(0, abs=1e-9)
    grey = np.repeat(ramp.mean(axis=-1, keepdims=True), 3, axis=-1).astype(np.uint8)
    assert colour_difference(colour_sums(grey), colours(sums))[0] > 10


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [*range(16, 32), 300])
def test_statistics_of_crops_of_all_sizes_are_numbers(width: int, channels: int) -> None:
    assert np.isfinite(statistics(np.zeros((2, width, width, channels), np.uint8))).all()


@pytest.mark.parametrize("crops", [cutouts(30, 1), suns(30, 1)])
def test_what_was_written_is_read(crops: Pixels, tmp_path: Path) -> None:
    known = Ranges.of([crops])
    known.write(tmp_path / "ranges.json")
    read = input_range.read(tmp_path / "ranges.json")
    assert (read.limit, read.colour_limit) == (known.limit, known.colour_limit)
    assert read.distance(crops).tolist() == known.distance(crops).tolist()


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ranges\.json is not there"):
        input_range.read(tmp_path / "ranges.json")


BROKEN: list[dict[str, Any]] = [
    {"limit": None},
    {"limit": float("nan")},
    {"limit": -1.0},
    {"mean": {"brightness": 3}},
    {"covariance": [[1.0]]},
    {"colours": [[1.0, 2.0]]},
]


@pytest.mark.parametrize("content", ["<<<<<<< HEAD", "[]", "{}", *BROKEN])
def test_a_broken_file_gets_one_sentence(of_cutouts: Ranges, content: str | dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    of_cutouts.write(path)
    path.write_text(content if isinstance(content, str) else json.dumps(json.loads(path.read_text()) | content))
    with pytest.raises(InputError, match=r"ranges\.json does not hold ranges that a training wrote"):
        input_range.read(path)
