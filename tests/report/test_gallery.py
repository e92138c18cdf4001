"""How test images are shown, each next to its map."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from solarflare.report import gallery
from solarflare.report.figures import Picture
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.results import shown
from tests.verification.test_shown import TEST


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
    (picture,) = gallery.legible([Picture(row[None, :, None], "caption")], instrument)
    assert picture.image.ravel().tolist() == shown


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_the_gallery(channels: int, tmp_path: Path) -> None:
    rows = shown.choose(TEST)
    pictures = [Picture(np.full((16, 16, channels), 100, np.uint8), "caption") for _ in range(len(rows))]
    written = []
    for folder in (tmp_path / "once", tmp_path / "again"):
        folder.mkdir()
        gallery.write(folder, "Is it?", rows, pictures, np.ones((len(rows), 16, 16), np.float32), "gong")
        written.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")})
    assert written[0] == written[1]
    for kind, mode in (("image", "L" if channels == 1 else "RGB"), ("map", "RGB")):
        with Image.open(tmp_path / f"once/gallery/{len(rows) - 1:02}-{kind}.jpg") as image:
            assert (image.size, image.mode) == ((16, 16), mode)
