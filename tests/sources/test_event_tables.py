"""Tables of flares and regions by other people: read, blanked with a count, or refused with every bad cell."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from solarflare.core.errors import InputError
from solarflare.sources.common import event_tables
from solarflare.sun.events.magnetic import mount_wilson

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text(content)
        return path

    return write


@pytest.mark.parametrize("end", ["2104-02-01T00:55:00", "2014-02-03", "1914-02-01T00:55:00"])
def test_an_end_that_cannot_be_true_is_blanked_and_counted(
    end: str, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    flares = event_tables.read_flares(
        write(f"start,end,goes_class\n2014-02-01T00:30:00,{end},C2.0\n2014-02-02,2014-02-02 00:20,C1.0\n")
    )
    assert flares["end"].tolist() == [pd.NaT, pd.Timestamp("2014-02-02 00:20")]
    assert "end is blanked in 1 of 2 rows, because it is before the start or more than 24 h after it" in caplog.text
    assert f"the first is row 1, {end}" in caplog.text


def test_a_wrong_end_does_not_hide_the_end_of_another_list(write: Write) -> None:
    rows = "2014-02-01 00:30,2104-02-01 00:55,C2.0,11960,one\n2014-02-01 00:31,2014-02-01 00:55,C2.0,,two\n"
    flares = event_tables.read_flares(write("start,end,goes_class,noaa_ar,list\n" + rows))
    merged = event_tables.merge_lists(flares, ["one"])
    assert merged["end"].tolist() == [pd.Timestamp("2014-02-01 00:55")]


@pytest.mark.parametrize("start", ["2104-02-01 00:30", "1914-02-01", "1740", "00:30"])
def test_a_start_that_is_no_possible_date_is_refused(start: str, write: Write) -> None:
    with pytest.raises(InputError, match=rf"row 2, column start: got '{start}'; expected"):
        event_tables.read_flares(write(f"start,goes_class\n2014-02-01,C1.0\n{start},C2.0\n"))


def test_times_of_day_without_a_date_are_refused_all_at_once(write: Write) -> None:
    rows = "".join(f"2014-02-{day:02d} 17:40,1752,1903,M9.9\n" for day in range(1, 15))
    with pytest.raises(InputError, match=r"28 cells cannot be used \(peak 14, end 14\).*; the first 20:") as error:
        event_tables.read_flares(write("start,peak,end,goes_class\n" + rows))
    assert "row 10, column end: got '1903'" in str(error.value)
    assert "row 11" not in str(error.value)


def test_one_message_lists_bad_cells_of_every_kind(write: Write) -> None:
    with pytest.raises(InputError) as error:
        event_tables.read_flares(
            write("start,goes_class,noaa_ar,location\nsoon,Q1,1x,N1\n2014-02-01,C1.0,,\n2114-02-01,C1.0,,\n")
        )
    for place in (
        "row 1, column start",
        "column goes_class",
        "column noaa_ar",
        "column location",
        "row 3, column start",
    ):
        assert place in str(error.value)


@pytest.mark.parametrize(
    "cell", ["0", "0.0", "0000", "<NA>", "---", "-", "\u2014", "nan", "NaT", "None", "////", "?", ""]
)
def test_no_region_in_any_spelling_is_none(cell: str, write: Write) -> None:
    flares = event_tables.read_flares(
        write(f"start,goes_class,noaa_ar\n2014-02-01,C1.0,{cell}\n2014-02-02,C1.0,1967\n")
    )
    assert flares["noaa_ar"].fillna(0).tolist() == [0, 11967]


@pytest.mark.parametrize("cell", ["11967", "11967.0", "1967", "AR 11967", "NOAA 11967", "NOAA AR11967", "#11967"])
def test_a_region_in_any_spelling_is_its_number(cell: str, write: Write) -> None:
    flares = event_tables.read_flares(write(f"start,goes_class,noaa_ar\n2014-02-01,C1.0,{cell}\n"))
    assert flares["noaa_ar"].tolist() == [11967]


@pytest.mark.parametrize("cell", ["X17+", ">X17", ">= x17", "X17 +", "\u2265X17", "X17"])
def test_a_saturated_class_is_the_class_that_was_reached(cell: str, write: Write) -> None:
    assert event_tables.read_flares(write(f"start,goes_class\n2003-11-04,{cell}\n"))["goes_class"].tolist() == ["X17"]


@pytest.mark.parametrize("cell", ["S22E79( 4405 )", "S22E79 (4405)", "s22e79(14405)"])
def test_a_location_may_name_the_region(cell: str, write: Write) -> None:
    flares = event_tables.read_flares(write(f"start,goes_class,location\n2026-03-01,C1.0,{cell}\n"))
    assert flares[["noaa_ar", "latitude", "longitude"]].to_numpy().tolist() == [[14405, -22, -79]]


@pytest.mark.parametrize(("column", "number"), [("longitude", 28), ("latitude", -15), ("longitude", -39)])
def test_a_number_far_from_its_location_is_refused(column: str, number: float, write: Write) -> None:
    path = write(f"start,goes_class,location,{column}\n2014-01-01,C1.0,N15E28,{number}\n2014-01-02,C1.0,,3\n")
    with pytest.raises(InputError, match=rf"row 1, column {column}: got '{number}'; expected a {column} near the col"):
        event_tables.read_flares(path)


def test_a_number_near_its_location_is_the_better_one(write: Write) -> None:
    path = write("start,goes_class,location,longitude,latitude\n2014-01-01,C1.0,N15E28,-31.5,15.2\n")
    assert event_tables.read_flares(path)[["latitude", "longitude"]].to_numpy().tolist() == [[15.2, -31.5]]


def test_a_region_of_its_own_goes_before_the_one_of_the_location(write: Write) -> None:
    rows = "2026-03-01,C1.0,S22E79(4405),4406\n2026-03-02,C1.0,S22E79(4405),---\n2026-03-03,C1.0,S22E79(),\n"
    flares = event_tables.read_flares(write("start,goes_class,location,noaa_ar\n" + rows))
    assert flares["noaa_ar"].fillna(0).tolist() == [14406, 14405, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A", "alpha"),
        ("BG", "beta-gamma"),
        ("BD", "beta-delta"),
        ("BGD", "beta-gamma-delta"),
        ("Beta-Gamma-Delta", "beta-gamma-delta"),
        ("beta/delta", "beta-delta"),
        ("\u03b2\u03b3\u03b4", "beta-gamma-delta"),
        ("\u0392-\u0393", "beta-gamma"),
        ("\u00df\u03b3", "beta-gamma"),
        (" ", ""),
        ("Hsx", None),
        ("BB", None),
        ("alphabet", None),
    ],
)
def test_magnetic_classes_in_letters_are_understood(text: str, expected: str | None) -> None:
    assert mount_wilson(text) == expected


def test_magnetic_classes_of_a_table_get_one_spelling_or_are_refused(write: Write) -> None:
    head = "time,noaa_ar,location,mag_type\n"
    regions = event_tables.read_regions(write(head + "2026-03-01,4405,S22E79,BGD\n2026-03-01,4406,S22E79,---\n"))
    assert regions["mag_type"].tolist() == ["beta-gamma-delta", ""]
    with pytest.raises(InputError, match="row 1, column mag_type: got 'Hsx'; expected a Mount Wilson class"):
        event_tables.read_regions(write(head + "2026-03-01,4405,S22E79,Hsx\n"))


def test_coverage_lists_every_row_that_ends_before_it_starts(write: Write) -> None:
    rows = "swpc,2014-01-02,2014-01-01\nswpc,2014-02-02,2014-02-01\n"
    with pytest.raises(InputError, match=r"2 cells cannot be used \(end 2\)"):
        event_tables.read_coverage(write("list,start,end\n" + rows))


REPORTS = "time,noaa_ar,latitude,longitude,area\n"


def test_two_positions_of_a_region_at_one_time_are_asked_about(write: Write) -> None:
    rows = "2014-10-25,12192,-12,21,\n2014-10-25,12193,7,59,\n2014-10-25,2192,40,-60,\n"
    with pytest.raises(InputError, match=r"region 12192 .* row 1 has the latitude -12.0, and row 3 has 40.0; remove"):
        event_tables.read_regions(write(REPORTS + rows))


def test_a_repeated_report_is_one_report(write: Write) -> None:
    rows = "2014-10-25,12192,-12,21,\n2014-10-25,12192,-12,21,300\n"
    assert event_tables.read_regions(write(REPORTS + rows))["area"].tolist() == [300]


def test_positions_in_radians_are_asked_about(write: Write) -> None:
    with pytest.raises(InputError, match=r"as radians are; expected degrees"):
        event_tables.read_regions(write(REPORTS + "2014-10-25,12192,-0.2094,0.366,\n2014-10-25,12193,0.122,1.03,\n"))
    one = event_tables.read_regions(write(REPORTS + "2014-10-25,12192,-0.2094,0.366,\n"))
    assert one["latitude"].tolist() == [-0.2094]


def test_reports_without_a_position_are_counted(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    event_tables.read_regions(write(REPORTS + "2014-10-25,12191,1,1,\n2014-10-25,12192,,,\n2014-10-25,12193,,,\n"))
    assert "2 of 3 rows are left out, because they have no region number or no position" in caplog.text
    assert "the first is row 2" in caplog.text


def test_another_separator_is_one_sentence(write: Write) -> None:
    with pytest.raises(InputError, match=r"its header has semicolons between .*; expected commas"):
        event_tables.read_regions(write("time;noaa_ar;latitude;longitude\n2014-10-25;12192;-12;21\n"))


@pytest.mark.parametrize("zone", ["+09:00", "-0500", "+01"])
def test_a_zone_in_some_times_only_is_asked_about(zone: str, write: Write) -> None:
    header = "start,end,goes_class\n2014-02-01T00:10Z,,C1.0\n"
    expected = rf"row 2, column start: '2014-02-01T09:30\{zone}' has a zone, and row 2, column end: '2014-02-01 09:40'"
    with pytest.raises(InputError, match=expected):
        event_tables.read_flares(write(f"{header}2014-02-01T09:30{zone},2014-02-01 09:40,C1.0\n"))
    both = f"{header}2014-02-01T09:30{zone},2014-02-01T09:40{zone},C1.0\n"
    assert len(event_tables.read_flares(write(both))) == 2


def test_utc_beside_times_without_a_zone_is_utc(write: Write) -> None:
    rows = "2014-02-01T00:30:00+00:00,2014-02-01 00:40,C1.0\n2014-02-02T00:30Z,2014-02-02,C1.0\n"
    assert len(event_tables.read_flares(write("start,end,goes_class\n" + rows))) == 2
