"""Starts the commands of a trial, and finds all processes that come from them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MARK = "SOLARFLARE_TRIAL"  # a variable that all processes of a trial inherit
LONGEST = 600  # seconds after which a command is thought to hang
OTHERS = ("DVC_ROOT", "MLFLOW_TRACKING_URI", "PYTHONPATH")


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    text: str

    @property
    def sentence(self) -> str:
        """The last line that says what to do."""
        lines = [line for line in self.text.splitlines() if line.lower().startswith(("error:", "warning:"))]
        return lines[-1] if lines else ""

    @property
    def broke(self) -> bool:
        """Return whether there is a traceback."""
        return "Traceback (most recent call last)" in self.text


@dataclass
class Processes:
    """The processes of one trial.

    Parameters
    ----------
    folder : Path
        The project, in which all of them start.
    mark : str
        A name that no other trial has.
    before : sequence of str
        What stands before the command, such as ``taskset``.
    variables : mapping
        Variables of the environment; None takes one away.
    """

    folder: Path
    mark: str
    before: Sequence[str] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    beforehand: Callable[[], None] | None = None

    def start(self, arguments: Iterable[str]) -> "subprocess.Popen[str]":
        """Start a command in a session of its own, as a terminal does."""
        return subprocess.Popen(
            [*self.before, sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=self.beforehand,
        )

    def run(self, arguments: Iterable[str]) -> Said:
        """Run a command to its end."""
        return ended(self.start(arguments))

    def checked(self, arguments: Iterable[str]) -> Said:
        """Run a command that has to succeed."""
        said = self.run(arguments)
        if said.code:
            raise RuntimeError(f"{' '.join(arguments)} in {self.folder}:\n{said.text}")
        return said

    def alive(self) -> dict[int, str]:
        """Return the processes of the trial that still run, with their command lines."""
        mark = f"{MARK}={self.mark}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    # A zombie has no command line.
                    if line:
                        found[int(folder.name)] = line.strip()
            except OSError:
                continue  # it ended meanwhile, or is another user's
        return found

    def survivors(self, seconds: float) -> dict[int, str]:
        """Return the processes that still run after some seconds, or none as soon as there is none."""
        until = time.monotonic() + seconds
        while (found := self.alive()) and time.monotonic() < until:
            time.sleep(0.1)
        return found

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in OTHERS}
        own = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc-state"),
            MARK: self.mark,
        }
        changed = {**inherited, **own, **self.variables}
        return {name: value for name, value in changed.items() if value is not None}


def ended(process: "subprocess.Popen[str]") -> Said:
    """Wait for the end of a command."""
    text, _ = process.communicate(timeout=LONGEST)
    return Said(process.returncode, text)


def descendants(process: int) -> set[int]:
    """Return the processes that came from a process, without itself."""
    parents = {int(folder.name): parent_of(int(folder.name)) for folder in Path("/proc").glob("[0-9]*")}
    found, waiting = set(), [process]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        found.update(children)
        waiting += children
    return found


def parent_of(process: int) -> int | None:
    """Return the process that started another, or None if it has ended."""
    try:
        # 12 (name of any characters) S 1 ...
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
