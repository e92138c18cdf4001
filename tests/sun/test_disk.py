"""Where the disk is in an image."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.disk import Disk, fit_circle, fit_disk, nominal_disks
from solarflare.sun.images.instruments import Instrument
from tests.synthetic import grey_sun

FORMS: list[tuple[Instrument, int]] = [("gong", 860), ("hmi", 512), ("aia171", 512), ("aia193", 1024), ("aia211", 512)]
SOURCES_TABLE = {  # centre and visible radius in pixels, measured on the real images
    "20190531_182203": (429.4, 419.0, 369.9),
    "20190212_182103": (432.2, 412.0, 379.9),
    "20191122_182103": (421.8, 420.5, 379.9),
    "20190108_182203": (432.9, 413.6, 381.3),
    "20190201_182103": (430.6, 413.8, 380.5),
}
days = st.datetimes(pd.Timestamp("2010-05-01"), pd.Timestamp("2026-12-31"))


def fitted(path: Path, instrument: Instrument) -> Disk:
    return fit_disk(imaging.without_annotations(imaging.decode(path, "L"), instrument), instrument, time_of(path))


def utc(*times: pd.Timestamp | str) -> npt.NDArray[np.datetime64]:
    return np.array([pd.Timestamp(time).to_datetime64() for time in times], dtype="datetime64[ns]")


def time_of(path: Path) -> pd.Timestamp:
    match = re.search(r"\d{8}_\d{6}", path.name)
    assert match
    return pd.to_datetime(match[0], format="%Y%m%d_%H%M%S")


@pytest.mark.parametrize(("instrument", "width"), FORMS)
@settings(max_examples=8)
@given(data=st.data())
def test_a_drawn_disk_is_found_to_a_pixel(instrument: Instrument, width: int, data: st.DataObject) -> None:
    time = pd.Timestamp(data.draw(days))
    nominal = data.draw(st.sampled_from(nominal_disks(instrument, time, (width, width))))
    shift = st.floats(-0.025, 0.025).map(lambda share: share * nominal.radius)
    true = Disk(
        nominal.x + data.draw(shift),
        nominal.y + data.draw(shift),
        nominal.radius * data.draw(st.floats(0.995, 1.005)),
        fitted=True,
    )
    grey = grey_sun(instrument, width, true, seed=data.draw(st.integers(0, 1000)))
    disk = fit_disk(imaging.without_annotations(grey, instrument), instrument, time)
    assert disk.fitted
    assert (disk.x, disk.y) == pytest.approx((true.x, true.y), abs=1)
    assert disk.radius == pytest.approx(true.radius, abs=1)


@given(seed=st.integers(0, 10**6), share=st.floats(0, 0.3))
def test_the_circle_is_that_of_scipys_robust_least_squares(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    angles, distance = generator.uniform(0, 2 * np.pi, 240), generator.normal(202, 0.5, 240)
    distance[: int(share * 240)] += generator.uniform(-14, 14, int(share * 240))  # prominences and flares
    x, y = 254 + distance * np.cos(angles), 257 + distance * np.sin(angles)
    expected = least_squares(
        lambda p: np.hypot(x - p[0], y - p[1]) - p[2],
        [255.5, 255.5, 200],
        loss="soft_l1",
        f_scale=200 / 300,
        ftol=1e-12,
    )
    assert fit_circle(x, y, Disk(255.5, 255.5, 200, fitted=False)) == pytest.approx(expected.x, abs=1e-3)


@pytest.mark.parametrize(("instrument", "width"), FORMS)
@pytest.mark.parametrize("what", ["black", "white", "noise", "a disk too small", "a disk elsewhere"])
def test_without_a_plausible_disk_the_nominal_one_serves(instrument: Instrument, width: int, what: str) -> None:
    time = pd.Timestamp("2014-01-01")
    nominal = nominal_disks(instrument, time, (width, width))[0]
    grey = {
        "black": lambda: np.zeros((width, width), np.uint8),
        "white": lambda: np.full((width, width), 255, np.uint8),
        "noise": lambda: np.random.default_rng(1).integers(0, 255, (width, width), np.uint8),
        "a disk too small": lambda: grey_sun(
            instrument, width, Disk(nominal.x, nominal.y, 0.75 * nominal.radius, fitted=True)
        ),
        "a disk elsewhere": lambda: grey_sun(instrument, width, Disk(width, width, nominal.radius, fitted=True)),
    }[what]()
    assert fit_disk(grey, instrument, time) in nominal_disks(instrument, time, (width, width))


@pytest.mark.parametrize("time", SOURCES_TABLE)
def test_the_disk_of_a_real_gong_magnetogram(time: str, shared_sun: Path) -> None:
    disk = fitted(shared_sun / f"samples/bbso/2019/gong_magxx_fd_{time}.jpg", "gong")
    assert disk.fitted
    assert (disk.x, disk.y, disk.radius / 1.01) == pytest.approx(SOURCES_TABLE[time], abs=2)


@pytest.mark.parametrize(("folder", "instrument"), [("euv", "aia211"), ("magnetogram", "hmi")])
def test_the_disks_of_real_sdo_images_have_the_radius_of_the_earths_distance(
    folder: str, instrument: Instrument, shared_sun: Path
) -> None:
    paths = sorted((shared_sun / folder).rglob("*.jpg"))[5::67]
    disks = [fitted(path, instrument) for path in paths]
    arcsec = solar_radius(utc(*map(time_of, paths)))
    assert all(disk.fitted for disk in disks)
    assert np.array([disk.radius for disk in disks]) * 4.8 == pytest.approx(arcsec, rel=0.005)
    assert np.array([(disk.x, disk.y) for disk in disks]) == pytest.approx(255.5, abs=4)


def test_an_image_that_looks_past_the_sun_is_not_fitted(shared_sun: Path) -> None:
    """On 2013-11-28 SDO looked after comet ISON."""
    assert not fitted(shared_sun / "euv/2013/11/28/20131128_195937_512_0211.jpg", "aia211").fitted
