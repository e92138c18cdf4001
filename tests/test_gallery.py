"""Which test images are shown, and how."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from solarflare import gallery
from solarflare.plots import Picture

TEST = pd.DataFrame(
    {"label": [1, 0] * 20, "probability": np.linspace(0, 1, 40), "path": [f"{i}.jpg" for i in range(40)]}
)
TEST["time"] = pd.Timestamp("2014-01-01")


def probabilities(group: str) -> list[float]:
    shown = gallery.choose(TEST)
    return (shown["probability"][shown["group"] == group] * 39).round().tolist()


def test_the_most_right_are_of_both_classes() -> None:
    assert sorted(probabilities("best")) == [1, 3, 5, 34, 36, 38]


def test_the_most_wrong_come_most_wrong_first() -> None:
    assert sorted(probabilities("worst")) == [0, 2, 4, 35, 37, 39]
    assert {*probabilities("worst")[:2]} == {0, 39}


def test_the_least_certain_are_nearest_to_one_half() -> None:
    assert sorted(probabilities("uncertain")) == [17, 18, 19, 20, 21, 22]


def test_few_rows_are_all_shown() -> None:
    assert len(gallery.choose(TEST.iloc[:1])) == 3


def test_colours_say_what_speaks_for_and_against() -> None:
    attribution = np.zeros((64, 64), np.float32)
    attribution[10:20, 10:20], attribution[40:50, 40:50] = 1, -1
    drawn = gallery.overlay(np.full((64, 64, 1), 100, np.uint8), attribution)
    assert drawn[15, 15] == pytest.approx(gallery.FOR, abs=2)
    assert drawn[45, 45] == pytest.approx(gallery.AGAINST, abs=2)
    assert drawn[0, 63].tolist() == [45, 45, 45]


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_the_gallery(channels: int, tmp_path: Path) -> None:
    shown = gallery.choose(TEST)
    pictures = [Picture(np.full((16, 16, channels), 100, np.uint8), "caption") for _ in range(len(shown))]
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        folder.mkdir()
        gallery.write(folder, "Is it?", shown, pictures, np.ones((len(shown), 16, 16), np.float32))
        written.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")})
    assert written[0] == written[1]
    listed = pd.read_csv(tmp_path / "once/gallery/index.csv")
    assert list(listed.columns) == ["group", "path", "noaa_ar", "time", "label", "probability"]
    for kind, mode in (("image", "L" if channels == 1 else "RGB"), ("map", "RGB")):
        with Image.open(tmp_path / f"once/gallery/{len(listed) - 1:02}-{kind}.jpg") as image:
            assert (image.size, image.mode) == ((16, 16), mode)
