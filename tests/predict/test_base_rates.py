"""Base rates at regular times, from hand-made lists whose base rate is known."""

from pathlib import Path

import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.predict import base_rates
from tests import parameters

ROOT = Path(__file__).parents[2]
DAY = "2014-01-01"


@pytest.fixture
def a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Raw tables of a day with one region, and one flare from 06:00 to 12:00; their project is the working folder."""
    raw = tmp_path / "data/raw"
    raw.mkdir(parents=True)
    (raw / "coverage.csv").write_text(
        "list,start,end,min_class,status,reason\n"
        "mine,2014-01-01T00:00:00,2014-01-02T00:00:00,C1.0,complete,\n"
        "regions,2014-01-01T00:00:00,2014-01-02T00:00:00,,complete,\n"
    )
    (raw / "flares.csv").write_text(
        "start,peak,end,goes_class,noaa_ar,latitude,longitude,list\n"
        "2014-01-01T06:00:00,2014-01-01T07:00:00,2014-01-01T12:00:00,M1.0,11944,,,mine\n"
    )
    (raw / "regions.csv").write_text(
        "time,noaa_ar,latitude,longitude,area,mcintosh,mag_type,spots\n"
        "2014-01-01T12:00:00,11944,-8.0,0.0,500.0,Ekc,Beta-Gamma,20\n"
    )
    monkeypatch.chdir(tmp_path)
    return raw


def test_the_base_rate_is_the_share_of_the_day_that_the_flare_lasts(a_day: Path) -> None:
    chosen = parameters.load(parameters.FIXED)
    assert base_rates.at_regular_times(Task.REGION, chosen, hours=0.5) == pytest.approx(0.25, abs=0.03)


def test_a_question_that_no_list_answers_is_an_error(a_day: Path) -> None:
    coverage = pd.read_csv(a_day / "coverage.csv").assign(status="absent", reason="a gap")
    tables.write(coverage, a_day / "coverage.csv", tables.COVERAGE)
    with pytest.raises(InputError, match="no complete list answers the question of region"):
        base_rates.at_regular_times(Task.REGION, parameters.load(parameters.FIXED), hours=6)
