"""What baselines may know: nothing that was not on a list at the image's time."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solarflare import tables
from solarflare.params import DiskLabel, RegionLabel
from solarflare.verification import predictors
from solarflare.verification.predictors import Knowledge

T = pd.Timestamp("2014-03-10 12:00")
HOUR = pd.Timedelta(hours=1)
DAY = RegionLabel(event="start", min_class="C1.0", before=0, after=24, max_longitude=60, unassigned="drop")
DISK = DiskLabel(event="start", min_class="C1.0", before=0, after=24, target="flare")
ACTIVE = DISK.model_copy(update={"target": "active_region", "event": "overlap", "after": 0.0})
COVERAGE = pd.DataFrame(
    {
        "list": ["swpc", "regions"],
        "start": pd.Timestamp("2014-01-01"),
        "end": pd.Timestamp("2015-01-01"),
        "min_class": ["C1.0", ""],
        "status": "complete",
        "reason": "",
    }
)


def flares(*rows: tuple[float, str, int | None]) -> pd.DataFrame:
    """Return flares that begin some hours before T, with class and region."""
    df = pd.DataFrame(rows, columns=["hours", "goes_class", "noaa_ar"])
    start = T - pd.to_timedelta(df["hours"], unit="h")
    made: dict[str, Any] = {
        "start": start,
        "peak": start,
        "end": start + HOUR / 4,
        "latitude": np.nan,
        "longitude": np.nan,
        "list": "",
    }
    return tables.check(df[["goes_class", "noaa_ar"]].assign(**made), tables.FLARES, "flares")


def regions(*rows: tuple[str, int, float, str, str]) -> pd.DataFrame:
    """Return regions at the disk's centre: when, number, area, McIntosh and magnetic class."""
    df = pd.DataFrame(rows, columns=["time", "noaa_ar", "area", "mcintosh", "mag_type"])
    return tables.check(df.assign(latitude=0, longitude=0, spots=(df["area"] > 0) * 5), tables.REGIONS, "regions")


def known(listed: pd.DataFrame | None = None, reported: pd.DataFrame | None = None, delay: float = 1.0) -> Knowledge:
    return Knowledge(
        tables.empty(tables.FLARES) if listed is None else listed,
        tables.empty(tables.REGIONS) if reported is None else reported,
        COVERAGE,
        delay,
    )


def rows(noaa_ar: int | None = 11900, time: pd.Timestamp = T) -> pd.DataFrame:
    """Return one image at T, and a region on it."""
    df = pd.DataFrame({"path": ["a.jpg"], "time": [time]}, index=[7])
    return df if noaa_ar is None else df.assign(noaa_ar=pd.array([noaa_ar], "Int64"))


def numbers(logarithms: pd.DataFrame) -> dict[str, float]:
    """Return what the logarithms of the one row are of."""
    return {str(name): float(np.expm1(value)) for name, value in logarithms.loc[7].items()}


@pytest.mark.parametrize(
    ("hours", "before"),
    [(0.5, 0), (0.9, 0), (1.1, 1), (24.9, 1), (25.1, 0)],  # of the day that ends an hour before the image
)
def test_persistence_asks_the_window_before_less_the_delay(hours: float, before: int) -> None:
    told = known(flares((hours, "C1.0", 11900)))
    assert predictors.persistence(rows(), told, DAY).loc[7, "before"] == before
    assert predictors.persistence(rows(None), told, DISK).loc[7, "before"] == before


def test_persistence_of_a_window_that_reaches_back_ends_before_it() -> None:
    question = DAY.model_copy(update={"before": 12.0, "after": 12.0})  # asks from T - 37 h to T - 13 h
    for hours, before in ((12.5, 0), (13.5, 1), (36.5, 1), (37.5, 0)):
        told = known(flares((hours, "C1.0", 11900)))
        assert predictors.persistence(rows(), told, question).loc[7, "before"] == before


@pytest.mark.parametrize(("goes_class", "noaa_ar"), [("B9.9", 11900), ("X1.0", 11901), ("X1.0", None)])
def test_a_weaker_flare_or_another_region_s_does_not_count(goes_class: str, noaa_ar: int | None) -> None:
    told = known(flares((5, goes_class, noaa_ar)))
    assert predictors.persistence(rows(), told, DAY).loc[7, "before"] == 0
    assert (predictors.history(rows(), told, DAY).filter(like="flares").loc[7] == 0).all()


def test_persistence_of_an_active_region_is_the_last_report_s() -> None:
    spotted = ("2014-03-10", 11900, 100.0, "Dso", "beta")
    assert predictors.persistence(rows(None), known(reported=regions(spotted)), ACTIVE).loc[7, "before"] == 1
    plage = ("2014-03-10", 11900, 0.0, "", "")
    assert predictors.persistence(rows(None), known(reported=regions(plage)), ACTIVE).loc[7, "before"] == 0


def test_a_history_counts_flares_by_how_long_ago() -> None:
    told = known(flares((0.5, "X9.0", 11900), (2, "C1.0", 11900), (48, "M1.0", 11900), (200, "C2.0", 11900)))
    history = predictors.history(rows(), told, DAY).loc[7]
    assert np.expm1(history.filter(like="flares").to_numpy()).tolist() == pytest.approx([1, 2, 3])
    flux = 10 ** history.filter(like="flux").to_numpy() - predictors.FAINTEST
    assert flux.tolist() == pytest.approx([1e-6, 1.1e-5, 1.3e-5])


def test_a_disk_s_history_counts_every_region_s_flares() -> None:
    told = known(flares((2, "C1.0", 11900), (3, "C1.0", None)))
    assert predictors.history(rows(None), told, DISK).loc[7, "flares_1_days"] == pytest.approx(np.log(1 + 2))


@pytest.mark.parametrize("when", ["2014-03-10T12:00:00", "2014-03-10T11:30:00", "2014-03-11"])
def test_no_report_is_used_before_it_is_known(when: str) -> None:
    later = (when, 11900, 500.0, "Fkc", "beta-gamma-delta")
    assert (predictors.catalogue(rows(), known(reported=regions(later)), DAY).loc[7] == 0).all()


def test_a_region_is_described_by_its_last_report() -> None:
    reports = regions(("2014-03-09", 11900, 7.0, "Axx", "alpha"), ("2014-03-10", 11900, 500.0, "Fkc", "beta-delta"))
    described = numbers(predictors.catalogue(rows(), known(reported=reports), DAY))
    assert described["area"] == pytest.approx(500)
    assert described["spots"] == pytest.approx(5)
    ones = ["beta", "delta", "0_F", "1_k", "2_c"]
    assert [name for name, value in described.items() if value == pytest.approx(1)] == ones


def test_a_disk_is_described_by_the_sums_over_its_regions() -> None:
    reports = regions(("2014-03-10", 11900, 500.0, "Fkc", "beta"), ("2014-03-10", 11901, 100.0, "Dac", "beta"))
    described = numbers(predictors.catalogue(rows(None), known(reported=reports), DISK))
    assert [described[name] for name in ("area", "largest", "beta")] == pytest.approx([600, 500, 2])


def test_what_lists_do_not_cover_is_not_known() -> None:
    early = rows(time=pd.Timestamp("2014-01-05"))
    told = known()
    assert not predictors.persistence(early, told, DAY).isna().any(axis=None)
    assert predictors.history(early, told, DAY).isna().any(axis=None)
    assert predictors.catalogue(rows(time=pd.Timestamp("2013-06-01")), told, DAY).isna().all(axis=None)


def test_a_baseline_without_tables_is_absent_with_its_reason(tmp_path: Path) -> None:
    found, absent = predictors.gather(rows(), Knowledge.read(tmp_path, 1.0), DAY)
    assert found == {}
    assert absent == predictors.UNKNOWN


def test_answers_do_not_depend_on_the_order_of_the_rows() -> None:
    generator = np.random.default_rng(1)
    many = pd.DataFrame({"path": [f"{i}.jpg" for i in range(50)], "noaa_ar": pd.array([11900] * 50, "Int64")})
    many["time"] = T + pd.to_timedelta(generator.integers(-500, 500, 50), unit="h")
    listed: list[Any] = [(float(hours), "C1.0", 11900) for hours in generator.integers(-500, 500, 40)]
    reported = regions(*((f"2014-03-{day:02}", 11900, 10.0 * day, "Dso", "beta") for day in range(1, 31)))
    told = known(flares(*listed), reported)
    shuffled = many.sample(frac=1, random_state=1)
    for name, of_rows in predictors.gather(many, told, DAY)[0].items():
        pd.testing.assert_frame_equal(predictors.gather(shuffled, told, DAY)[0][name].sort_index(), of_rows)
