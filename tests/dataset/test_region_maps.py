"""A region's cell in a map is where its crop shows it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.dataset.samples.region_maps import EMPTY, REGION, UNKNOWN, region_maps
from solarflare.sun.events.questions import DiskLabel
from solarflare.sun.events.records import Records
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import solar_radius, to_arcsec
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.instruments import Instrument
from tests import parameters

TIME = pd.Timestamp("2014-02-01T12:00:00")
IMAGES = pd.DataFrame({"path": ["a.jpg"], "time": [TIME]})
SPOTS = parameters.load(parameters.FIXED).label.disk
FLARE = SPOTS.model_copy(update={"target": "flare", "event": "start", "after": 24.0})
SIDE = 9


def region(latitude: float, longitude: float, noaa_ar: int = 11960, spots: int = 5) -> dict[str, object]:
    place = {"latitude": latitude, "longitude": longitude}
    return {"time": TIME, "noaa_ar": noaa_ar, **place, "area": 10.0 * spots, "spots": spots}


def records(*regions: dict[str, object], flares: pd.DataFrame | None = None) -> Records:
    listed = pd.DataFrame([one | {"mcintosh": "", "mag_type": ""} for one in regions])
    return Records(tables.empty(tables.FLARES) if flares is None else flares, listed)


def drawn(known: Records, question: DiskLabel = SPOTS, instrument: Instrument = "gong") -> np.ndarray:
    return region_maps(IMAGES, known, question, instrument, SIDE)[0]


@pytest.mark.parametrize("instrument", ["gong", "aia211"])
@settings(max_examples=20)
@given(latitude=st.floats(-60, 60), longitude=st.floats(-80, 80))
def test_its_cell_shows_the_place_of_the_region(instrument: Instrument, latitude: float, longitude: float) -> None:
    disk = Disk(200.0, 190.0, 150.0, fitted=True)
    x, y = to_arcsec([latitude], [longitude], np.array([TIME], "datetime64[ns]"))
    scale = disk.radius / solar_radius(np.array([TIME], "datetime64[ns]"))[0]
    rows, columns = np.mgrid[:400, :400]
    distance = np.hypot(columns - disk.x - x[0] * scale, rows - disk.y + y[0] * scale)
    image = (200 * np.exp(-((distance / 3) ** 2))).astype(np.uint8)
    crop = imaging.disk_image(image, instrument, disk, 10 * SIDE)
    row, column = np.unravel_index(crop.argmax(), crop.shape)
    cell_row, cell_column = (np.argwhere(drawn(records(region(latitude, longitude)), instrument=instrument) == REGION))[
        0
    ]
    # The brightest pixel may lie on the other side of an edge by its own width.
    assert 10 * cell_row - 1 <= row <= 10 * cell_row + 10
    assert 10 * cell_column - 1 <= column <= 10 * cell_column + 10


def test_nothing_is_said_of_the_cells_around_it() -> None:
    found = drawn(records(region(0, 0)))
    assert np.count_nonzero(found == REGION) == 1
    assert np.count_nonzero(found == UNKNOWN) == 8
    assert np.count_nonzero(found == EMPTY) == SIDE**2 - 9


def test_two_next_to_each_other_are_both_there() -> None:
    found = drawn(records(region(0, 0), region(0, 14, noaa_ar=11961)))
    assert np.count_nonzero(found == REGION) == 2


def test_a_plage_is_none() -> None:
    assert (drawn(records(region(0, 0, spots=0))) == EMPTY).all()


def test_where_flares_are_asked_for_it_is_the_region_that_flares() -> None:
    start = TIME + pd.Timedelta(hours=1)
    flare = {"start": start, "peak": start, "end": start, "goes_class": "C5.0", "noaa_ar": 11961}
    flares = pd.DataFrame([flare | {"latitude": np.nan, "longitude": np.nan, "list": "x"}])
    known = records(region(0, -40), region(0, 40, noaa_ar=11961), flares=flares)
    assert np.argwhere(drawn(known, FLARE) == REGION)[0][1] > SIDE // 2
    assert np.count_nonzero(drawn(known, FLARE) == REGION) == 1
    assert (drawn(replace(known, flares=tables.empty(tables.FLARES)), FLARE) == EMPTY).all()


def test_a_row_that_comes_twice_has_the_same_map_twice() -> None:
    later = pd.DataFrame({"path": ["b.jpg"], "time": [TIME + pd.Timedelta(days=3)]})
    images = pd.concat([IMAGES, later, IMAGES], ignore_index=True)
    maps = region_maps(images, records(region(0, 0)), SPOTS, "gong", SIDE)
    assert [(one == REGION).any() for one in maps] == [True, False, True]


def test_without_any_report_it_says_what_to_do() -> None:
    with pytest.raises(InputError, match=r"set train_disk\.network in params\.yaml to compact"):
        drawn(records())
