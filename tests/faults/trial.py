"""One fault on one copy of the reference: what it did, and whether the next run makes it good."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import reference
from tests.faults.processes import Processes, Said, ended
from tests.faults.reference import COMMANDS, LOG, MAKE, REPRO, Command, Reference

SAME = "the next run gives the same bytes"


@dataclass(frozen=True)
class Outcome:
    """What came of one fault. `good` is False if a byte is lost, a process survives or a traceback is printed."""

    fault: str
    command: str
    text: str
    good: bool = True


Case = Callable[[Reference], Outcome]
"""A fault to inject once."""


@dataclass
class Trial:
    """A copy of the reference."""

    reference: Reference
    processes: Processes

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.processes.folder

    def forget(self, command: Command) -> None:
        """Delete what a command writes, so that it has all its work to do."""
        reference.forget(self.folder, command)

    def amid(self, command: Command, share: float) -> subprocess.Popen[str]:
        """Start a command with all its work to do, and return it after a share of its duration, still running.

        The duration is that of the reference. If the command is done earlier here, half of the share is tried.
        """
        while True:
            self.forget(command)
            process = self.processes.start(command.arguments)
            time.sleep(share * self.reference.seconds[command.name])
            if process.poll() is None:
                return process
            ended(process)
            share /= 2

    def rerun(self, *struck: Command, processes: Processes | None = None, with_runs: bool = True) -> list[str]:
        """Run commands again unless DVC does, then the pipeline and `log`; return what is not as it was.

        Parameters
        ----------
        struck : Command
            The commands that a fault struck.
        processes : Processes, optional
            How they are started; as usual by default.
        with_runs : bool
            Whether MLflow has to have the same runs.
        """
        again = [command for command in struck if not command.is_stage and command not in (LOG, REPRO)]
        wrong = []
        for each in (*again, *MAKE):
            said = (processes or self.processes).run(each.arguments)
            if said.code or said.broke:
                wrong.append(f"{each.name} after it failed: {shortened(said.text)}")
        return wrong + self.differences(with_runs)

    def left_over(self) -> list[str]:
        """Return the files and folders that were never meant to stay."""
        return reference.left_over(self.folder)

    def differences(self, with_runs: bool = True) -> list[str]:
        """Return in what the project differs from the reference, and its MLflow store from that one's."""
        expected, actual = self.reference.files, reference.files(self.folder)
        differing = sorted(name for name in {*expected, *actual} if expected.get(name) != actual.get(name))
        wrong = [f"other bytes: {', '.join(differing[:3])} ({len(differing)} files)"] if differing else []
        if with_runs and (runs := reference.runs(self.folder)) != self.reference.runs:
            wrong.append(f"other runs in MLflow: {len(runs)}, expected {len(self.reference.runs)}")
        if left := reference.left_over(self.folder):
            wrong.append(f"left over: {', '.join(left[:3])}")
        return wrong


@contextmanager
def trial(of: Reference, **how: Any) -> Iterator[Trial]:
    """Yield a copy of the reference, deleted after the block. `how` is passed on to `Processes`."""
    parent = Path(tempfile.mkdtemp(prefix="trial-", dir=of.folder.parent))
    parent.chmod(0o755)  # other users go there too
    shutil.copytree(of.folder, parent / "project", symlinks=True)
    reference.ask(parent / "project", of.site)
    try:
        yield Trial(of, Processes(parent / "project", parent.name, **how))
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def judged(fault: str, command: str, wrong: list[str], text: str = SAME) -> Outcome:
    """Return the outcome of a fault: `text` if nothing is wrong."""
    return Outcome(fault, command, "; ".join(wrong) or text, good=not wrong)


def refused(said: Said) -> list[str]:
    """Return what is wrong with a command that had to stop with one sentence."""
    if said.broke:
        return [f"traceback: {shortened(said.text)}"]
    if said.code and not said.sentence:
        return [f"no sentence: {shortened(said.text)}"]
    return []


def shortened(text: str) -> str:
    """Return the last lines of what a command printed, in one."""
    return " / ".join(line.strip() for line in text.strip().splitlines()[-3:])[-400:]


def commands(*names: str) -> list[Command]:
    """Return the commands of these names, by default all."""
    return [COMMANDS[name] for name in names or COMMANDS]
