"""Answers by image and records: what records are needed, which of the two speaks, and why there is none."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks import description, hashes
from solarflare.networks.description import FUSION, ModelDescription
from solarflare.networks.fusion import LOGIT, NOT_CROSS_FITTED, Regression
from solarflare.predict import known_records
from solarflare.sun.events.records import Records
from tests.predict.test_predict import NAME, TIME, draw_sun
from tests.predict.test_predict import project as project

DAY = pd.Timedelta(days=1)
FLARED = Regression((LOGIT, "number_24h"), (0.0, 0.0), (1.0, 1.0), (0.0, 5.0), -2.0, 0.6, 0.5)
"""It ignores the image: 0.12 without a flare in the day before, 0.81 after one (log 2 times 5, minus 2)."""


@pytest.fixture
def asked(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with networks of which that of the regions has a fusion, an image, and files of records."""
    shutil.copytree(project / "models", tmp_path / "models")
    shutil.copy(project / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    FLARED.write(tmp_path / "models/region" / FUSION)
    hashes.write(tmp_path / "models/region")
    (tmp_path / NAME).write_bytes(draw_sun(9))
    start = TIME - pd.to_timedelta([240, 20, -30], "h")
    named = {"goes_class": "C2.0", "noaa_ar": [11960, 11961, 11960], "list": "x", "latitude": None, "longitude": None}
    table = pd.DataFrame({"start": start, "peak": start, "end": start, **named})
    tables.write(table, tmp_path / "flares.csv", tables.FLARES)
    reports = [
        {"time": TIME.floor("D") + day * DAY, "noaa_ar": 11960 + place, "longitude": 30.0 * place - 15}
        for day in range(-3, 3)
        for place in range(2)
    ]
    shape: dict[str, Any] = {"latitude": 10.0, "area": 100.0, "mcintosh": "Dao", "mag_type": "beta", "spots": 5}
    tables.write(pd.DataFrame(reports).assign(**shape), tmp_path / "regions.csv", tables.REGIONS)
    return tmp_path


def predicted(*options: str) -> dict:
    result = CliRunner().invoke(app, ["predict", NAME, "--models", "models", "--json", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_both_answers_are_given(asked: Path) -> None:
    said = predicted("--flares", "flares.csv", "--regions", "regions.csv")
    regions = {region["noaa_ar"]: region for region in said["regions"]}
    assert {number: region["fusion"] for number, region in regions.items()} == {11960: 0.1192, 11961: 0.8124}
    assert all(region["probability"] is not None for region in regions.values())
    assert said["fusion"] is None
    assert said["no_fusion"] == NOT_CROSS_FITTED
    assert said["fusion_thresholds"] == {"disk": None, "region": 0.6}


def test_the_lines_say_which_of_the_two_speaks(asked: Path) -> None:
    options = ["--flares", "flares.csv", "--regions", "regions.csv"]
    text = CliRunner().invoke(app, ["predict", NAME, "--models", "models", *options]).stdout
    assert text.count(", image alone") == text.count(", image and records") == 2


def test_a_region_without_a_number_has_no_records(asked: Path) -> None:
    shutil.copytree(asked, asked / "data/raw", ignore=shutil.ignore_patterns("models", "data"))
    coverage = {"list": ["x", "regions"], "start": TIME - 9 * DAY, "end": TIME + DAY, "min_class": "", "reason": ""}
    tables.write(pd.DataFrame({**coverage, "status": "complete"}), asked / "data/raw/coverage.csv", tables.COVERAGE)
    regions = predicted("--regions", "image")["regions"]
    answered = [region for region in regions if region["reason"] == ""]
    assert answered
    assert {region["no_fusion"] for region in answered} == {"a region without a number has no records"}


def test_without_records_the_reason_says_how_to_name_some(asked: Path) -> None:
    regions = predicted("--regions", "regions.csv")["regions"]
    assert {region["no_fusion"] for region in regions} == {known_records.NONE_AT_HAND}


def test_flares_alone_are_not_enough(asked: Path) -> None:
    result = CliRunner().invoke(app, ["predict", NAME, "--models", "models", "--flares", "flares.csv"])
    assert "--flares needs the reports of regions too: add --regions FILE" in str(result.exception)


ABOUT = ModelDescription("compact", (32, 32, 3), Task.REGION, "aia211", "archive", {"before": 0}, {})
NO_RECORDS = Records(tables.empty(tables.FLARES), tables.empty(tables.REGIONS))


def covered(start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    rows = {"list": ["swpc", "regions"], "start": [start, TIME - 30 * DAY], "end": [end, TIME + 30 * DAY]}
    return pd.DataFrame({**rows, "status": "complete", "min_class": "", "reason": ""})


@pytest.mark.parametrize(
    ("start", "end", "enough"),
    [(-8, 1, True), (-6.1, 0, True), (-5.9, 0, False), (-8, -0.1, False), (0, 9, False)],
)
def test_records_have_to_cover_the_week_before_the_image(start: float, end: float, enough: bool) -> None:
    known = NO_RECORDS, covered(TIME + start * DAY, TIME + end * DAY)
    found = known_records._in(known, "the lists")(ABOUT, TIME)
    assert isinstance(found, Records) is enough
    assert enough or "the flares in the lists are not complete from 2014-01-26" in str(found)


def test_a_question_that_looks_back_needs_older_records() -> None:
    known = NO_RECORDS, covered(TIME - 9 * DAY, TIME - DAY)
    about = description.ModelDescription(**{**vars(ABOUT), "question": {"before": 24}})
    assert isinstance(known_records._in(known, "the lists")(about, TIME), Records)


def test_records_of_another_sun_are_not_used(asked: Path) -> None:
    raw = asked / "data/raw"
    shutil.copytree(asked, raw, ignore=shutil.ignore_patterns("models", "data"))
    tables.write(tables.empty(tables.TRUTH), raw / "truth.csv", tables.TRUTH)
    assert predicted("--regions", "regions.csv")["regions"][0]["no_fusion"] == known_records.NONE_AT_HAND


def test_a_file_that_cannot_be_read_is_one_sentence(asked: Path) -> None:
    with pytest.raises(InputError, match=r"none.csv"):
        known_records.lookup("none.csv", "regions.csv", None, lambda: pytest.fail("nothing is fetched"))
