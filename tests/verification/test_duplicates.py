"""Copies are found across the test's border, and neighbours of one part are left alone."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from solarflare.core import tables
from solarflare.dataset.shards.reader import Crops
from solarflare.sun.images.disk import Disk
from solarflare.verification.audit.duplicates import near_duplicates, perceptual_hashes
from tests.synthetic import grey_sun

Pixels = npt.NDArray[np.uint8]
COUNT, WIDTH = 24, 128


def resaved(image: Pixels) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=70)
    return np.asarray(Image.open(file))


def resized(image: Pixels) -> Pixels:
    small = Image.fromarray(image).resize((WIDTH // 2, WIDTH // 2), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((WIDTH, WIDTH), Image.Resampling.BILINEAR))


def brighter(image: Pixels) -> Pixels:
    return np.minimum(image, 245) + np.uint8(10)


def flipped(image: Pixels) -> Pixels:
    return image[:, ::-1]


def suns() -> Pixels:
    return np.stack([grey_sun("hmi", WIDTH, Disk(63.5, 63.5, 55, fitted=True), seed) for seed in range(COUNT)])


def hold(images: Pixels, folder: Path) -> tuple[pd.DataFrame, Crops]:
    """Return the rows of images, and their crops."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "all.npy", images[..., None])
    rows = pd.DataFrame({"path": [f"{number:02}.jpg" for number in range(len(images))], "position": range(len(images))})
    index = rows.rename(columns={"position": "row"}).assign(noaa_ar="", shard="all.npy", fitted="yes")
    tables.write(index.assign(x=63.5, y=63.5, radius=55.0), folder / "index.csv", tables.CROPS)
    return rows, Crops(folder)


def parts(rows: pd.DataFrame, *folds: list[str]) -> pd.DataFrame:
    return pd.concat([rows[["path"]].assign(fold=number, part=part) for number, part in enumerate(folds)])


@pytest.mark.parametrize("changed", [np.copy, resaved, resized, brighter])
def test_a_copy_is_found_whatever_was_done_to_it(changed: Callable[[Pixels], Pixels], tmp_path: Path) -> None:
    images = suns()
    images[-1] = changed(images[0])
    rows, crops = hold(images, tmp_path)
    splits = parts(rows, ["train"] * (COUNT - 4) + ["test"] * 4)
    assert near_duplicates(rows, splits, crops) == [(COUNT - 1, 0)]


def test_a_caption_that_all_have_makes_no_copies(tmp_path: Path) -> None:
    images = suns()
    images[:, -30:, :60] = 255
    images[:, -20:-10, 10:40] = np.random.default_rng(1).integers(0, 256, (10, 30))
    rows, crops = hold(images, tmp_path)
    assert near_duplicates(rows, parts(rows, ["train", "test"] * (COUNT // 2)), crops) == []


def test_a_flipped_sun_is_another_sun(tmp_path: Path) -> None:
    images = suns()
    images[-1] = flipped(images[0])
    rows, crops = hold(images, tmp_path)
    assert near_duplicates(rows, parts(rows, ["train"] * (COUNT - 4) + ["test"] * 4), crops) == []


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("train", "test", [(COUNT - 1, 0)]),
        ("validation", "test", [(COUNT - 1, 0)]),
        ("test", "train", [(0, COUNT - 1)]),
        ("train", "train", []),
        ("test", "test", []),
        ("", "test", []),
        ("train", "validation", []),
    ],
)
def test_only_the_border_of_the_test_counts(
    first: str, last: str, found: list[tuple[int, int]], tmp_path: Path
) -> None:
    images = suns()
    images[-1] = images[0]
    rows, crops = hold(images, tmp_path)
    between = ["train", "validation", "test"] * (COUNT // 3)
    assert near_duplicates(rows, parts(rows, [first, *between[1:-1], last]), crops) == found


def test_a_pair_on_two_sides_of_several_folds_counts_once_for_each_side(tmp_path: Path) -> None:
    images = suns()
    images[1] = images[0]
    rows, crops = hold(images, tmp_path)
    rest = ["train"] * (COUNT - 2)
    folds = (["test", "train", *rest], ["test", "train", *rest], ["train", "test", *rest], ["train", "train", *rest])
    assert near_duplicates(rows, parts(rows, *folds), crops) == [(0, 1), (1, 0)]


def test_hashes_do_not_depend_on_the_size_of_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, crops = hold(suns(), tmp_path)
    positions = rows["position"].to_numpy()
    whole = perceptual_hashes(positions, crops, 1)
    monkeypatch.setattr("solarflare.verification.audit.duplicates.AT_ONCE", 5)
    assert np.array_equal(perceptual_hashes(positions, crops, 1), whole)
