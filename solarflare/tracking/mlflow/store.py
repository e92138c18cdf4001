"""The connection to the MLflow store. Every other module reaches MLflow through `connected`."""

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.tasks import TASKS
from solarflare.tracking.mlflow import experiments, locks, sqlite_store
from solarflare.tracking.mlflow.address import DATABASE, sqlite_file, store_uri

# MLflow sends no telemetry, prints no lines of its own, and gives up soon on a server that does not answer.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "6",  # seconds without a byte of an answer
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
LEVELS = {
    "mlflow": logging.WARNING,
    "alembic": logging.WARNING,
    "mlflow.store.db.utils": logging.CRITICAL,
    "mlflow.system_metrics": logging.CRITICAL,
}
"""From which level MLflow's messages are printed. A store that cannot be used is said once, by `StoreError`."""

NOT_LITERAL = re.compile(r"\?|%[\dA-Fa-f]{2}")
"""What SQLAlchemy does not take literally in the path of a file: the start of a query, and an escape."""

# Starlette announces the end of a module that MLflow 3.17 imports, once for each of the server's processes.
SERVER_WARNINGS = "ignore:starlette.middleware.wsgi is deprecated:UserWarning:mlflow.server.fastapi_app"
"""What Python's warnings filter, in the form of ``PYTHONWARNINGS``, leaves out while the server of `show` runs."""


class StoreError(InputError):
    """The store cannot be reached, or it refuses a request."""


def exists() -> bool:
    """Return whether there is a store. A server counts as one; whether it answers is not asked."""
    file = sqlite_file()
    return file is None or file.is_file()


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

    Raises `StoreError` if the store cannot be reached or used, for whatever reason.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow
    from sqlalchemy.exc import SQLAlchemyError

    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
    uri = store_uri()
    try:
        # Without the lock, two processes that open a fresh SQLite store at once would both migrate it.
        with locks.alone(main_checkout().resolve() / f"{DATABASE}.lock"):
            try:
                _connect(mlflow, uri)
            except Exception as error:
                raise _store_error(uri, error) from None
            yield mlflow
    except (mlflow.MlflowException, SQLAlchemyError, OSError) as error:
        raise _store_error(uri, error) from None


def _connect(mlflow: Any, uri: str) -> None:
    """Connect mlflow to the store at an address. The store and its experiments are created unless they exist."""
    file, root = sqlite_file(), main_checkout().resolve()
    own = file if file == root / DATABASE else None
    if not uri.startswith("http"):
        # MLflow would try to open a database ten times, with longer and longer pauses: two minutes.
        from mlflow.store.db import utils

        utils.MAX_RETRY_COUNT = 2
    if uri.startswith(f"sqlite:///{root}/") and NOT_LITERAL.search(f"{root}/"):
        raise ValueError("MLflow cannot open a file below a folder whose name holds ? or an escape such as %20")
    if file:
        sqlite_store.check(file)
    if own:
        sqlite_store.clear(root)
    if own and not own.exists():
        sqlite_store.create(mlflow, own)
    mlflow.set_tracking_uri(uri)
    for task in TASKS:
        folder = f"{root}/{sqlite_store.ARTIFACTS}/{task}" if file else None
        if mlflow.get_experiment_by_name(task) is None:
            mlflow.create_experiment(task, artifact_location=folder)
        experiments.describe(mlflow, task)
    if own:
        sqlite_store.follow_a_move(own)


def _store_error(uri: str, error: Exception) -> StoreError:
    """Return the sentence that says why the store at an address cannot be used, and what to do."""
    # The first line of an error of SQLAlchemy may only tell where it was raised, and MLflow adds advice.
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("(raised ")]
    reason = (lines or [type(error).__name__])[0].split(". ")[0]
    file = sqlite_file()
    if file is not None and "database is locked" in reason:
        reason = f"{locks.holders(file)} has locked it"
    is_own = file == main_checkout().resolve() / DATABASE
    remedy = f"make {file} usable, or move it away" if is_own else "correct it or unset MLFLOW_TRACKING_URI"
    return StoreError(f"MLflow at {uri}: {reason}; {remedy}, then run `solarflare log`")


def is_logged(tags: Mapping[str, str]) -> bool:
    """Return True if a SQLite store has a finished run with these tags. This saves the seconds of MLflow's import.

    The result is also False for a store that is no SQLite file. The caller then looks for the run with MLflow itself.
    """
    file = sqlite_file()
    return file is not None and sqlite_store.has_finished_run(file, tags)
