"""Stores that cannot be used, with real files and a real server: a training keeps its outputs, with one warning."""

import logging
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import locks
from solarflare.tracking.mlflow.address import sqlite_file, store_uri
from solarflare.tracking.mlflow.log_training import log_training, monitored
from solarflare.tracking.mlflow.store import StoreError, connected
from tests.tracking.test_tracking import project as project
from tests.tracking.test_tracking import template as template

STORE = Path("mlflow.db")


def damaged(content: bytes) -> bytes:
    return content[:100] + b"\x55" * (len(content) - 100)


def newer() -> None:
    with closing(sqlite3.connect(STORE)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")


def folder() -> None:
    STORE.unlink()
    STORE.mkdir()


FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "no database": (lambda: STORE.write_text("no database, but a text of some length"), "file is not a database"),
    "damaged": (lambda: STORE.write_bytes(damaged(STORE.read_bytes())), "malformed|not a database"),
    "a folder": (folder, "unable to open database file"),
    "newer": (newer, "found version ffffffffffff"),
}
ADDRESSES = {
    "read-only": ("sqlite:///file:{store}?mode=ro&uri=true", "readonly database"),
    "unreachable": ("http://127.0.0.1:9", "refused|Max retries"),
    "no driver": ("postgresql://localhost/runs", "No module named"),
    "no such scheme": ("nonsense://runs", "nonsense://runs"),
    "no port": ("http://127.0.0.1:port", "Invalid url"),
    "no folder": ("sqlite:////proc/no/mlflow.db", "No such file or directory|unable to open"),
}


def one_warning(records: list[logging.LogRecord]) -> str:
    """Train nothing for real, log it, and return the one warning."""
    with monitored(Task.DISK):
        pass
    log_training(Task.DISK)
    (warning,) = (record.getMessage() for record in records if record.levelno >= logging.WARNING)
    assert warning.startswith("warning: not logged: MLflow at ")
    assert "\n" not in warning
    return warning


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_file_that_is_no_store_is_one_warning(
    project: Path, caplog: pytest.LogCaptureFixture, fault: Callable[[], object], reason: str
) -> None:
    fault()
    warning = one_warning(caplog.records)
    assert any(part in warning for part in reason.split("|")), warning
    assert f"make {project / STORE} usable, or move it away, then run `solarflare log`" in warning


@pytest.mark.parametrize(("address", "reason"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_an_address_without_a_store_is_one_warning(
    project: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, address: str, reason: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.format(store=project / STORE))
    warning = one_warning(caplog.records)
    assert any(part in warning for part in reason.split("|")), warning
    assert "correct it or unset MLFLOW_TRACKING_URI, then run `solarflare log`" in warning


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_store_is_one_warning_that_names_who_locks_it(
    project: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    with closing(sqlite3.connect(STORE, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {kind}")
        assert f"process {os.getpid()} has locked it" in one_warning(caplog.records)


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_hangs_is_one_warning(
    project: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, hanging: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", hanging)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    assert "timed out" in one_warning(caplog.records).lower()


def test_who_holds_the_lock_of_the_store_is_said(
    project: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "SILENT", 0.01)
    monkeypatch.setattr(locks, "LONGEST", 0.01)
    caplog.set_level(logging.INFO)
    with locks.alone(project / "mlflow.db.lock"):
        assert f"process {os.getpid()} still holds" in one_warning(caplog.records)
    assert f"waiting until process {os.getpid()} is done with the MLflow store" in caplog.text


@pytest.mark.parametrize("name", ["50% sun", "a#b", "it's", "é", "mlartifacts/below"])
def test_a_project_below_a_folder_with_an_odd_name_is_found_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    log_training(Task.DISK)
    for folder in (tmp_path / name / "project", tmp_path / "renamed"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(shutil.move(Path.cwd(), folder))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
        with connected() as mlflow:
            (run,) = mlflow.search_runs(
                experiment_names=["disk"], filter_string="tags.stage = 'pipeline'", output_format="list"
            )
            model = run.outputs.model_outputs[0].model_id
            assert Path(mlflow.artifacts.download_artifacts(f"models:/{model}")).is_relative_to(folder)


@pytest.mark.parametrize("name", ["what?now", "a%20b"])
def test_a_folder_that_mlflow_cannot_open_is_one_sentence_and_no_file_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    with pytest.raises(StoreError, match=r"a folder whose name holds \? or an escape such as %20"), connected():
        pass
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("given", "uri", "file"),
    [
        ("", "sqlite:///{main}/mlflow.db", "{main}/mlflow.db"),
        ("sqlite:///runs.db", "sqlite:///{main}/runs.db", "{main}/runs.db"),
        ("sqlite+pysqlite:///runs.db?timeout=9", "sqlite+pysqlite:///{main}/runs.db?timeout=9", "{main}/runs.db"),
        ("sqlite:////data/runs.db", "sqlite:////data/runs.db", "/data/runs.db"),
        ("runs", "{main}/runs", None),
        ("./runs", "{main}/runs", None),
        ("file:runs", "file:{main}/runs", None),
        ("file:///data/runs", "file:///data/runs", None),
        ("http://host:5000", "http://host:5000", None),
        ("databricks", "databricks", None),
    ],
)
def test_a_relative_address_begins_at_the_main_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, uri: str, file: str | None
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert store_uri() == uri.format(main=tmp_path)
    assert sqlite_file() == (Path(file.format(main=tmp_path)) if file else None)
