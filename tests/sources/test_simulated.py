"""The simulated Sun in its tables: the raw contract, matched pairs, and the physics of regions and flares.

Statistics are held against the constants that the modules state. Each comes from a fixed seed, and another seed would
fail one in ten thousand times.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from solarflare.core import params, tables, workers
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.sources.simulated import flare_process, region_evolution, region_reports
from solarflare.sources.simulated import scrape as simulated
from solarflare.sun.events.flares import LETTERS, flux, seconds
from solarflare.sun.images.coordinates import rotate_longitude
from solarflare.sun.labels import labels
from tests import parameters
from tests.parameters import AllParams

CONTRACT = (tables.IMAGES, tables.FLARES, tables.REGIONS, tables.COVERAGE, tables.TRUTH)
MAX_DAYS = 20
SMALL = {"start": "2013-01-01", "end": "2014-01-01", "disk_images": 6, "region_images": 4, "max_days": MAX_DAYS}
START, END = np.datetime64("2008-12-01", "s"), np.datetime64("2030-12-01", "s")
UNLIKELY = 1e-4


def choices(**changes: Any) -> AllParams:
    """Return the project's parameters for a small Sun, with other changes, their keys parted by "__"."""
    content = params.read_yaml(parameters.FIXED)
    content["scrape"]["simulated"] |= SMALL
    for key, value in changes.items():
        *groups, last = key.split("__")
        group = content
        for name in groups:
            group = group[name]
        group[last] = value
    return parameters.parse(content)


@dataclass(frozen=True)
class Raw:
    """What a scrape left."""

    folder: Path

    @classmethod
    def scrape(cls, folder: Path, chosen: AllParams, processes: int) -> "Raw":
        """Scrape with a number of worker processes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workers, "cores", lambda: processes)
            patch.setattr(simulated, "CHUNK", 2)  # so that each process gets some
            simulated.scrape(chosen, folder)
        return cls(folder)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table, checked against its contract."""
        return tables.read(self.folder / f"{name}.csv", {str(schema.name): schema for schema in CONTRACT}[name])

    def content(self) -> dict[str, bytes]:
        """Return all files."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


@dataclass(frozen=True)
class Sun:
    """Two activity cycles without images: the truth, and what is reported of it."""

    regions: region_evolution.Regions
    rates: pd.DataFrame
    flares: flare_process.Flares
    listed: pd.DataFrame
    reported: pd.DataFrame


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    return Raw.scrape(tmp_path_factory.mktemp("raw"), choices(), processes=2)


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    return Raw.scrape(tmp_path_factory.mktemp("raw"), choices(scrape__simulated__seed=1), processes=2)


@pytest.fixture(scope="module")
def sun() -> Sun:
    population = region_evolution.emerge(START, END, np.random.default_rng(1))
    rates = flare_process.true_rates(population, START, END)
    eruptions = flare_process.erupt(population, rates, np.random.default_rng(2))
    listed = flare_process.listed(eruptions, population, rates, np.random.default_rng(3))
    return Sun(population, rates, eruptions, listed, region_reports.daily(population, START, END))


def assert_share(count: int, total: int, expected: float) -> None:
    """Hold a count against the probability that it should have."""
    assert stats.binomtest(int(count), int(total), expected).pvalue > UNLIKELY


def assert_count(count: int, expected: float) -> None:
    """Hold a count against the mean of its Poisson distribution."""
    low, high = stats.poisson.interval(1 - UNLIKELY, expected)
    assert low <= count <= high


def expected_flares(rates: pd.DataFrame) -> pd.Series:
    """Return how many flares of C1.0 or more the truth lets each region have, by its number."""
    number, daily = rates["noaa_ar"].to_numpy(np.int64), rates["rate"].to_numpy(np.float64)
    days = np.diff(seconds(rates["time"])) / 86_400
    pieces = np.where(number[1:] == number[:-1], days * (daily[1:] + daily[:-1]) / 2, 0)
    return pd.Series(pieces).groupby(number[1:]).sum()


def strong(listed: pd.DataFrame, weakest: float) -> pd.DataFrame:
    """Return the flares of a flux or more."""
    return listed[flux(listed["goes_class"]) >= weakest * (1 - 1e-9)]


def minutes_of(listed: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the minutes from start to end."""
    return (seconds(listed["end"]) - seconds(listed["start"])) // 60


@pytest.mark.parametrize("name", [str(schema.name) for schema in CONTRACT])
def test_a_table_is_in_the_form_of_the_contract(raw: Raw, name: str) -> None:
    assert len(raw.table(name)) > 0


def test_every_image_is_what_its_row_says(raw: Raw) -> None:
    images = raw.table("images")
    contents = [(raw.folder / path).read_bytes() for path in images["path"]]
    assert images["bytes"].tolist() == [len(content) for content in contents]
    assert images["sha256"].tolist() == [hashlib.sha256(content).hexdigest() for content in contents]


def test_there_is_no_other_file_than_the_contracts(raw: Raw) -> None:
    listed = {*raw.table("images")["path"], *(f"{schema.name}.csv" for schema in CONTRACT)}
    assert set(raw.content()) == listed


def test_an_image_lies_in_its_days_folder_under_its_observatorys_name(raw: Raw) -> None:
    names = {"gong": "gong_magxx_fd_%Y%m%d_%H%M%S.jpg", "aia211": "%Y%m%d_%H%M%S_512_0211.jpg"}
    for row in raw.table("images").to_dict("records"):
        name = f"images/{row['instrument']}/%Y/%m/%d/{names[row['instrument']]}"
        assert row["path"] == row["time"].strftime(name)


def test_the_lists_are_complete_for_every_image(raw: Raw) -> None:
    coverage, times = raw.table("coverage"), raw.table("images")["time"]
    assert set(coverage["list"]) == {"regions", *raw.table("flares")["list"]}
    assert (coverage["start"] < times.min()).all()
    assert (coverage["end"] > times.max()).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_images_that_were_asked_for_are_made(raw: Raw, task: Task) -> None:
    pairs = raw.table("images")["pair_id"].str.startswith(task)
    assert pairs.sum() == SMALL[f"{task}_images"]


def test_a_pair_is_two_images_of_one_instrument_at_one_time_of_day_on_days_near_each_other(raw: Raw) -> None:
    for _, pair in raw.table("images").groupby("pair_id"):
        first, second = pair.to_dict("records")
        assert first["instrument"] == second["instrument"]
        assert first["time"].time() == second["time"].time()
        assert first["time"] < second["time"] <= first["time"] + pd.Timedelta(days=MAX_DAYS)


@pytest.mark.parametrize("task", TASKS)
def test_of_each_pair_one_is_positive_and_one_negative_by_the_tasks_own_label(raw: Raw, task: Task) -> None:
    images = raw.table("images")
    images = images[images["pair_id"].str.startswith(task)]
    answer: Any = labels.label_disk if task == "disk" else labels.label_regions
    events = [raw.table(name) for name in ("flares", "regions", "coverage", "truth")]
    labelled = answer(images, *events, getattr(choices().label, task)).dropna(subset="label")
    strongest = labelled.groupby(["pair_id", "path"])["label"].max()
    assert strongest.groupby("pair_id").agg(list).map(sorted).tolist() == [[0, 1]] * (len(images) // 2)


def test_a_positive_without_a_partner_is_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lonely = choices(tasks=["disk"], scrape__simulated__max_days=1)
    with caplog.at_level(logging.INFO, "solarflare"):
        simulated.scrape(lonely, tmp_path)
    match = re.search(r"disk: 3 of 3 pairs; (\d+) positives without a partner dropped", caplog.text)
    assert match is not None
    assert int(match[1]) > 0


@pytest.mark.slow
def test_a_question_that_this_sun_has_no_pair_for_is_one_sentence(tmp_path: Path) -> None:
    never = choices(
        tasks=["disk"],
        scrape__simulated__end="2013-01-11",
        label__disk__target="flare",
        label__disk__min_class="X99",
    )
    with pytest.raises(
        InputError, match=r"^params\.yaml: the simulated Sun has no pair of images for label\.disk from"
    ):
        simulated.scrape(never, tmp_path)


def test_an_instrument_that_is_not_simulated_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^params\.yaml: key instrument\.disk is hmi, which the simulated Sun does not"
    ):
        simulated.scrape(choices(instrument__disk="hmi"), tmp_path)


def test_two_runs_give_the_same_bytes_whatever_the_number_of_processes(raw: Raw, tmp_path: Path) -> None:
    assert Raw.scrape(tmp_path, choices(), processes=1).content() == raw.content()


@pytest.mark.parametrize("name", ["images", "flares", "regions", "truth"])
def test_another_seed_is_another_sun(raw: Raw, another: Raw, name: str) -> None:
    assert not raw.table(name).equals(another.table(name))


def test_regions_emerge_at_the_rate_of_the_cycle(sun: Sun) -> None:
    born = sun.regions.born[sun.regions.born >= START]
    days = np.arange(START, END, np.timedelta64(1, "D"))
    activity = region_evolution.activity(days)
    low, high = region_evolution.EMERGENCE_AT_MINIMUM, region_evolution.EMERGENCE_AT_MAXIMUM
    of_day = np.searchsorted(days, born, side="right") - 1
    for quiet, busy in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        chosen = (activity >= quiet) & (activity < busy)
        assert_count(chosen[of_day].sum(), (low + (high - low) * activity[chosen]).sum())


def test_regions_emerge_nearer_to_the_equator_as_the_cycle_goes_on(sun: Sun) -> None:
    distance = np.abs(sun.regions.latitude)
    fit = stats.linregress(region_evolution.cycle_phase(sun.regions.born), distance)
    first, last = region_evolution.LATITUDES
    assert abs(fit.slope - (last - first)) < 4 * fit.stderr


@pytest.mark.parametrize(("cycle", "leading_in_the_north"), [(24, -1), (25, 1)])
def test_polarities_follow_hales_law_but_for_the_stated_exceptions(
    sun: Sun, cycle: int, leading_in_the_north: int
) -> None:
    years = (sun.regions.born - region_evolution.CYCLE_START) / region_evolution.DAY / 365.25
    now = years // region_evolution.CYCLE_YEARS == cycle - 24
    as_usual = sun.regions.leading == leading_in_the_north * np.sign(sun.regions.latitude)
    assert_share((~as_usual)[now].sum(), now.sum(), region_evolution.HALE_EXCEPTIONS)


def test_tilt_grows_with_latitude_as_joys_law_says(sun: Sun) -> None:
    fit = stats.linregress(np.abs(sun.regions.latitude), sun.regions.tilt)
    assert abs(fit.slope - region_evolution.JOY_SLOPE) < 4 * fit.stderr
    assert fit.slope > 4 * fit.stderr


def test_reported_regions_turn_with_the_differential_rotation(sun: Sun) -> None:
    later = sun.reported.merge(
        sun.reported.assign(time=sun.reported["time"] - pd.Timedelta(days=5)), on=["noaa_ar", "time"]
    )
    expected = rotate_longitude(later["latitude_x"], later["longitude_x"], np.full(len(later), 5.0))
    # Places are reported in whole degrees.
    assert np.abs(later["longitude_y"] - expected).max() <= 1.0 + 0.5


def test_a_region_is_reported_daily_from_its_first_spots_to_the_limb(sun: Sun) -> None:
    # Of regions that were there before, the first days are not simulated.
    reported = sun.reported[sun.reported["noaa_ar"].isin(sun.regions.noaa_ar[sun.regions.born >= START])]
    by_region = reported.sort_values(["noaa_ar", "time"]).groupby("noaa_ar")
    assert (by_region.first()["spots"] > 0).all()
    assert reported["longitude"].abs().max() < 90
    # It is gone for half a rotation at least, or not for a day.
    gone = by_region["time"].diff().dropna().dt.days
    assert ((gone == 1) | (gone > 10)).all()


def test_plage_outlives_spots(sun: Sun) -> None:
    plage = sun.reported["area"] == 0
    assert 0.1 < plage.mean() < 0.9
    assert (sun.reported.loc[plage, ["mcintosh", "mag_type"]] == "").all(axis=None)
    assert ((sun.reported["spots"] == 0) == plage).all()


@pytest.mark.parametrize(("weaker", "stronger"), [("C", "M"), ("M", "X")])
def test_flares_follow_the_power_law(sun: Sun, weaker: str, stronger: str) -> None:
    def beyond(weakest: float) -> float:
        return weakest**-flare_process.SLOPE - flare_process.STRONGEST**-flare_process.SLOPE

    weak, few = (len(strong(sun.listed, LETTERS[letter])) for letter in (weaker, stronger))
    assert_share(few, weak, beyond(LETTERS[stronger]) / beyond(LETTERS[weaker]))


@pytest.mark.parametrize("minutes", [5, 10, 15, 25, 60])
def test_durations_are_log_normal(sun: Sun, minutes: int) -> None:
    duration = minutes_of(sun.listed)
    # They are rounded to whole minutes.
    expected = stats.norm.cdf(np.log((minutes + 0.5) / flare_process.DURATION_MEDIAN) / flare_process.DURATION_SPREAD)
    assert_share((duration <= minutes).sum(), len(duration), expected)


def test_half_of_all_flares_are_over_in_some_15_minutes(sun: Sun) -> None:
    assert 12 <= np.median(minutes_of(sun.listed)) <= 18


def test_a_flare_peaks_between_its_start_and_its_end(sun: Sun) -> None:
    assert (sun.listed["start"] < sun.listed["peak"]).all()
    assert (sun.listed["peak"] < sun.listed["end"]).all()


def test_as_many_flares_occur_as_the_truth_expects(sun: Sun) -> None:
    expected = expected_flares(sun.rates)
    numbers = sun.regions.noaa_ar[sun.flares.region[sun.flares.flux >= LETTERS["C"] * (1 - 1e-9)]]
    counted = pd.Series(numbers).value_counts().reindex(expected.index, fill_value=0)
    for _, group in expected.groupby(pd.qcut(expected, 4), observed=True):
        assert_count(counted[group.index].sum(), group.sum())


def test_flares_of_a_region_are_no_more_clustered_than_a_poisson_process(sun: Sun) -> None:
    expected = expected_flares(sun.rates)
    expected = expected[expected > 1]
    numbers = sun.regions.noaa_ar[sun.flares.region[sun.flares.flux >= LETTERS["C"] * (1 - 1e-9)]]
    counted = pd.Series(numbers).value_counts().reindex(expected.index, fill_value=0)
    excess = ((counted - expected) ** 2 / expected).sum()
    assert stats.chi2.interval(1 - UNLIKELY, len(expected))[0] < excess
    # Poisson counts of small means have longer tails than chi-squared allows for.
    assert excess < len(expected) + 6 * np.sqrt((2 + 1 / expected).sum())


@given(st.floats(1e20, 1e23), st.floats(1e20, 1e23), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_and_more_complex_region_flares_no_less(
    first: float, second: float, plain: float, tangled: float
) -> None:
    low, high = flare_process.rate(np.sort([first, second]), np.sort([plain, tangled]))
    assert low <= high


def test_flares_without_a_region_occur_at_the_stated_share(sun: Sun) -> None:
    assert_share(sun.listed["noaa_ar"].isna().sum(), len(sun.listed), flare_process.WITHOUT_REGION)


def test_flares_without_a_position_occur_at_the_stated_share(sun: Sun) -> None:
    unnamed = sun.listed[sun.listed["noaa_ar"].isna()]
    assert_share(unnamed["latitude"].notna().sum(), len(unnamed), flare_process.WITH_POSITION)
    assert sun.listed.loc[sun.listed["noaa_ar"].notna(), ["latitude", "longitude"]].notna().all(axis=None)


def test_every_flare_from_the_complete_class_up_is_listed(sun: Sun) -> None:
    complete = LETTERS[flare_process.COMPLETE_FROM[0]] * float(flare_process.COMPLETE_FROM[1:])
    assert len(strong(sun.listed, complete)) == (sun.flares.flux >= complete * (1 - 1e-9)).sum()


def test_weak_flares_drown_when_the_sun_is_active(sun: Sun) -> None:
    def by_day(starts: pd.Series) -> pd.Series:
        return starts.dt.floor("D").value_counts().reindex(days, fill_value=0)

    days = pd.date_range(START, END, freq="D", inclusive="left")
    activity = sun.rates.groupby(sun.rates["time"].dt.floor("D"))["rate"].sum().reindex(days, fill_value=0)
    weak = pd.Series(sun.flares.start[sun.flares.flux < LETTERS["C"] * (1 - 1e-9)])
    listed = sun.listed.loc[sun.listed["goes_class"].str.startswith("B"), "start"]
    shares = [
        by_day(listed)[group].sum() / by_day(weak)[group].sum()
        for group in (activity < activity.quantile(0.5), activity > activity.quantile(0.9))
    ]
    assert shares[0] > 0.9
    assert shares[1] < 0.6


def test_a_flare_is_listed_at_its_regions_place(sun: Sun) -> None:
    named = sun.listed.dropna(subset="noaa_ar")
    number = named["noaa_ar"].to_numpy(np.int64) - sun.regions.noaa_ar[0]
    days = (named["start"].to_numpy("datetime64[s]") - sun.regions.born[number]) / region_evolution.DAY
    assert np.abs(named["latitude"] - sun.regions.latitude[number]).max() <= 0.5
    # Nothing is seen behind the limb.
    longitude = np.clip(sun.regions.longitude_at(number, days), -90, 90)
    assert np.abs(named["longitude"] - longitude).max() <= 0.5 + 1e-9


@given(st.floats(1e-8, 9.9e-3))
def test_a_class_prints_the_flux_cut_to_a_tenth(peak: float) -> None:
    printed = flux(pd.Series(flare_process.goes_class(np.array([peak]))))[0]
    tenth = LETTERS["X"] / 10 if peak > LETTERS["X"] else 10 ** np.floor(np.log10(peak)) / 10
    assert -1e-5 * peak <= peak - printed < tenth * 1.0001


@given(st.integers(1, 600), st.integers(1, 600), st.integers(-10, 3000), st.floats(1e-7, 1e-3))
def test_a_flare_never_outshines_its_peak(rise: int, decay: int, minute: int, strength: float) -> None:
    start = np.datetime64("2014-01-01T12:00:00", "s")
    peak, end = start + np.timedelta64(rise, "m"), start + np.timedelta64(rise + decay, "m")
    only = np.array([0])
    flare = flare_process.Flares(only, np.array([start]), np.array([peak]), np.array([end]), np.array([strength]))
    assert flare.flux_at(only, peak)[0] == strength
    now = start + np.timedelta64(minute, "m")
    shining = flare.in_progress(now)
    assert (flare.flux_at(shining, now) <= strength).all()
    assert len(shining) == 0 or minute >= 0
