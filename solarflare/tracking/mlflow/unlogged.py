"""Tells whether MLflow has an evaluation already. This module imports little: importing MLflow takes seconds."""

import hashlib

from solarflare.core.files import sha256
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_state, store
from solarflare.tracking.mlflow.run_state import EVALUATION, STATE, RunState


def unlogged_evaluation(task: Task) -> tuple[RunState, str] | None:
    """Return the state of a task whose evaluation is not in the store, and the hash of what ``evaluate`` wrote.

    Returns None if the evaluation is in the store, if the task is absent, or if there is no DVC project.

    Raises
    ------
    InputError
        If the parameters or ``dvc.yaml`` cannot be read.
    """
    state = run_state.current(task)
    if state is None:
        return None
    outputs = sha256(task.details) + sha256(task.predictions)
    digest = hashlib.sha256(outputs.encode()).hexdigest()
    return None if store.is_logged({STATE: state.key, EVALUATION: digest}) else (state, digest)
