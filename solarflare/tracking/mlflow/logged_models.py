"""The networks that MLflow's store holds: the champion of each task, and the network of any run."""

import re
from ast import literal_eval
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solarflare.core import paths
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory, main_checkout
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking.mlflow import registry, store
from solarflare.tracking.mlflow.model import logged
from solarflare.tracking.mlflow.registry import CHAMPION

RUN_ID = re.compile(r"[0-9a-f]{32}")
NETWORK = "data"  # where a logged model has the folder that ``train_<task>`` wrote


@dataclass(frozen=True)
class LoggedModel:
    """The network of a run: the run's id, and ``calibration.base_rate`` of the parameters it was trained with."""

    run_id: str
    base_rate: float | None


def is_logged_name(name: str) -> bool:
    """Return whether a name means networks in the store: ``champion``, or the 32 hexadecimal digits of a run's id.

    Raises
    ------
    InputError
        If there is a folder of that name, too.
    """
    if name != CHAMPION and not RUN_ID.fullmatch(name):
        return False
    if Path(name).is_dir():
        raise InputError(f"{name} is a folder here, and a name in MLflow's store; write ./{name} for the folder")
    return True


def has_champion(task: Task) -> bool:
    """Return whether there is a store, and a champion of a task in it."""
    if not store.exists():
        return False
    with store.connected() as mlflow:
        return registry.champion(mlflow, task) is not None


def runs(name: str, tasks: Collection[Task] = TASKS) -> dict[Task, LoggedModel]:
    """Return the networks that a name means, by task.

    Parameters
    ----------
    name : str
        A name for which `is_logged_name` is true.
    tasks : collection of Task
        The tasks whose champions are wanted. A run has one task.

    Raises
    ------
    InputError
        If there is no store, no champion of any of the tasks, or no run with this id, or if the run has no network or
        is one of another task.
    """
    if not store.exists():
        raise InputError(f"there is no MLflow store for {name}; run `make`, set MLFLOW_TRACKING_URI, or name a folder")
    with store.connected() as mlflow:
        if name == CHAMPION:
            versions = {task: registry.champion(mlflow, task) for task in tasks}
            chosen = {task: _of_run(mlflow, version.run_id) for task, version in versions.items() if version}
        else:
            chosen = {_task(mlflow, name): _of_run(mlflow, name)}
    if not chosen:
        raise InputError(f"MLflow's store has no champion of {' or '.join(tasks)}; `make` registers the first one")
    if outside := set(chosen) - set(tasks):
        raise InputError(f"the run {name} is one of {', '.join(outside)}; expected one of {' or '.join(tasks)}")
    return chosen


def download(models: dict[Task, LoggedModel]) -> Path:
    """Return a folder with the networks of runs, a folder for each task, in the cache of downloads.

    Raises
    ------
    InputError
        If a run holds no network.
    """
    name = "-".join(model.run_id for model in models.values())
    folder = main_checkout() / paths.EXPERIMENT_MODELS / name / "models"
    if folder.is_dir():
        return folder
    with store.connected() as mlflow, atomic_directory(folder) as partial:
        for task, model in models.items():
            if not mlflow.get_run(model.run_id).outputs.model_outputs:
                raise InputError(f"the run {model.run_id} holds no network; name the run of a whole pipeline")
            location = mlflow.get_logged_model(logged(mlflow, model.run_id)).artifact_location
            downloaded = mlflow.artifacts.download_artifacts(f"{location}/{NETWORK}/{task}", dst_path=str(partial))
            Path(downloaded).rename(partial / task)
    return folder


def _task(mlflow: Any, run_id: str) -> Task:
    experiment = mlflow.get_experiment(mlflow.get_run(run_id).info.experiment_id).name
    if experiment not in TASKS:
        raise InputError(f"the run {run_id} is of the experiment {experiment}; expected {' or '.join(TASKS)}")
    return Task(experiment)


def _of_run(mlflow: Any, run_id: str) -> LoggedModel:
    parameters = mlflow.get_run(run_id).data.params
    stated = f"calibration.base_rate.{parameters.get('scrape.origin')}."
    own_rate = [value for key, value in parameters.items() if key.startswith(stated)]
    return LoggedModel(run_id, literal_eval(own_rate[0]) if own_rate else None)
