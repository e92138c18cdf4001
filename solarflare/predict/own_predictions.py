"""What `dvc.lock` says about the pipeline's own predictions: the task, and the parameters that made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task


def task_of(file: Path) -> Task | None:
    """Return the task of ``metrics/predictions/<task>.csv`` in a project; None for any other file."""
    path, lock = file.resolve(), lock_of(file)
    return next((task for task in TASKS if lock.is_file() and path == lock.parent / task.predictions), None)


def lock_of(file: Path) -> Path:
    """Return the place of ``dvc.lock`` in the project whose predictions a file may be."""
    parents = file.resolve().parents
    return parents[min(2, len(parents) - 1)] / paths.LOCK


def parameters(file: Path, stage: str) -> Mapping[str, Any]:
    """Return the parameters with which a stage of the project of a file ran last.

    Raises
    ------
    InputError
        If ``dvc.lock`` has no such stage.
    """
    lock = lock_of(file)
    try:
        of_stage: Mapping[str, Any] = params.read_yaml(lock)["stages"][stage]["params"][paths.PARAMS.name]
        return of_stage
    except (KeyError, TypeError):
        raise no_record(file) from None


def no_record(file: Path) -> InputError:
    """Return the error for a ``dvc.lock`` that does not say how a file was made."""
    return InputError(f"{lock_of(file)} does not say how {file} was made; run `dvc repro`")
