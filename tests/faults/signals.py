"""Ctrl-C, a closed terminal and ``kill`` in the middle of every command."""

import os
import random
import signal
from collections.abc import Iterator
from functools import partial

from tests.faults.processes import ended
from tests.faults.reference import Command, Reference
from tests.faults.trial import Case, Outcome, commands, judged, shortened, trial

SECONDS = 10.0  # after which all processes have cleaned up and ended
NAMES = {
    signal.SIGINT: "Ctrl-C (SIGINT)",
    signal.SIGHUP: "closed terminal (SIGHUP)",
    signal.SIGTERM: "kill (SIGTERM) of the command alone",
}


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each signal in each command."""
    for command in commands():
        for number in NAMES:
            yield partial(interrupt, command=command, number=number, moment=rng.uniform(0.3, 0.8))


def interrupt(of: Reference, command: Command, number: signal.Signals, moment: float) -> Outcome:
    """Send a signal at a share of a command's duration: it cleans up at once."""
    with trial(of) as copy:
        process = copy.amid(command, moment)
        # A terminal sends it to all processes of the session, `kill` to one.
        (os.kill if number == signal.SIGTERM else os.killpg)(process.pid, number)
        said = ended(process)
        wrong = [f"traceback: {shortened(said.text)}"] if said.broke else []
        wrong += [f"did not end: {line}" for line in copy.processes.survivors(SECONDS).values()]
        left = copy.left_over()
        wrong += [f"left over: {left}"] if left else []
        if not command.is_stage and said.code and "interrupted" not in said.sentence:
            wrong.append(f"no sentence: {shortened(said.text)}")
        return judged(NAMES[number], command.name, wrong + copy.rerun(command))
