"""HEK's many records of one flare, and several lists made one, compared and completed."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.sources.live.lists import hek, merge
from solarflare.sources.live.lists.report import Flare, Span, coverage_table, flare_table
from solarflare.sources.live.source import Collected
from tests.live_tables import FLARES, REGIONS

START = dt.datetime(2014, 1, 1)
MINUTE = dt.timedelta(minutes=1)


def export(shared_sun: Path, event_type: str) -> list[dict[Any, Any]]:
    path = shared_sun / "samples/hek/isolsearch_export.csv"
    df = pd.read_csv(path, dtype=str, keep_default_na=False)
    return df[df["event_type"] == event_type].to_dict("records")


def test_the_flares_of_the_real_export_are_deduplicated_against_swpcs(shared_sun: Path) -> None:
    events = export(shared_sun, "FL")
    result = hek.deduplicate(events)
    assert not result.unreadable
    # Counted by hand in the export, by peak: 11 records of SWPC, all different flares; 27 of SSW, of which 13 are of
    # ten of those (three flares at two start times each), and 14 are flares that SWPC has not. All 14 are of class
    # A or B1 but none repeats another.
    assert len(result.rows) == 25
    by_swpc = {
        (row["event_starttime"], row["event_peaktime"], row["event_endtime"], row["fl_goescls"])
        for row in events
        if row["frm_name"] == "SWPC"
    }
    merged = {(*(time.isoformat() if time else "" for time in row[:3]), row.goes_class) for row in result.rows}
    assert len(by_swpc) == 11
    assert by_swpc <= merged
    # SWPC's only position is that of 01:44; SSW places all others but that of 6 January 03:35, which it lacks.
    assert [row.start for row in result.rows if row.latitude is None] == [dt.datetime(2019, 1, 6, 3, 35)]
    assert {row.noaa_ar for row in result.rows} == {None, 12732}


def test_the_flares_of_two_real_answers_are_the_same_twelve(shared_sun: Path) -> None:
    from astropy.table import Table

    names = ("hek_swpc_20120101-20120103.ecsv", "hek_ssw_latest_20120101-20120103.ecsv")
    answers = [Table.read(shared_sun / "samples/hek" / name).to_pandas().to_dict("records") for name in names]
    # 12 and 13 rows; SSW has one flare of 1 January 23:28 twice, with peaks five minutes apart.
    assert [len(answer) for answer in answers] == [12, 13]
    result = hek.deduplicate([*answers[0], *answers[1]]).rows
    assert len(result) == 12
    assert all(row.latitude is not None for row in result)


def test_the_regions_of_the_real_export(shared_sun: Path) -> None:
    result = hek.parse_regions(export(shared_sun, "AR")).rows
    # The five rows of NOAA SWPC Observer; areas are NOAA's tens of millionths.
    assert [(row.time.day, row.longitude, row.area, row.mcintosh, row.spots) for row in result] == [
        (2, 20, 10, "Bxo", 3),
        (3, 33, 30, "Dro", 6),
        (4, 47, 90, "Cao", 6),
        (5, 59, 50, "Cao", 3),
        (6, 74, 10, "Bxo", 3),
    ]


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"result": 3}', b"", b'{"overmax": true}', b"[" * 100_000])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    assert hek.why_not_an_answer(content) == "no JSON with a result"
    assert hek.parse(content) == hek.Page([], more=False)


@pytest.mark.parametrize(("overmax", "more"), [("true", True), ('"true"', True), ("false", False), ("null", False)])
def test_whether_there_are_more_pages(overmax: str, more: bool) -> None:
    answer = hek.parse(b'{"result": [{"a": "\xc5"}], "overmax": ' + overmax.encode() + b"}")
    assert answer.more is more


@given(st.permutations(range(4)))
def test_the_order_of_the_records_does_not_matter(order: list[int]) -> None:
    time = {"event_starttime": "2014-01-01T00:00:00", "event_peaktime": "2014-01-01T00:10:00"}
    events: list[dict[str, Any]] = [
        time | {"frm_name": "SWPC", "fl_goescls": "C1.0", "hgs_x": 0, "hgs_y": 0, "ar_noaanum": 11944},
        time | {"frm_name": "SSW Latest Events", "fl_goescls": "C1.1", "hgs_x": 20, "hgs_y": -9, "ar_noaanum": 1944},
        time | {"frm_name": "Flare Detective - Trigger Module", "hgs_x": 21, "hgs_y": -8, "ar_noaanum": None},
        time | {"frm_name": "halocme", "fl_goescls": "X1.0", "hgs_x": 1, "hgs_y": 1},
    ]
    result = hek.deduplicate([events[number] for number in order]).rows
    assert result == [Flare(START, START + 10 * MINUTE, None, "C1.0", 11944, -9, 20)]


def listed(name: str, *flares: Flare, min_class: str = "C1.0") -> Collected:
    rows = flare_table(flares, name)
    spans = [Span(START, START + dt.timedelta(days=1))]
    return Collected(rows, coverage_table(name, spans, rows).assign(min_class=min_class))


def flare(minute: int, goes_class: str = "C2.0", noaa_ar: int | None = None, *place: float) -> Flare:
    start = START + minute * MINUTE
    return Flare(start, start + 5 * MINUTE, start + 9 * MINUTE, goes_class, noaa_ar, *place)


def test_the_first_list_decides_and_the_second_fills_its_blanks() -> None:
    first, second = listed("first", flare(60)), listed("second", flare(61, "C2.1", 11944), flare(600))
    for order, start, goes_class in ((["first", "second"], 60, "C2.0"), (["second", "first"], 61, "C2.1")):
        merged = merge.combine([first, second], order)
        assert list(merged["start"]) == [START + start * MINUTE, START + 600 * MINUTE]
        assert list(merged["goes_class"]) == [goes_class, "C2.0"]
        assert merged["noaa_ar"].iloc[0] == 11944


def test_science_classes_are_never_mixed_with_operational_ones() -> None:
    one, other = listed("swpc_events", flare(60)), listed("ncei_science", flare(60, "C2.9"))
    with pytest.raises(InputError, match="true irradiance"):
        merge.combine([one, other], ["swpc_events", "ncei_science"])
    assert len(merge.combine([other], ["ncei_science"])) == 1


def test_disagreements_name_each_value_in_which_two_lists_differ() -> None:
    one = listed("one", flare(60, "C2.0", 11944), flare(300), flare(600, "B9.0"))
    other = listed("other", flare(61, "C2.1"), flare(900))
    result = merge.disagreements([one, other])
    assert result[["list", "other", "column", "value", "other_value"]].to_numpy().tolist() == [
        ["one", "other", "end", "2014-01-01T01:09:00", "2014-01-01T01:10:00"],
        ["one", "other", "goes_class", "C2.0", "C2.1"],
        ["one", "other", "peak", "2014-01-01T01:05:00", "2014-01-01T01:06:00"],
        ["one", "other", "start", "2014-01-01T01:00:00", "2014-01-01T01:01:00"],
        ["one", "other", "start", "2014-01-01T05:00:00", ""],
        ["other", "one", "start", "2014-01-01T15:00:00", ""],
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_lists_disagree_on_nothing(number: int) -> None:
    assert merge.disagreements([listed("one", flare(60))] * number).empty


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (flare(62, "C2.0", 11944, -9, 20), [11944, -9, 20]),
        (flare(63, "C2.0", 11944, -9, 20), [0, 0, 0]),
        (flare(58, "C2.0", None, -9, 20), [0, -9, 20]),
    ],
)
def test_a_flare_is_placed_by_who_saw_it_peak_within_two_minutes(seen: Flare, expected: list[int]) -> None:
    result = merge.locate(listed("one", flare(60)).rows, listed("hek", seen).rows)
    assert result[["noaa_ar", "latitude", "longitude"]].fillna(0).to_numpy().tolist() == [expected]


def test_what_a_list_knows_stays_and_another_region_is_another_flare() -> None:
    one = listed("one", flare(60, "C2.0", 11944, -1, 1), flare(300, "C2.0", 11944)).rows
    seen = listed("hek", flare(60, "C2.0", 11944, -9, 20), flare(300, "C2.0", 11990, -9, 20)).rows
    pd.testing.assert_frame_equal(merge.locate(one, seen), one)


def test_a_flare_near_one_region_alone_is_its() -> None:
    unnamed = FLARES.assign(noaa_ar=pd.array([None] * len(FLARES), dtype="Int64"))
    named = merge.associate(unnamed, REGIONS)
    # The third has no position; the fourth is 10 degrees of longitude from 11968, at a latitude of 14 degrees.
    assert named["noaa_ar"].fillna(0).tolist() == [11967, 11967, 0, 11968]
    close = REGIONS.assign(latitude=-12.0, longitude=REGIONS["longitude"].where(REGIONS["noaa_ar"] == 11967, 0))
    twice = pd.concat([close, close.assign(noaa_ar=close["noaa_ar"] + 100)]).query("noaa_ar in (11967, 12067)")
    assert merge.associate(unnamed, tables.check(twice, tables.REGIONS, "x"))["noaa_ar"].isna().all()


def test_each_year_is_complete_to_its_own_depth() -> None:
    weak = [Flare(dt.datetime(2018, 6, 1) + n * MINUTE, None, None, f"B{1 + n % 9}.0") for n in range(50)]
    strong = [Flare(dt.datetime(2019, 6, 1) + n * MINUTE, None, None, f"M{1 + n % 9}.0") for n in range(50)]
    span = Span(dt.datetime(2018, 1, 1), dt.datetime(2021, 1, 1))
    result = coverage_table("x", [span], flare_table([*weak, *strong], "x"))
    assert result[["start", "min_class"]].astype(str).to_numpy().tolist() == [
        ["2018-01-01", "B1.0"],
        ["2019-01-01", "C1.0"],
    ]


@settings(max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_coverage_has_one_row_for_days_that_adjoin(gaps: list[bool]) -> None:
    spans = [
        Span(START + number * dt.timedelta(days=1), START + (number + 1) * dt.timedelta(days=1), "404" * gap)
        for number, gap in enumerate(gaps)
    ]
    result = coverage_table("regions", spans)
    assert list(result["reason"]) == [reason for reason, _ in itertools.groupby("404" * gap for gap in gaps)]
    assert (result["end"].to_numpy()[:-1] == result["start"].to_numpy()[1:]).all()
    assert result["end"].iloc[-1] - result["start"].iloc[0] == np.timedelta64(len(gaps), "D")
