"""``kill -9``, as the system does when memory is short, at a random moment of every command."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.faults.processes import descendants, ended, parent_of
from tests.faults.reference import STAGES, Command, Reference
from tests.faults.trial import Case, Outcome, commands, judged, trial

SECONDS = 2.0  # after which no process may be left of those that a killed one started
TIMES = {**dict.fromkeys(STAGES, 4), "log": 5, "review": 5, "predict": 5, "cutouts": 5, "experiment": 4}


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield 60 kills of commands, half of them of what DVC or the command started, then some of worker processes."""
    for command in commands():
        for number in range(TIMES[command.name]):
            yield partial(kill, command=command, moment=rng.random(), inner=number % 2 == 1)
    for command in commands("scrape", "crop", "audit", "predict"):
        yield partial(kill_worker, command=command)


def kill(of: Reference, command: Command, moment: float, inner: bool) -> Outcome:
    """Kill a command at a share of its duration: itself, or with `inner` the process that it started."""
    with trial(of) as copy:
        process = copy.amid(command, moment)
        victim = _inner(process.pid) if inner else process.pid
        below = descendants(victim)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        until = time.monotonic() + SECONDS
        while below & set(copy.processes.alive()) and time.monotonic() < until:
            time.sleep(0.05)
        alive = copy.processes.alive()
        wrong = [f"outlived its parent: {alive[pid]}" for pid in sorted(below & set(alive))]
        said = ended(process)
        _await_reaping(below)
        if said.broke:
            wrong.append("traceback")
        wrong += [f"did not end: {line}" for line in copy.processes.survivors(20).values()]
        return judged("kill -9 at a random moment", command.name, wrong + copy.rerun(command))


def _await_reaping(processes: set[int]) -> None:
    """Wait until the system has forgotten processes that ended, for 10 seconds at most.

    Where its first process takes seconds for that, as in some containers, DVC thinks that they are still at work.
    """
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in processes) and time.monotonic() < until:
        time.sleep(0.05)


def kill_worker(of: Reference, command: Command) -> Outcome:
    """Kill one worker process of a command as soon as it has some."""
    with trial(of) as copy:
        copy.forget(command)
        process = copy.processes.start(command.arguments)
        until = time.monotonic() + 10 + 2 * of.seconds[command.name]
        while not (workers := _lasting_workers(process.pid)) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        if not workers:
            ended(process)
            return judged("kill -9 of a worker process", command.name, ["it had none"])
        os.kill(workers[0], signal.SIGKILL)
        said = ended(process)
        wrong = ["traceback"] if said.broke else []
        if "worker process was killed" not in said.text:
            wrong.append(f"not said: {said.text[-300:]}")
        return judged("kill -9 of a worker process", command.name, wrong + copy.rerun(command))


def _inner(process: int) -> int:
    """Return the first process that a command started, or itself if there is none."""
    return min(descendants(process), default=process)


def _lasting_workers(process: int) -> list[int]:
    """Return the workers that are there for a moment: a program that is being started is a copy of its parent, too."""
    workers = _workers(process)
    if workers:
        time.sleep(0.1)
    return [pid for pid in workers if pid in _workers(process)]


def _workers(process: int) -> list[int]:
    """Return the processes below one that are copies of their parent: an own program has another command line."""
    lines = {pid: _command_line(pid) for pid in (process, *descendants(process))}
    return sorted(pid for pid, line in lines.items() if pid != process and line == lines.get(parent_of(pid) or 0))


def _command_line(process: int) -> bytes:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:  # noqa: PTH123 - quicker, many times a second
            return file.read()
    except OSError:
        return b""
