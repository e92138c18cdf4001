"""Decoding, blanking, cutting."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from solarflare.core.errors import InputError
from solarflare.sun.images import imaging, usable
from solarflare.sun.images.disk import Disk, fit_disk
from solarflare.sun.images.instruments import Instrument
from tests.synthetic import grey_sun

TIME = pd.Timestamp("2014-01-01")
GONG, AIA = Disk(430, 416, 380, fitted=True), Disk(255.5, 255.5, 200, fitted=True)
INSTRUMENTS: list[tuple[Instrument, int, Disk]] = [("gong", 860, GONG), ("hmi", 512, AIA), ("aia211", 512, AIA)]


def jpeg(path: Path, mode: str = "L", width: int = 860, height: int = 860) -> Path:
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(path, "JPEG")
    return path


# What cannot serve


@pytest.mark.parametrize(
    ("instrument", "mode", "width"), [("gong", "L", 860), ("hmi", "L", 512), ("hmi", "L", 1024), ("aia171", "RGB", 512)]
)
def test_an_image_in_its_instruments_form_serves(instrument: Instrument, mode: str, width: int, tmp_path: Path) -> None:
    assert usable.refusal(jpeg(tmp_path / "a.jpg", mode, width, width), instrument) is None


def truncated(path: Path) -> None:
    content = jpeg(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def gif(path: Path) -> None:
    Image.new("L", (860, 860)).save(path, "GIF")


@pytest.mark.parametrize(
    ("make", "instrument", "reason"),
    [
        (truncated, "gong", "truncated"),
        (gif, "gong", "not a JPEG, PNG, FITS or JPEG 2000 file but GIF"),
        (lambda path: path.write_text("<html>not found</html>"), "gong", "a web page, not an image"),
        (lambda path: path.write_bytes(b""), "gong", "not an image"),
        (lambda path: jpeg(path, "RGB"), "gong", "mode RGB instead of L"),
        (lambda path: jpeg(path, "L", 512, 512), "aia211", "mode L instead of RGB"),
        (lambda path: jpeg(path, "L", 512, 512), "gong", "512 x 512 pixels instead of 860 x 860"),
        (lambda path: jpeg(path, "L", 512, 500), "hmi", "512 x 500 pixels instead of a square of at least 256"),
        (lambda path: jpeg(path, "RGB", 128, 128), "aia193", "128 x 128 pixels instead of a square of at least 256"),
    ],
)
def test_what_cannot_serve_is_refused_with_the_reason(
    make: Callable[[Path], None], instrument: Instrument, reason: str, tmp_path: Path
) -> None:
    make(tmp_path / "a.jpg")
    assert usable.refusal(tmp_path / "a.jpg", instrument) == reason


def test_real_images_are_not_refused(shared_sun: Path) -> None:
    first: dict[Instrument, str] = {"gong": "samples/bbso", "hmi": "magnetogram", "aia211": "euv"}
    for instrument, folder in first.items():
        for path in sorted((shared_sun / folder).rglob("*.jpg"))[:5]:
            assert usable.refusal(path, instrument) is None


# Decoding


def test_colour_becomes_grey_by_luminance(tmp_path: Path) -> None:
    Image.new("RGB", (256, 256), (200, 100, 50)).save(tmp_path / "a.jpg")
    assert imaging.decode(tmp_path / "a.jpg", "L").mean() == pytest.approx(
        0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=1
    )


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    image = imaging.decode(jpeg(tmp_path / "a.jpg"), "RGB")
    assert image.shape == (860, 860, 3)
    assert (image == image[..., :1]).all()


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    truncated(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg cannot be decoded .*remove or replace it"):
        imaging.decode(tmp_path / "a.jpg", "L")


# Blanking


@pytest.mark.parametrize(("instrument", "width", "disk"), INSTRUMENTS)
def test_what_is_blanked_is_constant_and_the_rest_untouched(instrument: Instrument, width: int, disk: Disk) -> None:
    image = grey_sun(instrument, width, disk)
    blank, masked = imaging.blank(image, instrument, disk), imaging.blanked_pixels(instrument, image.shape, disk)
    assert set(blank[masked]) == {imaging.fill_value(instrument)}
    assert (blank[~masked] == image[~masked]).all()


@pytest.mark.parametrize(("instrument", "width", "disk"), INSTRUMENTS)
def test_the_disk_itself_is_never_blanked(instrument: Instrument, width: int, disk: Disk) -> None:
    rows, columns = np.mgrid[:width, :width]
    on_disk = np.hypot(columns - disk.x, rows - disk.y) < 0.979 * disk.radius
    assert not (imaging.blanked_pixels(instrument, (width, width), disk) & on_disk).any()


@pytest.mark.parametrize(("instrument", "width", "disk"), INSTRUMENTS)
def test_the_date_that_is_printed_changes_nothing_after_a_jpeg(
    instrument: Instrument, width: int, disk: Disk, tmp_path: Path
) -> None:
    """The ringing of a printed letter stays within what is blanked."""
    caption = np.s_[810:850, 10:252] if instrument == "gong" else np.s_[493:506, 2:150]
    blanked = []
    for letters in (0, 255):
        image = grey_sun(instrument, width, disk).copy()
        image[caption] = letters
        Image.fromarray(image).save(tmp_path / "a.jpg", quality=75)
        blanked.append(imaging.blank(imaging.decode(tmp_path / "a.jpg", "L"), instrument, disk))
    assert (blanked[0] == blanked[1]).all()


def test_no_letter_of_a_real_caption_is_left(shared_sun: Path) -> None:
    """Letters are white, the sky is not; the captions of 2010 are smaller and a row higher."""
    for path in sorted((shared_sun / "euv").rglob("*.jpg"))[::40]:
        image = imaging.decode(path, "RGB")
        disk = fit_disk(imaging.without_annotations(imaging.grey(image), "aia211"), "aia211", TIME)
        below = np.s_[466:, :340]
        assert image[below].min(axis=2).max() > 150
        assert imaging.blank(image, "aia211", disk)[below].min(axis=2).max() < 150


def test_the_blanked_part_of_a_crop_tells_no_season() -> None:
    """The radius follows the Earth's distance; what is blanked lies at the same place of every crop."""
    crops = [
        imaging.disk_image(imaging.blank(np.full((512, 512), 255, np.uint8), "aia211", disk), "aia211", disk, 300)
        for disk in (Disk(253.5, 254.5, 196.0, fitted=True), Disk(256.1, 256.6, 203.5, fitted=True))
    ]
    assert (crops[0] != crops[1]).mean() < 0.01


# Cutting


@pytest.mark.parametrize(("instrument", "width", "disk"), INSTRUMENTS)
def test_what_is_not_blanked_shows_everything_that_is_printed(instrument: Instrument, width: int, disk: Disk) -> None:
    printed = imaging.annotation_mask(instrument, (width, width)) & (grey_sun(instrument, width, disk) == 255)
    blank, letters = (
        imaging.disk_image(np.where(printed, light, 0).astype(np.uint8), instrument, disk, 300, blanked=False)
        for light in (0, 255)
    )
    area = (width / 300) ** 2
    assert (letters.astype(float) - blank).sum() * area == pytest.approx(255 * printed.sum(), rel=0.05)


@settings(max_examples=20)
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.98, 1.02))
def test_disks_of_any_centre_and_radius_become_one(x: float, y: float, scale: float) -> None:
    rows, columns = np.mgrid[:512, :512]

    def crop(disk: Disk) -> imaging.Pixels:
        west, north = (columns - disk.x) / disk.radius, (disk.y - rows) / disk.radius
        pattern = 128 + 60 * np.sin(5 * west) * np.cos(4 * north)
        return imaging.disk_image(pattern.astype(np.uint8), "hmi", disk, 100)

    moved = Disk(AIA.x + x, AIA.y + y, AIA.radius * scale, fitted=True)
    assert crop(moved).astype(float) == pytest.approx(crop(AIA).astype(float), abs=3)


@settings(max_examples=20)
@given(st.floats(60, 450), st.floats(60, 450), st.integers(20, 50))
def test_a_cutout_is_centred_on_what_it_was_asked_for(x: float, y: float, half: int) -> None:
    rows, columns = np.mgrid[:512, :512]
    spot = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 4**2))
    cutout = imaging.square(Image.fromarray(spot.astype(np.uint8)), x, y, half, 64, fill=0).astype(float)
    ramp = np.arange(64) - 31.5
    centre = (cutout.sum(axis=0) @ ramp / cutout.sum(), cutout.sum(axis=1) @ ramp / cutout.sum())
    assert centre == pytest.approx((0, 0), abs=0.5)


@pytest.mark.parametrize("fill", [0, 128])
def test_beyond_the_image_a_cutout_is_filled(fill: int) -> None:
    image = np.full((512, 512, 3), 200, np.uint8)
    cutout = imaging.square(Image.fromarray(image), 511.5, 255.5, 32, 64, fill)
    assert cutout.shape == (64, 64, 3)
    assert (cutout[:, :31] == 200).all()
    assert (cutout[:, 33:] == fill).all()


def test_small_features_survive_the_reduction_in_proportion() -> None:
    """Antialiasing: no pixel is skipped, so the mean stays."""
    image = np.random.default_rng(1).integers(0, 255, (860, 860), np.uint8)
    assert imaging.square(Image.fromarray(image), 429.5, 429.5, 400, 100, 0).mean() == pytest.approx(
        image.mean(), abs=1
    )
