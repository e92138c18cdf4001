"""Runs in a real MLflow store, of a real DVC project whose stages are made up."""

import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import yaml

from solarflare.core import absent, params, paths, tables
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import description, page_copy, registry, run_comparison
from solarflare.tracking.mlflow.address import store_uri
from solarflare.tracking.mlflow.experiments import GAIN, MODELS
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
from solarflare.tracking.mlflow.log_training import log_training, monitored
from solarflare.tracking.mlflow.reference_run import ComparedRun
from solarflare.tracking.mlflow.run_comparison import RunComparison
from solarflare.tracking.mlflow.sqlite_store import FOLDERS
from solarflare.tracking.mlflow.store import create
from solarflare.verification.scores.seeds import Spread
from tests import parameters
from tests.mlflow_ui import server
from tests.project.test_cli import solarflare
from tests.repositories import shell

CREATE = "from solarflare.tracking.mlflow import store; store.create()"
LOG_EVALUATION = """
import sys
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
log_evaluation(Task.DISK)
print(*sys.modules)
"""
EPOCHS = 3
PIPELINE = {
    "stages": {
        "train_disk": {
            "cmd": "true",
            "deps": ["data/crops/disk"],
            "params": ["instrument", "train_disk"],
            "outs": ["models/disk"],
        },
        "train_region": {"cmd": "true", "params": ["tasks"], "outs": ["models/region"]},
        "evaluate": {"cmd": "true", "deps": ["models"], "params": ["evaluate"], "outs": ["data/attributions"]},
        "report": {"cmd": "true", "deps": ["data/attributions"], "outs": ["reports"]},
    }
}
SCORE = {"value": 0.9, "low": 0.8, "high": 0.95}
SCORES = {
    "trusted": "yes",
    "n": 60,
    "blocks": 12,
    "roc_auc": SCORE,
    "accuracy": SCORE,
    "tss": SCORE,
    "brier_skill": SCORE,
    "cost": {"parameters": 20313},
    "baselines": {"logistic": {"roc_auc": SCORE, "tss": SCORE, "brier_skill": SCORE}},
    "differences": {"logistic": {"roc_auc": {"verdict": "better", "value": 0.05, "low": 0.01, "high": 0.09}}},
    "slices": {"year_2014": {"n": 60, "roc_auc": SCORE}},
    "confusion": {"tp": 12, "fp": 3},
    "undefined": {"value": None, "low": None, "high": None},
}
WAITS = 3000  # of a tenth of a second each: a busy machine may need minutes


def dump() -> str:
    """Return all that is in the store."""
    with closing(sqlite3.connect("mlflow.db")) as connection:
        return "\n".join(connection.iterdump())


def python(code: str) -> str:
    """Run code in a process of its own, against this package."""
    return shell(sys.executable, "-c", code)


def runs(task: str = "disk", stage: str = "pipeline") -> list[Any]:
    """Return the runs of states, or of a stage of them, the newest first."""
    import mlflow

    mlflow.set_tracking_uri(store_uri())
    return mlflow.search_runs(experiment_names=[task], filter_string=f"tags.stage = '{stage}'", output_format="list")


def predictions(seed: int = 1, skill: float = 1.0, rows: int = 60) -> pd.DataFrame:
    """Return forecasts of the same rows, whatever their skill and seed."""
    label = np.arange(rows) % 2
    noise = np.random.default_rng(seed).normal(size=rows)
    return pd.DataFrame(
        {
            "path": [f"{row:03}.jpg" for row in range(rows)],
            "noaa_ar": "",
            "time": pd.date_range("2014-01-01", periods=rows, freq="D"),
            "label": label,
            "probability": 1 / (1 + np.exp(-skill * (2 * label - 1) - noise)),
            "threshold": 0.5,
            "base_rate": 0.5,
            "block": np.arange(rows) // 5,
        }
    )


def score(**changes: Any) -> None:
    """Write what `evaluate` would."""
    written = predictions(**{key: changes.pop(key) for key in ("seed", "skill", "rows") if key in changes})
    Path("metrics/details").mkdir(parents=True, exist_ok=True)
    Path("metrics/details/disk.json").write_text(json.dumps(SCORES | changes))
    tables.write(written, Path("metrics/predictions/disk.csv"), tables.PREDICTIONS)


def train() -> npt.NDArray[np.uint8]:
    """Write what a training would, and return the two images that its network knows."""
    from solarflare.networks import architectures, description, hashes, saved_model
    from solarflare.networks.calibration import Calibration, Platt
    from solarflare.networks.input_range import Ranges

    models, shape = Path("models/disk"), (32, 32, 1)
    images = np.random.default_rng(1).integers(0, 256, (2, *shape), np.uint8)
    about = description.ModelDescription("compact", shape, Task.DISK, "gong", "simulated", {}, {})
    history = pd.read_csv(models / "history.csv")
    saved_model.save(models, architectures.build("compact", shape), history, Calibration(Platt(2.0, 0.5), 0.5), about)
    Ranges.of([images]).write(models / description.RANGES)
    hashes.write(models)
    return images


def change_a_parameter(epochs: int = 61) -> None:
    paths.PARAMS.write_text(re.sub(r"epochs: \d+", f"epochs: {epochs}", paths.PARAMS.read_text()))


def make_project(folder: Path) -> None:
    """Make a DVC project with a store in which the disk is trained and scored, the region absent; nothing logged."""
    with pytest.MonkeyPatch.context() as patch:
        shutil.copy(parameters.FIXED, folder)
        shutil.copy(".gitignore", folder)
        patch.chdir(folder)
        Path("dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
        shell("git", "init", "-q", "-b", "main")
        shell(sys.executable, "-m", "dvc", "init", "-q")
        shell("git", "add", "-A")
        shell("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a project")
        crops = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "shard": "2014-01.npy", "row": [0, 1], "noaa_ar": ""})
        crops = crops.assign(x=15.0, y=15.0, radius=12.0, fitted="yes")
        tables.write(crops, Path("data/crops/disk/index.csv"), tables.CROPS)
        np.save("data/crops/disk/2014-01.npy", np.full((2, 32, 32, 1), 128, np.uint8))
        Path("models/disk").mkdir(parents=True)
        history = pd.DataFrame({"epoch": range(EPOCHS), "loss": [0.6, 0.5, 0.4], "val_loss": [0.7, 0.6, 0.6]})
        history.to_csv("models/disk/history.csv", index=False)
        absent.mark(Path("models/region"), "the task is off")
        labels = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "time": "2014-01-01T00:00:00", "label": [0, 1]})
        splits = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "fold": 0, "part": ["train", "test"]})
        for name, rows in {"labels": labels, "splits": splits}.items():
            Path(f"data/{name}").mkdir()
            rows.to_csv(f"data/{name}/disk.csv", index=False)
        Path("metrics/plots/disk").mkdir(parents=True)
        Path("metrics/plots/disk/roc.csv").write_text("fpr,tpr\n0.0,0.5\n1.0,1.0\n")
        Path("metrics/plots/disk/confusion.csv").write_text("actual,predicted\nquiet,quiet\nquiet,quiet\n")
        score()
        Path("reports/disk").mkdir(parents=True)
        Path("reports/disk/roc.png").write_bytes(b"a figure")
        Path("reports/index.html").write_text(page_copy.PLACE)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        python(CREATE)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a project."""
    folder = tmp_path_factory.mktemp("project")
    make_project(folder)
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that project, in which the test runs."""
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    # MLflow sets this one itself: what it was before has to come back.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    return folder


def test_two_processes_can_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    both = [subprocess.Popen([sys.executable, "-c", CREATE], cwd=tmp_path) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


def test_a_training_is_logged_with_parameters_curves_and_where_it_comes_from(project: Path) -> None:
    log_training(Task.DISK)
    (run,) = runs()
    assert run.data.params["train_disk.network"] == parameters.load(parameters.FIXED).train_disk.network
    assert run.data.metrics["training/val_loss"] == 0.6
    assert run.data.tags["origin"] == "simulated"
    assert run.data.tags["mlflow.source.git.commit"] == shell("git", "rev-parse", "HEAD")
    assert run.data.tags["dirty"] == "false"
    assert not [name for name in run.data.params if "region" in name]


def test_the_same_training_is_found_again(project: Path) -> None:
    for _ in range(2):
        log_training(Task.DISK)
        log_evaluation(Task.DISK)
    assert len(runs()) == 1


@pytest.mark.parametrize("change", ["data", "parameters"])
def test_a_training_of_other_inputs_is_another_run(project: Path, change: str) -> None:
    log_training(Task.DISK)
    if change == "data":
        np.save("data/crops/disk/2014-01.npy", np.full((2, 32, 32, 1), 127, np.uint8))
    else:
        change_a_parameter()
    log_training(Task.DISK)
    assert len(runs()) == 2


def test_an_evaluation_adds_scores_figures_tables_and_predictions_to_its_training(project: Path) -> None:
    import mlflow

    log_training(Task.DISK)
    log_evaluation(Task.DISK)
    (run,) = runs()
    metrics = {"roc_auc": 0.9, "roc_auc_low": 0.8, "roc_auc_high": 0.95, "n": 60, "lead": 0.05, "lead_low": 0.01}
    assert run.data.metrics.items() >= metrics.items()
    assert {name.partition("/")[0] for name in run.data.metrics if "/" in name} == {"training"}
    (evaluation,) = runs(stage="evaluate")
    below = {"slices/year_2014/roc_auc": 0.9, "baselines/logistic/roc_auc": 0.9, "confusion/tp": 12}
    assert evaluation.data.metrics.items() >= below.items()
    assert run.info.run_name == "#1 first: compact_map on gong"
    logged = [artifact.path for artifact in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)]
    assert set(logged) >= {"disk.json", "roc.png", "predictions", "tables"}
    page = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/index.html")
    assert f"commit {run.data.tags['commit']}" in page
    assert paths.PAGE.read_text() == page_copy.PLACE  # the output of the stage stays as it was
    confusion = mlflow.MlflowClient().load_table(
        run.info.experiment_id, "tables/confusion.json", run_ids=[run.info.run_id]
    )
    assert confusion.to_dict("list") == {"actual": ["quiet"], "predicted": ["quiet"], "rows": [2]}


def test_the_logged_model_has_the_scores_of_its_run_and_is_the_registered_one(project: Path) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    (run,), (model,) = runs(), mlflow.search_logged_models([runs()[0].info.experiment_id], output_format="list")
    assert (model.name, model.status, model.source_run_id) == ("disk-activity", "READY", run.info.run_id)
    assert {metric.key: metric.value for metric in model.metrics or []}["roc_auc"] == run.data.metrics["roc_auc"]
    champion = registry.champion(mlflow, Task.DISK)
    assert champion is not None
    assert champion.source == f"models:/{model.model_id}"


def test_a_run_without_an_experiment_is_refused_and_one_with_an_experiment_is_not(project: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(store_uri())
    assert {experiment.name for experiment in mlflow.search_experiments()} == {"disk", "region"}
    with pytest.raises(mlflow.MlflowException, match="experiment 0 must be in the 'active' state"):
        mlflow.MlflowClient().create_run("0")
    mlflow.MlflowClient().create_run(mlflow.create_experiment("of a user"))


def test_the_experiments_are_of_the_kind_model_training(project: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(store_uri())
    for experiment in mlflow.search_experiments():
        assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_training_is_logged_with_its_data_by_part(project: Path) -> None:
    log_training(Task.DISK)
    (run,) = runs()
    logged = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    assert set(logged) == {"train", "test"}
    assert logged["train"].name == "simulated disk train"
    assert logged["train"].digest != logged["test"].digest


def test_the_stages_are_children_of_their_state(project: Path) -> None:
    with monitored(Task.DISK):
        pass
    log_evaluation(Task.DISK)
    (run,), (child,) = runs(), runs(stage="train_disk")
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert child.data.params["train_disk.epochs"] == run.data.params["train_disk.epochs"] == "40"
    assert {child.info.status, run.info.status} == {"FINISHED"}


def test_what_a_training_takes_of_the_machine_is_recorded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.01")
    with monitored(Task.DISK):
        for _ in range(WAITS):
            if recorded := "system/cpu_utilization_percentage" in runs(stage="train_disk")[0].data.metrics:
                break
            time.sleep(0.1)
    assert recorded


def test_a_failed_training_is_a_failed_run_that_the_next_one_completes(project: Path) -> None:
    with pytest.raises(SystemExit), monitored(Task.DISK):
        sys.exit("interrupted")
    assert [run.info.status for run in (*runs(), *runs(stage="train_disk"))] == ["FAILED", "FAILED"]
    log_training(Task.DISK)
    assert [run.info.status for run in (*runs(), *runs(stage="train_disk"))] == ["FINISHED", "FINISHED"]


@pytest.mark.parametrize(
    ("now", "verdict", "name"),
    [
        ({"skill": 3.0, "seed": 2}, "better", "#2 better than #1: epochs=61"),
        ({"skill": 0.0, "seed": 2}, "worse", "#2 worse than #1: epochs=61"),
        ({"seed": 1}, "not distinguishable", "#2 not distinguishable from #1: epochs=61"),
    ],
)
def test_a_run_says_how_it_compares_and_the_champion_moves_for_the_better_alone(
    project: Path, now: dict[str, Any], verdict: str, name: str
) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    change_a_parameter()
    score(**now)
    log_evaluation(Task.DISK)
    run, former = runs()
    assert run.info.run_name == name
    assert run.data.tags["verdict"] == verdict
    note = run.data.tags["mlflow.note.content"]
    page = f"[#1](#/experiments/1/runs/{former.info.run_id}?workflowType=machine_learning)"
    assert note.startswith(
        f"**{verdict.capitalize()} {'from' if 'not' in verdict else 'than'} {page}, the champion**: "
    )
    assert f"| {page} (champion) | **{verdict}** |" in note
    assert "| `train_disk.epochs` | `40` | `61` |" in note
    champion = registry.champion(mlflow, Task.DISK)
    assert champion is not None
    assert champion.run_id == (run if verdict == "better" else former).info.run_id
    version = mlflow.MlflowClient().get_model_version(MODELS[Task.DISK], "2")
    assert str(version.description).startswith("Became" if verdict == "better" else "The champion stayed")


def test_a_run_is_held_against_the_champion_and_not_against_the_run_before(project: Path) -> None:
    log_evaluation(Task.DISK)
    change_a_parameter(1)
    score(skill=0.0, seed=2)
    log_evaluation(Task.DISK)
    change_a_parameter(61)
    score(seed=1)
    log_evaluation(Task.DISK)
    assert runs()[0].info.run_name == "#3 not distinguishable from #1: epochs=61"


def test_where_the_champion_had_other_test_rows_a_run_is_held_against_the_newest_that_had_the_same(
    project: Path,
) -> None:
    log_evaluation(Task.DISK)
    change_a_parameter(61)
    score(rows=40)
    log_evaluation(Task.DISK)
    assert runs()[0].info.run_name == "#2 first: compact_map on gong"
    assert "no verdict: that run is not comparable" in runs()[0].data.tags["mlflow.note.content"]
    change_a_parameter(62)
    score(rows=40, skill=4.0)
    log_evaluation(Task.DISK)
    assert runs()[0].info.run_name == "#3 better than #2: epochs=62"


def test_nothing_is_held_against_a_run_that_is_not_trusted(project: Path) -> None:
    score(trusted="no", trusted_reason="the audit found a leak", skill=9.0)
    log_evaluation(Task.DISK)
    change_a_parameter()
    score()
    log_evaluation(Task.DISK)
    run = runs()[0]
    assert run.info.run_name == "#2 first: compact_map on gong"
    assert "no verdict: that run is not trusted" in run.data.tags["mlflow.note.content"]
    assert GAIN["value"] not in run.data.metrics


def test_another_seed_alone_makes_no_run_better(project: Path) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    content = params.read_yaml(paths.PARAMS)
    content["train_disk"]["seed"] = 7
    paths.PARAMS.write_text(yaml.safe_dump(content))
    score(skill=3.0, seed=2)
    log_evaluation(Task.DISK)
    run, former = runs()
    assert run.info.run_name == "#2 another seed of #1: seed=7"
    assert run.data.tags["verdict"] == "reseeded"
    assert run.data.metrics[GAIN["low"]] > 0
    assert run.data.tags["mlflow.note.content"].startswith("**Neither better nor worse** than [#1]")
    champion = registry.champion(mlflow, Task.DISK)
    assert champion is not None
    assert champion.run_id == former.info.run_id


def test_other_data_or_code_with_another_seed_are_more_than_a_seed(project: Path) -> None:
    log_evaluation(Task.DISK)
    content = params.read_yaml(paths.PARAMS)
    content["train_disk"]["seed"] = 7
    paths.PARAMS.write_text(yaml.safe_dump(content))
    np.save("data/crops/disk/2014-01.npy", np.full((2, 32, 32, 1), 127, np.uint8))
    score(skill=3.0, seed=2)
    log_evaluation(Task.DISK)
    assert runs()[0].data.tags["verdict"] == "better"


def test_a_verdict_allows_for_the_luck_of_the_seed_where_that_was_measured(project: Path) -> None:
    log_evaluation(Task.DISK)
    measured = params.dotted(params.read_yaml(paths.PARAMS))
    values = {f"seed-{seed}": {"metrics": {"disk": {"roc_auc": {"value": seed / 10}}}} for seed in range(3, 8)}
    Path("docs/results").mkdir(parents=True)
    Path("docs/results/seeds.json").write_text(json.dumps({"variants": values, "parameters": measured}))
    change_a_parameter()
    score(skill=3.0, seed=2)
    log_evaluation(Task.DISK)
    run = runs()[0]
    assert run.data.tags["verdict"] == "not distinguishable"
    assert "yes: 0.158 is the standard deviation of 5 seeds" in run.data.tags["mlflow.note.content"]


def test_a_run_is_not_scored_until_it_is(project: Path) -> None:
    log_training(Task.DISK)
    assert runs()[0].info.run_name == "#1 not scored: compact_map on gong"
    assert runs()[0].data.tags["verdict"] == "not scored"


def test_the_gain_is_in_the_metrics_with_its_interval(project: Path) -> None:
    log_evaluation(Task.DISK)
    change_a_parameter()
    score(skill=3.0, seed=2)
    log_evaluation(Task.DISK)
    run, former = runs()
    low, value, high = (run.data.metrics[GAIN[end]] for end in ("low", "value", "high"))
    assert 0 < low < value < high
    assert f"{value:+.3f} [{low:+.3f}, {high:+.3f}]" in run.data.tags["mlflow.note.content"]
    assert GAIN["value"] not in former.data.metrics


def test_forecasts_that_rank_alike_are_said_to_be_so() -> None:
    same = {"value": 0.0, "low": 0.0, "high": 0.0, "verdict": "not distinguishable", "resolvable": 0.0}
    other = RunComparison("#1", "#", True, "yes", False, False, same, None)
    compared = ComparedRun([other], other, other, [], "other code")
    assert "both rank the test rows alike" in description.sentence(compared, SCORES)


def test_what_is_not_trusted_does_not_become_champion(project: Path) -> None:
    import mlflow

    score(trusted="no", trusted_reason="the audit found a leak")
    log_evaluation(Task.DISK)
    assert runs()[0].info.run_name == "#1 not trusted: compact_map on gong"
    assert registry.champion(mlflow, Task.DISK) is None


def test_a_model_with_too_few_test_rows_is_no_champion_and_says_why(project: Path) -> None:
    import mlflow

    score(trusted="insufficient", trusted_reason="the test rows lie in 3 blocks of days")
    log_evaluation(Task.DISK)
    run = runs()[0]
    assert run.info.run_name == "#1 insufficient: compact_map on gong"
    assert (run.data.tags["trusted"], run.data.tags["verdict"]) == ("insufficient", "insufficient")
    assert "**Insufficient**, so that no verdict counts: `the test rows lie" in run.data.tags["mlflow.note.content"]
    assert registry.champion(mlflow, Task.DISK) is None
    version = mlflow.MlflowClient().get_model_version(MODELS[Task.DISK], "1")
    assert version.description == (
        "Not the champion: its scores are **insufficient**: `the test rows lie in 3 blocks of days`."
    )


def test_a_champion_that_is_no_longer_trusted_is_none(project: Path) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    score(trusted="no", trusted_reason="the audit found a leak")
    log_evaluation(Task.DISK)
    assert registry.champion(mlflow, Task.DISK) is None


def test_the_order_of_the_rows_does_not_matter_and_their_labels_do() -> None:
    rows = predictions()
    assert run_comparison.digest(rows[::-1]) == run_comparison.digest(rows)
    assert run_comparison.digest(rows.assign(label=1 - rows["label"])) != run_comparison.digest(rows)
    unknown = {"itself": Spread(0, {})}
    ahead = run_comparison.differences(
        rows, {"itself": rows[::-1]}, parameters.load(parameters.FIXED).evaluate, unknown
    )["itself"]
    assert (ahead["value"], ahead["verdict"]) == (0, "not distinguishable")


def test_what_is_logged_is_said_once(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "solarflare"):
        for _ in range(2):
            log_evaluation(Task.DISK)
    assert caplog.messages == ["disk: logged the training to MLflow", "disk: logged the scores to MLflow"]


def test_results_are_logged_from_the_outputs_without_tensorflow(project: Path) -> None:
    loaded = python(LOG_EVALUATION).split()
    assert "mlflow" in loaded
    assert "tensorflow" not in loaded
    assert len(runs()) == 1


def test_what_is_logged_already_does_not_even_import_mlflow(project: Path) -> None:
    log_evaluation(Task.DISK)
    assert "mlflow" not in python(LOG_EVALUATION).split()


def test_a_store_whose_creation_was_interrupted_is_completed(project: Path) -> None:
    Path("mlflow.db").write_bytes(b"")
    log_training(Task.DISK)
    assert len(runs()) == 1


def test_an_interrupted_run_is_completed(project: Path) -> None:
    import mlflow

    log_training(Task.DISK)
    mlflow.MlflowClient().set_terminated(runs()[0].info.run_id, status="FAILED")
    log_training(Task.DISK)
    (run,) = runs()
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize("address", ["", "sqlite:///mlflow.db"], ids=["default", "relative"])
def test_an_experiment_in_a_temporary_copy_is_logged_to_the_main_checkout(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    main = shutil.copytree(project, tmp_path / "main")
    monkeypatch.setenv("DVC_ROOT", str(main))
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    log_evaluation(Task.DISK)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{main}/mlflow.db")
    (run,) = runs()
    assert run.data.tags["DVC_EXP_NAME"] == "longer"
    assert run.info.artifact_uri.startswith(f"{main}/mlartifacts/disk/")


@pytest.mark.parametrize(
    ("label", "question"),
    [
        ({"target": "active_region"}, "active region"),
        ({"target": "flare", "event": "overlap"}, "C1.0 flare in progress"),
        ({"target": "flare", "event": "overlap", "before": 12, "after": 12}, "C1.0 flare in progress, -12 to +12 h"),
        ({"target": "flare", "event": "start", "after": 24}, "C1.0 flare starting, +0 to +24 h"),
    ],
)
def test_a_run_tells_the_question(project: Path, label: dict[str, Any], question: str) -> None:
    content = params.read_yaml(paths.PARAMS)
    content["label"]["disk"] |= label
    paths.PARAMS.write_text(yaml.safe_dump(content))
    log_training(Task.DISK)
    assert runs()[0].data.tags["question"] == question


def test_an_absent_task_is_not_logged(project: Path) -> None:
    log_training(Task.REGION)
    log_evaluation(Task.REGION)
    assert runs("region") == []


def test_the_artifacts_of_a_moved_checkout_are_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    # What a user may add: a logged model, a trace, and an experiment with its artifacts elsewhere.
    experiment = mlflow.set_experiment("disk")
    mlflow.MlflowClient().create_logged_model(experiment.experiment_id, "of a user")
    mlflow.start_span_no_context("of a user").end()
    mlflow.flush_trace_async_logging()
    remote = mlflow.create_experiment("remote", artifact_location="s3://bucket/mlartifacts/remote")
    moved = project.rename(project.parent / "moved")
    monkeypatch.chdir(moved)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    for _ in range(2):
        create()
        assert f"{project}/mlartifacts" not in dump()
    (run,) = runs()
    assert Path(run.info.artifact_uri, "roc.png").read_bytes() == b"a figure"
    model = mlflow.artifacts.download_artifacts("models:/disk-activity@champion")
    assert Path(model).is_relative_to(moved)
    assert mlflow.get_experiment(remote).artifact_location == "s3://bucket/mlartifacts/remote"


def test_every_column_of_mlflow_that_may_hold_a_folder_is_known(project: Path) -> None:
    with closing(sqlite3.connect("mlflow.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            (table, column): kind.startswith(("VARCHAR", "TEXT", "JSON"))
            for table in tables
            for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})")
        }
    holds_folders = re.compile(r"location|uri|url|source|path|folder|root$|directory")
    suspects = {name for name, is_text in columns.items() if is_text and holds_folders.search(name[1])}
    suspects = {name for name in suspects if not name[1].endswith(("_type", "_id", "_name", "_version"))}
    assert suspects - set(FOLDERS) == {
        ("datasets", "dataset_source"),  # relative to the project
        ("evaluation_dataset_records", "source"),  # a trace or a document
        ("mcp_access_endpoints", "url"),
        ("mcp_server_versions", "source"),
        ("webhooks", "url"),
        ("workspaces", "default_artifact_root"),  # what a server's administrator chose
        ("workspaces", "trace_archival_location"),
    }
    assert set(FOLDERS) <= columns.keys()


def test_a_store_that_does_not_answer_is_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    log_training(Task.DISK)
    assert "not logged: MLflow at http://127.0.0.1:9" in caplog.text


def test_a_store_that_does_not_answer_cannot_be_shown(project: Path) -> None:
    done = solarflare("ui", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "error: MLflow at http://127.0.0.1:9: " in done.stderr


@pytest.mark.slow
def test_a_store_behind_a_server_is_shown_by_that_server(project: Path) -> None:
    arguments = ("server", "--backend-store-uri", "sqlite:///mlflow.db", "--serve-artifacts")
    with server("mlflow", *arguments, folder=project, ready="health") as address:
        done = solarflare("ui", MLFLOW_TRACKING_URI=address)
    assert done.returncode == 0
    assert f"region: {address}/#/experiments/2/runs?" in done.stderr


def test_the_logged_model_answers_as_the_network_does(project: Path) -> None:
    import mlflow

    from solarflare.networks import saved_model

    images = train()
    models = Path("models/disk")
    log_training(Task.DISK)
    (run,) = runs()
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/{MODELS[Task.DISK]}")
    np.testing.assert_array_equal(loaded.predict(images), saved_model.probabilities(models, images))
    assert loaded.input_example.shape == (1, 32, 32, 1)


@pytest.mark.slow
def test_a_store_whose_creation_was_killed_is_created_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").touch()
    command = [sys.executable, "-m", "solarflare.cli", "store"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("MLFLOW_TRACKING_URI", None)
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as first:
        while not any(tmp_path.glob(".partial-mlflow-*/mlflow.db")):
            assert first.poll() is None
            time.sleep(0.005)
        first.kill()
    assert not (tmp_path / "mlflow.db").exists()
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        assert {name for (name,) in connection.execute("SELECT name FROM experiments")} >= {"disk", "region"}
