"""Two of everything at once."""

import random
from collections.abc import Iterator
from functools import partial

from tests.faults.processes import ended
from tests.faults.reference import COMMANDS, Command, Reference
from tests.faults.trial import Case, Outcome, commands, judged, refused, trial


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each command beside itself, then stages without DVC, and different commands."""
    for command in commands():
        yield partial(at_once, first=command, second=command)
    for name in ("scrape", "crop", "train_disk", "report"):
        alone = Command(name, ("-m", f"stages.{name}"), COMMANDS[name].writes)
        yield partial(at_once, first=alone, second=alone)
    for name in ("log", "review", "predict", "experiment"):
        yield partial(at_once, first=COMMANDS["report"], second=COMMANDS[name])


def at_once(of: Reference, first: Command, second: Command) -> Outcome:
    """Start two commands at once: each does its work, or says in one sentence why not."""
    with trial(of) as copy:
        for command in (first, second):
            copy.forget(command)
        started = [copy.processes.start(command.arguments) for command in (first, second)]
        both = [ended(process) for process in started]
        wrong = [problem for said in both for problem in refused(said)]
        wrong += [f"left over: {name}" for name in copy.left_over()]
        wrong += copy.rerun(*dict.fromkeys((first, second)))
        done = sum(said.code == 0 for said in both)
        text = ("none did its work", "one did its work, the other said why not", "both did their work")[done]
        name = first.name if first == second else f"{first.name} and {second.name}"
        how = "two at once, without DVC" if first.arguments[1].startswith("stages") else "two at once"
        return judged(how, name, wrong, f"{text}; the next run gives the same bytes")
