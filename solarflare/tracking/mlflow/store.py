"""The connection to the MLflow store. Every other module reaches MLflow through `connected`."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.tasks import TASKS
from solarflare.tracking.mlflow import experiments, sqlite_store

# MLflow sends no telemetry, prints no lines of its own, and gives up soon on a server that does not answer.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# Starlette announces the end of a module that MLflow 3.17 imports, once for each of the server's processes.
SERVER_WARNINGS = "ignore:starlette.middleware.wsgi is deprecated:UserWarning:mlflow.server.fastapi_app"
"""What Python's warnings filter, in the form of ``PYTHONWARNINGS``, leaves out while the server of `show` runs."""


class StoreError(InputError):
    """The store cannot be reached, or it refuses a request."""


def store_uri() -> str:
    """Return the address of the store: ``MLFLOW_TRACKING_URI`` if set, else that of ``mlflow.db``.

    The path of a SQLite file is relative to the main checkout. DVC deletes the temporary folder in which an experiment
    runs, and a store in it.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    kind, _, path = uri.partition(":///")
    return f"{kind}:///{main_checkout().resolve() / path}" if kind == "sqlite" else uri


def exists() -> bool:
    """Return whether there is a store. A server counts as one; whether it answers is not asked."""
    kind, _, path = store_uri().partition(":///")
    return kind != "sqlite" or Path(path).is_file()


def create() -> None:
    """Create the store and its experiments, unless they exist.

    Raises
    ------
    StoreError
        If the store cannot be reached.
    """
    with connected():
        pass


def show(port: int) -> NoReturn:
    """Print the address of each experiment's runs, then become MLflow's server.

    The server listens at `port`, on this machine only. If the store is a server itself, none is started.

    Raises
    ------
    StoreError
        If the store cannot be reached.
    """
    uri = store_uri()
    with connected() as mlflow:
        ids = {task: mlflow.get_experiment_by_name(task).experiment_id for task in TASKS}
    is_server = uri.startswith("http")
    server = uri.rstrip("/") if is_server else f"http://127.0.0.1:{port}"
    for task, experiment in ids.items():
        log.info("%s: %s/%s", task, server, experiments.page_address(experiment))
    if is_server:
        sys.exit()
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    filters = filter(None, (os.environ.get("PYTHONWARNINGS"), SERVER_WARNINGS))
    environment = {**os.environ, "PYTHONWARNINGS": ",".join(filters)}
    os.execve(sys.executable, command, environment)  # noqa: S606 - so that Ctrl-C ends the server


@contextmanager
def errors_as_warnings() -> Iterator[None]:
    """Turn a `StoreError` inside the block into a warning: no training is lost because its run cannot be logged."""
    try:
        yield
    except StoreError as error:
        log.warning("warning: not logged: %s", error)


@contextmanager
def connected() -> Iterator[Any]:
    """Yield the module mlflow, connected to the store. Only one process of this project is connected at a time.

    Raises `StoreError` if the store cannot be reached or refuses a request.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    root, uri = main_checkout().resolve(), store_uri()
    database = root / "mlflow.db"
    is_own = uri == f"sqlite:///{database}"
    # Without the lock, two processes that open a fresh SQLite store at once would both migrate it.
    with FileLock(root / "mlflow.db.lock"):
        try:
            if is_own and not database.exists():
                sqlite_store.create(mlflow, database)
            mlflow.set_tracking_uri(uri)
            for task in TASKS:
                folder = f"{root}/{sqlite_store.ARTIFACTS}/{task}" if uri.startswith("sqlite:") else None
                if mlflow.get_experiment_by_name(task) is None:
                    mlflow.create_experiment(task, artifact_location=folder)
                experiments.describe(mlflow, task)
            if is_own:
                sqlite_store.follow_a_move(database)
            yield mlflow
        except mlflow.MlflowException as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"MLflow at {uri}: {reason}; correct it or unset MLFLOW_TRACKING_URI, then run `solarflare log`"
            ) from None


def is_logged(tags: Mapping[str, str]) -> bool:
    """Return True if a SQLite store has a finished run with these tags. This saves the seconds of MLflow's import.

    The result is also False for a store that is no SQLite file. The caller then looks for the run with MLflow itself.
    """
    kind, _, path = store_uri().partition(":///")
    return kind == "sqlite" and sqlite_store.has_finished_run(Path(path), tags)
