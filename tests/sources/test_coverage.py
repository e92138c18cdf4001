"""Where a list is complete, as its own entries tell: gaps are found, and a quiet Sun is none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.sources.common import coverage, event_tables
from solarflare.sun.events.flares import flux


def list_of(times: np.ndarray, goes_class: str = "C1.0") -> pd.DataFrame:
    """One flare list, times in days from the first of 2014."""
    start = pd.Timestamp("2014-01-01") + pd.to_timedelta(times, "D")
    df = pd.DataFrame({"start": start, "goes_class": goes_class, "list": "swpc"})
    return tables.check(df.reindex(columns=list(tables.FLARES.columns)), tables.FLARES, "flares")


no_regions = tables.empty(tables.REGIONS)


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 20), st.floats(1.5, 10))
@settings(max_examples=25)
def test_a_hole_in_a_steady_list_is_a_gap_and_nothing_else_is(seed: int, rate: float, times_the_limit: float) -> None:
    times = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, size=200))
    times[100:] += times_the_limit * coverage.FLARE_SILENCE / rate * 1.5
    found = coverage.infer(list_of(times), no_regions)
    assert found["status"].tolist() == ["complete", "absent", "complete"]
    starts = list_of(times)["start"]
    assert found["start"].tolist() == [starts[0], starts[99], starts[100]]
    assert found["end"].tolist() == [starts[99], starts[100], starts[199]]


def test_a_quiet_fortnight_at_solar_minimum_is_quiet() -> None:
    times = np.concatenate([np.arange(0, 90, 5), np.arange(120, 210, 5)]).astype(float)
    assert coverage.infer(list_of(times), no_regions)["status"].tolist() == ["complete"]


def test_a_list_of_two_flares_years_apart_is_not_complete_between_them() -> None:
    assert "absent" in coverage.infer(list_of(np.array([0.0, 4000.0])), no_regions)["status"].tolist()


@pytest.mark.parametrize(
    ("classes", "weakest"),
    [
        (["C1.0", "C5.0", "M1.0"], "C1.0"),
        (["B1.0", "C1.0", "C5.0", "M1.0"], "C1.0"),
        (["A2.0", "A3.0", "B1.0", "C5.0"], "A1.0"),
        (["B1.0", "C1.0"], "B1.0"),
        (["", "M1.0"], "M1.0"),
        (["C5.0"] * 3 + ["C8.1"] * 9, "C5.0"),
        (["C1.1", "C2.0", "M1.0"], "C1.0"),
        ([""], ""),
    ],
)
def test_a_list_goes_down_to_its_most_frequent_class(classes: list[str], weakest: str) -> None:
    assert coverage.weakest_class(pd.Series(classes)) == weakest


@pytest.mark.parametrize(("missing", "gaps"), [(1, 0), (3, 0), (6, 1), (30, 1)])
def test_a_week_without_region_reports_of_an_active_sun_is_a_gap(missing: int, gaps: int) -> None:
    days = [day for day in range(100) if not 50 <= day < 50 + missing]
    rows = pd.DataFrame({"time": pd.Timestamp("2014-01-01") + pd.to_timedelta(np.repeat(days, 6), "D")})
    rows = rows.assign(noaa_ar=1, latitude=0, longitude=0).reindex(columns=list(tables.REGIONS.columns))
    found = coverage.infer(tables.empty(tables.FLARES), tables.check(rows, tables.REGIONS, "regions"))
    assert (found["status"] == "absent").sum() == gaps


def gaps_of(times: np.ndarray) -> list[str]:
    return coverage.infer(list_of(times), no_regions).query("status == 'absent'")["reason"].tolist()


every_hour = st.builds(
    lambda seed, days, jitter: (
        np.arange(24 * days) / 24 + np.random.default_rng(seed).uniform(0, jitter / 24, size=24 * days)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(10, 60),
    st.floats(0, 1),
).map(np.sort)
"""Times of a list with an entry in every hour."""


@given(every_hour, st.floats(3, 30))
@settings(max_examples=15)
def test_three_days_of_silence_in_a_list_that_speaks_every_hour_are_a_gap(times: np.ndarray, days: float) -> None:
    middle = len(times) // 2
    assert len(gaps_of(np.append(times[:middle], times[middle:] + days))) == 1


@given(every_hour)
@settings(max_examples=15)
def test_a_list_that_speaks_every_hour_has_no_gap_without_a_hole(times: np.ndarray) -> None:
    assert gaps_of(times) == []


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5), st.floats(0.1, 5))
@settings(max_examples=25)
def test_a_sun_that_grows_quiet_between_two_levels_makes_no_gap(seed: int, before: float, after: float) -> None:
    generator = np.random.default_rng(seed)
    times = np.cumsum(np.concatenate([generator.exponential(1 / rate, size=300) for rate in (before, after)]))
    assert gaps_of(times) == []


@pytest.mark.parametrize("weakest", ["C1.0", "C2.0", "C5.0", "M1.0"])
def test_no_quiet_spell_of_the_real_sun_is_against_the_habit_of_its_list(shared_sun: Path, weakest: str) -> None:
    flares = event_tables.read_flares(shared_sun / "flares.csv")
    listed = flares[(flares["list"] == "swpc") & (flux(flares["goes_class"]) >= flux(pd.Series([weakest]))[0])]
    assert not coverage.against_habit(np.sort(listed["start"].to_numpy())).any()


def days_of_regions(days: list[int], noaa_ar: list[int]) -> pd.DataFrame:
    """Daily reports of the same regions."""
    time = pd.Timestamp("2014-01-01") + pd.to_timedelta(np.repeat(days, len(noaa_ar)), "D")
    rows = pd.DataFrame({"time": time, "noaa_ar": noaa_ar * len(days), "latitude": 0, "longitude": 0})
    return tables.check(rows.reindex(columns=list(tables.REGIONS.columns)), tables.REGIONS, "regions")


@given(st.integers(1, 12), st.lists(st.integers(11_900, 12_000), min_size=1, max_size=9, unique=True))
def test_days_without_a_report_are_a_gap_if_two_regions_go_on(missing: int, noaa_ar: list[int]) -> None:
    rows = days_of_regions([day for day in range(60) if not 30 <= day < 30 + missing], noaa_ar)
    found = coverage.infer(tables.empty(tables.FLARES), rows).query("status == 'absent'")
    day = pd.Timestamp("2014-01-30") + coverage.REPORT_REACH
    expected = [(day, day + missing * pd.Timedelta(days=1))] if len(noaa_ar) >= coverage.CONTINUED else []
    assert list(zip(found["start"], found["end"], strict=True)) == expected


def test_the_real_sun_was_quiet_in_2010_and_the_lists_end_in_2015(shared_sun: Path) -> None:
    flares = event_tables.read_flares(shared_sun / "flares.csv")
    regions = event_tables.read_regions(shared_sun / "regions.csv")
    as_one = coverage.infer(flares.assign(list="all"), regions).set_index("list")
    gap = as_one.loc["all"].query("status == 'absent'")
    assert gap[["start", "end"]].to_numpy().astype("datetime64[D]").astype(str).tolist() == [
        ["2015-01-02", "2026-01-25"]
    ]
    assert as_one.loc[["regions"], "status"].tolist() == ["complete"]
    assert as_one.loc[["all"], "min_class"].tolist() == ["C1.0"] * 3
