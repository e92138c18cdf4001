"""Machines and accounts that are not the usual ones: the whole pipeline runs there, and gives the same bytes."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.faults.processes import Processes, Said, ended
from tests.faults.reference import COMMANDS, LOG, REPRO, Reference
from tests.faults.trial import Case, Outcome, Trial, commands, judged, shortened, trial
from tests.faults.users import USER, become, give, is_root

WHOLE = "the whole pipeline gives the same bytes"
NOT_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
MEMORY = 1_500_000_000  # bytes
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
JUMPED = ("scrape", "audit", "train_disk", "evaluate", "report", "log", "review", "cutouts")


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each of them."""
    yield partial(whole, fault="locale that is not UTF-8", variables=NOT_UTF8)
    yield partial(whole, fault="no HOME", variables={"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None})
    yield partial(whole, fault="HOME that is not there and cannot be made", variables={"HOME": "/proc/nowhere"})
    yield partial(whole, fault="umask 077", beforehand=_private)
    yield partial(whole, fault="one CPU (taskset)", before=("taskset", "--cpu-list", _first_core()))
    if is_root():
        # Without a name and a home DVC stops; the Makefile gives it both.
        named: dict[str, str | None] = {"USER": None, "HOME": "/tmp", "LOGNAME": str(USER)}
        yield partial(
            whole, fault=f"user id {USER}, unknown; LOGNAME, HOME as make sets them", user=USER, variables=named
        )
        yield partial(whole, fault="not root, and no home (nobody)", user=65534, variables={"HOME": "/nonexistent"})
    yield little_memory
    if FAKETIME:
        for command in commands(*JUMPED):
            for days in (-400, 400):
                yield partial(clock_jump, name=command.name, days=days)


def whole(
    of: Reference,
    fault: str,
    user: int | None = None,
    variables: Mapping[str, str | None] | None = None,
    before: Sequence[str] = (),
    beforehand: Callable[[], None] | None = None,
) -> Outcome:
    """Run the whole pipeline, `log`, and the other commands but `experiment`, in other surroundings."""
    with trial(of) as copy:
        _forget_all(copy)
        processes = Processes(copy.folder, copy.processes.mark, before, dict(variables or {}), beforehand)
        if user is not None:
            give(copy.folder.parent, user)
            processes.before = become(user, copy.folder.parent / "interpreter")
        return judged(fault, "all", _all(copy, processes), WHOLE)


def little_memory(of: Reference) -> Outcome:
    """Run the whole pipeline in 1.5 GB: in a control group where there are some, else measure what it takes."""
    group = Path(f"/sys/fs/cgroup/memory/{of.folder.parent.name}-{os.getpid()}")
    with trial(of) as copy:
        _forget_all(copy)
        try:
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text(str(MEMORY))
        except OSError:
            peak, wrong = _peak(copy)
            wrong += [f"it takes {peak / 1e9:.2f} GB"] if peak > MEMORY else []
            return judged("1.5 GB of memory (measured, no control group)", "all", wrong, f"{peak / 1e9:.2f} GB at most")

        def enter() -> None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

        try:
            wrong = _all(copy, Processes(copy.folder, copy.processes.mark, beforehand=enter))
            peak = int((group / "memory.max_usage_in_bytes").read_text())
        finally:
            copy.processes.survivors(10)
            group.rmdir()
        return judged("1.5 GB of memory (control group)", "all", wrong, WHOLE)


def clock_jump(of: Reference, name: str, days: int) -> Outcome:
    """Let the clock jump in the middle of a command."""
    command = COMMANDS[name]
    with trial(of) as copy:
        copy.forget(command)
        clock = copy.folder.parent / "clock"
        clock.write_text("+0d")
        variables = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
        # Only the clock of the day can jump. The variable has two names, of older and newer versions.
        variables |= {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        process = Processes(copy.folder, copy.processes.mark, variables=variables).start(command.arguments)
        time.sleep(0.6 * of.seconds[name])
        clock.write_text(f"{days:+d}d")
        said = ended(process)
        wrong = _failed(name, said)
        return judged(f"clock jumps by {days:+d} days", name, wrong + copy.rerun(command))


def _forget_all(copy: Trial) -> None:
    """Delete what all commands wrote, and DVC's cache of it."""
    for command in COMMANDS.values():
        if command.name != "experiment":
            copy.forget(command)
    shutil.rmtree(copy.folder / ".dvc/cache")


def _all(copy: Trial, processes: Processes) -> list[str]:
    wrong = []
    for command in (REPRO, LOG, *commands("review", "predict", "cutouts")):
        wrong += _failed(command.name, processes.run(command.arguments))
    return wrong + copy.differences()


def _failed(name: str, said: Said) -> list[str]:
    return [f"{name} failed: {shortened(said.text)}"] if said.code or said.broke else []


def _peak(copy: Trial) -> tuple[int, list[str]]:
    """Run all, and return the most memory, in bytes, that all processes together had, looked at ten times a second."""
    most, wrong = 0, []
    for command in (REPRO, LOG, *commands("review", "predict", "cutouts")):
        process = copy.processes.start(command.arguments)
        while process.poll() is None:
            most = max(most, sum(map(_resident, copy.processes.alive())))
            time.sleep(0.1)
        wrong += _failed(command.name, ended(process))
    return most, wrong + copy.differences()


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def _private() -> None:
    os.umask(0o077)


def _first_core() -> str:
    return str(min(os.sched_getaffinity(0)))
