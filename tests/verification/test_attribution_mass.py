"""How much of an answer rests on the Sun, in numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.sun.images import imaging
from solarflare.sun.images.disk import Disk
from solarflare.verification.evaluation import attribution_mass
from solarflare.verification.evaluation.attribution_mass import Attribution
from solarflare.verification.scores.bootstrap import BlockBootstrap
from tests import parameters

SETTINGS = parameters.load(parameters.FIXED).crop
TIME = pd.Timestamp("2014-06-01 12:00")
PLAN = BlockBootstrap(np.arange(40) // 4, 200, seed=1)


def uniform(noise: int) -> Attribution:
    maps = np.random.default_rng(noise).normal(size=(40, 10, 10)).astype(np.float32)
    return Attribution(maps, np.ones(40, np.float32))


def test_a_uniform_map_has_as_much_mass_in_a_place_as_the_place_has_area() -> None:
    half = np.zeros((40, 10, 10), bool)
    half[:, :5] = True
    found = attribution_mass.assess(uniform(1), {"half": half}, PLAN)["half"]
    assert found["area"] == 0.5
    assert found["mass"]["low"] < 0.5 < found["mass"]["high"]


def test_mass_is_a_share_without_regard_to_the_sign() -> None:
    maps = np.zeros((40, 10, 10), np.float32)
    maps[:, 0, 0], maps[:, 9, 9] = -3, 1
    place = np.zeros(maps.shape, bool)
    place[:, 0, 0] = True
    found = attribution_mass.assess(Attribution(maps, np.full(40, -2, np.float32)), {"place": place}, PLAN)
    assert found["place"]["mass"] == {"value": 0.75, "low": 0.75, "high": 0.75}
    assert found["completeness_error"] == 0


def test_what_the_sum_lacks_is_told() -> None:
    maps = np.full((40, 10, 10), 0.01, np.float32)
    assert (
        attribution_mass.assess(Attribution(maps, np.full(40, 1.25, np.float32)), {}, PLAN)["completeness_error"] == 0.2
    )


def test_rows_that_do_not_show_a_place_do_not_count() -> None:
    place = np.zeros((40, 10, 10), bool)
    nowhere = place.copy()
    place[:8] = True
    found = attribution_mass.assess(uniform(2), {"place": place, "nowhere": nowhere}, PLAN)
    assert (found["place"]["n"], found["place"]["mass"]["value"]) == (8, 1)
    assert found["nowhere"] == {"absent": "no explained crop shows it"}


def test_the_sample_is_spread_over_all_rows() -> None:
    for n in (1, 64, 65, 1000):
        chosen = attribution_mass.sample(pd.DataFrame({"row": range(n)}))["row"].tolist()
        assert len(chosen) == len(set(chosen)) == min(n, attribution_mass.SAMPLE)
        assert (chosen[0], chosen[-1]) == (0, n - 1)


def test_ten_degrees_are_ten_degrees_on_the_sphere() -> None:
    disk = Disk(200, 200, 180, fitted=True)
    arcsec = 950.0
    for west in (0.0, 0.8):
        centre = pd.DataFrame({"x": [west * arcsec], "y": [0.0], "solar_radius": [arcsec]})
        inside, near = attribution_mass.on_sphere((401, 401), disk, centre, 10)
        longitude = np.degrees(np.arcsin((np.flatnonzero(near[200]) - 200) / 180))
        middle = np.degrees(np.arcsin(west))
        assert (longitude.min(), longitude.max()) == pytest.approx((middle - 10, middle + 10), abs=0.5)
        assert inside.mean() == pytest.approx(np.pi * 180**2 / 401**2, rel=0.01)
        # Foreshortened: the cap covers sin^2 of its angle of the disk, times the cosine of where it is.
        assert near.sum() / inside.sum() == pytest.approx(
            np.sin(np.radians(10)) ** 2 * np.cos(np.arcsin(west)), rel=0.05
        )


def region(**values: object) -> pd.DataFrame:
    row = {"time": TIME, "noaa_ar": 12000, "latitude": 20.0, "longitude": 30.0, "area": 100.0, "spots": 5}
    row |= {"mcintosh": "", "mag_type": ""} | values
    return tables.check(pd.DataFrame([row]), tables.REGIONS, "regions")


def magnetogram() -> pd.DataFrame:
    row = {"path": "a.jpg", "time": TIME, "x": 430.0, "y": 416.0, "radius": 384.0, "width": 860, "height": 860}
    return pd.DataFrame([row])


def test_places_of_a_full_disk() -> None:
    cutter = Cutter(Task.DISK, "gong", Path(), SETTINGS)
    places = attribution_mass.places(magnetogram(), region(), cutter)
    assert set(places) == {"inside_disk", "printed_boxes", "near_regions"}
    assert places["inside_disk"].mean() == pytest.approx(np.pi / 4, abs=0.02)
    rows, columns = np.nonzero(places["near_regions"][0])
    west, north = columns.mean() / 150 - 1, 1 - rows.mean() / 150
    assert (west, north) == pytest.approx((np.cos(np.radians(20)) * np.sin(np.radians(30)), 0.33), abs=0.04)
    boxes = np.argwhere(places["printed_boxes"][0])
    assert len(boxes)
    assert not places["inside_disk"][0][tuple(boxes.T)].any()


def test_a_plage_without_spots_is_no_region_that_an_answer_should_rest_on() -> None:
    places = attribution_mass.places(
        magnetogram(), region(area=0.0, spots=0), Cutter(Task.DISK, "gong", Path(), SETTINGS)
    )
    assert not places["near_regions"].any()


def test_places_of_a_cutout_at_the_limb() -> None:
    row = {"path": "a.jpg", "time": TIME, "x": 256.0, "y": 256.0, "radius": 204.0, "width": 512, "height": 512}
    tested = pd.DataFrame([row | {"noaa_ar": 12000, "latitude": 0.0, "longitude": 85.0}])
    places = attribution_mass.places(tested, region(), Cutter(Task.REGION, "aia211", Path(), SETTINGS))
    inside, centre = places["inside_disk"][0], places["near_centre"][0]
    assert inside[:, 0].all()
    assert not inside[:, -1].any()
    assert centre[32, 30:33].any()
    assert not (centre & ~inside).any()


def test_printed_boxes_are_where_the_pixels_are_blanked() -> None:
    row = magnetogram().assign(x=424.0, y=420.0)
    box = attribution_mass.places(row, region(), Cutter(Task.DISK, "gong", Path(), SETTINGS))["printed_boxes"][0]
    raw = np.where(imaging.annotation_mask("gong", (860, 860)), 255, 0).astype(np.uint8)
    cut = imaging.disk_image(raw, "gong", Disk(424, 420, 384, fitted=True), 300)
    assert np.array_equal(box, cut == 255)
