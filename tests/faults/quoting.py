"""Odd values for the commands of ``make``: each reaches the command as it was given, and runs nothing."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.reference import Reference
from tests.faults.trial import Case, Outcome, judged
from tests.projects import ROOT

VALUES = (
    "a b",
    "$(shell touch ran)",
    "${shell touch ran}",
    "`touch ran`",
    "$(touch ran)",
    "; touch ran",
    "it's",
    'a"b',
    "é#é",
    "a,b",
    "--help",
)
TARGETS = {
    "review": ("BASE", ()),
    "exps": ("BASE", ()),
    "experiment": ("PROFILE", ()),
    "pretrained": ("ARCHIVE", ()),
    "experiment with ARCHIVE": ("ARCHIVE", ("PROFILE=sdo-euv",)),
}
PRINTS = '#!/bin/sh\nfor argument in "$@"; do printf "<%s>\\n" "$argument"; done\n'


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each value for each command that takes one, on the command line and in the environment."""
    for target in TARGETS:
        for value in VALUES:
            for in_environment in (False, True):
                yield partial(odd_value, target=target, value=value, in_environment=in_environment)


def odd_value(_: Reference | None, target: str, value: str, in_environment: bool) -> Outcome:
    """Give a value to a command of make, whose `solarflare` only prints what it is given."""
    name, others = TARGETS[target]
    with TemporaryDirectory() as folder:
        program = Path(folder) / ".venv/bin/solarflare"
        program.parent.mkdir(parents=True)
        program.write_text(PRINTS)
        program.chmod(0o755)
        shutil.copy(ROOT / "Makefile", folder)
        before = sorted(Path(folder).iterdir())
        command = ["make", "--silent", "--old-file=setup", target.split()[0], *others]
        inherited = {key: text for key, text in os.environ.items() if key not in ("BASE", "PROFILE", "ARCHIVE")}
        if in_environment:
            inherited[name] = value
        else:
            command.append(f"{name}={value}")
        done = subprocess.run(command, cwd=folder, env=inherited, capture_output=True, text=True, check=False)
        wrong = [] if f"<{value}>" in done.stdout.splitlines() else [f"not given: {done.stdout}{done.stderr}"]
        if sorted(Path(folder).iterdir()) != before:
            wrong.append("it ran")
        where = "in the environment" if in_environment else "on the command line"
        return judged(
            f"odd values, such as `a b` and `$(shell ...)`, {where}",
            f"make {target.split()[0]}",
            wrong,
            "given as it is; nothing is run",
        )
