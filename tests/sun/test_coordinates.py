"""Where an active region is on the disk."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from sunpy.coordinates import HeliographicStonyhurst, Helioprojective, sun
from sunpy.sun.models import differential_rotation

from solarflare.core import tables
from solarflare.sun.images.coordinates import regions_on_disk, rotate_longitude, solar_radius, to_arcsec, to_stonyhurst

latitudes, longitudes = st.floats(-60, 60), st.floats(-80, 80)
days = st.datetimes(pd.Timestamp("2010-05-01"), pd.Timestamp("2026-12-31"))


def utc(*times: pd.Timestamp | str) -> npt.NDArray[np.datetime64]:
    return np.array([pd.Timestamp(time).to_datetime64() for time in times], dtype="datetime64[ns]")


# Coordinates


def test_a_position_of_the_hek_in_arcsec() -> None:
    x, y = to_arcsec([10.0], [21.0], ["2019-01-02"])
    assert (x[0], y[0]) == pytest.approx((345.7, 218.5), abs=15)


@settings(max_examples=30)
@given(latitudes, longitudes, days)
def test_arcsec_lead_back_to_the_place_on_the_sun(latitude: float, longitude: float, time: pd.Timestamp) -> None:
    x, y = to_arcsec([latitude], [longitude], utc(time))
    frame = Helioprojective(observer="earth", obstime=time)
    place = SkyCoord(x[0] * u.arcsec, y[0] * u.arcsec, frame=frame).transform_to(HeliographicStonyhurst(obstime=time))
    assert (place.lat.deg, place.lon.deg) == pytest.approx((latitude, longitude), abs=1e-6)


@settings(max_examples=30)
@given(latitudes, longitudes, days)
def test_places_on_the_sun_are_found_again_from_arcsec(latitude: float, longitude: float, time: pd.Timestamp) -> None:
    x, y = to_arcsec([latitude], [longitude], utc(time))
    north, west = to_stonyhurst(x, y, time)
    assert (north[0], west[0]) == pytest.approx((latitude, longitude), abs=1e-6)


@pytest.mark.parametrize(("date", "tilt"), [("2014-03-06", -7.25), ("2014-06-06T18:00", 0.0), ("2014-09-08", 7.25)])
def test_the_middle_of_the_disk_lies_at_the_tilt_of_the_suns_axis(date: str, tilt: float) -> None:
    """It is inclined by 7.25 degrees to the ecliptic: most towards the Earth in September, most from it in March."""
    north, west = to_stonyhurst([0.0], [0.0], pd.Timestamp(date))
    assert (north[0], west[0]) == pytest.approx((tilt, 0), abs=0.05)


def test_a_place_on_the_sun_by_plane_trigonometry() -> None:
    """In June the Sun's axis is not tilted; its radius is 1, and its distance as many as its angular radius says."""
    time = pd.Timestamp("2014-06-06T18:00")
    distance = 1 / np.sin(np.deg2rad(solar_radius(utc(time))[0] / 3600))
    latitude, longitude = np.deg2rad([30, 45])
    to_the_plane = distance - np.cos(latitude) * np.cos(longitude)
    right, up = np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    x, y = np.arctan2(right, to_the_plane), np.arctan2(up, np.hypot(to_the_plane, right))
    north, west = to_stonyhurst(np.rad2deg([x]) * 3600, np.rad2deg([y]) * 3600, time)
    assert (north[0], west[0]) == pytest.approx((30, 45), abs=0.05)


@settings(max_examples=30)
@given(latitudes, st.floats(1, 80), days)
def test_west_is_positive_and_all_lies_within_the_limb(latitude: float, longitude: float, time: pd.Timestamp) -> None:
    x, y = to_arcsec([latitude, latitude], [longitude, -longitude], utc(time, time))
    assert x[0] > 0
    assert (x[0], y[0]) == pytest.approx((-x[1], y[1]), abs=1e-6)
    assert np.hypot(x, y).max() < solar_radius(utc(time))[0]


@settings(max_examples=30)
@given(days)
def test_the_suns_radius_is_that_of_sunpy(time: pd.Timestamp) -> None:
    assert solar_radius(utc(time))[0] == pytest.approx(sun.angular_radius(time).to_value(u.arcsec), abs=1e-6)


def test_a_place_beside_the_disk_is_not_on_the_sun() -> None:
    assert np.isnan(to_stonyhurst([2000.0], [0.0], pd.Timestamp("2014-01-01"))).all()


# Rotation


@given(latitudes, longitudes, st.floats(-20, 20))
def test_rotation_is_that_of_sunpy(latitude: float, longitude: float, span: float) -> None:
    per_day = differential_rotation(1 * u.day, latitude * u.deg, frame_time="synodic").to_value(u.deg)
    assert rotate_longitude(latitude, longitude, span) == longitude + per_day * span


@given(latitudes, longitudes, st.floats(-20, 20), st.floats(-20, 20))
def test_rotation_adds_up_in_time(latitude: float, longitude: float, first: float, second: float) -> None:
    in_steps = rotate_longitude(latitude, rotate_longitude(latitude, longitude, first), second)
    assert in_steps == pytest.approx(rotate_longitude(latitude, longitude, first + second))


def test_the_equator_turns_by_13_degrees_a_day_and_high_latitudes_slower() -> None:
    by_latitude = rotate_longitude([0, 20, 40, -40], 0, 1)
    assert by_latitude[0] == pytest.approx(13.2, abs=0.2)
    assert by_latitude[0] > by_latitude[1] > by_latitude[2]
    assert by_latitude[2] == by_latitude[3]


# Regions on the disk


def regions_table(*rows: tuple[str, int, float, float]) -> pd.DataFrame:
    df = pd.DataFrame(rows, columns=["time", "noaa_ar", "latitude", "longitude"])
    return tables.check(df.assign(area=10, mcintosh="DSO", mag_type="BETA", spots=1), tables.REGIONS, "regions")


def images_table(*times: str) -> pd.DataFrame:
    return pd.DataFrame({"path": [f"{time}.jpg" for time in times], "time": utc(*times)})


def test_the_nearest_report_is_rotated_to_the_image() -> None:
    regions = regions_table(("2014-01-02", 11944, -9, 7), ("2014-01-03", 11944, -8, 21))
    df = regions_on_disk(images_table("2014-01-02T18:00"), regions)
    assert df["latitude"].tolist() == [-8]
    assert df["longitude"].to_numpy() == pytest.approx(rotate_longitude([-8], [21], -0.25))


def test_halfway_between_two_reports_the_earlier_serves() -> None:
    regions = regions_table(("2014-01-02", 11944, -9, 7), ("2014-01-03", 11944, -8, 21))
    assert regions_on_disk(images_table("2014-01-02T12:00"), regions)["latitude"].tolist() == [-9]


def test_a_region_is_on_the_disk_of_no_image_half_a_day_away_or_behind_the_limb() -> None:
    regions = regions_table(("2014-01-02", 11944, 0, 0), ("2014-01-02", 11945, 0, 85))
    df = regions_on_disk(images_table("2014-01-01T12:00", "2014-01-02T11:00", "2014-01-02T12:01"), regions)
    assert list(zip(df["path"], df["noaa_ar"], strict=True)) == [
        ("2014-01-01T12:00.jpg", 11944),
        ("2014-01-01T12:00.jpg", 11945),
        ("2014-01-02T11:00.jpg", 11944),
    ]


def test_a_plage_without_spots_is_kept_as_the_report_has_it() -> None:
    regions = regions_table(("2014-01-02", 11944, -9, 7)).assign(spots=pd.array([0], "Int64"), mag_type="")
    df = regions_on_disk(images_table("2014-01-02"), regions)
    assert df[["spots", "mag_type", "area"]].to_numpy().tolist() == [[0, "", 10]]


hours = st.integers(0, 100)


@settings(max_examples=60)
@given(
    st.lists(hours, max_size=6, unique=True),
    st.lists(st.tuples(hours, st.integers(1, 3), latitudes, st.floats(-89, 89)), max_size=12),
)
def test_regions_on_disk_are_those_of_a_nested_loop(
    seen: list[int], reported: list[tuple[int, int, float, float]]
) -> None:
    start = pd.Timestamp("2014-01-01")
    times = utc(*(start + pd.Timedelta(hours=hour) for hour in seen))
    images = pd.DataFrame({"path": [f"{hour}.jpg" for hour in seen], "time": times})
    unique = {(hour, number): (latitude, longitude) for hour, number, latitude, longitude in reported}
    regions = regions_table(
        *((str(start + pd.Timedelta(hours=hour)), number, *place) for (hour, number), place in unique.items())
    )
    expected = []
    for at in sorted(seen):
        for number in (1, 2, 3):
            near = [hour for hour, of in unique if of == number and abs(hour - at) <= 12]
            if near:
                hour = min(near, key=lambda hour: (abs(hour - at), hour))
                latitude, longitude = unique[hour, number]
                longitude = float(rotate_longitude(latitude, longitude, (at - hour) / 24))
                if abs(longitude) < 90:
                    expected.append((f"{at}.jpg", number, latitude, pytest.approx(longitude)))
    df = regions_on_disk(images, regions)
    assert list(df[["path", "noaa_ar", "latitude", "longitude"]].itertuples(index=False, name=None)) == expected
