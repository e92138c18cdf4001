"""The SQLite file of the MLflow store: all SQL on MLflow's own tables is here.

MLflow's client cannot change where artifacts are, and its import takes seconds, which a search for one run need not.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ARTIFACTS = "mlartifacts"  # the folder of artifacts, next to the SQLite file
FOLDERS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)
"""The tables and columns in which MLflow keeps absolute paths of artifacts; a test compares them with its schema."""


def create(mlflow: Any, path: Path) -> None:
    """Create an empty store, as a whole or not at all: MLflow cannot repair one whose first migration was interrupted.

    MLflow's tracking URI is another one afterwards.
    """
    # A folder with a new name each time: SQLite would apply the journal that a killed process left to this store.
    with TemporaryDirectory(prefix=".partial-mlflow-", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        mlflow.set_tracking_uri(f"sqlite:///{partial}")
        mlflow.search_experiments()
        partial.replace(path)


def has_finished_run(path: Path, tags: Mapping[str, str]) -> bool:
    """Return whether a store has a finished run with these tags; False as well where it cannot be read."""
    query = (
        "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) "
        "WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND key = ? AND value = ?"
    )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(set.intersection(*(set(connection.execute(query, tag)) for tag in tags.items())))
    except sqlite3.OperationalError:
        return False


def follow_a_move(path: Path) -> None:
    """Make a store refer to the artifacts next to it: MLflow keeps absolute paths, and a checkout may be moved."""
    folder = f"{path.parent}/{ARTIFACTS}/"
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, column in FOLDERS:
            below = f"substr({column}, instr({column}, '/{ARTIFACTS}/') + length('/{ARTIFACTS}/'))"
            elsewhere = f"{column} LIKE '/%' AND instr({column}, '/{ARTIFACTS}/') AND instr({column}, ?) != 1"
            connection.execute(f"UPDATE {table} SET {column} = ? || {below} WHERE {elsewhere}", (folder, folder))  # noqa: S608
