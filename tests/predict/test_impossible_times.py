"""Images of days on which their instrument had none, or of the future, get no answer."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.sun.images.instruments import Instrument, impossible_time
from tests.import_graph import ROOT

IMAGE = ROOT / "docs/images/20141025_004401_512_0211.jpg"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("20000101_000000_512_0211.jpg", "aia211 has no image before 2010-03-01"),
        ("20991025_000000_512_0211.jpg", "its time is 2099-10-25 00:00, and now it is"),
    ],
)
def test_an_image_of_an_impossible_day_gets_no_answer(name: str, why: str, tmp_path: Path) -> None:
    shutil.copy(IMAGE, tmp_path / name)
    result = CliRunner().invoke(app, ["predict", str(tmp_path / name), "--regions", "image"])
    assert result.exit_code == 2
    assert f"no answer: it is no real image: its time is {name[:4]}-" in result.stdout
    assert why in result.stdout


@pytest.mark.parametrize(
    ("instrument", "day", "possible"),
    [
        ("mdi", dt.datetime(1995, 12, 31), False),
        ("mdi", dt.datetime(2011, 4, 30, 23), True),
        ("mdi", dt.datetime(2011, 5, 1), False),
        ("gong", dt.datetime(2006, 1, 1), True),
        ("hmi", dt.datetime(2010, 2, 28), False),
    ],
)
def test_an_instrument_has_its_days(instrument: Instrument, day: dt.datetime, possible: bool) -> None:
    assert (impossible_time(instrument, day) == "") is possible


def test_an_image_of_tomorrow_by_a_wrong_zone_is_possible() -> None:
    assert impossible_time("aia211", dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(hours=14)) == ""
