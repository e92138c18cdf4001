"""A Dask cluster on the loopback: a scheduler and workers, each a process that a test can kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mlflow_ui import free_port
from tests.projects import ROOT


@dataclass(frozen=True)
class Workers:
    """The address of a scheduler, and its workers: each leads the group of its processes."""

    address: str
    processes: list[subprocess.Popen[bytes]]

    def kill(self) -> None:
        """Kill the first worker, as when its machine loses power."""
        os.killpg(self.processes[0].pid, signal.SIGKILL)


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Workers]:
    """Yield a cluster whose workers were started in a folder, with this checkout's code."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    commands = [
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", ":0"],
        *(["solarflare.cli", "worker", address, "--workers", "1"] for _ in range(workers)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(folder)}
    with (folder / "dask.log").open("w") as log:
        started = [
            subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for command in commands
        ]
    try:
        yield Workers(address, started[1:])
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
