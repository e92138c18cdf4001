"""The SQLite file of the MLflow store. All SQL on MLflow's own tables is here.

SQL is needed for two reasons. MLflow's client cannot change where artifacts are, and MLflow takes seconds to import,
too long for the search for one run.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SECONDS = 2.0  # time that a lock of another process is waited for
PARTIAL = ".partial-mlflow-"  # how the name of the folder begins in which a store is created
ARTIFACTS = "mlartifacts"  # the folder of artifacts, next to the SQLite file
FOLDERS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)
"""Tables and columns with absolute paths of artifacts. A test compares them with MLflow's schema."""


def create(mlflow: Any, path: Path) -> None:
    """Create an empty store, whole or not at all: MLflow cannot repair one whose first migration was interrupted.

    MLflow's experiment ``Default`` is deleted, so that no run goes there in silence. MLflow can restore it.

    This changes MLflow's tracking URI. The caller has to set it again.
    """
    # The folder has a new name each time. Else SQLite would apply the journal of a killed process to this store.
    with TemporaryDirectory(prefix=PARTIAL, dir=path.parent) as folder:
        partial = Path(folder) / path.name
        mlflow.set_tracking_uri(f"sqlite:///{partial}")
        mlflow.MlflowClient().delete_experiment(mlflow.tracking.default_experiment.DEFAULT_EXPERIMENT_ID)
        partial.replace(path)


def clear(folder: Path) -> None:
    """Delete what a process left in a folder that was killed in `create`. No other may be in it meanwhile."""
    for partial in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(partial, ignore_errors=True)


def has_finished_run(path: Path, tags: Mapping[str, str]) -> bool:
    """Return True if the store has a finished run with these tags, False if not or if it cannot be read."""
    query = (
        "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) "
        "WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND key = ? AND value = ?"
    )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", SECONDS, uri=True)) as connection:
            return bool(set.intersection(*(set(connection.execute(query, tag)) for tag in tags.items())))
    except sqlite3.Error:
        return False


def check(path: Path) -> None:
    """Check that a store, if it is there, can be read and written.

    Raises
    ------
    sqlite3.Error
        If it is locked, damaged, read-only or no SQLite file.
    """
    if path.exists():
        with closing(sqlite3.connect(path, timeout=SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT count(*) FROM sqlite_master")
            connection.execute("ROLLBACK")


def follow_a_move(path: Path) -> None:
    """Make the store refer to the artifacts next to it. MLflow keeps absolute paths, and a checkout may be moved."""
    folder = f"{path.parent}/{ARTIFACTS}/"

    def here(address: str) -> str:
        # The last one: the project itself may be below a folder of that name.
        return folder + address.rpartition(f"/{ARTIFACTS}/")[2]

    with closing(sqlite3.connect(path, SECONDS)) as connection, connection:
        connection.create_function("here", 1, here, deterministic=True)
        for table, column in FOLDERS:
            elsewhere = f"{column} LIKE '/%/{ARTIFACTS}/%' AND {column} != here({column})"
            connection.execute(f"UPDATE {table} SET {column} = here({column}) WHERE {elsewhere}")  # noqa: S608
