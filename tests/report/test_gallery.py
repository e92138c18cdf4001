"""Which test images are shown, and how."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from solarflare.report import gallery
from solarflare.report.figures import Picture
from solarflare.sun.images.instruments import Instrument

TEST = pd.DataFrame(
    {"label": [1, 0] * 20, "probability": np.linspace(0, 1, 40), "path": [f"{i}.jpg" for i in range(40)]}
)
TEST["time"], TEST["threshold"] = pd.Timestamp("2014-01-01"), 0.3


def probabilities(group: str) -> list[float]:
    shown = gallery.choose(TEST)
    return (shown["probability"][shown["group"] == group] * 39).round().tolist()


def test_the_most_right_are_of_both_classes() -> None:
    assert sorted(probabilities("best")) == [1, 3, 5, 34, 36, 38]


def test_the_most_wrong_come_most_wrong_first() -> None:
    assert sorted(probabilities("worst")) == [0, 2, 4, 35, 37, 39]
    assert {*probabilities("worst")[:2]} == {0, 39}


def test_the_least_certain_of_each_class_are_nearest_to_the_threshold() -> None:
    uneven = TEST[(TEST["label"] == 1) | (TEST["probability"] > 0.5)]
    shown = gallery.choose(uneven)
    assert (shown["probability"][shown["group"] == "uncertain"] * 39).round().tolist() == [12, 10, 14, 21, 23, 25]


def test_few_rows_are_all_shown() -> None:
    assert len(gallery.choose(TEST.iloc[:1])) == 3


def test_colours_say_what_speaks_for_and_against() -> None:
    attribution = np.zeros((64, 64), np.float32)
    attribution[10:20, 10:20], attribution[40:50, 40:50] = 1, -1
    drawn = gallery.overlay(np.full((64, 64, 1), 100, np.uint8), attribution)
    assert drawn[15, 15] == pytest.approx(gallery.FOR, abs=2)
    assert drawn[45, 45] == pytest.approx(gallery.AGAINST, abs=2)
    assert drawn[0, 63].tolist() == [45, 45, 45]


@pytest.mark.parametrize(
    ("instrument", "shown"), [("gong", [0, 112, 128, 144, 255]), ("aia211", [0, 124, 128, 132, 255])]
)
def test_a_weak_field_is_seen_and_an_euv_image_is_left_alone(instrument: Instrument, shown: list[int]) -> None:
    row = np.array([0, 124, 128, 132, 255], np.uint8)
    assert gallery.legible(row[None, :, None], instrument).ravel().tolist() == shown


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_the_gallery(channels: int, tmp_path: Path) -> None:
    shown = gallery.choose(TEST)
    pictures = [Picture(np.full((16, 16, channels), 100, np.uint8), "caption") for _ in range(len(shown))]
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        folder.mkdir()
        gallery.write(folder, "Is it?", shown, pictures, np.ones((len(shown), 16, 16), np.float32), "gong")
        written.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")})
    assert written[0] == written[1]
    listed = pd.read_csv(tmp_path / "once/gallery/index.csv")
    assert list(listed.columns) == ["group", "path", "noaa_ar", "time", "label", "probability"]
    for kind, mode in (("image", "L" if channels == 1 else "RGB"), ("map", "RGB")):
        with Image.open(tmp_path / f"once/gallery/{len(listed) - 1:02}-{kind}.jpg") as image:
            assert (image.size, image.mode) == ((16, 16), mode)
