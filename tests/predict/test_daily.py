"""The table of our own forecasts by day: which image speaks for a day, what happened, and what is refused."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core import paths, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.predict import daily

START = pd.Timestamp("2014-01-01")
DAYS = 6


def probabilities(rows: list[tuple[str, float]]) -> pd.DataFrame:
    times, values = zip(*rows, strict=True)
    return pd.DataFrame({"time": pd.to_datetime(list(times)), "probability": values})


def make_project(folder: Path, task: Task = Task.DISK, **changes: object) -> Path:
    """Write a project's predictions, the lock that says how they were made, and its flares; return the predictions."""
    question = {"target": "flare", "event": "start", "min_class": "C1.0", "before": 0, "after": 24} | changes
    stages: dict[str, Any] = {
        "evaluate": {"label": {task.value: question}, "instrument": {task.value: "aia211"}},
        "scrape": {"scrape.origin": "archive"},
    }
    lock = {"stages": {name: {"params": {"params.yaml": chosen}} for name, chosen in stages.items()}}
    (folder / "dvc.lock").write_text(yaml.safe_dump(lock))
    times = pd.date_range(START - pd.Timedelta(hours=3), periods=DAYS, freq="D")
    rows = pd.DataFrame({"path": "a.jpg", "noaa_ar": "", "time": times, "label": 0, "probability": 0.25})
    if task == Task.REGION:
        rows = pd.concat([rows.assign(noaa_ar=11900 + number) for number in range(2)]).sort_values("time")
    path = folder / task.predictions
    path.parent.mkdir(parents=True)
    rows.assign(threshold=0.2, base_rate=0.3, block=1).to_csv(path, index=False)
    raw = folder / paths.RAW
    raw.mkdir(parents=True)
    starts = ["2014-01-01T00:00:00", "2014-01-03T23:59:00", "2014-01-05T12:00:00"]
    flares = pd.DataFrame({"start": starts, "goes_class": ["C1.0", "M2.0", "B9.0"], "list": "swpc"})
    flares["peak"] = flares["end"] = flares["start"]
    tables.write(flares.reindex(columns=list(tables.FLARES.columns)), raw / "flares.csv", tables.FLARES)
    covered = {"list": "swpc", "start": ["2013-12-01"], "end": ["2014-01-06"], "min_class": "A1.0"}
    coverage = pd.DataFrame({**covered, "status": "complete", "reason": ""})
    tables.write(coverage, raw / "coverage.csv", tables.COVERAGE)
    return path


def scoreboard(*arguments: object) -> str:
    """Run `solarflare scoreboard`, and return what it prints."""
    result = CliRunner().invoke(app, ["scoreboard", *map(str, arguments)])
    if result.exception:
        raise result.exception
    return result.stdout


def test_the_last_image_before_midnight_speaks_for_the_day() -> None:
    rows = [("2014-01-01T06:00", 0.1), ("2014-01-01T23:00", 0.2), ("2014-01-02T00:00", 0.3), ("2014-01-02T00:01", 0.4)]
    found = daily.by_day(probabilities(rows))
    assert pd.DatetimeIndex(found.index).strftime("%m-%d").tolist() == ["01-02", "01-03"]
    assert found.tolist() == pytest.approx([0.3, 0.4])


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1)), min_size=1, max_size=30))
def test_a_day_s_image_is_the_newest_that_is_less_than_a_day_old(rows: list[tuple[int, float]]) -> None:
    minutes = dict(rows)
    frame = pd.DataFrame(
        {"time": [START + pd.Timedelta(minutes=minute) for minute in minutes], "probability": list(minutes.values())}
    )
    forecasts = daily.by_day(frame)
    for day, probability in zip(pd.DatetimeIndex(forecasts.index), forecasts, strict=True):
        ages = (pd.Timestamp(day) - frame["time"]).dt.total_seconds() / 86_400
        of_the_day = frame[(ages >= 0) & (ages < 1)]
        assert probability == pytest.approx(of_the_day.sort_values("time")["probability"].iloc[-1])


def test_predictions_that_are_not_there_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv is not a file; name a project's metrics/predictions"):
        scoreboard(tmp_path / "none.csv", tmp_path / "ours.csv")


def test_regions_become_the_disk_by_the_probability_of_at_least_one() -> None:
    found = daily.by_day(probabilities([("2014-01-01T12:00", 0.5), ("2014-01-01T12:00", 0.2)]))
    assert found.tolist() == pytest.approx([1 - 0.5 * 0.8])


@pytest.mark.parametrize(("task", "probability"), [(Task.DISK, 0.25), (Task.REGION, 0.4375)])
def test_a_table_has_the_form_of_the_operators(task: Task, probability: float, tmp_path: Path) -> None:
    path = make_project(tmp_path, task, **({"unassigned": "ignore"} if task == Task.REGION else {}))
    printed = scoreboard(path, tmp_path / "ours.csv", "--method", "ours")
    labels = {"01": 1, "02": 0, "03": 1, "04": 0, "05": 0}  # of 6 January the list does not tell
    lines = ["time,label,ours", *(f"2014-01-{day},{label},{probability}" for day, label in labels.items())]
    assert (tmp_path / "ours.csv").read_text().splitlines() == lines
    assert printed.endswith(
        "5 days of 2014-01-01 to 2014-01-06, 2 with C1.0 or more; of the other days 1 have no label\n"
    )


def test_another_file_may_say_what_happened(tmp_path: Path) -> None:
    days = pd.date_range("2014-01-02", periods=3).strftime("%Y-%m-%d")
    pd.DataFrame({"time": days, "label": [1, 1, 0], "NOAA": 0.5}).to_csv(tmp_path / "theirs.csv", index=False)
    scoreboard(make_project(tmp_path), tmp_path / "ours.csv", "--labels", tmp_path / "theirs.csv")
    written = pd.read_csv(tmp_path / "ours.csv")
    assert written["time"].tolist() == days.tolist()
    assert written["label"].tolist() == [1, 1, 0]


def test_ours_and_theirs_stand_in_one_table(tmp_path: Path) -> None:
    scoreboard(make_project(tmp_path), tmp_path / "ours.csv")
    theirs = (
        pd.read_csv(tmp_path / "ours.csv").rename(columns={"solarflare": "NOAA"}).assign(NOAA=[0.9, 0.1, 0.8, 0, 0])
    )
    theirs.to_csv(tmp_path / "theirs.csv", index=False)
    arguments = ["score", "--resamples", "100", "--block-days", "1"]
    result = CliRunner().invoke(app, [*arguments, str(tmp_path / "theirs.csv"), str(tmp_path / "ours.csv")])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[7:9]] == ["theirs", "ours"]


@pytest.mark.parametrize(
    ("task", "changes", "sentence"),
    [
        (Task.DISK, {"event": "overlap"}, "label.disk.event is overlap"),
        (Task.DISK, {"after": 12}, "label.disk.after is 12, and a day's forecast needs 24"),
        (Task.REGION, {"unassigned": "drop"}, "label.region.unassigned is drop, so that rows were left out by what"),
    ],
)
def test_what_is_no_forecast_of_a_day_is_refused(
    task: Task, changes: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence):
        scoreboard(make_project(tmp_path, task, **changes), tmp_path / "ours.csv")


def test_the_predictions_of_nobody_are_refused(tmp_path: Path) -> None:
    copy = make_project(tmp_path).rename(tmp_path / "copy.csv")
    with pytest.raises(InputError, match=r"copy.csv .* no dvc.lock tells how it was made"):
        scoreboard(copy, tmp_path / "ours.csv")


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    path = make_project(tmp_path)
    with pytest.raises(InputError, match="this command did not write it"):
        scoreboard(path, path)
