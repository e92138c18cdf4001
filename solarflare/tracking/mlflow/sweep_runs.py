"""The runs of a search: one for the study, and below it the run of each trial."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import runs

STAGE = "sweep"  # value of the tag ``stage``


def of_sweep(mlflow: Any, task: Task, name: str) -> str:
    """Return the id of the run of a study. If the store has none, open one."""
    if logged := runs.find(mlflow, task, {"stage": STAGE, "sweep": name}):
        return str(logged[0].info.run_id)
    experiment = mlflow.get_experiment_by_name(task).experiment_id
    tags = {"stage": STAGE, "sweep": name, "mlflow.source.name": "sweep.yaml"}
    return str(mlflow.MlflowClient().create_run(experiment, run_name=name, tags=tags).info.run_id)


def log_trial(
    mlflow: Any, task: Task, parent: str, name: str, values: Mapping[str, Any], scores: npt.NDArray[np.float64]
) -> None:
    """Put the run of a trial below that of the study, with its score in each group.

    The stage has logged it under the name of the experiment. If DVC had the network already, it logged nothing: then
    the trial gets a run with its parameters alone.
    """
    client = mlflow.MlflowClient()
    if logged := runs.find(mlflow, task, {"DVC_EXP_NAME": name, "stage": runs.PIPELINE}):
        run_id = logged[0].info.run_id
    else:
        experiment = mlflow.get_experiment_by_name(task).experiment_id
        run_id = client.create_run(experiment, run_name=name, tags={"DVC_EXP_NAME": name}).info.run_id
        mlflow.log_params({key: str(value) for key, value in values.items()}, run_id=run_id, synchronous=True)
        runs.close(mlflow, run_id)
    client.set_tag(run_id, "mlflow.parentRunId", parent)
    of_groups = {f"validation/{group}/roc_auc": float(score) for group, score in enumerate(scores)}
    runs.log_numbers(mlflow, run_id, {"validation_roc_auc": float(scores.mean()), **of_groups})


def close(mlflow: Any, parent: str, roc_auc: float, optimism: float, trials: int, description: str) -> None:
    """End the run of a study with the best validation ROC-AUC, its optimism, and the number of trials."""
    numbers = {"validation_roc_auc": roc_auc, "optimism": optimism, "trials": float(trials)}
    runs.log_numbers(mlflow, parent, numbers)
    mlflow.MlflowClient().set_tag(parent, "mlflow.note.content", description)
    runs.close(mlflow, parent)
