"""Logging an evaluation: its scores, figures and tables, how it compares with earlier runs, and its model."""

import json
from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log
from solarflare.core.paths import PAGE
from solarflare.core.tasks import Task
from solarflare.tracking import dvc_state
from solarflare.tracking.mlflow import description, log_training, registry, run_comparison, runs, stage_outputs, store
from solarflare.tracking.mlflow.experiments import GAIN
from solarflare.tracking.mlflow.reference_run import compare
from solarflare.tracking.mlflow.run_state import EVALUATION, RunState
from solarflare.tracking.mlflow.unlogged import unlogged_evaluation
from solarflare.verification.scores.assessment import rounded

STAGES = ("audit", "evaluate")


def log_evaluation(task: Task) -> None:
    """Add what ``evaluate`` and ``report`` wrote to the run of a state, with how it compares, and register its model.

    Logs the training first if it is not in the store. Nothing happens, without importing MLflow, if all of it is there.
    Otherwise as `log_training.log_training`.
    """
    if (evaluation := unlogged_evaluation(task)) is None:
        return
    state, digest = evaluation
    metrics, predictions = task.metrics, task.predictions
    scores = json.loads(metrics.read_text())
    with store.warned(), store.connected() as mlflow:
        run_id = log_training.complete(mlflow, state)
        # The scores that runs are compared by; all others are in the run of the stage `evaluate`, below this one.
        own = {name: score for name, score in scores.items() if isinstance(score, dict) and "value" in score}
        runs.log_numbers(mlflow, run_id, runs.numbers({**own, "n": scores["n"], "cost": scores.get("cost", {})}))
        # Not in folders: where runs are compared, MLflow shows only the files on the top level.
        for path in (metrics, PAGE, *sorted(task.figures.glob("*.png"))):
            if path.is_file():
                mlflow.log_artifact(str(path), run_id=run_id)
        mlflow.log_artifact(str(predictions), "predictions", run_id=run_id)
        for name, df in _tables(task, scores).items():
            # MLflow would append the rows to those of an earlier evaluation of the same training.
            mlflow.MlflowClient().log_dict(run_id, {"columns": [], "data": []}, f"tables/{name}.json")
            mlflow.log_table(df, f"tables/{name}.json", run_id=run_id)
        _log_stages(mlflow, state, scores)
        _judge(mlflow, state, run_id, scores, tables.read(predictions, tables.PREDICTIONS))
        mlflow.MlflowClient().set_tag(run_id, EVALUATION, digest)
        log.info("%s: logged the scores to MLflow", task)


def _tables(task: Task, scores: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the numbers behind the figures, the confusion matrix and the scores of the slices."""
    plots = {path.stem: pd.read_csv(path) for path in sorted(task.plots.glob("*.csv"))}
    if "confusion" in plots:
        counts = plots["confusion"].value_counts(["actual", "predicted"]).rename("rows")
        plots["confusion"] = counts.sort_index().reset_index()
    parts = [{"slice": name, **runs.numbers(part)} for name, part in scores.get("slices", {}).items()]
    return plots | ({"slices": pd.DataFrame(parts)} if parts else {})


def _log_stages(mlflow: Any, state: RunState, scores: dict[str, Any]) -> None:
    """Log the stages after the training below the run of the state."""
    stages = dvc_state.inputs("evaluate") or {}
    for name in STAGES:
        if name in stages:
            child = runs.of_stage(mlflow, state, name, stages[name]).info.run_id
            own = runs.numbers(scores) if name == "evaluate" else stage_outputs.numbers(name, state.task)
            runs.log_numbers(mlflow, child, own)
            runs.close(mlflow, child)


def _judge(mlflow: Any, state: RunState, run_id: str, scores: dict[str, Any], predictions: pd.DataFrame) -> None:
    """Say in the run's name, tags and description how it compares with others, and register its model."""
    task, client, trusted = state.task, mlflow.MlflowClient(), scores["trusted"]
    run, leading = client.get_run(run_id), registry.champion(mlflow, task)
    compared = compare(mlflow, state, run, leading, predictions)
    if trusted and compared.reference and compared.reference.difference:
        gain = {name: compared.reference.difference[end] for end, name in GAIN.items()}
        runs.log_numbers(mlflow, run_id, runs.numbers(rounded(gain)))
    experiment = run.data.tags.get("DVC_EXP_NAME")
    tags = {
        "test": run_comparison.digest(predictions),
        "trusted": str(trusted).lower(),
        "verdict": description.verdict(compared, trusted),
        "against": compared.reference.name if compared.reference else "",
        "mlflow.runName": description.name(runs.called(run), compared, trusted, experiment),
        "mlflow.note.content": description.render(scores, compared, runs.page(run, PAGE.name)),
    }
    for name, value in tags.items():
        client.set_tag(run_id, name, value)
    registry.register(mlflow, task, run_id, trusted, leading, compared.champion)
