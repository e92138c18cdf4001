"""Whether an evaluation is in the store, told in a fraction of what the imports take that log it."""

import hashlib

from solarflare.core.files import sha256
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_state, store
from solarflare.tracking.mlflow.run_state import EVALUATION, STATE, State


def evaluation(task: Task) -> tuple[State, str] | None:
    """Return the state of an evaluation that is not in the store yet, and the hash of what ``evaluate`` wrote.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.

    Returns
    -------
    tuple of State and str, or None
        None if it is in the store, the task is absent, or there is no DVC project.

    Raises
    ------
    InputError
        If the parameters or ``dvc.yaml`` cannot be read.
    """
    found = run_state.current(task)
    if found is None:
        return None
    written = sha256(task.metrics) + sha256(task.predictions)
    digest = hashlib.sha256(written.encode()).hexdigest()
    return None if store.is_logged({STATE: found.key, EVALUATION: digest}) else (found, digest)
