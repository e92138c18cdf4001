"""Whether an evaluation is in the store. This imports little: the imports that log an evaluation take seconds."""

import hashlib

from solarflare.core.files import sha256
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_state, store
from solarflare.tracking.mlflow.run_state import EVALUATION, STATE, RunState


def unlogged_evaluation(task: Task) -> tuple[RunState, str] | None:
    """Return the state of an evaluation that is not in the store yet, and the hash of what ``evaluate`` wrote.

    None if it is in the store, the task is absent, or there is no DVC project.

    Raises
    ------
    InputError
        If the parameters or ``dvc.yaml`` cannot be read.
    """
    state = run_state.current(task)
    if state is None:
        return None
    outputs = sha256(task.metrics) + sha256(task.predictions)
    digest = hashlib.sha256(outputs.encode()).hexdigest()
    return None if store.is_logged({STATE: state.key, EVALUATION: digest}) else (state, digest)
