"""The simulated Sun in its images: the instruments' forms, and that they show what the tables say."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from astropy import units as u
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter
from sunpy.coordinates import sun
from sunpy.visualization.colormaps.color_tables import aia_color_table

from solarflare.core import tables
from solarflare.sources.simulated import euv, flare_process, magnetogram, region_evolution, region_reports, schedule
from solarflare.sources.simulated import scrape as simulated
from solarflare.sources.simulated.region_evolution import DAY, Regions
from solarflare.sun.images import imaging, usable
from solarflare.sun.images.coordinates import regions_on_disk, rotate_longitude, solar_radius, to_arcsec
from solarflare.sun.images.disk import Disk, fit_disk
from solarflare.sun.images.instruments import Instrument
from solarflare.sun.labels import labels
from tests import parameters

ROOT = Path(__file__).resolve().parents[2]
TIME = np.datetime64("2014-03-01T18:21:03", "s")
SEED = 5
AIA: list[Instrument] = ["aia171", "aia193", "aia211"]
INSTRUMENTS: list[Instrument] = ["gong", *AIA]
ZERO = 128.0
RINGING = 19
"""Grey level that the JPEG's ringing reaches in a black sky (measured on real GONG images)."""

Pixels = npt.NDArray[np.uint8]


def a_region(latitude: float = 12.0, longitude: float = 0.0, age: float = 6.0, **changes: float) -> Regions:
    """Return a Sun with one region, at a place and of an age in days at `TIME`; in full size unless changed."""
    rotation = float(rotate_longitude(latitude, 0, 1))
    values = {
        "noaa_ar": 11_990,
        "born": TIME - np.timedelta64(round(age * 86_400), "s"),
        "latitude": latitude,
        "longitude": longitude - rotation * age,
        "rotation": rotation,
        "tilt": region_evolution.JOY_SLOPE * abs(latitude),
        "leading": 1.0,
        "flux": 2e22,
        "area": 250.0,
        "rise": 4.0,
        "decay": 20.0,
        "complexity": 0.3,
    }
    return Regions(**{name: np.array([value]) for name, value in (values | changes).items()})


NO_REGION = Regions(**{name: values[:0] for name, values in vars(a_region()).items()})
NEVER = np.empty(0, "datetime64[s]")
NO_FLARE = flare_process.Flares(np.empty(0, np.int64), NEVER, NEVER, NEVER, np.empty(0))


def a_flare(flux: float) -> flare_process.Flares:
    """Return one flare of the first region that peaks at `TIME`."""
    start, peak, end = (np.array([TIME + np.timedelta64(minutes, "m")]) for minutes in (-8, 0, 12))
    return flare_process.Flares(np.array([0]), start, peak, end, np.array([flux]))


def render(
    instrument: Instrument,
    population: Regions = NO_REGION,
    eruptions: flare_process.Flares = NO_FLARE,
    time: np.datetime64 = TIME,
    seed: int = SEED,
) -> bytes:
    """Return an image as a file."""
    tilt = float(sun.B0(Time(str(time))).to_value(u.rad))
    observed = simulated.SimulatedSun(population, eruptions, seed)
    return simulated.render(observed, instrument, time, float(solar_radius([time])[0]), tilt)


def draw(*arguments: Any, **more: Any) -> Pixels:
    """Return an image's pixels."""
    return np.asarray(Image.open(io.BytesIO(render(*arguments, **more))))


def grey(*arguments: Any, **more: Any) -> npt.NDArray[np.float64]:
    """Return an image's luminance."""
    return imaging.grey(draw(*arguments, **more)).astype(np.float64)


def disk_of(image: Pixels, instrument: Instrument, time: np.datetime64 = TIME) -> Disk:
    """Return the disk that is found in an image."""
    return fit_disk(imaging.without_annotations(imaging.grey(image), instrument), instrument, pd.Timestamp(time))


def place_of(disk: Disk, latitude: float, longitude: float, time: np.datetime64 = TIME) -> tuple[float, float]:
    """Return the pixel at which a place on the Sun is seen."""
    (x,), (y,) = to_arcsec([latitude], [longitude], [time])
    scale = disk.radius / float(solar_radius([time])[0])
    return disk.x + x * scale, disk.y - y * scale


def distance(disk: Disk, width: int) -> npt.NDArray[np.float64]:
    """Return each pixel's distance from the disk's centre, in solar radii."""
    rows, columns = np.ogrid[:width, :width]
    return np.hypot(columns - disk.x, rows - disk.y) / disk.radius


def cutout(image: npt.NDArray[Any], x: float, y: float, half: int) -> npt.NDArray[Any]:
    """Return the square around a pixel."""
    column, row = round(x), round(y)
    return image[row - half : row + half + 1, column - half : column + half + 1]


def added_field(population: Regions, time: np.datetime64 = TIME) -> npt.NDArray[np.float64]:
    """Return what regions add to a magnetogram, in grey levels."""
    return grey("gong", population, time=time) - grey("gong", time=time)


def centroid(weight: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean column and row."""
    rows, columns = np.indices(weight.shape)
    return float((columns * weight).sum() / weight.sum()), float((rows * weight).sum() / weight.sum())


@pytest.mark.parametrize(
    ("instrument", "mode", "width"), [("gong", "L", 860), *((instrument, "RGB", 512) for instrument in AIA)]
)
def test_an_image_has_the_form_of_its_instruments(instrument: Instrument, mode: str, width: int) -> None:
    image = Image.open(io.BytesIO(render(instrument)))
    assert (image.format, image.mode, image.size) == ("JPEG", mode, (width, width))


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_image_is_accepted_where_real_ones_are(instrument: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(render(instrument))
    assert usable.refusal(path, instrument) is None


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_image_is_the_same_every_time(instrument: Instrument) -> None:
    assert render(instrument, a_region()) == render(instrument, a_region())


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_there_are_images_of_times_before_1970(instrument: Instrument) -> None:
    times = np.datetime64("1964-03-01T18:21:03", "s"), np.datetime64("1964-03-01T18:21:04", "s")
    former, latter = (draw(instrument, time=time) for time in times)
    assert former.shape == latter.shape
    assert not np.array_equal(former, latter)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_another_seed_is_another_image(instrument: Instrument) -> None:
    assert not np.array_equal(draw(instrument, seed=1), draw(instrument, seed=2))


@settings(max_examples=12)
@given(st.datetimes(pd.Timestamp("2010-06-01"), pd.Timestamp("2020-06-01")), st.sampled_from(INSTRUMENTS))
def test_the_disk_is_found_at_the_radius_that_the_earths_distance_gives(when: Any, instrument: Instrument) -> None:
    time = np.datetime64(when, "s")
    disk = disk_of(draw(instrument, a_region(), time=time), instrument, time)
    scale, pixels = (magnetogram.SCALE, 2) if instrument == "gong" else (euv.SCALE, 4)
    assert disk.fitted
    assert disk.radius == pytest.approx(float(solar_radius([time])[0]) / scale, abs=pixels)


def test_zero_field_is_128() -> None:
    image = draw("gong")
    inside = image[distance(disk_of(image, "gong"), 860) < 0.9]
    assert inside.mean() == pytest.approx(ZERO, abs=2)
    # The five real images of 2019 have standard deviations of 5 to 7.
    assert 4 < inside.std() < 9


def test_the_sky_of_a_magnetogram_is_black_but_for_the_printed_boxes() -> None:
    image = draw("gong")
    sky = distance(disk_of(image, "gong"), 860) > 1.015
    assert image[sky & ~imaging.annotation_mask("gong", image.shape)].max() <= RINGING


@pytest.mark.parametrize(("left", "top", "right", "bottom"), [(10, 10, 88, 88), (10, 810, 251, 849)])
def test_the_boxes_of_a_magnetogram_are_where_the_real_ones_are(left: int, top: int, right: int, bottom: int) -> None:
    image = draw("gong")
    box = image[top : bottom + 1, left : right + 1]
    assert np.median(box) > 250
    # There is something to read in it, clear of its edges.
    assert box[3:-3, 3:-3].min() < 60
    for edge in (box[0], box[-1], box[:, 0], box[:, -1]):
        assert edge.min() > 200
    around = (image[top - 4, left:right], image[bottom + 4, left:right], image[top:bottom, left - 4])
    assert max(line.max() for line in around) <= 2 * RINGING


@pytest.mark.parametrize("instrument", AIA)
def test_an_euv_image_has_the_colours_of_its_instruments_table(instrument: Instrument) -> None:
    image = draw(instrument, a_region())
    table = (aia_color_table(int(instrument[3:]) * u.angstrom)(np.arange(256))[:, :3] * 255).astype(np.float64)
    shown = image[~imaging.annotation_mask(instrument, image.shape)][::97].astype(np.float64)
    nearest = np.abs(shown[:, None] - table).mean(axis=2).min(axis=1)
    # JPEG halves the resolution of colours.
    assert nearest.mean() < 4
    for other in (name for name in AIA if name != instrument):
        table = (aia_color_table(int(other[3:]) * u.angstrom)(np.arange(256))[:, :3] * 255).astype(np.float64)
        assert np.abs(shown[:, None] - table).mean(axis=2).min(axis=1).mean() > 2 * nearest.mean()


@pytest.mark.parametrize("instrument", AIA)
def test_the_caption_of_an_euv_image_is_white_at_the_bottom_left(instrument: Instrument) -> None:
    image = draw(instrument)
    white = (image.min(axis=2) > 200) & (distance(disk_of(image, instrument), 512) > 1.1)
    rows, columns = np.nonzero(white)
    assert rows.min() > 512 - 25
    assert columns.max() < 256
    assert imaging.annotation_mask(instrument, (512, 512))[white].all()


def test_the_caption_of_a_magnetogram_tells_the_time() -> None:
    another_time = np.datetime64("2013-12-28T09:57:48")
    image, same, other = (
        draw("gong", time=time, seed=seed)[830:849, 11:250] > ZERO
        for time, seed in ((TIME, 1), (TIME, 2), (another_time, 1))
    )
    assert (image == same).all()
    assert (image != other).any()


@pytest.mark.parametrize("instrument", AIA)
def test_the_corona_shines_off_the_limb(instrument: Instrument) -> None:
    image = draw(instrument)
    away = distance(disk_of(image, instrument), 512)
    light = imaging.grey(image)
    just_above, far = (light[(away > low) & (away < high)].mean() for low, high in ((1.01, 1.05), (1.2, 1.25)))
    assert just_above > 1.5 * far
    assert far > 0


@pytest.mark.parametrize(("latitude", "longitude"), [(20.0, -30.0), (-8.0, 40.0), (5.0, 0.0)])
@pytest.mark.parametrize("instrument", ["gong", "aia211"])
def test_a_region_is_drawn_where_the_tables_say(instrument: Instrument, latitude: float, longitude: float) -> None:
    image = draw(instrument, a_region(latitude, longitude))
    disk = disk_of(image, instrument)
    signal = np.abs(imaging.grey(image) - (ZERO if instrument == "gong" else 0.0))
    smooth = gaussian_filter(np.where(distance(disk, len(image)) < 0.95, signal, 0), 0.05 * disk.radius)
    row, column = np.unravel_index(np.argmax(smooth), smooth.shape)
    x, y = place_of(disk, latitude, longitude)
    # A large region is as wide as that.
    assert np.hypot(column - x, row - y) < 0.15 * disk.radius


@pytest.mark.parametrize("latitude", [0.0, 40.0])
def test_a_region_turns_with_the_differential_rotation(latitude: float) -> None:
    days = 2
    later = TIME + days * DAY
    population = a_region(latitude, -13.0, flux=1e22, area=0.0, complexity=0.0)
    shown = []
    for time in (TIME, later):
        disk = disk_of(draw("gong", time=time), "gong", time)
        x, _ = centroid(np.abs(added_field(population, time)))
        shown.append(np.degrees(np.arcsin((x - disk.x) / disk.radius / np.cos(np.radians(latitude)))))
    # The Sun's poles turn less by 5 degrees in that time.
    assert shown[1] - shown[0] == pytest.approx(float(rotate_longitude(latitude, 0, days)), abs=1.5)


@pytest.mark.parametrize("leading", [1.0, -1.0])
def test_the_leading_polarity_is_in_the_west_and_nearer_to_the_equator(leading: float) -> None:
    for latitude in (25.0, -25.0):
        field = leading * added_field(a_region(latitude, leading=leading, tilt=20.0, complexity=0.0))
        ahead, behind = (np.array(centroid(np.maximum(sign * field, 0))) for sign in (1, -1))
        assert ahead[0] > behind[0] + 5
        assert (ahead[1] - behind[1]) * np.sign(latitude) > 2


def test_a_region_at_the_limb_is_drawn_on_a_magnetogram() -> None:
    population = a_region(longitude=75.0)
    x, y = place_of(disk_of(draw("gong"), "gong"), 12.0, 75.0)
    assert np.abs(cutout(added_field(population), x, y, 15)).max() > 40


@pytest.mark.parametrize("longitude", [-88.0, 88.0])
def test_loops_of_a_region_at_the_limb_rise_above_it(longitude: float) -> None:
    brighter = grey("aia211", a_region(longitude=longitude)) - grey("aia211")
    disk = disk_of(draw("aia211"), "aia211")
    away = distance(disk, 512)
    columns = np.arange(512)[None, :] > disk.x
    this_side, other_side = (
        brighter[(away > 1.02) & (away < 1.1) & (columns == side)] for side in (longitude > 0, longitude < 0)
    )
    assert np.quantile(this_side, 0.95) > np.quantile(other_side, 0.95) + 10


@pytest.mark.parametrize("instrument", ["gong", "aia211"])
def test_flux_shows_in_the_images(instrument: Instrument) -> None:
    def signal(flux: float, number: int) -> float:
        image = draw(instrument, a_region(flux=flux, area=50.0, noaa_ar=number))
        disk = disk_of(image, instrument)
        shown = np.abs(imaging.grey(image) - (ZERO if instrument == "gong" else 0.0))
        return float(cutout(shown, *place_of(disk, 12.0, 0.0), round(0.2 * disk.radius)).mean())

    weak, middling, strong = (np.mean([signal(flux, number) for number in range(3)]) for flux in (3e21, 1e22, 4e22))
    assert weak < middling < strong


def test_complexity_shows_in_magnetograms() -> None:
    """Where polarities mix, the field is steep: that is what flares come from."""

    def steepness(complexity: float, number: int) -> float:
        field = added_field(a_region(complexity=complexity, noaa_ar=number))
        return float(np.minimum(np.abs(np.diff(field)), 255).sum() / np.abs(field).sum())

    numbers = range(11_990, 11_994)
    plain, tangled = ([steepness(complexity, number) for number in numbers] for complexity in (0.05, 0.95))
    assert np.mean(tangled) > np.mean(plain)


def brightening(flux: float) -> float:
    """Return by how many grey levels a flare brightens its region on average, in the middle one of three regions."""
    added = []
    for seed in range(3):
        quiet = grey("aia211", a_region(), seed=seed)
        x, y = place_of(disk_of(quiet.astype(np.uint8), "aia211"), 12.0, 0.0)
        added.append(cutout(grey("aia211", a_region(), a_flare(flux), seed=seed) - quiet, x, y, 32).mean())
    return float(np.median(added))


def test_a_bright_flare_brightens_its_region_and_a_faint_one_barely() -> None:
    faint, weak, middling, strong = (brightening(flux) for flux in (1e-7, 1e-6, 1e-5, 1e-4))
    assert 0 <= faint < weak < middling < strong
    assert strong > 0.5
    assert faint < 0.1 * strong


def test_a_flare_brightens_nothing_before_it_starts() -> None:
    population, before = a_region(), TIME - np.timedelta64(9, "m")
    assert render("aia211", population, a_flare(1e-4), before) == render("aia211", population, time=before)


def test_a_flare_does_not_show_in_a_magnetogram() -> None:
    assert render("gong", a_region(), a_flare(1e-3)) == render("gong", a_region())


def test_the_detector_ages() -> None:
    cycle = np.timedelta64(round(region_evolution.CYCLE_YEARS * 365.25), "D")
    days = [np.datetime64("2010-06-01T12:00:00") + number * np.timedelta64(9, "D") for number in range(4)]
    early, late = (np.mean([np.median(grey("aia211", time=day + age)) for day in days]) for age in (0 * cycle, cycle))
    # After a whole cycle the Sun is as active as before.
    assert late < early - 3


def test_cloud_and_seeing_weaken_a_magnetogram_by_another_amount_each_time() -> None:
    times = [TIME + number * np.timedelta64(1, "h") for number in range(12)]
    signal = [np.abs(added_field(a_region(), time)).sum() for time in times]
    assert max(signal) > 1.05 * min(signal)


def test_decayed_plage_is_still_seen_and_makes_no_disk_active() -> None:
    population = a_region(age=20.0, decay=5.0 / region_evolution.SPOT_DECAY, rise=2.0)
    start, end = population.born[0] - 31 * DAY, TIME + 31 * DAY
    on_disk = region_reports.daily(population, start, end)
    images = pd.DataFrame({"path": ["image.jpg"], "time": [pd.Timestamp(TIME)], "pair_id": [""]})
    at_hand = regions_on_disk(images, on_disk)
    assert at_hand["spots"].tolist() == [0]
    question = parameters.load(parameters.FIXED).label.disk.model_copy(update={"target": "active_region"})
    coverage = schedule.coverage(start, end, flare_process.LIST, flare_process.COMPLETE_FROM)
    table = labels.label_disk(images, tables.empty(tables.FLARES), on_disk, coverage, None, question)
    assert table["label"].tolist() == [0]
    x, y = place_of(disk_of(draw("gong"), "gong"), 12.0, 0.0)
    assert np.abs(cutout(added_field(population), x, y, 60)).max() > 40
