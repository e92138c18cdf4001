"""Regions that are drawn on a made-up Sun are found at their places."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solarflare.predict import find_regions
from solarflare.sun.images.coordinates import solar_radius, to_arcsec
from solarflare.sun.images.disk import Disk, nominal_disks
from solarflare.sun.images.instruments import Instrument

TIME = pd.Timestamp("2014-02-01T12:00:00")
SIDES: dict[Instrument, int] = {"aia211": 512, "gong": 860}
QUIET: dict[Instrument, int] = {"aia211": 60, "gong": 128}


def quiet_sun(instrument: Instrument) -> tuple[npt.NDArray[np.float64], Disk]:
    """Return a disk of one grey level on a black sky."""
    side = SIDES[instrument]
    disk = nominal_disks(instrument, TIME, (side, side))[0]
    rows, columns = np.mgrid[:side, :side]
    return np.where(np.hypot(columns - disk.x, rows - disk.y) <= disk.radius, float(QUIET[instrument]), 0.0), disk


def with_spot(
    image: npt.NDArray[np.float64], disk: Disk, latitude: float, longitude: float, height: float, width: float
) -> npt.NDArray[np.float64]:
    """Return the image with a round spot, brighter or darker, at a place on the Sun; width in solar radii."""
    x, y = to_arcsec([latitude], [longitude], np.array([TIME], "datetime64[ns]"))
    scale = disk.radius / float(solar_radius(np.array([TIME], "datetime64[ns]"))[0])
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    distance = np.hypot(columns - disk.x - x[0] * scale, rows - disk.y + y[0] * scale)
    return image + height * np.exp(-0.5 * (distance / (width * disk.radius)) ** 2)


def find(image: npt.NDArray[np.float64], instrument: Instrument, disk: Disk) -> pd.DataFrame:
    latitude, longitude = find_regions.find(np.clip(image, 0, 255).astype(np.uint8), instrument, disk, TIME)
    return pd.DataFrame({"latitude": latitude, "longitude": longitude})


@pytest.mark.parametrize("instrument", SIDES)
def test_the_quiet_sun_has_no_region(instrument: Instrument) -> None:
    image, disk = quiet_sun(instrument)
    assert find(image, instrument, disk).empty


@settings(max_examples=20)
@example(latitude=-4.0, longitude=0.0)  # at the centre of the disk, where rings are small
@given(latitude=st.floats(-45, 45), longitude=st.floats(-50, 50))
def test_a_bright_patch_is_found_where_it_is(latitude: float, longitude: float) -> None:
    image, disk = quiet_sun("aia211")
    regions = find(with_spot(image, disk, latitude, longitude, 190, 0.06), "aia211", disk)
    assert len(regions) == 1
    assert regions["latitude"].iloc[0] == pytest.approx(latitude, abs=2)
    assert regions["longitude"].iloc[0] == pytest.approx(longitude, abs=2)


def test_two_polarities_next_to_one_another_are_one_region() -> None:
    image, disk = quiet_sun("gong")
    image = with_spot(image, disk, 15, 20, 100, 0.03)
    regions = find(with_spot(image, disk, 15, 26, -100, 0.03), "gong", disk)
    assert len(regions) == 1
    assert regions["longitude"].iloc[0] == pytest.approx(23, abs=2)


def test_the_largest_region_comes_first() -> None:
    image, disk = quiet_sun("aia211")
    image = with_spot(image, disk, 20, -30, 190, 0.04)
    assert find(with_spot(image, disk, -20, 30, 190, 0.08), "aia211", disk)["latitude"].round(-1).tolist() == [-20, 20]
