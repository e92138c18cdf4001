"""A full disk and folders that cannot be written, under every command."""

import os
import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.faults.processes import Processes
from tests.faults.reference import Command, Reference
from tests.faults.trial import SAME, Case, Outcome, Trial, commands, judged, refused, trial
from tests.faults.users import is_root
from tests.faults.users import read_only as mounted

ROOM = 48 * 1024  # bytes that are left for DVC, which needs some before it starts a stage
SPACE = 300 * 1024 * 1024  # bytes of the small disk, of which the project takes some


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield a full disk and read-only folders in each command."""
    for command in commands():
        yield partial(full_disk, command=command) if is_root() else partial(largest_file, command=command)
    for command in commands():
        yield partial(read_only, command=command)


def full_disk(of: Reference, command: Command) -> Outcome:
    """Run a command on a disk of its own that is full when it has written half of its outputs; then free the space."""
    with trial(of) as copy, _small_disk(copy) as there:
        there.forget(command)
        needed = sum(of.sizes(command))
        filler = _fill(there.folder.parent, ROOM + needed // 2 if command.is_stage else needed // 2)
        said = there.processes.run(command.arguments)
        wrong = refused(said) + [f"left over: {name}" for name in there.left_over()]
        filler.unlink()
        text = "one sentence; then" if said.sentence else "there was room enough;"
        return judged("full disk", command.name, wrong + there.rerun(command), f"{text} {SAME}")


def largest_file(of: Reference, command: Command) -> Outcome:
    """Run a command that may not write a file beyond a kilobyte: without root no disk can be made."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))

    with trial(of) as copy:
        copy.forget(command)
        said = Processes(copy.folder, copy.processes.mark, beforehand=limit).run(command.arguments)
        return judged("files of at most 1 kB", command.name, refused(said) + copy.rerun(command))


def read_only(of: Reference, command: Command) -> Outcome:
    """Run a command that may not write the folders of its outputs; then run it again as usual."""
    with trial(of) as copy:
        copy.forget(command)
        folders = sorted({(copy.folder / name).parent for name in command.writes})
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        if is_root():
            said = Processes(copy.folder, copy.processes.mark, before=mounted(folders)).run(command.arguments)
        else:
            for folder in folders:
                folder.chmod(0o555)
            said = copy.processes.run(command.arguments)
            for folder in folders:
                folder.chmod(0o755)
        wrong = refused(said) + ([] if said.sentence else ["it was not refused"])
        return judged("read-only folders", command.name, wrong + copy.rerun(command), f"one sentence; then {SAME}")


@contextmanager
def _small_disk(copy: Trial) -> Iterator[Trial]:
    """Move a trial to a small disk in memory."""
    disk = copy.folder.parent / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SPACE}", "none", str(disk)], check=True)
    try:
        shutil.copytree(copy.folder, disk / "project", symlinks=True)
        # DVC's own notes are elsewhere, as on most machines.
        state = str(copy.folder.parent / "dvc-state")
        processes = Processes(disk / "project", copy.processes.mark, variables={"DVC_SITE_CACHE_DIR": state})
        yield Trial(copy.reference, processes)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path, left: int) -> Path:
    """Write a file that leaves so many bytes of a disk."""
    filler = disk / "filler"
    usage = shutil.disk_usage(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, usage.free - left))
    return filler
