"""The origin archive: what is in the folder arrives in the raw contract, and what cannot be used is counted."""

import datetime as dt
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.sources.archive import listing
from solarflare.sources.archive import scrape as archive
from solarflare.sources.common import event_tables, filenames, identity, left_out
from tests import archives, field_files, parameters
from tests.parameters import AllParams

UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
in_one_folder = settings(suppress_health_check=UNCHECKED, max_examples=40)


def params_of(folder: Path, **groups: object) -> AllParams:
    return parameters.parse(archives.choices(folder, archive.digest(folder), **groups))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archives.make(tmp_path / "archive")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw"
    path.mkdir()
    return path


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text(content)
        return path

    return write


def flares_of(*rows: tuple[str, str, str, int | None]) -> pd.DataFrame:
    """Flares of (list, start, class, region)."""
    df = pd.DataFrame(rows, columns=["list", "start", "goes_class", "noaa_ar"])
    return tables.check(df.reindex(columns=list(tables.FLARES.columns)), tables.FLARES, "flares")


# File names


@pytest.mark.parametrize(
    ("file", "instrument", "time"),
    [
        ("20140101_123456_512_HMIB.jpg", "hmi", dt.datetime(2014, 1, 1, 12, 34, 56)),
        ("20140101_123456_1024_0171.jpg", "aia171", dt.datetime(2014, 1, 1, 12, 34, 56)),
        ("20140101_123456_4096_0193.JPG", "aia193", dt.datetime(2014, 1, 1, 12, 34, 56)),
        ("20140101_123456_512_0211.jpeg", "aia211", dt.datetime(2014, 1, 1, 12, 34, 56)),
        ("gong_magxx_fd_20190201_182103.jpg", "gong", dt.datetime(2019, 2, 1, 18, 21, 3)),
        ("HMI.m2012.07.04_00.36.00.jpg", "hmi", dt.datetime(2012, 7, 4, 0, 36)),
        ("20140101_123456_512_0211.png", "aia211", dt.datetime(2014, 1, 1, 12, 34, 56)),
        ("20140101_121500_M_1k.jpg", "hmi", dt.datetime(2014, 1, 1, 12, 15)),
        ("2013_06_24__17_31_30_84__SDO_AIA_AIA_193.jp2", "aia193", dt.datetime(2013, 6, 24, 17, 31, 30)),
        ("2023_01_31__03_39_23_200__SDO_HMI_HMI_magnetogram.jp2", "hmi", dt.datetime(2023, 1, 31, 3, 39, 23)),
        ("hmi.m_45s.20170301_000037_TAI.2.magnetogram.fits", "hmi", dt.datetime(2017, 3, 1)),
        ("hmi.M_720s.20170301_000037_TAI.1.magnetogram.fits", "hmi", dt.datetime(2017, 3, 1)),
        ("mdi.fd_M_96m_lev182.20101015_000034_TAI.data.fits", "mdi", dt.datetime(2010, 10, 15)),
        ("smdi_maglc_fd_20090728_0136.fts.gz", "mdi", dt.datetime(2009, 7, 28, 1, 36)),
        ("tdbqa090905t2154.fits.fz", "gong", dt.datetime(2009, 9, 5, 21, 54)),
        ("aia.lev1_euv_12s.2011-02-15T000000Z.171.image_lev1.fits", "aia171", dt.datetime(2011, 2, 15)),
        ("aia_lev1_211a_2011_02_15t00_00_00_34z_image_lev1.fits", "aia211", dt.datetime(2011, 2, 15)),
    ],
)
def test_names_say_instrument_and_time(file: str, instrument: str, time: dt.datetime) -> None:
    assert filenames.parse(file) == (instrument, time)


@pytest.mark.parametrize(
    "file",
    [
        "sun.jpg",
        "20140101_123456_512_0211.gif",
        "20140101_123456_512_HMIIC.jpg",
        "20140231_123456_512_0211.jpg",
        "20140101_240000_512_0211.jpg",
        "bbso_halph_fr_20150831_181839.jpg",
        "copy of 20140101_123456_512_0211.jpg",
    ],
)
def test_other_names_say_nothing(file: str) -> None:
    assert filenames.parse(file) is None


@given(st.text(max_size=40))
@example("٢٠١٤٠١٠١_123456_512_0211.jpg")
def test_any_text_is_a_name(text: str) -> None:
    assert filenames.parse(text) is None or filenames.is_image(text)
    assert filenames.other_product(text) is None or filenames.is_image(text)


@pytest.mark.parametrize(
    ("file", "product"),
    [
        ("20140101_123456_512_HMIIC.jpg", "HMIIC"),
        ("20140101_123456_1024_0304.jpg", "0304"),
        ("20140101_123456_1024_211193171.jpg", "211193171"),
        ("20140101_121500_Ic_flat_4k.jpg", "Ic_flat"),
        ("2023_01_31__03_39_23_200__SDO_HMI_HMI_continuum.jp2", "SDO_HMI_HMI_continuum"),
        ("hmi.sharp_cea_720s.7001.20170430_080000_TAI.magnetogram.fits", "hmi.sharp_cea_720s"),
        ("hmi.ic_45s.20170430_080000_TAI.2.continuum.fits", "hmi.ic_45s"),
        ("smdi_igram_fd_20010427_0136.fts", "igram"),
        ("20140101_123456_512_0211.jpg", None),
        ("holiday.jpg", None),
    ],
)
def test_a_name_can_tell_that_the_product_is_another(file: str, product: str | None) -> None:
    assert filenames.other_product(file) == product
    assert product is None or filenames.parse(file) is None


# What arrives


def test_the_raw_contract_is_filled(folder: Path, raw: Path) -> None:
    archive.scrape(params_of(folder), raw)
    images = tables.read(raw / "images.csv", tables.IMAGES)
    assert images["path"].tolist() == [
        "images/aia211/2014/01/01/20140101_000000_512_0211.jpg",
        "images/aia211/2014/01/01/20140101_120000_512_0211.jpg",
        "images/aia211/2014/01/02/20140102_000000_512_0211.jpg",
        "images/aia211/2014/01/02/20140102_120000_512_0211.jpg",
    ]
    assert images["origin"].iloc[0] == "archive/2014/01/01/20140101_000000_512_0211.jpg"
    for path, origin in zip(images["path"], images["origin"], strict=True):
        assert (raw / path).read_bytes() == (folder / origin.removeprefix("archive/")).read_bytes()
    assert tables.read(raw / "flares.csv", tables.FLARES)["goes_class"].tolist() == ["C2.0", "M1.0", "C1.0"]
    regions = tables.read(raw / "regions.csv", tables.REGIONS)
    assert regions[["latitude", "longitude"]].to_numpy().tolist() == [[-9, -20], [-9, -7], [-9, 6]]
    assert regions[["mcintosh", "mag_type"]].iloc[0].tolist() == ["Fkc", "beta-gamma"]
    assert set(tables.read(raw / "coverage.csv", tables.COVERAGE)["list"]) == {"swpc", "regions"}


def test_two_imports_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    outputs = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        archive.scrape(params_of(folder), tmp_path / run)
        outputs.append({path.name: path.read_bytes() for path in (tmp_path / run).rglob("*") if path.is_file()})
    assert outputs[0] == outputs[1]


def test_a_later_change_of_the_archive_does_not_reach_the_data(folder: Path, raw: Path) -> None:
    archive.scrape(params_of(folder), raw)
    before = {path: path.read_bytes() for path in raw.rglob("*.jpg")}
    for image in folder.rglob("*.jpg"):
        with image.open("ab") as file:
            file.write(b"changed")
    assert {path: path.read_bytes() for path in raw.rglob("*.jpg")} == before


def test_only_instruments_of_active_tasks_are_imported(folder: Path, raw: Path) -> None:
    archives.write_image(folder / "20140105_000000_512_0171.jpg", 50)
    instrument = {"disk": "aia171", "region": "aia211"}
    archive.scrape(params_of(folder, tasks=["disk"], instrument=instrument), raw)
    assert set(tables.read(raw / "images.csv", tables.IMAGES)["instrument"]) == {"aia171"}


def test_an_archive_without_regions_has_an_empty_table(tmp_path: Path, raw: Path) -> None:
    folder = archives.make(tmp_path / "archive", regions=None)
    archive.scrape(params_of(folder), raw)
    assert tables.read(raw / "regions.csv", tables.REGIONS).empty


# What is dropped


def truncated(path: Path) -> None:
    archives.write_image(path, 60)
    path.write_bytes(path.read_bytes()[:-400])


def gif(path: Path) -> None:
    archives.write_image(path, 61, image_format="GIF")


def text(path: Path) -> None:
    path.write_text("404 not found")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def repeat(path: Path) -> None:
    shutil.copyfile(path.parent / "2014/01/02" / "20140102_120000_512_0211.jpg", path)


@pytest.mark.parametrize("damage", [truncated, gif, text, empty, repeat])
def test_an_unusable_image_is_dropped_and_counted(
    damage: Callable[[Path], None], folder: Path, raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(folder / "20140103_000000_512_0211.jpg")
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.scrape(params_of(folder), raw)
    assert len(tables.read(raw / "images.csv", tables.IMAGES)) == 4
    assert not list(raw.rglob("20140103*"))
    assert "images dropped: 1, " in caplog.text
    rows = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")
    assert rows["start"].tolist() == rows["end"].tolist() == [pd.Timestamp("2014-01-03")]
    assert rows["status"].tolist() == ["absent"]
    assert rows["reason"].iloc[0].startswith("20140103_000000_512_0211.jpg: ")


def test_a_stale_frame_is_dropped_however_often_it_is_repeated(folder: Path, raw: Path) -> None:
    for hour in range(3):
        repeat(folder / f"20140103_{hour:02}0000_512_0211.jpg")
    archive.scrape(params_of(folder), raw)
    reasons = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")["reason"]
    assert reasons.str.endswith(left_out.REPEAT).sum() == len(reasons) == 3


def test_the_same_bytes_long_after_are_another_image(folder: Path, raw: Path) -> None:
    first = folder / "2014/01/01/20140101_000000_512_0211.jpg"
    shutil.copyfile(first, folder / "20140103_000000_512_0211.jpg")
    archive.scrape(params_of(folder), raw)
    assert len(tables.read(raw / "images.csv", tables.IMAGES)) == 5


def test_one_image_a_time_is_kept(folder: Path, raw: Path) -> None:
    archives.write_image(folder / "again" / "20140101_000000_512_0211.jpg", 70)
    archive.scrape(params_of(folder), raw)
    assert tables.read(raw / "images.csv", tables.IMAGES)["time"].is_unique


@pytest.mark.parametrize(("day", "why"), [("19991025", "has no image before 2010-"), ("20991025", "now it is ")])
def test_an_image_of_an_impossible_day_is_dropped(day: str, why: str, folder: Path) -> None:
    image = next(folder.rglob("*_0211.jpg"))
    image.rename(image.with_name(f"{day}_000000_512_0211.jpg"))
    assert any(day in line and why in line for line in archive.check(folder))


def test_an_image_without_a_time_is_counted(folder: Path, raw: Path, caplog: pytest.LogCaptureFixture) -> None:
    archives.write_image(folder / "sunset.jpg", 80)
    archives.write_image(folder / "20140231_000000_512_0211.jpg", 81)
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.scrape(params_of(folder), raw)
    assert f"images dropped: 2, {identity.UNNAMED}" in caplog.text
    assert len(tables.read(raw / "images.csv", tables.IMAGES)) == 4


def test_every_file_that_is_not_imported_is_listed(folder: Path, raw: Path) -> None:
    (folder / "README.md").write_text("about")
    (folder / "sun.tiff").write_bytes(b"II*")
    (folder / ".DS_Store").write_bytes(b"")
    archives.write_image(folder / "sunset.jpg", 80)
    archives.write_image(folder / "20140103_000000_512_0304.jpg", 81)
    archive.scrape(params_of(folder), raw)
    rows = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")
    assert sorted(rows["reason"]) == [
        "20140103_000000_512_0304.jpg: its name is that of another product (0304)",
        f"README.md: {listing.OTHER_ENDING}",
        f"sun.tiff: {listing.OTHER_ENDING}",
        f"sunset.jpg: {identity.UNNAMED}",
    ]
    assert set(rows["start"]) == {pd.Timestamp("2014-01-01")}
    assert set(rows["end"]) == {pd.Timestamp("2014-01-02 12:00")}


def test_a_check_names_what_cannot_be_used_and_imports_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    archives.write_image(folder / "sunset.jpg", 80)
    archives.write_image(folder / "20140103_000000_512_0193.jpg", 81)
    before = sorted(folder.parent.rglob("*"))
    with caplog.at_level(logging.INFO, "solarflare"):
        lines = archive.check(folder)
    assert lines == [
        f"sunset.jpg: {identity.UNNAMED}",
        "aia193: 1 of 1 images can be used",
        "aia211: 4 of 4 images can be used",
    ]
    assert "coverage: swpc of C1.0 and up complete from 2014-01-01 00:30:00 to 2014-01-03 22:00:00" in caplog.text
    assert sorted(folder.parent.rglob("*")) == before


def test_a_check_of_an_archive_without_images_says_so(tmp_path: Path) -> None:
    assert archive.check(archives.make(tmp_path / "archive", images=0)) == [f"{tmp_path / 'archive'} has no image"]


def test_how_many_flares_name_a_region_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.check(folder)
        (folder / "flares.csv").write_text(archives.FLARES.replace("noaa_ar", "number"))
        archive.check(folder)
    said = [record.message for record in caplog.records if "name a region" in record.message]
    assert said == ["flares: 2 of 3 name a region", "flares: 0 of 3 name a region"]


def test_flares_that_are_listed_twice_count_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = folder / "flares.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows, *rows]) + "\n")
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.check(folder)
    assert "flares: 2 of 3 name a region" in caplog.messages
    assert f"flares: {len(rows)} rows left out, which repeat the start, class and region" in caplog.text


def test_a_check_of_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sun is not a folder; name one with images, flares.csv and regions.csv"):
        archive.check(tmp_path / "sun")


def test_fits_files_are_imported_as_they_are_by_their_headers(folder: Path, raw: Path) -> None:
    header = field_files.place(field_files.HMI, field_files.DISK)
    odd = field_files.write(folder / "my best.fits", field_files.field(), header, compressed=True)
    field_files.write(folder / "continuum.fits", field_files.field(), header | {"CONTENT": "CONTINUUM INTENSITY"})
    archive.scrape(params_of(folder, instrument={"disk": "hmi", "region": "aia211"}), raw)
    image = tables.read(raw / "images.csv", tables.IMAGES).query("instrument == 'hmi'").iloc[0]
    assert image["path"] == "images/hmi/2017/03/01/my best.fits"
    assert image["time"] == pd.Timestamp("2017-03-01")
    assert (image["width"], image["height"]) == (512, 512)
    assert (raw / image["path"]).read_bytes() == odd.read_bytes()
    reasons = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")["reason"].tolist()
    assert reasons == ["continuum.fits: it is a continuum image of hmi, not a magnetogram"]


def test_two_files_of_one_name_do_not_replace_each_other(folder: Path, raw: Path) -> None:
    for minute in (0, 30):
        header = field_files.place(field_files.HMI, field_files.DISK) | {"DATE-OBS": f"2017-03-01T00:{minute:02}:00"}
        (folder / f"{minute}").mkdir()
        field_files.write(folder / f"{minute}" / "sun.fits", field_files.field() * (1 + minute / 100), header)
    archive.scrape(params_of(folder, instrument={"disk": "hmi", "region": "aia211"}), raw)
    reasons = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")["reason"].tolist()
    assert reasons == [f"30/sun.fits: {archive.SAME_NAME}"]


def test_a_changed_fits_file_is_another_archive(folder: Path) -> None:
    before = archive.digest(folder)
    (folder / "my best.fits").write_bytes(b"SIMPLE  =")
    assert archive.digest(folder) != before


# What is refused


def sentence(params: AllParams, raw: Path) -> str:
    with pytest.raises(InputError) as error:
        archive.scrape(params, raw)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_an_archive_has_to_be_named(raw: Path) -> None:
    assert "scrape.archive.path is null" in sentence(parameters.parse(archives.choices(None, None)), raw)


def test_an_archive_has_to_be_there(tmp_path: Path, raw: Path) -> None:
    message = sentence(parameters.parse(archives.choices(tmp_path / "nowhere", None)), raw)
    assert "scrape.archive.path" in message
    assert "nowhere" in message


def test_an_archive_needs_flares(folder: Path, raw: Path) -> None:
    (folder / "flares.csv").unlink()
    assert "has no flares.csv" in sentence(params_of(folder), raw)


@pytest.mark.parametrize("digest", [None, "0" * 64])
def test_a_wrong_digest_is_answered_with_the_right_one(digest: str | None, folder: Path, raw: Path) -> None:
    message = sentence(parameters.parse(archives.choices(folder, digest)), raw)
    assert archive.digest(folder) in message
    assert "scrape.archive.digest" in message


def test_an_instrument_without_images_is_told_which_names_are_understood(folder: Path, raw: Path) -> None:
    message = sentence(params_of(folder, instrument={"disk": "gong", "region": "aia211"}), raw)
    assert "gong" in message
    assert "gong_magxx_fd_YYYYMMDD_HHMMSS.jpg" in message


def test_an_archive_of_broken_images_is_refused(tmp_path: Path, raw: Path) -> None:
    folder = archives.make(tmp_path / "archive", images=0)
    text(folder / "20140101_000000_512_0211.jpg")
    assert "no usable image of aia211" in sentence(params_of(folder), raw)


# Foreign tables


@pytest.mark.parametrize(
    "start",
    [
        "2014-01-01T12:00:00",
        "2014-01-01 12:00",
        "2014-01-01T12:00:00Z",
        "2014-01-01T14:00:00+02:00",
        "2014-01-01T12:00:00.000",
        "2014/01/01 12:00:00",
        "20140101T120000",
        " 2014-01-01 12:00 UT ",
    ],
)
def test_times_are_read_in_their_iso_spellings(start: str, table: Callable[[str], Path]) -> None:
    flares = event_tables.read_flares(table(f"start,goes_class\n{start},C1.0\n"))
    assert flares["start"].tolist() == [pd.Timestamp("2014-01-01 12:00")]


def test_foreign_flares_are_read_leniently(table: Callable[[str], Path]) -> None:
    flares = event_tables.read_flares(
        table(
            "Start , GOES_Class,location,noaa_ar,instrument\n"
            "2014-01-01 12:00,m 1.5,n15e28,AR 11944,G15\n"
            "2014-01-02 12:00,C1,,0,G15\n"
            "2014-01-03 12:00,X10.0,S09W113,-,\n"
        )
    )
    assert flares["goes_class"].tolist() == ["M1.5", "C1", "X10.0"]
    assert flares["noaa_ar"].fillna(-1).tolist() == [11944, -1, -1]
    assert flares["latitude"].fillna(-99).tolist() == [15, -99, -9]
    assert flares["longitude"].fillna(-999).tolist() == [-28, -999, 113]
    assert flares["peak"].isna().all()
    assert set(flares["list"]) == {event_tables.DEFAULT_LIST}


@pytest.mark.parametrize(
    "name", ["noaa_active_region", "ar_noaanum", "ar", "NOAA AR", "Active Region", "NOAA_AR", "region", "ar number"]
)
def test_the_column_of_regions_is_understood_by_other_names(name: str, table: Callable[[str], Path]) -> None:
    flares = event_tables.read_flares(table(f"start,goes_class,{name}\n2014-01-01,C1.0,11944\n"))
    assert flares["noaa_ar"].tolist() == [11944]
    regions = event_tables.read_regions(table(f"time,{name},location\n2014-01-01,11944,N1E1\n"))
    assert regions["noaa_ar"].tolist() == [11944]


@pytest.mark.parametrize("columns", ["harpnum", "noaa_ars", "ar,region", "region_of_flare"])
def test_a_column_that_may_hold_the_region_is_asked_about(columns: str, table: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=r"table\.csv: column \w+ may hold the region's number"):
        event_tables.read_flares(table(f"start,goes_class,{columns}\n"))


def test_other_columns_of_regions_do_not_matter_beside_noaa_ar(table: Callable[[str], Path]) -> None:
    flares = event_tables.read_flares(table("start,goes_class,noaa_ar,harpnum\n2014-01-01,C1.0,11944,3563\n"))
    assert flares["noaa_ar"].tolist() == [11944]


def test_given_positions_go_before_locations(table: Callable[[str], Path]) -> None:
    path = table("time,noaa_ar,location,latitude,longitude\n2014-01-01,1,N15E28,14.5,-28.5\n2014-01-01,2,N15E28,,\n")
    assert event_tables.read_regions(path)[["latitude", "longitude"]].to_numpy().tolist() == [[14.5, -28.5], [15, -28]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("start,goes_class,Start\n2019-01-26,C5.0,2019-01-27\n", "start"),
        ("start,goes_class,noaa_ar,NOAA AR\n2019-01-26,C5.0,2733,2734\n", "noaa_ar"),
    ],
)
def test_columns_whose_names_differ_in_capitals_or_signs_are_refused(
    table: Callable[[str], Path], text: str, name: str
) -> None:
    path = table(text)
    with pytest.raises(InputError, match=f"has several columns for {name}, whose names differ in capitals or signs"):
        event_tables.read_flares(path)


def test_region_numbers_get_their_five_digits(table: Callable[[str], Path]) -> None:
    flares = event_tables.read_flares(table("start,goes_class,noaa_ar\n2019-01-26,C5.0,2733\n2001-04-02,X20,9393\n"))
    assert flares["noaa_ar"].tolist() == [12733, 9393]
    regions = event_tables.read_regions(table("time,noaa_ar,location\n2019-01-26,2733,N5W24\n2019-01-26,12733,N5W25\n"))
    assert regions[["noaa_ar", "longitude"]].to_numpy().tolist() == [[12733, 25]]


def test_regions_without_a_place_are_left_out(table: Callable[[str], Path]) -> None:
    path = table("time,noaa_ar,location\n2014-01-01,11944,S09E20\n2014-01-01,11945,\n2014-01-01,,N10E10\n")
    assert event_tables.read_regions(path)["noaa_ar"].tolist() == [11944]


@pytest.mark.parametrize(
    ("read", "content", "words"),
    [
        (event_tables.read_flares, "start\n2014-01-01\n", ["goes_class is missing"]),
        (event_tables.read_flares, "start,goes_class\n2014-01-01,C1.0\n32 May,C1.0\n", ["row 2", "start", "32 May"]),
        (event_tables.read_flares, "start,goes_class\n,C1.0\n", ["row 1", "start"]),
        (event_tables.read_flares, "start,goes_class\n2014-01-01,Q1.0\n", ["row 1", "goes_class", "Q1.0"]),
        (event_tables.read_flares, "start,goes_class,noaa_ar\n2014-01-01,C1.0,1x\n", ["row 1", "noaa_ar", "1x"]),
        (event_tables.read_flares, "start,goes_class,location\n2014-01-01,C1.0,N1\n", ["row 1", "location", "N1"]),
        (event_tables.read_regions, "time,noaa_ar\n2014-01-01,1\n", ["latitude is missing"]),
        (event_tables.read_regions, "time,noaa_ar,location,area\n2014-01-01,1,N1E1,wide\n", ["row 1", "area", "wide"]),
        (event_tables.read_regions, "time,noaa_ar,location,area\n2014-01-01,1,N1E1,3e9\n", ["row 1", "area", "3e9"]),
        (event_tables.read_regions, "time,noaa_ar,location,mcintosh\n2014-01-01,1,N1E1,QQQ\n", ["row 1", "Qqq"]),
        (event_tables.read_coverage, "list,start\nswpc,2014-01-01\n", ["end is missing"]),
        (event_tables.read_coverage, "list,start,end\nswpc,2014-01-02,2014-01-01\n", ["row 1", "before"]),
    ],
)
def test_a_bad_cell_is_named(
    read: Callable[[Path], pd.DataFrame], content: str, words: list[str], table: Callable[[str], Path]
) -> None:
    with pytest.raises(InputError) as error:
        read(table(content))
    assert all(word in str(error.value) for word in ["table.csv", *words])


cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["2014-01-01", "2014-13-01", "C1.0", "11944", "1e30", "inf", "-1", "N15E28", "S95W10", "", "-", '"']
    ),
)


@pytest.mark.parametrize("read", [event_tables.read_flares, event_tables.read_regions, event_tables.read_coverage])
@given(data=st.data())
@in_one_folder
def test_any_table_ends_in_rows_or_in_one_sentence(
    read: Callable[[Path], pd.DataFrame], data: st.DataObject, table: Callable[[str], Path]
) -> None:
    known = ["list", "start", "end", "goes_class", "time", "noaa_ar", "location"]
    names = known + data.draw(st.lists(cells, max_size=2))
    good = ["swpc", "2014-01-01", "2014-01-02", "C1.0", "2014-01-01", "11944", "N15E28"]
    column = data.draw(st.integers(0, len(good) - 1))
    rows = [[*good[:column], data.draw(cells), *good[column + 1 :], *data.draw(st.lists(cells, max_size=3))]]
    path = table("\n".join(",".join(line) for line in [names, good, *rows]).encode("utf-8", "replace").decode())
    try:
        read(path)
    except InputError as error:
        assert "table.csv" in str(error)  # noqa: PT017 (both outcomes are right)


# Merging


def test_what_two_lists_report_is_one_flare() -> None:
    flares = flares_of(
        ("lmsal", "2026-03-07 10:00", "C1.0", None),
        ("noaa", "2026-03-07 10:03", "C1.3", 14381),
        ("lmsal", "2026-03-07 12:00", "C4.0", None),
    )
    flares.loc[0, ["latitude", "longitude"]] = [-5.0, 20.0]
    merged = event_tables.merge_lists(flares)
    assert merged["list"].tolist() == ["lmsal", "lmsal"]
    assert merged["noaa_ar"].fillna(0).tolist() == [14381, 0]
    assert merged["latitude"].fillna(0).tolist() == [-5, 0]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (("noaa", "2026-03-07 10:06", "C1.0", None), "too far apart"),
        (("noaa", "2026-03-07 10:01", "C2.1", None), "too different"),
        (("noaa", "2026-03-07 10:01", "C1.0", 14400), "another region"),
        (("lmsal", "2026-03-07 10:01", "C1.0", None), "the same list"),
    ],
)
def test_what_differs_stays_apart(second: tuple[str, str, str, int | None], why: str) -> None:
    assert len(event_tables.merge_lists(flares_of(("lmsal", "2026-03-07 10:00", "C1.0", 14381), second))) == 2, why


def test_three_lists_make_one_flare_and_a_close_pair_two() -> None:
    three = flares_of(*((name, f"2026-03-07 10:0{n}", "C1.0", None) for n, name in enumerate("abc")))
    pair = flares_of(
        *((name, f"2026-03-07 10:0{n}", "C1.0", None) for n, name in [(0, "a"), (1, "b"), (2, "a"), (3, "b")])
    )
    assert len(event_tables.merge_lists(three)) == 1
    assert len(event_tables.merge_lists(pair)) == 2


def test_a_row_without_a_region_does_not_join_two_regions() -> None:
    flares = flares_of(
        ("a", "2026-03-07 10:00", "C1.0", 14381),
        ("b", "2026-03-07 10:01", "C1.0", None),
        ("c", "2026-03-07 10:02", "C1.0", 14400),
    )
    assert len(event_tables.merge_lists(flares)) == 2


flare_rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 60).map(lambda minute: f"2026-03-07 10:{minute % 60:02}"),
        st.sampled_from(["B9.0", "C1.0", "C3.0", ""]),
        st.sampled_from([None, 14381, 14400]),
    ),
    max_size=12,
)


@given(flare_rows)
@settings(max_examples=40)
def test_merging_loses_no_flare_of_any_list_and_is_done_once(rows: list[tuple[str, str, str, int | None]]) -> None:
    flares = flares_of(*rows)
    merged = event_tables.merge_lists(flares)
    assert flares["list"].value_counts().max() <= len(merged) <= len(flares) if rows else merged.empty
    assert set(merged["noaa_ar"].dropna()) == set(flares["noaa_ar"].dropna())
    assert merged["start"].is_monotonic_increasing


# Coverage


def test_an_archive_that_states_its_coverage_is_believed(folder: Path, raw: Path) -> None:
    (folder / "coverage.csv").write_text("list,start,end,min_class\nswpc,2013-12-01,2014-02-01,c1.0\n")
    archive.scrape(params_of(folder), raw)
    stated = tables.read(raw / "coverage.csv", tables.COVERAGE)
    assert stated["end"].tolist() == [pd.Timestamp("2014-02-01")]
    assert stated[["list", "min_class", "status"]].to_numpy().tolist() == [["swpc", "C1.0", "complete"]]


# Digest


def test_a_copy_has_the_same_digest(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert archive.digest(tmp_path / "copy") == archive.digest(folder)


@pytest.mark.parametrize("change", ["flares.csv", "regions.csv", "2014/01/01/20140101_000000_512_0211.jpg"])
def test_a_changed_file_is_another_archive(change: str, folder: Path) -> None:
    before = archive.digest(folder)
    with (folder / change).open("a") as file:
        file.write("\n")
    assert archive.digest(folder) != before


def test_a_renamed_image_is_another_archive(folder: Path) -> None:
    before = archive.digest(folder)
    image = folder / "2014/01/01/20140101_000000_512_0211.jpg"
    image.rename(image.with_name("20140101_000001_512_0211.jpg"))
    assert archive.digest(folder) != before


def test_other_files_do_not_matter(folder: Path) -> None:
    before = archive.digest(folder)
    (folder / "README.md").write_text("about")
    assert archive.digest(folder) == before


def test_a_digest_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        archive.digest(tmp_path / "nowhere")


def test_the_real_archive_is_imported_whole(shared_sun: Path, raw: Path) -> None:
    archive.scrape(params_of(shared_sun), raw)
    images = tables.read(raw / "images.csv", tables.IMAGES)
    assert len(images) == 338
    assert len(tables.read(raw / "flares.csv", tables.FLARES)) == 7097
    left_over = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")["reason"]
    assert left_over.str.contains(r"^(?:README\.md|samples/)").all()
