"""Projects below folders with odd names, and commands of make with odd values."""

import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.faults.processes import Processes
from tests.faults.reference import LOG, REPRO, Reference
from tests.faults.trial import Case, Outcome, Trial, commands, judged, refused, trial

NAMES = ("a b", "é ü", "a#b", "it's", 'say "so"', "mlartifacts/below", "data/below", "50%", "a%20b", "what?now")
UNKNOWN_TO_MLFLOW = ("a%20b", "what?now")
AGAIN = ("label", "crop", "train_region", "report")


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each name."""
    for name in NAMES:
        yield partial(odd_name, name=name)


def odd_name(of: Reference, name: str) -> Outcome:
    """Move a project there, and run the stages that name files, `log`, `review`, `predict` and `cutouts`."""
    with trial(of) as copy:
        folder = copy.folder.parent / name / "project"
        folder.parent.mkdir(parents=True)
        shutil.move(copy.folder, folder)
        there = Trial(of, Processes(folder, copy.processes.mark, variables=_state(copy.folder.parent)))
        wrong = []
        for command in (*commands(*AGAIN), LOG, *commands("review", "predict", "cutouts"), REPRO):
            there.forget(command)
            said = there.processes.run(command.arguments)
            wrong += refused(said)
            if said.code and not (command == LOG and name in UNKNOWN_TO_MLFLOW):
                wrong.append(f"{command.name} failed: {said.text[-200:]}")
        known = name not in UNKNOWN_TO_MLFLOW
        wrong += there.differences(with_runs=known)
        text = "the same bytes" if known else "the same bytes; one sentence says that MLflow cannot open its store"
        return judged(f"project below `{name}`", "all", wrong, text)


def _state(folder: Path) -> dict[str, str | None]:
    return {"DVC_SITE_CACHE_DIR": str(folder / "dvc-state")}
