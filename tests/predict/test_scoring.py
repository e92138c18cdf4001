"""Scores of anybody's forecasts: published files have their published scores, broken files end in an error."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError
from solarflare.core.files import MADE
from solarflare.core.tasks import TASKS, Task
from solarflare.predict import forecast_files, foreign_cells, scoring

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = {
    1: {"tss": 0.584, "hss": 0.460, "roc_auc": 0.879, "pr_auc": 0.592, "brier": 0.188, "brier_skill": -0.416},
    2: {"tss": 0.512, "hss": 0.287, "roc_auc": 0.835, "pr_auc": 0.314, "brier": 0.207, "brier_skill": -1.220},
}


def score(*arguments: object) -> dict[str, Any]:
    """Return what `solarflare score --json` prints."""
    result = CliRunner().invoke(app, ["score", "--json", "--resamples", "100", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def forecasts(rows: int = 400, seed: int = 1) -> pd.DataFrame:
    """Return forecasts with skill, every 12 hours."""
    generator = np.random.default_rng(seed)
    label = np.random.default_rng(0).integers(0, 2, rows)
    time = pd.date_range("2014-01-01", periods=rows, freq="12h")
    probability = 1 / (1 + np.exp(-generator.normal(2 * label - 1, 1.5)))
    return pd.DataFrame({"time": time, "probability": probability.round(6), "label": label})


def write(df: pd.DataFrame, folder: Path, name: str = "forecasts.csv") -> Path:
    df.to_csv(folder / name, index=False)
    return folder / name


@pytest.mark.parametrize("fold", PUBLISHED)
def test_published_files_score_as_published_to_the_last_digit(shared_published: Path, fold: int) -> None:
    content = score(shared_published / f"gsu_attention_fold{fold}.csv")
    assert {name: round(content[name]["value"], 3) for name in PUBLISHED[fold]} == PUBLISHED[fold]
    assert content["columns"] == {"time": "timestamp", "probability": "flare_prob", "label": "target"}


def test_a_file_is_not_distinguishable_from_itself(tmp_path: Path) -> None:
    path = write(forecasts(), tmp_path)
    content = score(path, "--against", path)
    assert content["differences"]["roc_auc"]["value"] == 0
    assert content["differences"]["roc_auc"]["verdict"] == "not distinguishable"


def test_the_better_of_two_files_is_called_better_on_their_common_rows(tmp_path: Path) -> None:
    better, worse = forecasts(), forecasts(seed=2)
    worse["probability"] = 0.7 * worse["probability"].sample(frac=1, random_state=1).to_numpy() + 0.1
    first = write(better, tmp_path)
    second = write(worse.iloc[50:].rename(columns={"probability": "p_flare"})[::-1], tmp_path, "other.csv")
    content = score(first, "--against", second, "--probability", "probability")
    assert content["n"] == 350
    assert {score["verdict"] for score in content["differences"].values()} == {"better"}
    assert any("50 of 400 rows of the first file are not in the other" in warning for warning in content["warnings"])


def test_regions_of_one_time_are_matched_by_their_number(tmp_path: Path) -> None:
    rows = forecasts()
    rows["time"] = rows["time"].repeat(2).to_numpy()[: len(rows)]
    rows["noaa_ar"] = [11000 + index % 2 for index in range(len(rows))]
    first, second = write(rows, tmp_path), write(rows[::-1], tmp_path, "other.csv")
    assert not any("repeat" in warning for warning in score(first)["warnings"])
    assert score(first, "--against", second)["differences"]["brier_skill"]["value"] == 0


def test_files_of_different_events_are_not_compared(tmp_path: Path) -> None:
    rows = forecasts()
    first = write(rows, tmp_path)
    second = write(rows.assign(label=1 - rows["label"]), tmp_path, "other.csv")
    with pytest.raises(InputError, match="labels of 400 of 400 common rows differ"):
        score(first, "--against", second)


def test_figures_are_drawn_the_same_twice(tmp_path: Path) -> None:
    path = write(forecasts(), tmp_path)
    figures = []
    for _ in range(2):
        score(path, "--figures", tmp_path / "figures")
        figures.append({figure.name: figure.read_bytes() for figure in (tmp_path / "figures").iterdir()})
    assert sorted(figures[0]) == [MADE, "reliability.png", "roc.png"]
    assert figures[0] == figures[1]


def test_longer_blocks_are_fewer(tmp_path: Path) -> None:
    path = write(forecasts(), tmp_path)
    assert score(path, "--block-days", 20)["blocks"] == 11
    few = score(path, "--block-days", 400)
    assert few["roc_auc"]["low"] is None
    assert any("blocks are too few for intervals" in warning for warning in few["warnings"])


def test_the_base_rate_changes_the_brier_skill(tmp_path: Path) -> None:
    content = score(write(forecasts(), tmp_path), "--base-rate", 0.1)
    assert content["brier_skill"]["value"] > content["brier_skill_own_rate"]["value"]


def test_the_table_shows_every_score_and_the_verdicts(tmp_path: Path) -> None:
    file = forecast_files.read(write(forecasts(), tmp_path))
    scorer = scoring.Scorer(0.5, 27, 100)
    assert "ROC-AUC" in scoring.table(scorer.score(file))
    assert "columns: time from time, probability from probability, label from label" in scoring.table(
        scorer.score(file)
    )
    assert scoring.table(scorer.score(file)).endswith("threshold: 0.5 (--threshold)")
    assert "not distinguishable" in scoring.table(scorer.compare(file, file))


TIME = pd.Timestamp("2014-03-07 08:09:10")
FORMS = [
    "2014-03-07T08:09:10",
    "2014-03-07 08:09:10+00:00",
    "2014-03-07T09:09:10+01:00",
    "20140307_080910_512_0211.jpg",
    "/data/512/2014/03/07/HMI.m2014.03.07_08.09.10.jpg",
    "images/gong/2014/03/07/gong_magxx_fd_20140307_080910.jpg",
    "hmi.M_720s.20140307_080910_TAI.magnetogram.fits",
]


@pytest.mark.parametrize("text", FORMS)
def test_times_are_found_inside_texts(text: str) -> None:
    assert foreign_cells.parse_times(pd.Series([text])).tolist() == [TIME]


@pytest.mark.parametrize(("text", "expected"), [("20140307", "2014-03-07"), ("x_2014-03-07_0809", "2014-03-07 08:09")])
def test_a_time_may_end_early(text: str, expected: str) -> None:
    assert foreign_cells.parse_times(pd.Series([text])).tolist() == [pd.Timestamp(expected)]


@pytest.mark.parametrize("text", ["", "none", "11476", "20141307_000000", "1/2", "0.5"])
def test_a_text_without_a_time_is_nat(text: str) -> None:
    assert foreign_cells.parse_times(pd.Series([text])).isna().all()


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert len(foreign_cells.parse_times(pd.Series([text, "20140307_080910"]))) == 2


@pytest.mark.parametrize(
    ("columns", "recognised"),
    [
        (["T_REC", "flare_prob", "target"], ["T_REC", "flare_prob", "target"]),
        (["when", "p", "y"], ["when", "p", "y"]),
        (["filename", "score", "observed"], ["filename", "score", "observed"]),
    ],
)
def test_columns_of_any_name_are_recognised(columns: list[str], recognised: list[str], tmp_path: Path) -> None:
    rows = forecasts().set_axis(columns, axis=1)
    rows["block"] = rows.index // 10
    if columns[1] == "p":
        del rows["block"]
    assert list(forecast_files.read(write(rows, tmp_path)).columns.values()) == recognised


def test_the_pipeline_s_own_predictions_are_read() -> None:
    file = forecast_files.read(ROOT / Task.REGION.predictions)
    assert list(file.columns.values()) == ["time", "probability", "label"]
    assert file.warnings == []


def test_rows_are_scored_with_the_threshold_and_the_base_rate_of_their_file(tmp_path: Path) -> None:
    rows = forecasts().assign(threshold=[0.2, 0.6] * 200, base_rate=[0.4, 0.3] * 200)
    alarm, positive = rows["probability"] >= rows["threshold"], rows["label"] == 1
    reference = ((rows["base_rate"] - rows["label"]) ** 2).mean()
    content = score(write(rows, tmp_path))
    assert content["tss"]["value"] == pytest.approx(alarm[positive].mean() - alarm[~positive].mean(), abs=1e-4)
    assert content["brier_skill"]["value"] == pytest.approx(1 - content["brier"]["value"] / reference, abs=1e-3)
    assert content["threshold"] == "0.2 to 0.6 (the file's column threshold)"


def test_a_threshold_that_is_given_is_used_instead_of_the_file_s(tmp_path: Path) -> None:
    rows = forecasts()
    wrong = write(rows.assign(threshold=20), tmp_path)
    content = score(wrong, "--threshold", 0.3)
    assert content["confusion"] == score(write(rows, tmp_path, "plain.csv"), "--threshold", 0.3)["confusion"]
    assert content["threshold"] == "0.3 (--threshold)"
    with pytest.raises(InputError, match=r"row 1, column threshold: got '20'; .* or the option --threshold"):
        score(wrong)


@pytest.mark.parametrize("task", TASKS)
def test_the_pipeline_s_own_predictions_score_as_in_its_details(task: Task) -> None:
    result = CliRunner().invoke(app, ["score", "--json", str(ROOT / task.predictions)])
    own, details = json.loads(result.stdout), json.loads((ROOT / task.details).read_text())
    common = [name for name in own if name in details and name != "threshold"]
    assert {"roc_auc", "brier_skill", "expected_calibration_error", "confusion", "blocks"} <= set(common)
    assert {name: own[name] for name in common} == {name: details[name] for name in common}
    assert own["intervals"].endswith("; blocks of the file's column block")


def test_the_pipeline_s_own_predictions_get_the_resamples_and_the_seed_of_their_evaluation(tmp_path: Path) -> None:
    path = make_own_predictions(tmp_path)
    assert scoring.resampling(path) == (300, 7)
    assert scoring.resampling(path.rename(tmp_path / "copy.csv")) == (scoring.RESAMPLES, scoring.SEED)


def test_the_blocks_of_a_file_are_used_unless_others_are_given(tmp_path: Path) -> None:
    rows = forecasts().assign(block=[number // 10 for number in range(400)])
    path = write(rows, tmp_path)
    assert score(path)["blocks"] == 40
    cut = score(path, "--block-days", 20)
    assert (cut["blocks"], cut["intervals"].split("; ")[1]) == (11, "blocks of 20 days (--block-days)")
    wrong = write(rows.assign(block=0.5), tmp_path)
    assert score(wrong, "--block-days", 20)["blocks"] == 11
    with pytest.raises(InputError, match=r"row 1, column block: got '0.5'; expected a whole number, or the option"):
        score(wrong)


def test_two_files_keep_their_own_thresholds(tmp_path: Path) -> None:
    first = write(forecasts().assign(threshold=0.2), tmp_path)
    second = write(forecasts()[::-1].assign(threshold=0.6), tmp_path, "other.csv")
    content = score(first, "--against", second)
    assert content["confusion"] == score(first)["confusion"]
    assert content["against"]["tss"]["value"] == score(second)["tss"]["value"]
    assert content["against"]["threshold"] == "0.6 (the file's column threshold)"


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "percentages": ({"probability": 40.0}, r"row 8, column probability: got '40.0'; .*divide percent"),
    "negative": ({"probability": -0.1}, r"row 8, column probability: got '-0.1'"),
    "infinite": ({"probability": np.inf}, r"row 8, column probability: got 'inf'"),
    "classes": ({"label": 2}, r"row 8, column label: got '2'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_wrong_value_is_an_error(case: str, tmp_path: Path) -> None:
    cells, sentence = BROKEN[case]
    rows = forecasts()
    for column, value in cells.items():
        rows.loc[7, column] = value
    with pytest.raises(InputError, match=sentence):
        forecast_files.read(write(rows, tmp_path))


def test_percentages_in_a_column_of_another_name_are_recognised_and_refused(tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"probability": "flare_prob"})
    rows["flare_prob"] *= 100
    with pytest.raises(InputError, match=r"column flare_prob: got .*\(divide percentages by 100"):
        forecast_files.read(write(rows, tmp_path))


@pytest.mark.parametrize("label", [0, 1])
def test_a_file_with_one_label_is_an_error(label: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"all 400 labels in label are {label}, and scores need both 0 and 1"):
        forecast_files.read(write(forecasts().assign(label=label), tmp_path))


def test_a_blank_time_does_not_make_the_others_lose_their_zone() -> None:
    times = foreign_cells.parse_times(pd.Series(["2014-03-07T08:09:10+02:00", ""]))
    assert times.tolist() == [pd.Timestamp("2014-03-07T06:09:10"), pd.NaT]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a CSV table"),
        ("time,probability,label\n", "has a header and no rows"),
        (
            "time,probability\n2014-01-01,0.2\n",
            "which column holds the label\\? none of the columns left looks like one",
        ),
        ("a,b\nx,y\n", "which column holds the time\\? none of a, b looks like one; name it with --time"),
        ("time,probability,label\n2014-01-01,,1\n", "no row has time, probability, label"),
        ("time,one,two,label\n2014-01-01,.1,.2,1\n", "it may be any of one, two; name it with --probability"),
        ("begin,probability,label\nnever,0.1,1\n", "which column holds the time"),
    ],
)
def test_a_file_without_forecasts_is_an_error(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "forecasts.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        forecast_files.read(tmp_path / "forecasts.csv")


def test_a_missing_file_or_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a file"):
        forecast_files.read(tmp_path)
    with pytest.raises(InputError, match="has no column prob; the columns left for --probability are"):
        forecast_files.read(write(forecasts(), tmp_path), {"probability": "prob"})


def test_rows_with_missing_values_are_counted_and_left_out(tmp_path: Path) -> None:
    rows = forecasts()
    rows.loc[:2, "probability"] = np.nan
    file = forecast_files.read(write(rows, tmp_path))
    assert len(file.rows) == 397
    assert file.warnings == ["3 of 400 rows are left out: no probability in probability"]


def test_an_endless_exponent_is_no_number(tmp_path: Path) -> None:
    rows = forecasts().astype({"probability": str})
    rows.loc[7, "probability"] = "0.378931931e4006018982"
    with pytest.raises(InputError, match=r"row 8, column probability: got '0.378931931e4006018982'; expected a number"):
        forecast_files.read(write(rows, tmp_path))


def test_order_and_repeats_are_counted(tmp_path: Path) -> None:
    rows = forecasts()
    file = forecast_files.read(write(pd.concat([rows, rows.head(5)]), tmp_path))
    assert [warning.split(" ")[0] for warning in file.warnings] == ["the", "5"]
    assert file.rows["time"].is_monotonic_increasing


def test_the_order_of_the_rows_does_not_change_the_scores(tmp_path: Path) -> None:
    rows = forecasts()
    ordered = score(write(rows, tmp_path))
    shuffled = score(write(rows.sample(frac=1, random_state=1), tmp_path))
    del ordered["warnings"], shuffled["warnings"]
    assert shuffled == ordered


def test_neither_tensorflow_nor_mlflow_is_needed(tmp_path: Path) -> None:
    path = write(forecasts(), tmp_path)
    program = (
        "import sys; from typer.testing import CliRunner; from solarflare.cli import app; "
        f"done = CliRunner().invoke(app, ['score', {str(path)!r}, '--figures', {str(tmp_path / 'f')!r}]); "
        "assert done.exit_code == 0, done.output; "
        "print([name for name in ('tensorflow', 'keras', 'mlflow', 'sunpy', 'dvc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def forecast(*arguments: object) -> None:
    """Run `solarflare forecast`."""
    result = CliRunner().invoke(app, ["forecast", *map(str, arguments)])
    if result.exception:
        raise result.exception


STATED = ("--method", "ours", "--class", "C", "--hours", 24, "--data", "SDO/HMI LOS_Magnetogram")
QUESTION = {"event": "start", "min_class": "M1.0", "before": 0, "after": 12}


def make_own_predictions(folder: Path, origin: str = "archive", **changes: object) -> Path:
    """Write the predictions for regions as the pipeline writes them, and the lock that says how they were made."""
    question = QUESTION | {"max_longitude": 65, "unassigned": "drop"} | changes
    evaluated: dict[str, Any] = {"label": {"region": question}, "instrument": {"region": "aia211"}}
    evaluated["evaluate"] = {"resamples": 300, "seed": 7}
    stages = {"evaluate": evaluated, "scrape": {"scrape.origin": origin}}
    lock = {"stages": {name: {"params": {"params.yaml": chosen}} for name, chosen in stages.items()}}
    (folder / "dvc.lock").write_text(yaml.safe_dump(lock))
    path = folder / Task.REGION.predictions
    path.parent.mkdir(parents=True)
    rows = forecasts(1).assign(path="a.jpg", noaa_ar=11944, threshold=0.2, base_rate=0.3, block=1)
    return write(rows, path.parent, path.name)


def test_the_pipeline_s_own_forecasts_state_what_they_are(tmp_path: Path) -> None:
    forecast(make_own_predictions(tmp_path), tmp_path / "out", "--method", "ours")
    lines = next((tmp_path / "out").glob("*.txt")).read_text().splitlines()
    assert lines[3:6] == [
        "Prediction Window End Time: 2014-01-01T12:00Z",
        "Probability Bins: M+",
        "Input data: SDO/AIA 211",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"origin": "simulated"}, "scrape.origin is simulated, and the scoreboard's form needs archive or live"),
        ({"target": "active_region"}, "label.region.target is active_region, and the scoreboard's form needs flare"),
        ({"event": "overlap"}, "label.region.event is overlap, and the scoreboard's form needs start"),
        ({"before": 6}, "label.region.before is 6, and the scoreboard's form needs 0"),
        ({"after": 0}, "label.region.after is 0, and the scoreboard's form needs the hours"),
        ({"min_class": "C2.0"}, "label.region.min_class is C2.0, and the scoreboard's form needs X1.0, M1.0, C1.0"),
    ],
)
def test_what_the_form_cannot_say_is_not_submitted(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"region.csv: {sentence}.*; forecast on real images, such as with"):
        forecast(make_own_predictions(tmp_path, **changes), tmp_path / "out", "--method", "ours")
    assert not (tmp_path / "out").exists()


def test_the_pipeline_s_own_forecasts_are_not_called_something_else(tmp_path: Path) -> None:
    path = make_own_predictions(tmp_path)
    with pytest.raises(InputError, match=r"--class is C, and .*region.csv was made with M; leave --class out"):
        forecast(path, tmp_path / "out", *STATED)
    with pytest.raises(InputError, match=r"copy.csv has the columns of .* and no dvc.lock tells how it was made"):
        forecast(path.rename(tmp_path / "copy.csv"), tmp_path / "out", *STATED)


def test_the_class_the_window_and_the_images_of_another_file_are_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not tell what it forecasts, .*; add --hours, --data$"):
        forecast(write(forecasts(2), tmp_path), tmp_path / "out", "--method", "ours", "--class", "M")


def test_a_forecast_of_the_full_disk_has_the_form_of_the_scoreboard(tmp_path: Path) -> None:
    path = write(forecasts(2).drop(columns="label"), tmp_path)
    forecast(path, tmp_path / "out", *STATED, "--method", "ours_1", "--class", "M", "--data", "SDO/AIA 211")
    names = ["Flare_Forecast_ours_1_20140101_0000.txt", "Flare_Forecast_ours_1_20140101_1200.txt"]
    assert sorted(file.name for file in (tmp_path / "out").glob("*.txt")) == names
    probability = forecasts(2)["probability"][0]
    assert (tmp_path / "out" / names[0]).read_text().splitlines() == [
        "Forecasting method: ours_1",
        "Issue Time: 2014-01-01T00:00Z",
        "Prediction Window Start Time: 2014-01-01T00:00Z",
        "Prediction Window End Time: 2014-01-02T00:00Z",
        "Probability Bins: M+",
        "Input data: SDO/AIA 211",
        "#Full Disk Forecast",
        "#X_prob X_uncert X_level  M_prob M_uncert M_level  C_prob C_uncert C_level",
        f"---- ---- ----  {probability:.4f} ---- ----  ---- ---- ----",
    ]


def test_a_forecast_of_regions_names_them(tmp_path: Path) -> None:
    rows = forecasts(2).assign(time="2014-01-01T06:00", noaa_ar=[11944, 11946])
    forecast(write(rows, tmp_path), tmp_path / "out", *STATED)
    lines = next((tmp_path / "out").glob("*.txt")).read_text().splitlines()
    assert "#Full Disk Forecast" not in lines
    assert [line.split()[:4] for line in lines[-2:]] == [
        ["1", "2014-01-01T06:00Z", "----", "11944"],
        ["2", "2014-01-01T06:00Z", "----", "11946"],
    ]


def test_a_forecast_is_corrected_to_the_sun_s_own_base_rate(tmp_path: Path) -> None:
    path = write(forecasts(1).assign(probability=0.5), tmp_path)
    with pytest.raises(InputError, match="--fitted-rate and --base-rate go together"):
        forecast(path, tmp_path / "out", *STATED, "--fitted-rate", 0.5)
    forecast(path, tmp_path / "out", *STATED, "--fitted-rate", 0.5, "--base-rate", 0.1)
    assert next((tmp_path / "out").glob("*.txt")).read_text().split()[-3] == "0.1000"


def test_an_unknown_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--class is 'B'; expected one of X, M, C"):
        forecast(write(forecasts(), tmp_path), tmp_path / "out", *STATED, "--class", "B")
