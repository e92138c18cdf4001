"""Logs a training. Its run is opened before the training, to record the machine's load, and filled after it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import model, run_state, runs, stage_outputs, store
from solarflare.tracking.mlflow.run_state import STATE, RunState

SECONDS = 2.0  # time between two measurements of the machine's load


@contextmanager
def monitored(task: Task) -> Iterator[None]:
    """Record how much processor, memory and disk the training inside the block uses. `log_training` completes the run.

    Nothing is recorded if the store has a training of the same inputs already, if the task is absent, or outside a DVC
    project, or if the store cannot be reached: `log_training` warns of that.
    """
    state = _unlogged(task)
    monitor = None
    if state is not None:
        with suppress(store.StoreError), store.connected() as mlflow:
            from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

            run = runs.of_state(mlflow, state)
            child = runs.of_stage(mlflow, state, run.info.run_id, f"train_{task}", state.training)
            monitor = SystemMetricsMonitor(child.info.run_id, SECONDS)
            monitor.start()
    try:
        yield
    except BaseException:
        if monitor is not None:
            with store.errors_as_warnings(), store.connected() as mlflow:
                for failed in (child, run):
                    runs.close(mlflow, failed.info.run_id, "FAILED")
        raise
    finally:
        if monitor is not None:
            monitor.finish()


def log_training(task: Task) -> None:
    """Log the parameters, curves, data and model of a training, and the stages before it.

    Nothing is logged in the cases in which `monitored` records nothing. If the store cannot be reached, that is a
    warning, and `solarflare log` logs the training later.
    """
    state = _unlogged(task)
    if state is not None:
        with store.errors_as_warnings(), store.connected() as mlflow:
            complete(mlflow, state, runs.of_state(mlflow, state))


def complete(mlflow: Any, state: RunState, run: Any) -> None:
    """Log the training into a run of its state, unless that is done."""
    run_id: str = run.info.run_id
    if run.info.status == "FINISHED":
        return
    for name, inputs in state.stages.items():
        child = runs.of_stage(mlflow, state, run_id, name, inputs).info.run_id
        runs.log_numbers(mlflow, child, stage_outputs.numbers(name, state.task))
        runs.close(mlflow, child)
    runs.log_history(mlflow, run_id, state.task.model)
    model.log_model(mlflow, state.task, run_id)
    _log_data(mlflow, state, run_id)
    log.info("%s: logged the training to MLflow", state.task)


def _unlogged(task: Task) -> RunState | None:
    """Return the state of the working folder. None if the store has its training, or if there is nothing to log."""
    state = run_state.current(task)
    return None if state and store.is_logged({STATE: state.key, "stage": runs.PIPELINE}) else state


def _log_data(mlflow: Any, state: RunState, run_id: str) -> None:
    """Log the rows of each part of the split as a data set with a digest, and finish the run."""
    path = state.task.splits.as_posix()
    inputs = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # MLflow warns of integers that might be missing, and of paths
        for part, rows in stage_outputs.rows_by_part(state.task).items():
            name = f"{state.params.scrape.origin} {state.task} {part}"
            dataset = mlflow.data.from_pandas(rows, source=path, targets="label", name=name)
            entity = mlflow.entities.Dataset.from_dictionary(dataset.to_dict())
            inputs.append(mlflow.entities.DatasetInput(entity, [mlflow.entities.InputTag("mlflow.data.context", part)]))
    # Not `mlflow.log_input`: it needs an active run, and refuses one if the caller has set another experiment.
    mlflow.MlflowClient().log_inputs(run_id, inputs)
    runs.close(mlflow, run_id)
