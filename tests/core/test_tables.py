"""The CSV contracts: what is read back is what was written, and a bad cell is named."""

from pathlib import Path

import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.errors import InputError


@pytest.fixture
def flares() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": ["2014-01-01T00:10:00", "2014-01-02T23:50:00"],
            "peak": ["2014-01-01T00:15:00", ""],
            "end": ["2014-01-01T00:25:00", ""],
            "goes_class": ["C1.0", ""],
            "noaa_ar": ["11944", ""],
            "latitude": ["-9.5", ""],
            "longitude": ["12", ""],
            "list": ["swpc", "swpc"],
        }
    )


def test_what_is_written_is_read_back(tmp_path: Path, flares: pd.DataFrame) -> None:
    path = tmp_path / "flares.csv"
    tables.write(flares, path, tables.FLARES)
    table = tables.read(path, tables.FLARES)
    again = tmp_path / "again.csv"
    tables.write(table, again, tables.FLARES)
    assert again.read_bytes() == path.read_bytes()
    assert table["start"].tolist() == [pd.Timestamp("2014-01-01 00:10"), pd.Timestamp("2014-01-02 23:50")]
    assert table["peak"].isna().tolist() == [False, True]
    assert table["goes_class"].tolist() == ["C1.0", ""]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("start", "yesterday", "row 2, column start: got 'yesterday'; expected UTC"),
        ("start", "", "row 2, column start: got ''; expected UTC"),
        ("goes_class", "Q1", "row 2, column goes_class: got 'Q1'; expected a GOES class"),
        ("noaa_ar", "1.5", "row 2, column noaa_ar: got '1.5'; expected a whole number"),
        *(
            ("goes_class", value, f"row 2, column goes_class: got '{value}'; expected a GOES class")
            for value in ("C57", "C99.9", "C0.0", "A0.0", "M0.5", "C10.1", "X0.5", "X100")
        ),
        ("noaa_ar", "12192000", "row 2, column noaa_ar: got '12192000'; expected a whole number from 1 to 99999"),
        ("noaa_ar", "1e30", "row 2, column noaa_ar: got '1e30'; expected a whole number"),
        ("latitude", "91", "row 2, column latitude: got '91'; expected a number from -90 to 90"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(flares: pd.DataFrame, column: str, value: str, sentence: str) -> None:
    flares.loc[1, column] = value
    with pytest.raises(InputError, match=f"flares.csv, {sentence}"):
        tables.check(flares, tables.FLARES, "flares.csv")


@pytest.mark.parametrize("value", ["A0.1", "A9.9", "B1", "C5.71", "C10", "M10.0", "X1", "X45.0", "C05.1", ""])
def test_a_class_that_exists_is_kept(value: str, flares: pd.DataFrame) -> None:
    flares.loc[1, "goes_class"] = value
    assert tables.check(flares, tables.FLARES, "flares.csv")["goes_class"][1] == value


def test_all_bad_cells_of_a_table_are_in_one_message(flares: pd.DataFrame) -> None:
    flares.loc[0, ["start", "latitude"]] = "soon", "91"
    flares.loc[1, "goes_class"] = "Q1"
    with pytest.raises(InputError) as error:
        tables.check(flares, tables.FLARES, "flares.csv")
    first, *lines = str(error.value).splitlines()
    assert first.startswith("flares.csv: 3 cells cannot be used (start 1, latitude 1, goes_class 1)")
    assert [line.split(":")[0].strip() for line in lines] == [
        "row 1, column start",
        "row 1, column latitude",
        "row 2, column goes_class",
    ]


def test_of_many_bad_cells_the_first_are_listed_and_all_are_counted(flares: pd.DataFrame) -> None:
    many = pd.concat([flares.assign(goes_class="Q1", start="never")] * 20)
    with pytest.raises(
        InputError, match=r"80 cells cannot be used \(start 40, goes_class 40\); .*; the first 20:"
    ) as error:
        tables.check(many, tables.FLARES, "flares.csv")
    assert len(str(error.value).splitlines()) == 21


@pytest.mark.parametrize("time", ["1903", "19:03", "190314", "2014"])
def test_a_time_of_day_is_not_read_as_a_year(time: str, flares: pd.DataFrame) -> None:
    flares.loc[1, "end"] = time
    with pytest.raises(InputError, match=f"row 2, column end: got '{time}'; expected UTC"):
        tables.check(flares, tables.FLARES, "flares.csv")


def test_missing_and_unknown_columns_are_named(flares: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="column peak is missing"):
        tables.check(flares.drop(columns="peak"), tables.FLARES, "flares.csv")
    with pytest.raises(InputError, match="column colour is not known"):
        tables.check(flares.assign(colour="red"), tables.FLARES, "flares.csv")


def test_times_with_a_zone_become_utc(flares: pd.DataFrame) -> None:
    flares.loc[0, "start"] = "2014-01-01T01:10:00+01:00"
    assert tables.check(flares, tables.FLARES, "f")["start"][0] == pd.Timestamp("2014-01-01 00:10")


def test_a_bad_table_does_not_replace_a_good_one(tmp_path: Path, flares: pd.DataFrame) -> None:
    path = tmp_path / "flares.csv"
    tables.write(flares, path, tables.FLARES)
    before = path.read_bytes()
    with pytest.raises(InputError):
        tables.write(flares.assign(start="never"), path, tables.FLARES)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_table_keeps_its_types(tmp_path: Path) -> None:
    tables.write(tables.empty(tables.REGIONS), tmp_path / "regions.csv", tables.REGIONS)
    table = tables.read(tmp_path / "regions.csv", tables.REGIONS)
    assert len(table) == 0
    assert table.dtypes.equals(tables.empty(tables.REGIONS).dtypes)
    assert len(tables.concat([table, table], tables.REGIONS)) == 0


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2,3,4\n", b"a,b\n1,2,3,4\n\x00", b"\xff\xfe\x00\xc5"])
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "flares.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"flares\.csv"):
        tables.read(tmp_path / "flares.csv", tables.FLARES)


def test_an_endless_exponent_is_a_bad_cell(tmp_path: Path, flares: pd.DataFrame) -> None:
    path = tmp_path / "flares.csv"
    flares.loc[0, "latitude"] = "0.378931931e4006018982"
    flares.to_csv(path, index=False)
    with pytest.raises(InputError, match=r"row 1, column latitude: got '0\.378931931e4006018982'"):
        tables.read(path, tables.FLARES)


def test_a_table_that_was_cut_off_is_refused_wherever_it_ends(tmp_path: Path, flares: pd.DataFrame) -> None:
    path = tmp_path / "flares.csv"
    tables.write(flares, path, tables.FLARES)
    whole = path.read_bytes()
    last_row = whole.rindex(b"\n", 0, -1) + 1
    for length in range(last_row + 1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"flares\.csv: its last line has no end, so the file was cut off"):
            tables.read(path, tables.FLARES)
