"""Finds, opens, fills and closes runs: one run per state of the pipeline, and below it one child run per stage."""

import getpass
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params
from solarflare.core.tasks import Task
from solarflare.tracking import dvc_state
from solarflare.tracking.mlflow.experiments import TRAINING_MENU
from solarflare.tracking.mlflow.run_state import EVALUATING, EVALUATION, STATE, RunState, of_task

PIPELINE = "pipeline"  # value of the tag ``stage`` of a run that stands for a whole state
UNSCORED = "not scored"  # verdict on a run before its evaluation is logged
BATCH = 1000  # most metrics that MLflow takes in one request
MAX_RUNS = 20  # most runs that a search returns


def find(mlflow: Any, task: Task, tags: Mapping[str, str]) -> list[Any]:
    """Return the runs of a task that have all these tags, the newest first."""
    experiment = mlflow.get_experiment_by_name(task)
    query = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    return mlflow.search_runs([experiment.experiment_id], query, max_results=MAX_RUNS, output_format="list")


def scored(mlflow: Any, task: Task, before: Any, tags: Mapping[str, str] | None = None) -> list[Any]:
    """Return the scored runs of states that have all these tags and began before a run, the newest first."""
    return [
        run
        for run in find(mlflow, task, {"stage": PIPELINE, **(tags or {})})
        if EVALUATION in run.data.tags and run.info.start_time < before.info.start_time
    ]


def of_state(mlflow: Any, state: RunState) -> Any:
    """Return the newest run of a state. If the store has none, open one."""
    logged = find(mlflow, state.task, {STATE: state.key, "stage": PIPELINE})
    return logged[0] if logged else _open_pipeline(mlflow, state)


def of_evaluation(mlflow: Any, state: RunState, digest: str) -> Any:
    """Return the run of a state for an evaluation, by the hash of what ``evaluate`` wrote, and give it that hash.

    It is the run that has the hash, or else a run without an evaluation. If the store has neither, open a run.
    """
    logged = find(mlflow, state.task, {STATE: state.key, "stage": PIPELINE})
    evaluations = {run.info.run_id: _evaluation(run) for run in logged}
    usable = [run for wanted in (digest, None) for run in logged if evaluations[run.info.run_id] == wanted]
    run = usable[0] if usable else _open_pipeline(mlflow, state)
    # The hash comes first: if this is interrupted, no other evaluation takes the run. MLflow's parameters are final.
    mlflow.MlflowClient().set_tag(run.info.run_id, EVALUATING, digest)
    _log_params(mlflow, run, state.evaluation_parameters())
    return run


def of_stage(mlflow: Any, state: RunState, parent: str, name: str, inputs: dvc_state.Inputs) -> Any:
    """Return the run of a stage, a child of the run with the id `parent`. If the store has none, open one."""
    logged = find(mlflow, state.task, {"mlflow.parentRunId": parent, "stage": name})
    if logged:
        return logged[0]
    tags = {
        "fingerprint": inputs.fingerprint,
        "mlflow.parentRunId": parent,
        "mlflow.source.name": f"stages/{name}.py",
    }
    run = _open(mlflow, state, name, name, tags)
    _log_params(mlflow, run, of_task(state.task, inputs.params))
    return run


def short_name(run: Any) -> str:
    """Return the short name that the pages of other runs use for a run, such as ``#3``."""
    tags = run.data.tags
    return f"#{tags['number']}" if "number" in tags else str(run.info.run_name)


def page_address(run: Any, artifact: str = "") -> str:
    """Return the address at which MLflow shows a run, or one of its artifacts."""
    below = f"/artifacts/{artifact}" if artifact else ""
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}{below}?{TRAINING_MENU}"


def log_numbers(mlflow: Any, run_id: str, numbers: Mapping[str, float], model_id: str | None = None) -> None:
    """Log metrics of a run, and of a model if one is named. A later value replaces the earlier of the same name."""
    mlflow.log_metrics(dict(numbers), run_id=run_id, synchronous=True, model_id=model_id)


def log_history(mlflow: Any, run_id: str, folder: Path) -> None:
    """Log every column of every fold's ``history.csv``, one value per epoch."""
    now = int(time.time() * 1000)
    for path in sorted(folder.rglob("history.csv")):
        prefix = "training/" if path.parent == folder else f"training/{path.parent.name}/"
        history = pd.read_csv(path)
        metrics = [
            mlflow.entities.Metric(prefix + name, value, now, epoch)
            # MLflow's comparison opens with a plot of the metric that was logged first: here the validation ROC-AUC.
            for name in sorted(history.columns.drop("epoch"), reverse=True)
            for epoch, value in zip(history["epoch"].tolist(), history[name].tolist(), strict=True)
        ]
        for first in range(0, len(metrics), BATCH):
            mlflow.MlflowClient().log_batch(run_id, metrics[first : first + BATCH])


def close(mlflow: Any, run_id: str, status: str = "FINISHED") -> None:
    """End a run."""
    mlflow.MlflowClient().set_terminated(run_id, status)


def numbers(content: Mapping[str, Any]) -> dict[str, float]:
    """Return all numbers in nested groups under flat names: ``roc_auc_low``, ``baselines/logistic/roc_auc``."""
    return {
        re.sub(r"\.(low|high)$", r"_\1", key.removesuffix(".value")).replace(".", "/"): float(value)
        for key, value in params.dotted(dict(content)).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _evaluation(run: Any) -> str | None:
    """Return the hash of the evaluation that a run is for. Earlier versions of this project set the last tag only."""
    tags = run.data.tags
    return tags.get(EVALUATING) or tags.get(EVALUATION)


def _open_pipeline(mlflow: Any, state: RunState) -> Any:
    """Open a run for a state, with the next number."""
    latest = find(mlflow, state.task, {"stage": PIPELINE})
    number = 1 + int(latest[0].data.tags.get("number", len(latest))) if latest else 1
    tags = {"number": str(number), "verdict": UNSCORED, **state.tags()}
    run = _open(mlflow, state, PIPELINE, f"#{number} {UNSCORED}: {state.network}", tags)
    _log_params(mlflow, run, state.parameters())
    return run


def _open(mlflow: Any, state: RunState, stage: str, name: str, tags: Mapping[str, str]) -> Any:
    experiment = mlflow.get_experiment_by_name(state.task)
    own = {"stage": stage, STATE: state.key, "mlflow.user": _user(), "mlflow.source.type": "LOCAL"}
    return mlflow.MlflowClient().create_run(experiment.experiment_id, run_name=name, tags={**tags, **own})


def _user() -> str:
    """Return the name of the user, or the number of one that has none, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # before Python 3.13 the one, since then the other
        return str(os.getuid())


def _log_params(mlflow: Any, run: Any, values: Mapping[str, str]) -> None:
    mlflow.log_params(dict(values), run_id=run.info.run_id, synchronous=True)
