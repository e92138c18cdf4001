"""The design of 2020 has the biases that it is there for."""

import numpy as np
import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.simulated import original_sampling
from tests.parameters import AllParams
from tests.sources.test_simulated import choices

COUNT = 20


def params_of_2020(**changes: object) -> AllParams:
    simulated = {"start": "2013-01-01", "end": "2020-01-01", "disk_images": COUNT, "region_images": COUNT}
    return choices(**{f"scrape__simulated__{key}": value for key, value in simulated.items()}, **changes)


@pytest.fixture(scope="module")
def lists() -> matching.EventLists:
    """A Sun with a region that flares every other day of 2013; from July there is another one, which never does."""
    days = pd.date_range("2013-01-01", "2013-12-31")
    early, late = days[:180], days[180:]
    reports = {11600: early, 11700: late, 11701: late}
    regions = [
        pd.DataFrame({"time": times, "noaa_ar": number, "latitude": 15.0, "longitude": 0.0}).assign(
            area=100.0, mcintosh="DAO", mag_type="beta", spots=5
        )
        for number, times in reports.items()
    ]
    start = days[::2]
    flares = pd.DataFrame({"start": start, "end": start + pd.Timedelta(hours=20), "goes_class": "M1.0"}).assign(
        peak=start, noaa_ar=np.where(start < late[0], 11600, 11700), latitude=np.nan, longitude=np.nan, list="simulated"
    )
    coverage = pd.DataFrame({"list": ["simulated", "regions"], "start": "2012-12-01", "end": "2020-02-01"}).assign(
        min_class=["C1.0", ""], status="complete", reason=""
    )
    return matching.EventLists(
        tables.check(flares, tables.FLARES, "flares"),
        tables.check(tables.concat(regions, tables.REGIONS), tables.REGIONS, "regions"),
        tables.check(coverage, tables.COVERAGE, "coverage"),
    )


def images(task: Task, lists: matching.EventLists) -> pd.DataFrame:
    return original_sampling.unmatched(params_of_2020(), task, lists, np.random.default_rng(1))


def test_active_disks_are_of_the_maximum_and_quiet_ones_of_the_minimum_at_one_time_of_day(
    lists: matching.EventLists,
) -> None:
    times = images(Task.DISK, lists)["time"]
    active, quiet = times[times.dt.year == 2013], times[times.dt.year == 2019]
    assert (len(active), len(quiet)) == (COUNT // 2, COUNT // 2)
    assert set(quiet.dt.strftime("%H:%M")) == {"18:21"}
    assert active.dt.hour.nunique() > 3


def test_no_partner_and_one_image_a_day(lists: matching.EventLists) -> None:
    chosen = images(Task.DISK, lists)
    assert set(chosen["pair_id"]) == {""}
    assert chosen["time"].dt.date.is_unique


def test_regions_have_one_wavelength_a_class(lists: matching.EventLists) -> None:
    chosen = images(Task.REGION, lists)
    question = params_of_2020().label.region
    times = chosen["time"].to_numpy("datetime64[s]")
    strongest, weakest = (matching.labels_at(times, lists, question, of_regions=way) for way in ("max", "min"))
    assert (strongest == weakest).all()
    assert set(zip(strongest, chosen["drawn_as"], strict=True)) == {(1, "aia211"), (0, "aia171")}


def test_a_sun_without_such_days_is_one_sentence(lists: matching.EventLists) -> None:
    nowhere = params_of_2020(label__disk__target="flare", label__disk__min_class="X9")
    with pytest.raises(InputError, match=r"has 0 of 10 days with label 1 for label\.disk in the design of 2020; widen"):
        original_sampling.unmatched(nowhere, Task.DISK, lists, np.random.default_rng(1))
