"""What is on record before each image: hand-made cases, against nested loops, and nothing of what comes after."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.sun.events import records
from solarflare.sun.events.flares import clean, flux
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features

T0 = pd.Timestamp("2014-02-01")
NOWCAST = RegionLabel(event="overlap", min_class="C1.0", before=0, after=0, max_longitude=60, unassigned="drop")
FORECAST = RegionLabel(event="start", min_class="M1.0", before=6, after=12, max_longitude=60, unassigned="drop")
FLARE_ON_DISK = DiskLabel(target="flare", event="start", min_class="C1.0", before=0, after=24)
SPOTS_ON_DISK = DiskLabel(target="active_region", event="overlap", min_class="C1.0", before=0, after=0)
QUESTIONS: list[DiskLabel | RegionLabel] = [NOWCAST, FORECAST, FLARE_ON_DISK, SPOTS_ON_DISK]


def at(hours: float) -> pd.Timestamp:
    return T0 + pd.Timedelta(hours=hours)


def flares(*rows: tuple[float, str, int | None]) -> pd.DataFrame:
    """Make a table from (hour of its end, class, region) of flares of ten minutes."""
    records = [
        dict.fromkeys(tables.FLARES.columns)
        | {"start": at(end - 1 / 6), "end": at(end), "goes_class": name, "noaa_ar": noaa_ar, "list": "swpc"}
        for end, name, noaa_ar in rows
    ]
    table = pd.DataFrame(records, columns=list(tables.FLARES.columns))
    return clean(tables.check(table, tables.FLARES, "flares"))[0]


def reports(*rows: tuple[int, int, float, str, str, int]) -> pd.DataFrame:
    """Make a table from (day, region, area, McIntosh class, magnetic class, spots)."""
    columns = ["time", "noaa_ar", "area", "mcintosh", "mag_type", "spots"]
    table = pd.DataFrame([(at(24 * day), *rest) for day, *rest in rows], columns=columns)
    return tables.check(table.assign(latitude=10, longitude=0), tables.REGIONS, "regions")


def rows_at(*hours: float, noaa_ar: int | None = None) -> pd.DataFrame:
    df = pd.DataFrame({"time": [at(hour) for hour in hours]}, index=[f"row {i}" for i in range(len(hours))])
    return df if noaa_ar is None else df.assign(noaa_ar=pd.array([noaa_ar] * len(hours), "Int64"))


@pytest.mark.parametrize(
    ("end", "question", "hour", "expected"),
    [
        (10, NOWCAST, 10.5, 1),
        (10, NOWCAST, 10.4, 0),  # over, but not yet listed
        (10, NOWCAST, 34.4, 1),
        (10, NOWCAST, 34.5, 0),
        (10, FORECAST, 16.5, 1),  # the window begins 6 h before the image and is 18 h long
        (10, FORECAST, 16.4, 0),
        (10, FORECAST, 34.4, 1),
        (10, FORECAST, 34.5, 0),
    ],
)
def test_persistence_looks_at_a_window_as_long_that_ends_where_the_question_begins(
    end: float, question: RegionLabel, hour: float, expected: int
) -> None:
    result = records.flared_before(rows_at(hour, noaa_ar=11960), flares((end, "M1.0", 11960)), question)
    assert result["before"].tolist() == [expected]


@pytest.mark.parametrize(("name", "noaa_ar"), [("M9.9", 11961), ("C9.9", 11960), ("", 11960)])
def test_persistence_counts_such_flares_as_are_asked_for(name: str, noaa_ar: int) -> None:
    result = records.flared_before(rows_at(20, noaa_ar=11960), flares((10, name, noaa_ar)), FORECAST)
    assert result["before"].tolist() == [0]


def test_past_flares_are_numbered_and_weighed() -> None:
    listed = flares(
        (1, "C2.0", 11960), (2, "M1.0", 11960), (3, "X1.0", 11961), (100, "X1.0", 11960), (-30, "C5.0", 11960)
    )
    result = np.expm1(records.flare_history(rows_at(20, noaa_ar=11960), listed, NOWCAST).iloc[0])
    expected = {"number_24h": 2, "flux_24h": 12, "strongest_24h": 10}
    expected |= {"number_168h": 3, "flux_168h": 17, "strongest_168h": 10}
    assert result.to_dict() == pytest.approx(expected)


def test_persistence_of_spots_reads_the_report_before_the_one_that_answers() -> None:
    spotted = reports((1, 11960, 100, "DAO", "beta", 5), (2, 11960, 0, "", "", 0))
    # The report of day 1 answers from noon to noon around it, and is the one before for the day after.
    result = records.spots_before(rows_at(24, 36, 37, 48, 60, 61), spotted)
    assert result["before"].tolist() == [0, 0, 1, 1, 1, 0]


def test_the_catalogue_tells_a_region_by_its_last_report() -> None:
    listed = reports((1, 11960, 100, "EKC", "beta-gamma-delta", 9), (2, 11960, 200, "AXX", "ALPHA", 1))
    result = records.reported_regions(rows_at(24.6, 24.7, 48.6, 48.7, 73, noaa_ar=11960), listed)
    assert np.expm1(result["area"]).tolist() == pytest.approx([0, 100, 100, 200, 0])
    assert result["magnetic"].tolist() == [0, 4, 4, 1, 0]
    assert result.loc[["row 1"], ["reported", "zurich", "penumbra", "compactness"]].to_numpy()[0].tolist() == [
        1,
        6,
        6,
        4,
    ]


def test_the_catalogue_sums_up_the_disk() -> None:
    listed = reports((1, 11960, 100, "EKC", "beta", 9), (1, 11961, 50, "AXX", "alpha", 1), (2, 11961, 10, "", "", 1))
    result = records.reported_regions(rows_at(30, 50), listed)
    assert result["reported_sum"].tolist() == [2, 1]
    assert np.expm1(result["area_sum"]).tolist() == pytest.approx([150, 10])
    assert np.expm1(result["area_max"]).tolist() == pytest.approx([100, 10])
    assert result["magnetic_max"].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("records", "question", "absent"),
    [
        (Records(flares((1, "C1.0", None)), reports()), NOWCAST, {"persistence", "history", "catalogue"}),
        (Records(flares((1, "C1.0", None)), reports()), FLARE_ON_DISK, {"catalogue"}),
        (Records(flares((1, "C1.0", None)), reports()), SPOTS_ON_DISK, {"persistence", "catalogue"}),
        (Records(flares(), reports((1, 1, 1, "", "", 1))), SPOTS_ON_DISK, {"history", "catalogue"}),
        (Records(flares(), reports((1, 1, 1, "", "", 1))), NOWCAST, {"history", "persistence"}),
    ],
)
def test_what_is_not_on_record_is_absent_with_a_reason(
    records: Records, question: DiskLabel | RegionLabel, absent: set[str]
) -> None:
    rows = rows_at(20, noaa_ar=11960 if isinstance(question, RegionLabel) else None)
    result = features(rows, records, question)
    assert {name for name, numbers in result.items() if isinstance(numbers, str)} == absent | {"records"}


regions = st.integers(11960, 11963)
flare_rows = st.lists(
    st.tuples(
        st.integers(-800, 400).map(lambda n: n / 4), st.sampled_from(["", "B9.0", "C1.0", "M1.0", "X2.0"]), regions
    ),
    min_size=1,
    max_size=25,
)
report_rows = st.lists(
    st.tuples(
        st.integers(-5, 4),
        regions,
        st.integers(0, 500),
        st.sampled_from(["", "AXX", "DAO", "FKC"]),
        st.sampled_from(["", "alpha", "beta-gamma"]),
        st.integers(0, 9),
    ),
    unique_by=lambda row: row[:2],
    min_size=1,
    max_size=20,
)
hours = st.lists(st.integers(-400, 400).map(lambda n: n / 4), min_size=1, max_size=8)


def rows_of(moments: list[float], question: DiskLabel | RegionLabel) -> pd.DataFrame:
    rows = rows_at(*moments)
    numbers = 11960 + np.arange(len(rows)) % 4
    return rows.assign(noaa_ar=numbers) if isinstance(question, RegionLabel) else rows


@given(flare_rows, hours, st.sampled_from(QUESTIONS[:3]))
@settings(max_examples=40)
def test_past_flares_are_those_that_a_nested_loop_finds(
    listed: list[tuple[float, str, int]], moments: list[float], question: DiskLabel | RegionLabel
) -> None:
    table, rows = flares(*listed), rows_of(moments, question)
    result = records.flare_history(rows, table, question).join(records.flared_before(rows, table, question))
    peaks = np.nan_to_num(flux(table["goes_class"])) / 1e-6
    least = flux(pd.Series([question.min_class]))[0] / 1e-6
    for number, (_, row) in enumerate(rows.iterrows()):
        last = row["time"] - pd.Timedelta(hours=question.before, minutes=30)

        def within(length: float, row: Any = row, last: pd.Timestamp = last) -> np.ndarray:
            those = (table["end"] <= last) & (table["end"] > last - pd.Timedelta(hours=length))
            return peaks[those & (table["noaa_ar"] == row["noaa_ar"])] if "noaa_ar" in row else peaks[those]

        length = question.before + question.after or records.NOWCAST_WINDOW
        assert result["before"].iloc[number] == any(peak >= least for peak in within(length))
        for horizon in records.HORIZONS:
            counted = within(horizon)
            expected = [len(counted), counted.sum(), max(counted, default=0)]
            columns = [f"{what}_{horizon}h" for what in ("number", "flux", "strongest")]
            assert result[columns].iloc[number].tolist() == pytest.approx([math.log1p(x) for x in expected], abs=1e-9)


@given(report_rows, hours, st.booleans())
@settings(max_examples=40)
def test_the_catalogue_is_what_a_nested_loop_finds(
    listed: list[tuple[int, int, float, str, str, int]], moments: list[float], of_regions: bool
) -> None:
    rows = rows_of(moments, NOWCAST if of_regions else FLARE_ON_DISK)
    result = records.reported_regions(rows, reports(*listed))
    for number, (_, row) in enumerate(rows.iterrows()):
        out = [report for report in listed if at(24 * report[0]) + records.REPORTS_KNOWN_AFTER <= row["time"]]
        fresh = [report for report in out if row["time"] - at(24 * report[0]) <= pd.Timedelta(hours=24, minutes=40)]
        if of_regions:
            fresh = [report for report in fresh if report[1] == row["noaa_ar"]]
        last = [report for report in fresh if report[0] == max(report[0] for report in fresh)]
        areas = [report[2] for report in last]
        expected = {"area": sum(areas)} if of_regions else {"area_sum": sum(areas), "area_max": max(areas, default=0)}
        reported = "reported" if of_regions else "reported_sum"
        assert result[reported].iloc[number] == len(last)
        assert np.expm1(result[list(expected)].iloc[number]).to_dict() == pytest.approx(expected, abs=1e-9)


@given(flare_rows, report_rows, hours, st.sampled_from(QUESTIONS), st.floats(-100, 100))
@settings(max_examples=40)
def test_nothing_that_comes_after_changes_what_is_known(
    listed: list[tuple[float, str, int]],
    described: list[tuple[int, int, float, str, str, int]],
    moments: list[float],
    question: DiskLabel | RegionLabel,
    now: float,
) -> None:
    every = Records(flares(*listed), reports(*described))
    until_now = Records(every.flares[every.flares["end"] <= at(now)], every.regions[every.regions["time"] <= at(now)])
    rows = rows_of([min(moment, now) for moment in moments], question)
    known, foreseen = (features(rows, records, question) for records in (until_now, every))
    for name, numbers in known.items():
        other = foreseen[name]
        if isinstance(numbers, pd.DataFrame) and isinstance(other, pd.DataFrame):
            # Running sums end in other last bits where more is added up before.
            pd.testing.assert_frame_equal(numbers, other, check_exact=False, atol=1e-9)
