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
    """The network of a run, and ``calibration.base_rate`` of the parameters it was trained with."""

    run_id: str
    base_rate: float | None
    name: str  # what an error calls it: the registered model and its version, if there is one, and the run
    commit: str  # the commit of this project that trained it, "" if unknown

    def unreadable(self, reason: str) -> InputError:
        """Return the error for a network that another version of this project logged in another form."""
        older = f"read it with commit {self.commit} of this project" if self.commit else "name another run"
        return InputError(f"{self.name}: {reason}; train again with `dvc repro`, or {older}")


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
        If there is no store, no champion of any of the tasks, or no run with this id, or if the run has no network, is
        one of another task, or was logged by a version of this project whose parameters had another form.
    """
    if not store.exists():
        raise InputError(f"there is no MLflow store for {name}; run `make`, set MLFLOW_TRACKING_URI, or name a folder")
    with store.connected() as mlflow:
        if name == CHAMPION:
            versions = {task: registry.champion(mlflow, task) for task in tasks}
            chosen = {task: _of_version(mlflow, task, version) for task, version in versions.items() if version}
        else:
            task = _task(mlflow, name)
            chosen = {task: _of_run(mlflow, task, name, f"the run {name}")}
    if not chosen:
        raise InputError(f"MLflow's store has no champion of {' or '.join(tasks)}; `make` registers the first one")
    if outside := set(chosen) - set(tasks):
        raise InputError(f"the run {name} is one of {', '.join(outside)}; expected one of {' or '.join(tasks)}")
    return chosen


def download(models: dict[Task, LoggedModel]) -> Path:
    """Return a folder with the networks of runs, a folder for each task, in the cache of downloads."""
    name = "-".join(model.run_id for model in models.values())
    folder = main_checkout() / paths.EXPERIMENT_MODELS / name / "models"
    if folder.is_dir():
        return folder
    with store.connected() as mlflow, atomic_directory(folder) as partial:
        for task, model in models.items():
            location = mlflow.get_logged_model(logged(mlflow, model.run_id)).artifact_location
            downloaded = mlflow.artifacts.download_artifacts(f"{location}/{NETWORK}/{task}", dst_path=str(partial))
            Path(downloaded).rename(partial / task)
    return folder


def _task(mlflow: Any, run_id: str) -> Task:
    try:
        run = mlflow.get_run(run_id)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise InputError(
            f"MLflow's store has no run {run_id}; `make ui` shows its runs, whose pages have their ids"
        ) from None
    experiment = mlflow.get_experiment(run.info.experiment_id).name
    if experiment not in TASKS:
        raise InputError(f"the run {run_id} is of the experiment {experiment}; expected {' or '.join(TASKS)}")
    return Task(experiment)


def _of_version(mlflow: Any, task: Task, version: Any) -> LoggedModel:
    name = f"{CHAMPION} {version.name}, version {version.version}, of the run {version.run_id}"
    return _of_run(mlflow, task, version.run_id, name)


def _of_run(mlflow: Any, task: Task, run_id: str, name: str) -> LoggedModel:
    run = mlflow.get_run(run_id)
    if not run.outputs.model_outputs:
        raise InputError(f"the run {run_id} holds no network; name the run of a whole pipeline")
    parameters, commit = run.data.params, run.data.tags.get("commit", "")
    key = f"calibration.base_rate.{parameters.get('scrape.origin')}.{task}"
    if key not in parameters:
        raise LoggedModel(run_id, None, name, commit).unreadable(f"expected the parameter {key}, which the run lacks")
    return LoggedModel(run_id, literal_eval(parameters[key]), name, commit)
