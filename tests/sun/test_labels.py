"""Labels: hand-made cases, the fast join against a nested loop, and counts on the real archive."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core import absent, params, tables
from solarflare.sources.common import coverage, event_tables, filenames
from solarflare.sun.events.flares import clean
from solarflare.sun.events.questions import FlareQuestion
from solarflare.sun.labels import labels
from stages import label, split
from tests import parameters

T0 = pd.Timestamp("2014-02-01")
QUESTION = parameters.load(parameters.FIXED).label


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


def complete(start: float = -1000, end: float = 1000, min_class: str = "C1.0", name: str = "swpc") -> pd.DataFrame:
    row = {"list": name, "start": at(start), "end": at(end), "min_class": min_class, "status": "complete", "reason": ""}
    return tables.check(pd.DataFrame([row]), tables.COVERAGE, "coverage")


def region_table(*rows: tuple[float, int, float, float, int | None]) -> pd.DataFrame:
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


def answers(table: pd.DataFrame) -> list[tuple[int | str, str]]:
    """Return each row's label or reason, and the strongest class in its window."""
    rows: list[Any] = list(table.itertuples())
    return [(row.reason or int(row.label), row.goes_class) for row in rows]


def disk(flares: pd.DataFrame, hours: float, lists: pd.DataFrame | None = None, **changes: Any) -> Any:
    question = QUESTION.disk.model_copy(update={"target": "flare", **changes})
    lists = complete() if lists is None else lists
    table = labels.label_disk(images(hours), flares, tables.empty(tables.REGIONS), lists, None, question)
    return answers(table)[0][0]


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
    assert disk(flares, 1.2, complete(start=2)) == labels.NO_COVERAGE
    assert disk(flares, 1.2, complete(min_class="M1.0")) == labels.TOO_WEAK
    assert disk(flares, -50, complete(start=-60), before=12) == labels.NO_COVERAGE


def test_a_window_over_two_adjoining_stretches_is_covered() -> None:
    complete_lists = pd.concat([complete(end=0), complete(start=0)], ignore_index=True)
    assert disk(flare_table(), 0, complete_lists, before=5, after=5) == 0


@pytest.mark.parametrize(("end", "answer"), [(24, labels.NO_COVERAGE), (25, 0)])
def test_a_list_knows_nothing_of_the_moment_it_ends(end: float, answer: int | str) -> None:
    assert disk(flare_table(), 0, complete(end=end), event="start", after=24) == answer


def test_a_list_that_names_no_classes_reaches_down_to_none() -> None:
    assert disk(flare_table(), 0, complete(min_class="")) == labels.TOO_WEAK


def test_a_flare_without_a_class_may_have_been_strong_enough() -> None:
    unclassed = (1.0, 1.5, "", 11967)
    assert disk(flare_table(unclassed), 1.2) == labels.UNCLASSED
    assert disk(flare_table(unclassed, (1.0, 1.5, "C1.0", 11967)), 1.2) == 1
    assert disk(flare_table(unclassed), 2.0) == 0


@pytest.mark.parametrize(
    ("spots", "area", "answer"),
    [(5, 100, 1), (1, 0, 1), (0, 100, 0), (None, 100, 1), (None, 0, 0), (None, None, labels.SPOTS_UNKNOWN)],
)
def test_an_active_region_has_spots(spots: int | None, area: float | None, answer: int | str) -> None:
    regions = region_table((0, 11967, 10, 0, spots)).assign(area=area).astype({"area": float})
    complete_lists = complete(name="regions", min_class="")
    table = labels.label_disk(images(1), flare_table(), regions, complete_lists, None, QUESTION.disk)
    assert answers(table) == [(answer, "")]


def test_a_day_without_a_report_is_not_a_quiet_day() -> None:
    table = labels.label_disk(images(1), flare_table(), region_table(), complete(), None, QUESTION.disk)
    assert table["label"].isna().all()
    assert table["reason"].tolist() == [labels.NO_REPORT]


TWO_REGIONS = region_table(*((day * 24, noaa_ar, 10, day * 13, 5) for day in range(3) for noaa_ar in (11967, 11968)))


def region(flares: pd.DataFrame, *regions: tuple[float, int, float, float, int], **changes: Any) -> list[Any]:
    question = QUESTION.region.model_copy(update=changes)
    table = labels.label_regions(images(0), flares, region_table(*regions), complete(), None, question)
    return [answer for answer, _ in answers(table)]


def test_a_flare_belongs_to_its_region_alone() -> None:
    flares = flare_table((0, 1, "C1.0", 11967))
    assert region(flares, (0, 11967, 10, 0, 5), (0, 11968, -10, 0, 5)) == [1, 0]


def test_a_region_is_rotated_to_the_images_time_before_it_is_kept() -> None:
    # 13 degrees a day towards the west
    assert region(flare_table(), (-12, 11967, 0, 50, 5), (-12, 11968, 0, 56, 5)) == [0, labels.TOO_FAR]
    assert region(flare_table(), (12, 11967, 0, 65, 5), (12, 11968, 0, 68, 5)) == [0, labels.TOO_FAR]


def test_an_unassigned_flare_makes_a_negative_unknown_unless_ignored_or_elsewhere() -> None:
    at_centre = (0, 11967, 10, 0, 5)
    assert region(flare_table((0, 1, "C1.0", None)), at_centre) == [labels.UNASSIGNED]
    assert region(flare_table((0, 1, "C1.0", None)), at_centre, unassigned="ignore") == [0]
    assert region(flare_table((0, 1, "B1.0", None)), at_centre) == [0]
    assert region(flare_table((0, 1, "C1.0", None, 12, 3)), at_centre) == [labels.UNASSIGNED]
    assert region(flare_table((0, 1, "C1.0", None, -12, 40)), at_centre) == [0]
    assert region(flare_table((0, 1, "C1.0", None), (0, 1, "C1.0", 11967)), at_centre) == [1]


def test_a_placed_flare_without_a_region_turns_with_the_sun() -> None:
    # In 20 h the region moves from the centre to W11, so that a flare at W18 may be its and one at W30 is not.
    regions = [(hours, 11967, 10, hours * 13 / 24, 5) for hours in (0, 24)]
    ahead = {"event": "start", "after": 24}
    assert region(flare_table((20, 21, "C1.0", None, 10, 18)), *regions, **ahead) == [labels.UNASSIGNED]
    assert region(flare_table((20, 21, "C1.0", None, 10, 30)), *regions, **ahead) == [0]


def test_a_plage_is_no_active_region() -> None:
    assert region(flare_table((0, 1, "C1.0", 11967)), (0, 11967, 10, 0, 0)) == [labels.NO_SPOTS]


MIDNIGHT = pd.Timestamp("2019-03-23 23:57")


def repaired(flares: pd.DataFrame) -> tuple[list[Any], list[Any], dict[str, int]]:
    cleaned, counts = clean(flares)
    return cleaned["end"].tolist(), cleaned["noaa_ar"].fillna(0).tolist(), counts


def test_a_flare_over_midnight_ends_on_the_next_day() -> None:
    ends, _, counts = repaired(flare_table((MIDNIGHT, pd.Timestamp("2019-03-23 00:15"), "B1.0", 12736)))
    assert ends == [pd.Timestamp("2019-03-24 00:15")]
    assert counts["end moved over midnight"] == 1


def test_an_end_just_before_its_start_is_none() -> None:
    ends, _, counts = repaired(flare_table((1.0, 0.5, "C1.0", 11967)))
    assert ends == [at(1.0)]
    assert counts["end before its start, blanked"] == 1


@pytest.mark.parametrize("year", [2104, 2015])
def test_an_end_years_after_its_start_is_neither_a_label_nor_a_median(year: int) -> None:
    typo = (pd.Timestamp("2014-01-01 00:30"), pd.Timestamp(f"{year}-01-01 00:55"), "C2.0", 11944)
    flares = flare_table(typo, (1, 1.2, "C1.0", 1), (2, None, "C1.0", 1))
    ends, _, counts = repaired(flares)
    assert max(ends) == at(2.2)
    assert counts["end more than 24 h after its start, blanked"] == 1


def test_a_missing_end_is_that_of_the_median_flare_but_not_before_its_peak() -> None:
    flares = flare_table((0, 0.1, "C1.0", 1), (1, 1.2, "C1.0", 1), (2, 5, "C1.0", 1), (6, None, "C1.0", 1))
    ends, _, counts = repaired(flares)
    assert ends[-1] == at(6.2)
    assert counts["end missing, set by the median duration"] == 1
    flares.loc[3, "peak"] = at(7)
    assert repaired(flares)[0][-1] == at(7)


def test_a_repeat_counts_once_and_keeps_what_is_known() -> None:
    flares = flare_table((1.0, None, "C1.0", None), (1.0, None, "C1.0", 11967), (1.0, 2.0, "C1.0", 11967))
    assert repaired(flares) == ([at(2)], [11967], {"repeat dropped": 2, "peak missing": 1})


def test_two_flares_at_once_in_two_regions_are_no_repeat() -> None:
    assert len(clean(flare_table((1.0, 2.0, "C1.0", 11967), (1.0, 2.0, "C1.0", 11968)))[0]) == 2


def test_four_digits_are_completed() -> None:
    _, regions, counts = repaired(flare_table((MIDNIGHT, None, "B1.0", 2736)))
    assert regions == [12736]
    assert counts["four-digit region number completed"] == 1


def test_a_position_of_zeros_is_none() -> None:
    cleaned, counts = clean(flare_table((1.0, 2.0, "C1.0", None, 0, 0)))
    assert cleaned["latitude"].isna().all()
    assert counts["position 0, 0 blanked"] == 1


def test_four_digits_were_right_before_june_2002() -> None:
    cleaned, _ = clean(flare_table((pd.Timestamp("2001-04-02"), None, "X20.0", 9393)))
    assert cleaned["noaa_ar"].tolist() == [9393]


HOURS = st.integers(0, 60)
FLARES = st.lists(
    st.tuples(
        HOURS, st.none() | HOURS, st.sampled_from(["B5.0", "C1.0", "M2.0", ""]), st.sampled_from([11967, 11968, None])
    ),
    max_size=12,
)
QUESTIONS = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["overlap", "start"]),
        "before": st.integers(0, 12).map(float),
        "after": st.integers(0, 12).map(float),
    }
)


def answer(fits: list[Any], suspects: list[Any]) -> tuple[int | str, str]:
    """Return what is to be said of a window, and the strongest class in it, from flares of no other classes."""
    classes = [flare.goes_class for flare in fits]
    strongest = next((name for name in ("M2.0", "C1.0", "B5.0") if name in classes), "")
    if strongest in ("M2.0", "C1.0"):
        return 1, strongest
    if "" in classes:
        return labels.UNCLASSED, strongest
    if any(flare.goes_class != "B5.0" for flare in suspects):
        return labels.UNASSIGNED, strongest
    return 0, strongest


def nested_loop(
    flares: pd.DataFrame, question: FlareQuestion, noaa_ars: tuple[int | None, ...]
) -> list[tuple[int | str, str]]:
    """Answer a question for every hour and region (None: the whole Sun), looking at every flare each time."""
    answers = []
    listed: list[Any] = list(clean(flares)[0].astype({"noaa_ar": float}).itertuples())
    for hour in range(60):
        first, last = at(hour - question.before), at(hour + question.after)
        if question.event == "start":
            fits = [flare for flare in listed if first < flare.start <= last]
        else:
            fits = [flare for flare in listed if flare.start <= last and flare.end >= first]
        for noaa_ar in noaa_ars:
            its = [flare for flare in fits if noaa_ar is None or flare.noaa_ar == noaa_ar]
            answers.append(answer(its, [] if noaa_ar is None else [flare for flare in fits if pd.isna(flare.noaa_ar)]))
    return answers


@given(FLARES, QUESTIONS)
@settings(max_examples=20)
def test_the_labels_of_disks_are_those_of_a_nested_loop(rows: Any, changes: Any) -> None:
    question = QUESTION.disk.model_copy(update={"target": "flare", **changes})
    flares = flare_table(*rows)
    table = labels.label_disk(images(*range(60)), flares, tables.empty(tables.REGIONS), complete(), None, question)
    assert answers(table) == nested_loop(flares, question, (None,))


@given(FLARES, QUESTIONS)
@settings(max_examples=20)
def test_the_labels_of_regions_are_those_of_a_nested_loop(rows: Any, changes: Any) -> None:
    question = QUESTION.region.model_copy(update=changes)
    flares = flare_table(*rows)
    table = labels.label_regions(images(*range(60)), flares, TWO_REGIONS, complete(), None, question)
    assert answers(table) == nested_loop(flares, question, (11967, 11968))


@given(FLARES, st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_order_of_rows_does_not_matter(rows: Any, seed: int) -> None:
    def mixed(table: pd.DataFrame) -> pd.DataFrame:
        return table.sample(frac=1, random_state=seed)

    seen, flares = images(0, 7, 30), flare_table(*rows)
    complete_lists = pd.concat([complete(end=20), complete(start=10)], ignore_index=True)
    rates = truth((0, 11967, 0.0), (48, 11967, 2.0))
    question = QUESTION.region.model_copy(update={"event": "start", "after": 24.0})
    pd.testing.assert_frame_equal(
        labels.label_regions(seen, flares, TWO_REGIONS, complete_lists, rates, question),
        labels.label_regions(
            mixed(seen), mixed(flares), mixed(TWO_REGIONS), mixed(complete_lists), mixed(rates), question
        ),
    )


def truth(*rows: tuple[float, int, float]) -> pd.DataFrame:
    df = pd.DataFrame(rows, columns=["time", "noaa_ar", "rate"]).assign(slope=2.0)
    return tables.check(df.assign(time=df["time"].map(at)), tables.TRUTH, "truth")


@pytest.mark.parametrize(
    ("min_class", "expected"),
    # The rate rises from 0 to 2 a day over two days: 0.5 flares on the first, a hundredth of them ten times as strong.
    [("C1.0", 0.5), ("M1.0", 0.005)],
)
def test_the_true_probability_integrates_the_rate(min_class: str, expected: float) -> None:
    question = QUESTION.region.model_copy(update={"event": "start", "after": 24, "min_class": min_class})
    rates = truth((0, 11967, 0.0), (48, 11967, 2.0), (0, 11968, 1.0), (6, 11968, 1.0))
    regions = region_table((0, 11967, 10, 0, 5), (0, 11968, 10, 30, 5))
    flares = flare_table()
    table = labels.label_regions(images(0), flares, regions, complete(min_class="A1.0"), rates, question)
    scale = 1.0 if min_class == "C1.0" else 0.01
    assert table["true_probability"].tolist() == pytest.approx(
        [1 - np.exp(-expected), 1 - np.exp(-0.25 * scale)], rel=1e-4
    )
    whole = QUESTION.disk.model_copy(update={"target": "flare", "event": "start", "after": 24, "min_class": min_class})
    table = labels.label_disk(images(0), flares, regions, complete(min_class="A1.0"), rates, whole)
    assert table["true_probability"].tolist() == pytest.approx([1 - np.exp(-expected - 0.25 * scale)], rel=1e-4)


def test_rounding_makes_no_true_probability_negative() -> None:
    """At the end of a region's life, its expected flares are fewer than the rounding of the running sum."""
    decay = [(6 * row, 11967, rate) for row, rate in enumerate([1.0, *np.exp(-28 - np.arange(20) / 8), 0.0])]
    rates = truth((0, 11966, 7.3), (900, 11966, 7.3), *decay)
    regions = region_table(*((24 * day, 11967, 10, 0, 5) for day in range(6)))
    question = QUESTION.region.model_copy(update={"event": "start", "after": 24.0})
    table = labels.label_regions(images(*np.arange(10, 125, 0.1)), flare_table(), regions, complete(), rates, question)
    assert table["true_probability"].between(0, 1e-9).all()


def test_a_nowcast_has_no_true_probability() -> None:
    rates = truth((0, 11967, 1.0), (48, 11967, 1.0))
    regions = region_table((0, 11967, 10, 0, 5))
    table = labels.label_regions(images(1), flare_table(), regions, complete(), rates, QUESTION.region)
    assert table["true_probability"].isna().all()


# The stages


def test_a_task_that_the_origin_has_no_regions_for_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = params.read_yaml(parameters.FIXED)
    content["label"]["disk"]["target"] = "flare"
    content["split"]["chronological"]["gap_days"] = 0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    raw = Path("data/raw")
    seen = images(*range(100)).assign(instrument="gong", width=860, height=860, bytes=1, sha256="", origin="")
    tables.write(seen, raw / "images.csv", tables.IMAGES)
    flares = flare_table(*((hour, hour + 0.5, "C1.0", None) for hour in range(0, 100, 2)))
    tables.write(flares, raw / "flares.csv", tables.FLARES)
    tables.write(tables.empty(tables.REGIONS), raw / "regions.csv", tables.REGIONS)
    tables.write(complete(), raw / "coverage.csv", tables.COVERAGE)
    label.main()
    split.main()
    assert tables.read(Path("data/labels/disk.csv"), tables.DISK_LABELS)["label"].sum() == 50
    assert set(tables.read(Path("data/splits/disk.csv"), tables.SPLITS)["part"]) == {"train", "validation", "test"}
    for folder in ("labels", "splits"):
        assert absent.reason(Path("data") / folder / "region.csv") == "the origin has no region reports"


# The real archive

Archive = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def archive(shared_sun: Path) -> Archive:
    """Images, flares, regions and coverage."""
    flares = event_tables.read_flares(shared_sun / "flares.csv")
    regions = event_tables.read_regions(shared_sun / "regions.csv")
    names = [path.name for path in (shared_sun / "euv").rglob("*.jpg")]
    times = [stamp.time for stamp in map(filenames.parse, names) if stamp]
    seen = pd.DataFrame({"path": names, "time": times, "pair_id": ""})
    return seen, event_tables.merge_lists(flares), regions, coverage.infer(flares, regions)


def test_the_disks_of_the_real_archive(archive: Archive) -> None:
    question = QUESTION.disk.model_copy(update={"target": "flare", "before": 12.0, "after": 12.0})
    table = labels.label_disk(*archive, None, question)
    of_2014 = table["time"].dt.year == 2014
    assert table["label"].notna().all()
    assert table.loc[of_2014, "label"].value_counts().to_dict() == {1: 81, 0: 6}
    assert table.loc[~of_2014, "label"].mean() == pytest.approx(0.70, abs=0.01)


def test_the_regions_of_the_real_archive(archive: Archive) -> None:
    changes = {"event": "start", "after": 24.0, "max_longitude": 65.0}
    ignoring = QUESTION.region.model_copy(update={**changes, "unassigned": "ignore"})
    table = labels.label_regions(*archive, None, ignoring)
    dropping = QUESTION.region.model_copy(update={**changes, "unassigned": "drop"})
    unassigned = labels.label_regions(*archive, None, dropping)["reason"] == labels.UNASSIGNED
    # The figures to be met are of the 1,420 regions that the last report before the image has; of these, some have no
    # report within half a day.
    reports = archive[2].set_index(["noaa_ar", "time"]).index
    reported = pd.MultiIndex.from_arrays([table["noaa_ar"], table["time"].dt.floor("D")]).isin(reports)
    labelled = table[reported & table["label"].notna()]
    assert 1340 < len(labelled) < 1420
    assert labelled["label"].mean() == pytest.approx(0.23, abs=0.02)
    assert unassigned[labelled.index[labelled["label"] == 0]].mean() == pytest.approx(0.28, abs=0.01)
