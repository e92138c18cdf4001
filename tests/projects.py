"""Folders in which stages are run as DVC runs them: as processes, from a folder with parameters and data."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 1800  # seconds after which a command is thought to hang


@dataclass(frozen=True)
class Project:
    """A working folder of its own, whose stages are this checkout's."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, params: dict[str, Any]) -> "Project":
        """Make the folder with its parameters."""
        folder.mkdir()
        project = cls(folder)
        project.choose(params)
        return project

    def choose(self, params: dict[str, Any]) -> None:
        """Write other parameters."""
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params))

    def command(self, stage: str, *options: str) -> list[str]:
        """Return the command that runs a stage."""
        return [sys.executable, *options, "-m", f"stages.{stage}"]

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of a stage."""
        inherited = {name: value for name, value in os.environ.items() if name != "DVC_ROOT"}
        return inherited | {"PYTHONPATH": str(ROOT)} | variables

    def execute(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder to its end."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def run(self, stage: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a stage to its end."""
        return self.execute(self.command(stage), **variables)

    def watch(self, command: list[str], when: Callable[[str], bool], do: Callable[[], None]) -> str:
        """Run a command to its end, do something once after the first line on stderr for which `when` holds.

        Return its stderr.
        """
        lines, done = [], False
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            for line in process.stderr or ():
                lines.append(line)
                if not done and when(line):
                    do()
                    done = True
        assert (done, process.returncode) == (True, 0), "".join(lines)
        return "".join(lines)

    def interrupt(self, command: list[str], when: Callable[[str], bool]) -> subprocess.CompletedProcess[str]:
        """Run a command, and press Ctrl-C after the first line on stderr for which `when` holds."""
        lines = []
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if when(line):
                    # A terminal sends it to the worker processes too.
                    os.killpg(process.pid, signal.SIGINT)
                    break
            lines += process.stderr.readlines()
        return subprocess.CompletedProcess(command, process.returncode, "", "".join(lines))

    def left_over(self) -> list[str]:
        """Return the files and folders that were never meant to stay."""
        return sorted(path.name for path in self.folder.rglob(".*"))
