"""The MLflow store: where it is, how it is reached, and what is in it already."""

import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from filelock import FileLock

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.tasks import TASKS, Task

MODELS: dict[Task, str] = {Task.DISK: "disk-activity", Task.REGION: "region-flare"}
"""What the networks are called in the registry."""

ABOUT: dict[Task, str] = {
    Task.DISK: "**Is the Sun active?** One full-disk image in, one probability out.",
    Task.REGION: "**Is this active region flaring?** One cutout of an active region in, one probability out.",
}
HOW_TO_READ = """\
Each run is a state of the pipeline; its stages are folded below it. Its name says whether it is *better* or *worse*
than the champion, the best network so far, or than the newest run before it with the same test images; where it says
*not distinguishable*, this test set cannot tell the two apart. That is a paired comparison of ROC-AUC over the same
images: `gain` is the difference, from `gain_low` to `gain_high` goes its interval of 95 %, and the difference is real
where the interval leaves out zero. Where the luck of the seed was measured, it is allowed for. A run's description has
all of this for more runs, with what changed.
"""
GAIN = {"value": "gain", "low": "gain_low", "high": "gain_high"}
"""The metrics that hold the difference to the run that a run is held against."""
AS_TRAINING = "workflowType=machine_learning"
"""What an address in MLflow ends with, else its menu is that of agents."""

VIEW = "verdicts"
WIDTHS = {
    "attributes.`Run Name`": 340,
    "tags.`verdict`": 150,
    **{f"metrics.`{name}`": 85 for name in (*GAIN.values(), "roc_auc")},
}
"""What the table of runs shows in a view of that name, in pixels, from left to right; by itself it shows no score.

The gain is next to the verdict: MLflow opens its assistant beside the first page, which leaves room for these two.
"""

# Nothing leaves the machine unasked, nothing speaks but this project, a server that does not answer is given up soon.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
LOCATIONS = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "model_versions": "source",
}
"""Columns of a SQLite store that hold paths of artifacts."""


class StoreError(InputError):
    """The store cannot be reached or refuses."""


def store_uri() -> str:
    """Return where runs are kept: ``MLFLOW_TRACKING_URI`` if set, else ``mlflow.db`` in the main checkout."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{main_checkout().resolve() / 'mlflow.db'}"


def page(experiment: str) -> str:
    """Return where MLflow shows the runs of an experiment with their scores, and not its empty page of agents."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={VIEW}&{AS_TRAINING}"


def create() -> None:
    """Create the store and its experiments, unless they are there.

    Raises
    ------
    StoreError
        If it cannot be reached.
    """
    with connected():
        pass


def show(port: int) -> NoReturn:
    """Say where each experiment's runs are to be seen, and become MLflow's server if the store is no server itself.

    Raises
    ------
    StoreError
        If the store cannot be reached.
    """
    uri = store_uri()
    with connected() as mlflow:
        experiments = {task: mlflow.get_experiment_by_name(task).experiment_id for task in TASKS}
    server = uri.rstrip("/") if uri.startswith("http") else f"http://127.0.0.1:{port}"
    for task, experiment in experiments.items():
        log.info("%s: %s/%s", task, server, page(experiment))
    if server == uri.rstrip("/"):
        sys.exit()
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    os.execv(sys.executable, command)  # noqa: S606 - so that Ctrl-C ends the server


@contextmanager
def by_product() -> Iterator[None]:
    """Let no training be lost because its run cannot be logged: a store that cannot be reached is a warning."""
    try:
        yield
    except StoreError as error:
        log.warning("warning: not logged: %s", error)


@contextmanager
def connected() -> Iterator[Any]:
    """Yield MLflow, connected to the store, while no other process of this project is.

    Raises
    ------
    StoreError
        If the store cannot be reached or refuses.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    root, uri = main_checkout().resolve(), store_uri()
    own = uri == f"sqlite:///{root}/mlflow.db"
    # Two processes that open a fresh SQLite store at once would both migrate it.
    with FileLock(root / "mlflow.db.lock"):
        try:
            if own and not (root / "mlflow.db").exists():
                _lay_out(mlflow, root / "mlflow.db")
            mlflow.set_tracking_uri(uri)
            for task in TASKS:
                folder = f"{root}/mlartifacts/{task}" if uri.startswith("sqlite:") else None
                if mlflow.get_experiment_by_name(task) is None:
                    mlflow.create_experiment(task, artifact_location=folder)
                _describe(mlflow, task)
            if own:
                _follow_a_move(root)
            yield mlflow
        except mlflow.MlflowException as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"MLflow at {uri}: {reason}; mend it or unset MLFLOW_TRACKING_URI, then run `solarflare log`"
            ) from None


def _describe(mlflow: Any, task: Task) -> None:
    """Say in an experiment what it is about, and which columns its runs are to be seen with, unless it does."""
    experiment = mlflow.get_experiment_by_name(task)
    view = {"selectedColumns": [*WIDTHS], "columnOrder": [*WIDTHS], "columnWidths": WIDTHS}
    link = f"[**Runs and verdicts**]({page(experiment.experiment_id)})"
    tags = {
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
        "mlflow.note.content": f"{ABOUT[task]} {link}\n\n{HOW_TO_READ}",
    }
    for name, value in tags.items():
        if experiment.tags.get(name) != value:
            mlflow.MlflowClient().set_experiment_tag(experiment.experiment_id, name, value)


def is_logged(tags: Mapping[str, str]) -> bool:
    """Tell whether a finished run with these tags is in a SQLite store, in a fraction of what MLflow's import takes.

    False as well if it cannot tell: a store that is not there yet, has no tables, is busy, or is of another kind.
    """
    kind, _, path = store_uri().partition(":///")
    if kind != "sqlite" or not Path(path).exists():
        return False
    query = (
        "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) "
        "WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND key = ? AND value = ?"
    )
    try:
        with closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(set.intersection(*(set(connection.execute(query, tag)) for tag in tags.items())))
    except sqlite3.OperationalError:
        return False


def _lay_out(mlflow: Any, path: Path) -> None:
    """Make an empty SQLite store as a whole: MLflow does not mend one whose first migration was cut off."""
    # A folder of a new name each time: SQLite would take what a killed process left in a journal for this store's own.
    with TemporaryDirectory(prefix=".partial-mlflow-", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        mlflow.set_tracking_uri(f"sqlite:///{partial}")
        mlflow.search_experiments()
        partial.replace(path)


def _follow_a_move(root: Path) -> None:
    """Make the store refer to the artifacts beside it: MLflow keeps absolute paths, and a checkout may be moved."""
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        for table, column in LOCATIONS.items():
            beside = f"substr({column}, instr({column}, '/mlartifacts/'))"
            connection.execute(
                f"UPDATE {table} SET {column} = ? || {beside} WHERE {column} LIKE '%/mlartifacts/%'",  # noqa: S608
                (str(root),),
            )
