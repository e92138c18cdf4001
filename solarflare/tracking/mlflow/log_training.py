"""Logging a training: opened before it, so that MLflow can watch the machine; filled from its outputs after it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import model, run_state, runs, stage_outputs, store
from solarflare.tracking.mlflow.run_state import STATE, State

SECONDS = 2.0  # between two looks at the machine


@contextmanager
def monitored(task: Task) -> Iterator[None]:
    """Record what the training inside takes of the machine, in a run that `log` completes.

    Nothing is recorded if a training of the same inputs is in the store already, if the task is absent, or outside a
    DVC project. A store that cannot be reached is a warning.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    """
    found = run_state.current(task)
    if found is None or _is_logged(found):
        yield
        return
    monitor = None
    with store.by_product(), store.connected() as mlflow:
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        whole, run = runs.whole(mlflow, found), runs.stage(mlflow, found, f"train_{task}", found.training)
        monitor = SystemMetricsMonitor(run.info.run_id, SECONDS)
        monitor.start()
    try:
        yield
    except BaseException:
        if monitor is not None:
            for one in (run, whole):
                runs.close(mlflow, one.info.run_id, "FAILED")
        raise
    finally:
        if monitor is not None:
            monitor.finish()


def log_training(task: Task) -> None:
    """Log what ``train_<task>`` wrote: parameters, curves, data, the model; and the stages before it.

    Nothing happens in the cases of `monitored`. A store that cannot be reached is a warning; `solarflare log` makes up
    for it later.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    """
    found = run_state.current(task)
    if found is None or _is_logged(found):
        return
    with store.by_product(), store.connected() as mlflow:
        complete(mlflow, found)


def complete(mlflow: Any, found: State) -> str:
    """Return the id of the run of a state, in which the training is logged now if it is not yet.

    Parameters
    ----------
    mlflow : module
        Of `store.connected`.
    found : State
        Of the working folder.
    """
    task, run = found.task, runs.whole(mlflow, found)
    run_id: str = run.info.run_id
    if run.info.status == "FINISHED":
        return run_id
    for name, inputs in found.stages.items():
        child = runs.stage(mlflow, found, name, inputs).info.run_id
        runs.log_numbers(mlflow, child, stage_outputs.numbers(name, task))
        runs.close(mlflow, child)
    runs.log_history(mlflow, run_id, task.model)
    model.log_model(mlflow, task, run_id)
    _log_data(mlflow, found, run_id)
    log.info("%s: logged the training to MLflow", task)
    return run_id


def _is_logged(found: State) -> bool:
    return store.is_logged({STATE: found.key, "stage": runs.WHOLE})


def _log_data(mlflow: Any, found: State, run_id: str) -> None:
    """Log the rows of each part as a data set with a digest, and finish the run."""
    path = f"data/splits/{found.task}.csv"
    # The only way to log an input is by an active run; its end is the end of the run.
    with mlflow.start_run(run_id=run_id), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of integers that might be missing, and of what a path may be
        for part, rows in stage_outputs.samples(found.task).items():
            name = f"{found.params.scrape.origin} {found.task} {part}"
            mlflow.log_input(mlflow.data.from_pandas(rows, source=path, targets="label", name=name), context=part)
