"""Where the MLflow store is. This module imports little: importing MLflow takes seconds."""

import os
import re
from pathlib import Path

from solarflare.core.files import main_checkout

DATABASE = "mlflow.db"  # the store's file in the main checkout, unless MLFLOW_TRACKING_URI says otherwise
WITH_A_PATH = re.compile(r"(sqlite[\w+]*:///(?!file:)|file:(?!/)|(?![\w+.-]+:|databricks))(.+)")
"""An address that ends with a path that may be relative: a SQLite file, a folder as a URI, or a folder."""

SQLITE = re.compile(r"sqlite[\w+]*:///(?!file:)([^?]+)(?:\?.*)?")
"""The address of a SQLite file, which may end with a query for SQLAlchemy."""


def store_uri() -> str:
    """Return the address of the store: ``MLFLOW_TRACKING_URI`` if set, else that of ``mlflow.db``.

    A relative path is relative to the main checkout. DVC deletes the temporary folder in which an experiment runs, and
    a store in it.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{DATABASE}"
    parts = WITH_A_PATH.fullmatch(uri)
    return f"{parts[1]}{main_checkout().resolve() / parts[2]}" if parts else uri


def sqlite_file() -> Path | None:
    """Return the file of a store that is a SQLite file; None for another store."""
    parts = SQLITE.fullmatch(store_uri())
    return Path(parts[1]) if parts else None
