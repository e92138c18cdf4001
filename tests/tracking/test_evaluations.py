"""Several evaluations of one training in a real MLflow store: each is a run of its own, and none is written twice."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from solarflare.core import paths
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import log_evaluation as logging_of_evaluations
from solarflare.tracking.mlflow import registry
from solarflare.tracking.mlflow.experiments import GAIN, MODELS
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
from solarflare.tracking.mlflow.log_training import log_training
from tests.mlflow_ui import server
from tests.tracking.test_tracking import change_a_parameter, dump, project, runs, score, template

__all__ = ["project", "template"]


def change_the_evaluation(seed: int) -> None:
    """Do what ``dvc exp run -S evaluate.seed=...`` does: the intervals change, and so does what `evaluate` wrote."""
    paths.PARAMS.write_text(
        re.sub(r"(evaluate:\n  resamples: \d+\n  seed:) \d+", rf"\1 {seed}", paths.PARAMS.read_text())
    )
    score(roc_auc={"value": 0.9, "low": 0.8 - seed / 100, "high": 0.95})


def content(run: Any) -> dict[str, Any]:
    """Return all that the store has of a run and of its artifacts."""
    folder = Path(run.info.artifact_uri)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {**run.to_dictionary(), "files": files}


def test_an_evaluation_with_other_parameters_is_a_run_of_its_own(project: Path) -> None:
    log_evaluation(Task.DISK)
    before = [content(run) for run in (*runs(), *runs(stage="evaluate"))]
    change_the_evaluation(seed=2)
    log_evaluation(Task.DISK)
    run, former = runs()
    children = {child.data.tags["mlflow.parentRunId"]: child for child in runs(stage="evaluate")}
    assert [content(former), content(children[former.info.run_id])] == before
    assert run.info.run_name == "#2 re-evaluates #1: evaluate.seed=2"
    assert run.data.tags["verdict"] == "same training"
    assert (former.data.params["evaluate.seed"], run.data.params["evaluate.seed"]) == ("1", "2")
    assert children[run.info.run_id].data.params["evaluate.seed"] == "2"
    assert (former.data.metrics["roc_auc_low"], run.data.metrics["roc_auc_low"]) == (0.8, 0.78)
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith("**Another evaluation** of the network of [#1]")
    assert "| `evaluate.seed` | `1` | `2` |" in note


def test_a_run_of_another_evaluation_is_complete(project: Path) -> None:
    log_evaluation(Task.DISK)
    change_the_evaluation(seed=2)
    log_evaluation(Task.DISK)
    run, former = runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["training/val_loss"] == former.data.metrics["training/val_loss"]
    assert len(run.inputs.dataset_inputs) == 2
    assert run.outputs.model_outputs[0].model_id != former.outputs.model_outputs[0].model_id


def test_an_evaluation_by_other_code_is_a_run_of_its_own(project: Path) -> None:
    log_evaluation(Task.DISK)
    score(n=61)
    log_evaluation(Task.DISK)
    run, former = runs()
    assert (former.data.metrics["n"], run.data.metrics["n"]) == (60, 61)
    assert run.info.run_name == "#2 re-evaluates #1: other code or data of the evaluation"


def test_an_evaluation_that_was_there_before_writes_nothing(project: Path) -> None:
    for seed in (1, 2):
        change_the_evaluation(seed)
        log_evaluation(Task.DISK)
    before = dump()
    for seed in (1, 2):
        change_the_evaluation(seed)
        log_evaluation(Task.DISK)
        log_training(Task.DISK)
    assert dump() == before


@pytest.mark.slow
def test_behind_a_server_too_an_evaluation_is_written_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("server", "--backend-store-uri", "sqlite:///mlflow.db", "--serve-artifacts")
    with server("mlflow", *arguments, folder=project, ready="health") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        log_evaluation(Task.DISK)
        before = dump()
        log_evaluation(Task.DISK)
    assert dump() == before


def test_an_interrupted_evaluation_is_completed_by_itself_and_by_no_other(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(logging_of_evaluations, "_log_verdict", interrupt)
        with pytest.raises(KeyboardInterrupt):
            log_evaluation(Task.DISK)
    change_the_evaluation(seed=2)
    log_evaluation(Task.DISK)
    assert [run.info.run_name for run in runs()] == [
        "#2 first: compact_map on gong",
        "#1 not scored: compact_map on gong",
    ]
    change_the_evaluation(seed=1)
    score()
    log_evaluation(Task.DISK)
    run, former = runs()
    assert former.info.run_name == "#1 first: compact_map on gong"
    assert run.info.run_name == "#2 first: compact_map on gong"


def test_another_evaluation_moves_no_champion_unless_it_is_not_trusted(project: Path) -> None:
    import mlflow

    log_evaluation(Task.DISK)
    change_the_evaluation(seed=2)
    log_evaluation(Task.DISK)
    run, former = runs()
    champion = registry.champion(mlflow, Task.DISK)
    assert champion is not None
    assert champion.run_id == former.info.run_id
    version = mlflow.MlflowClient().get_model_version(MODELS[Task.DISK], "2")
    assert str(version.description).startswith("The champion stayed: this version is the same network")
    assert GAIN["value"] not in run.data.metrics
    score(trusted="no", trusted_reason="the audit found a leak")
    log_evaluation(Task.DISK)
    assert registry.champion(mlflow, Task.DISK) is None


def test_a_run_without_the_parameters_of_its_evaluation_differs_by_the_others_alone(project: Path) -> None:
    """Earlier versions of the project gave a run no parameters of the evaluation."""
    log_evaluation(Task.DISK)
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("DELETE FROM params WHERE key LIKE 'evaluate.%'")
    change_a_parameter()
    score(skill=3.0, seed=2)
    log_evaluation(Task.DISK)
    assert runs()[0].info.run_name == "#2 better than #1: epochs=61"
    change_a_parameter(40)
    change_the_evaluation(seed=2)
    log_evaluation(Task.DISK)
    name = runs()[0].info.run_name
    assert name == "#3 re-evaluates #1: evaluate.resamples=2000, evaluate.seed=2"


def test_a_run_is_logged_whatever_experiment_the_caller_has_set(project: Path) -> None:
    import mlflow

    mlflow.set_experiment("of the caller")
    log_evaluation(Task.DISK)
    (run,) = runs()
    assert run.info.run_name == "#1 first: compact_map on gong"
