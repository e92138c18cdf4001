"""Labels: hand-made cases, and the fast join against a nested loop."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solarflare import labels, params, tables
from solarflare.flares import FlareIndex, Windows, clean, flux, goes_class

T0 = pd.Timestamp("2014-02-01")
QUESTION = params.load().label


def at(hours: float) -> pd.Timestamp:
    return T0 + pd.Timedelta(hours=hours)


def flare_table(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Make a table from (start, end, class, region) with hours or times; a None end stays blank."""
    records = [
        {
            "start": at(start) if isinstance(start, int | float) else start,
            "peak": pd.NaT,
            "end": at(end) if isinstance(end, int | float) else end,
            "goes_class": name,
            "noaa_ar": noaa_ar,
            "latitude": position[0] if position else None,
            "longitude": position[1] if position else None,
            "list": "swpc",
        }
        for start, end, name, noaa_ar, *position in rows
    ]
    columns = list(tables.FLARES.columns)
    return tables.check(pd.DataFrame(records, columns=columns), tables.FLARES, "flares")


def images(*hours: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"path": [f"{hour:08.3f}.jpg" for hour in hours], "time": [at(hour) for hour in hours], "pair_id": ""}
    )


def coverage(start: float = -1000, end: float = 1000, min_class: str = "C1.0", name: str = "swpc") -> pd.DataFrame:
    row = {"list": name, "start": at(start), "end": at(end), "min_class": min_class, "status": "complete", "reason": ""}
    return tables.check(pd.DataFrame([row]), tables.COVERAGE, "coverage")


def region_table(*rows: tuple[float, int, float, float, int]) -> pd.DataFrame:
    """Make daily rows from (hours, region, latitude, longitude, spots)."""
    records = [
        {
            "time": at(hours),
            "noaa_ar": noaa_ar,
            "latitude": latitude,
            "longitude": longitude,
            "area": 100,
            "mcintosh": "DAO",
            "mag_type": "beta",
            "spots": spots,
        }
        for hours, noaa_ar, latitude, longitude, spots in rows
    ]
    return tables.check(pd.DataFrame(records, columns=list(tables.REGIONS.columns)), tables.REGIONS, "regions")


def disk(flares: pd.DataFrame, hours: float, known: pd.DataFrame | None = None, **question: Any) -> Any:
    asked = QUESTION.disk.model_copy(update={"target": "flare", **question})
    empty = tables.empty(tables.REGIONS)
    table = labels.label_disk(images(hours), flares, empty, coverage() if known is None else known, None, asked)
    row = table.iloc[0]
    return row["reason"] or int(row["label"])


@pytest.mark.parametrize(("hours", "label"), [(0.9, 0), (1.0, 1), (1.2, 1), (1.5, 1), (1.6, 0)])
def test_a_flare_in_progress_is_there_from_its_start_to_its_end(hours: float, label: int) -> None:
    assert disk(flare_table((1.0, 1.5, "C1.0", 11967)), hours) == label


@pytest.mark.parametrize(("hours", "label"), [(-23.5, 0), (-23.0, 1), (0.9, 1), (1.0, 0), (1.2, 0)])
def test_a_forecast_counts_what_begins_after_the_image(hours: float, label: int) -> None:
    assert disk(flare_table((1.0, 1.5, "C1.0", 11967)), hours, event="start", after=24) == label


@pytest.mark.parametrize(("name", "label"), [("B9.9", 0), ("C5.0", 1), ("X10.0", 1)])
def test_a_class_counts_by_its_flux(name: str, label: int) -> None:
    assert disk(flare_table((1.0, 1.5, name, 11967)), 1.2, min_class="C5.0") == label


def test_a_long_flare_is_seen_behind_later_short_ones() -> None:
    flares = flare_table((0.0, 10.0, "M1.0", 1), (1.0, 1.1, "C1.0", 2), (2.0, 2.1, "C1.0", 3))
    assert disk(flares, 5.0) == 1


def test_outside_a_lists_coverage_nothing_is_known_not_even_a_listed_flare() -> None:
    flares = flare_table((1.0, 1.5, "C1.0", 11967))
    assert disk(flares, 1.2, coverage(start=2)) == labels.NO_COVERAGE
    assert disk(flares, 1.2, coverage(min_class="M1.0")) == labels.TOO_WEAK
    assert disk(flares, -50, coverage(start=-60), before=12) == labels.NO_COVERAGE


def test_a_window_over_two_adjoining_stretches_is_covered() -> None:
    known = pd.concat([coverage(end=0), coverage(start=0)], ignore_index=True)
    assert disk(flare_table(), 0, known, before=5, after=5) == 0


@pytest.mark.parametrize(("spots", "label"), [(5, 1), (0, 0)])
def test_an_active_region_has_spots(spots: int, label: int) -> None:
    regions = region_table((0, 11967, 10, 0, spots))
    known = coverage(name="regions", min_class="")
    table = labels.label_disk(images(1), flare_table(), regions, known, None, QUESTION.disk)
    assert table["label"].tolist() == [label]


def test_a_day_without_a_report_is_not_a_quiet_day() -> None:
    table = labels.label_disk(images(1), flare_table(), region_table(), coverage(), None, QUESTION.disk)
    assert table["label"].isna().all()
    assert table["reason"].tolist() == [labels.NO_REPORT]


def region(flares: pd.DataFrame, *regions: tuple[float, int, float, float, int], **question: Any) -> list[Any]:
    asked = QUESTION.region.model_copy(update=question)
    table = labels.label_regions(images(0), flares, region_table(*regions), coverage(), None, asked)
    return [row.reason or int(row.label) for row in table.itertuples()]


def test_a_flare_belongs_to_its_region_alone() -> None:
    flares = flare_table((0, 1, "C1.0", 11967))
    assert region(flares, (0, 11967, 10, 0, 5), (0, 11968, -10, 0, 5)) == [1, 0]


def test_a_region_is_rotated_to_the_images_time_before_it_is_kept() -> None:
    # 13 degrees a day towards the west
    assert region(flare_table(), (-12, 11967, 0, 50, 5), (-12, 11968, 0, 56, 5)) == [0, labels.BEYOND]
    assert region(flare_table(), (12, 11967, 0, 65, 5), (12, 11968, 0, 68, 5)) == [0, labels.BEYOND]


def test_an_unassigned_flare_makes_a_negative_unknown_unless_ignored_or_elsewhere() -> None:
    here = (0, 11967, 10, 0, 5)
    assert region(flare_table((0, 1, "C1.0", None)), here) == [labels.UNASSIGNED]
    assert region(flare_table((0, 1, "C1.0", None)), here, unassigned="ignore") == [0]
    assert region(flare_table((0, 1, "B1.0", None)), here) == [0]
    assert region(flare_table((0, 1, "C1.0", None, 12, 3)), here) == [labels.UNASSIGNED]
    assert region(flare_table((0, 1, "C1.0", None, -12, 40)), here) == [0]
    assert region(flare_table((0, 1, "C1.0", None), (0, 1, "C1.0", 11967)), here) == [1]


def test_flare_lists_are_repaired_and_every_repair_counted() -> None:
    midnight = pd.Timestamp("2019-03-23 23:57")
    flares = flare_table(
        (midnight, pd.Timestamp("2019-03-23 00:15"), "B1.0", 2736),
        (1.0, None, "C1.0", 11967),
        (1.0, None, "C1.0", 11967),
        (1.0, None, "C1.0", None),
    )
    cleaned, counts = clean(flares)
    assert cleaned["end"].tolist() == [at(1), pd.Timestamp("2019-03-24 00:15")]
    assert cleaned["noaa_ar"].tolist() == [11967, 12736]
    assert counts == {
        "end moved over midnight": 1,
        "four-digit region number completed": 1,
        "end missing": 3,
        "repeat": 2,
    }


def test_four_digits_were_right_before_june_2002() -> None:
    cleaned, _ = clean(flare_table((pd.Timestamp("2001-04-02"), None, "X20.0", 9393)))
    assert cleaned["noaa_ar"].tolist() == [9393]


@given(st.sampled_from("ABCMX"), st.integers(10, 99))
def test_a_class_and_its_flux_are_the_same(letter: str, tenths: int) -> None:
    name = f"{letter}{tenths / 10:.1f}"
    assert goes_class(flux(pd.Series([name])))[0] == name


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 20), st.integers(1, 9)), max_size=12),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 15)), min_size=1, max_size=8),
)
def test_the_join_equals_a_nested_loop(
    flares: list[tuple[int, int, int, int]], asked: list[tuple[int, int, int]]
) -> None:
    table = flare_table(
        *((start, start + length, f"C{number}.0", group + 1) for group, start, length, number in flares)
    )
    group, start, length = np.array(asked, dtype=np.int64).T
    base = int(T0.timestamp())
    windows = Windows(group + 1, base + start * 3600, base + (start + length) * 3600)
    index = FlareIndex(table, table["noaa_ar"].to_numpy(np.int64))

    def expected(in_progress: bool) -> list[float]:
        return [
            max(
                (
                    number * 1e-6
                    for its, begins, lasts, number in flares
                    if its == g and begins <= s + w and (begins + lasts if in_progress else begins) >= s
                ),
                default=0,
            )
            for g, s, w in asked
        ]

    assert index.strongest_beginning(windows) == pytest.approx(expected(in_progress=False))
    assert index.strongest_in_progress(windows) == pytest.approx(expected(in_progress=True))


def truth(*rows: tuple[float, int, float]) -> pd.DataFrame:
    df = pd.DataFrame(rows, columns=["time", "noaa_ar", "rate"]).assign(slope=1.0)
    return tables.check(df.assign(time=df["time"].map(at)), tables.TRUTH, "truth")


@pytest.mark.parametrize(
    ("min_class", "expected"),
    # The rate rises from 0 to 2 a day over two days: 0.5 flares on the first; of ten times the flux there are a tenth.
    [("C1.0", 0.5), ("M1.0", 0.05)],
)
def test_the_true_probability_integrates_the_rate(min_class: str, expected: float) -> None:
    asked = QUESTION.region.model_copy(update={"event": "start", "after": 24, "min_class": min_class})
    known = truth((0, 11967, 0.0), (48, 11967, 2.0), (0, 11968, 1.0), (6, 11968, 1.0))
    regions = region_table((0, 11967, 10, 0, 5), (0, 11968, 10, 30, 5))
    flares = flare_table()
    table = labels.label_regions(images(0), flares, regions, coverage(min_class="A1.0"), known, asked)
    scale = 1.0 if min_class == "C1.0" else 0.1
    assert table["true_probability"].tolist() == pytest.approx(
        [1 - np.exp(-expected), 1 - np.exp(-0.25 * scale)], rel=1e-4
    )
    whole = QUESTION.disk.model_copy(update={"target": "flare", "event": "start", "after": 24, "min_class": min_class})
    table = labels.label_disk(images(0), flares, regions, coverage(min_class="A1.0"), known, whole)
    assert table["true_probability"].tolist() == pytest.approx([1 - np.exp(-expected - 0.25 * scale)], rel=1e-4)


def test_a_nowcast_has_no_true_probability() -> None:
    known = truth((0, 11967, 1.0), (48, 11967, 1.0))
    regions = region_table((0, 11967, 10, 0, 5))
    table = labels.label_regions(images(1), flare_table(), regions, coverage(), known, QUESTION.region)
    assert table["true_probability"].isna().all()
