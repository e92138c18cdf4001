"""Logs an evaluation: scores, figures, tables and the verdict against earlier runs. It also registers the model."""

from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log
from solarflare.core.files import read_json
from solarflare.core.paths import PAGE
from solarflare.core.tasks import Task
from solarflare.tracking import dvc_state
from solarflare.tracking.mlflow import (
    description,
    log_training,
    model,
    page_copy,
    registry,
    run_comparison,
    runs,
    stage_outputs,
    store,
)
from solarflare.tracking.mlflow.experiments import FIRST, GAIN, LEAD
from solarflare.tracking.mlflow.reference_run import compare
from solarflare.tracking.mlflow.run_state import EVALUATION, STATE, RunState
from solarflare.tracking.mlflow.unlogged import unlogged_evaluation
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.score_table import best_lead
from solarflare.verification.scores.trust import read as read_trust

STAGES = ("audit", "evaluate")  # the stages after the training that get a run
LINKS = {"ROC curve": "roc.png", "confusion matrix": "confusion.png", "the whole report": PAGE.name}
"""Artifacts to which the description of a run links."""


def log_evaluation(*tasks: Task) -> None:
    """Log the evaluations of tasks. If the store cannot be reached, that is one warning."""
    with store.errors_as_warnings():
        for task in tasks:
            _log(task)


def _log(task: Task) -> None:
    """Add what ``evaluate`` and ``report`` wrote to the run of the state, compare the run, and register its model.

    If the training is not in the store, it is logged first. A run keeps its evaluation: if the run of the state has
    another one, this one gets a run of its own. If the store has all of it, nothing happens, and MLflow is not imported
    if the store is a SQLite file.
    """
    if (evaluation := unlogged_evaluation(task)) is None:
        return
    state, digest = evaluation
    metrics, predictions = task.details, task.predictions
    scores = read_json(metrics, "evaluate")
    with store.connected() as mlflow:
        if runs.find(mlflow, task, {STATE: state.key, EVALUATION: digest}):
            return
        run = runs.of_evaluation(mlflow, state, digest)
        log_training.complete(mlflow, state, run)
        run_id = run.info.run_id
        runs.log_numbers(mlflow, run_id, _own_numbers(scores), model.logged(mlflow, run_id))
        # These files are on the top level, because MLflow's comparison of runs shows no files in folders.
        for path in (metrics, *sorted(task.figures.glob("*.png"))):
            if path.is_file():
                mlflow.log_artifact(str(path), run_id=run_id)
        if PAGE.is_file():
            copy = page_copy.of_run(PAGE.read_text(encoding="utf-8"), mlflow.MlflowClient().get_run(run_id))
            mlflow.log_text(copy, PAGE.name, run_id=run_id)
        mlflow.log_artifact(str(predictions), "predictions", run_id=run_id)
        for name, df in _tables(task, scores).items():
            # Empty the table first: MLflow would append the rows to those of a logging that was interrupted.
            mlflow.MlflowClient().log_dict(run_id, {"columns": [], "data": []}, f"tables/{name}.json")
            mlflow.log_table(df, f"tables/{name}.json", run_id=run_id)
        _log_stages(mlflow, state, run_id, scores)
        _log_verdict(mlflow, state, run_id, scores, tables.read(predictions, tables.PREDICTIONS))
        mlflow.MlflowClient().set_tag(run_id, EVALUATION, digest)
        log.info("%s: logged the scores to MLflow", task)


def _own_numbers(scores: dict[str, Any]) -> dict[str, float]:
    """Return the network's own scores, which are compared between runs. The child run of `evaluate` has all scores."""
    own = {name: score for name, score in scores.items() if isinstance(score, dict) and "value" in score}
    best = best_lead(scores)
    lead = {name: best[end] for end, name in LEAD.items()} if best else {}
    # MLflow shows charts in the order of these names: below `training`, the cost follows the curves.
    cost = {"training": {"cost": scores.get("cost", {})}}
    numbers = runs.numbers({**own, **lead, "n": scores["n"], **cost})
    # MLflow lists metrics in the order in which they were logged.
    return {name: numbers[name] for name in FIRST if name in numbers} | numbers


def _tables(task: Task, scores: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the numbers behind the figures, the confusion matrix, and the scores of the slices, each as a table."""
    plots = {path.stem: pd.read_csv(path) for path in sorted(task.plots.glob("*.csv"))}
    if "confusion" in plots:
        counts = plots["confusion"].value_counts(["actual", "predicted"]).rename("rows")
        plots["confusion"] = counts.sort_index(key=lambda answers: answers != "quiet").reset_index()
    parts = [{"slice": name, **runs.numbers(part)} for name, part in scores.get("slices", {}).items()]
    return plots | ({"slices": pd.DataFrame(parts)} if parts else {})


def _log_stages(mlflow: Any, state: RunState, run_id: str, scores: dict[str, Any]) -> None:
    """Log the stages after the training as child runs of a run."""
    stages = dvc_state.inputs("evaluate") or {}
    for name in STAGES:
        if name in stages:
            child = runs.of_stage(mlflow, state, run_id, name, stages[name]).info.run_id
            own = runs.numbers(scores) if name == "evaluate" else stage_outputs.numbers(name, state.task)
            runs.log_numbers(mlflow, child, own)
            runs.close(mlflow, child)


def _log_verdict(mlflow: Any, state: RunState, run_id: str, scores: dict[str, Any], predictions: pd.DataFrame) -> None:
    """Write into the run's name, tags and description how it compares with other runs, and register its model."""
    task, client, trust = state.task, mlflow.MlflowClient(), read_trust(scores)
    run, leading = client.get_run(run_id), registry.champion(mlflow, task)
    comparison = compare(mlflow, state, run, leading, predictions)
    if trust and comparison.reference and comparison.reference.difference and comparison.reference.counts:
        gain = {name: comparison.reference.difference[end] for end, name in GAIN.items()}
        runs.log_numbers(mlflow, run_id, runs.numbers(rounded(gain)))
    experiment = run.data.tags.get("DVC_EXP_NAME")
    links = {name: runs.page_address(run, file) for name, file in LINKS.items()}
    tags = {
        "test": run_comparison.digest(predictions),
        "trusted": trust.verdict,
        "verdict": description.verdict(comparison, trust),
        "against": comparison.reference.name if comparison.reference else "",
        "mlflow.runName": description.name(runs.short_name(run), comparison, trust, experiment),
        "mlflow.note.content": description.render(scores, comparison, links),
    }
    for name, value in tags.items():
        client.set_tag(run_id, name, value)
    registry.register(mlflow, task, run_id, trust, leading, comparison.champion)
