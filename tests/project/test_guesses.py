"""What docs/formats.md says of each guess: what happens when it is wrong. Rows that no other test tries are here."""

import io
import logging
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image, ImageOps

from solarflare.core.errors import InputError
from solarflare.predict import forecast_files, scoring
from solarflare.predict.choose import Choice, Wish
from solarflare.predict.images import find_images
from solarflare.sources.archive import scrape as archive
from solarflare.sources.common import event_tables
from tests import archives
from tests.image_rehearsal import IMAGE

ROWS = "\n".join(f"2014-01-{day:02}T12:00:00,{day / 30:.2f},{day % 2}" for day in range(1, 29))


def table(folder: Path, header: str, rows: str) -> Path:
    (folder / "table.csv").write_text(f"{header}\n{rows}\n")
    return folder / "table.csv"


def test_the_columns_that_were_chosen_are_printed(tmp_path: Path) -> None:
    file = forecast_files.read(table(tmp_path, "issued,p_flare,happened", ROWS))
    printed = scoring.table(scoring.Scorer(None, None, 100).score(file))
    assert "columns: time from issued, probability from p_flare, label from happened" in printed


def test_times_without_a_zone_are_utc_and_nothing_tells_otherwise(tmp_path: Path) -> None:
    zones = forecast_files.read(table(tmp_path, "time,probability,label", ROWS.replace(":00,", ":00-05:00,")))
    assert zones.rows["time"].iloc[0] == pd.Timestamp("2014-01-01 17:00")
    assert forecast_files.read(table(tmp_path, "time,probability,label", ROWS)).warnings == []


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("begin,goes_class", "2014-01-01,C1.0", "column start is missing"),
        ("start,goes_class", "01/02/2014,C1.0", "row 1, column start"),
        ("start,goes_class", "2014-01-01 10:00 EST,C1.0", "row 1, column start"),
        ("start,goes_class", "2014-01-01,C", "row 1, column goes_class"),
        ("start,goes_class", "2014-01-01,1.2e-6", "row 1, column goes_class"),
        ("start,goes_class,longitude,latitude", "2014-01-01,C1.0,300,5", "expected a number from -180 to 180"),
        ("start,goes_class,noaa_ar", "2014-01-01,C1.0,11944;11946", "row 1, column noaa_ar"),
        ("start,goes_class,harpnum", "2014-01-01,C1.0,3563", "column harpnum may hold the region's number"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(header: str, row: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        event_tables.read_flares(table(tmp_path, header, row))


def test_a_number_of_four_digits_becomes_one_of_noaa(tmp_path: Path) -> None:
    flares = event_tables.read_flares(table(tmp_path, "start,goes_class,noaa_ar", "2014-01-01,C1.0,3563"))
    assert flares["noaa_ar"].tolist() == [13563]


def test_an_archive_says_what_it_understood(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.check(archives.make(tmp_path / "archive"))
    for said in ("flares: 2 of 3 name a region", "complete from 2014-01-01 00:30:00", "regions: 3 rows"):
        assert said in caplog.text


def refusal(content: bytes, name: str, folder: Path) -> str:
    path = folder / name
    path.write_bytes(content)
    (file,) = find_images([path])
    return Choice(Wish(regions="image")).predictor(file)(file).refusal


def changed(*, mirrored: bool = False, swapped: bool = False) -> bytes:
    image: Image.Image = Image.open(IMAGE)
    image = ImageOps.flip(image) if mirrored else image
    image = Image.merge("RGB", image.split()[::-1]) if swapped else image
    content = io.BytesIO()
    image.save(content, "JPEG", quality=90)
    return content.getvalue()


def test_an_image_of_other_colours_is_refused_whatever_its_name(tmp_path: Path) -> None:
    assert "its colours differ" in refusal(changed(swapped=True), IMAGE.name, tmp_path)


def test_an_image_whose_south_is_up_is_not_noticed(tmp_path: Path) -> None:
    assert refusal(changed(mirrored=True), IMAGE.name, tmp_path) == ""


def test_an_image_of_another_instrument_by_its_name_is_refused(tmp_path: Path) -> None:
    assert "aia193" in refusal(IMAGE.read_bytes(), IMAGE.name.replace("0211", "0193"), tmp_path)
