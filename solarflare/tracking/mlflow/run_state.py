"""A state of the pipeline as far as one task goes: what its run is found by and called, and where it comes from."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solarflare.core import absent, params
from solarflare.core.console import cores
from solarflare.core.tasks import TASKS, Task
from solarflare.sun.events.questions import DiskLabel
from solarflare.tracking import dvc_state
from solarflare.verification.evaluation.schema import EvaluationParams

STATE, EVALUATION = "solarflare.state", "solarflare.evaluation"
"""Tags by which runs are found again."""

SHOWN = 12  # digits of a hash that people are shown
NAMED = 2  # changed parameters that a run's name has room for


@dataclass(frozen=True)
class State:
    """The stages up to the training of a task, as they are in the working folder.

    Attributes
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    params : EvaluationParams
        All parameters.
    stages : dict of Inputs
        What goes into each stage, the training last.
    """

    task: Task
    params: EvaluationParams
    stages: dict[str, dvc_state.Inputs]

    @property
    def key(self) -> str:
        """Hash of the stages' fingerprints: the same code, data and parameters give the same text."""
        return hashlib.sha256("".join(inputs.fingerprint for inputs in self.stages.values()).encode()).hexdigest()

    @property
    def training(self) -> dvc_state.Inputs:
        """What goes into the training."""
        return self.stages[f"train_{self.task}"]

    @property
    def question(self) -> str:
        """The question that the labels answer, in a few words."""
        label = self.params.label.disk if self.task == Task.DISK else self.params.label.region
        if isinstance(label, DiskLabel) and label.target == "active_region":
            return "active region"
        flare = f"{label.min_class} flare {'in progress' if label.event == 'overlap' else 'starting'}"
        return f"{flare}, {0 - label.before:+g} to {label.after:+g} h" if label.before or label.after else flare

    @property
    def network(self) -> str:
        """Which network looks through which instrument."""
        return f"{self.params.train(self.task).network} on {self.params.instrument.of(self.task)}"

    def parameters(self) -> dict[str, str]:
        """Return the parameters behind the training, by dotted key: not those of the other task or other origins."""
        content = self.params.model_dump(mode="json", exclude={"audit", "evaluate"})
        content["scrape"] = {key: content["scrape"][key] for key in ("origin", self.params.scrape.origin)}
        return of_task(self.task, content)

    def contents(self) -> dict[str, str]:
        """Return what identifies the data and the code that the training depends on."""
        files = sorted(self.training.contents.items())
        return {
            "data": _digest(file for file in files if not file[0].endswith(".py")),
            "code": _digest(file for file in files if file[0].endswith(".py")),
        }

    def tags(self) -> dict[str, str]:
        """Return where the result comes from: question, origin, instrument, Git, profile, hashes, machine."""
        experiment = os.environ.get("DVC_EXP_NAME", "")
        profiles = sorted(path.stem for path in Path("profiles").glob("*.yaml"))
        tags = {
            "question": self.question,
            "origin": self.params.scrape.origin,
            "instrument": self.params.instrument.of(self.task),
            "network": self.params.train(self.task).network,
            "profile": next((name for name in profiles if experiment.startswith(f"{name}-")), "default"),
            **self.contents(),
            "fingerprint": self.training.fingerprint[:SHOWN],
            "cores": str(cores()),
            "commit": _git("rev-parse", "HEAD")[:SHOWN],
            "branch": _git("branch", "--show-current"),
            # What the pipeline itself rewrites does not make a commit's code or parameters dirty.
            "dirty": str(bool(_git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!metrics"))).lower(),
            "mlflow.source.git.commit": _git("rev-parse", "HEAD"),
            # By itself MLflow would keep the absolute path of the script.
            "mlflow.source.name": "dvc.yaml",
            **{name: os.environ.get(name, "") for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV")},
        }
        return {name: value for name, value in tags.items() if value}

    def change(self, former: Mapping[str, str], former_tags: Mapping[str, str]) -> str:
        """Return in a few words what is new.

        Parameters
        ----------
        former, former_tags : mapping
            Parameters and tags of another run.
        """
        changed = changes(former, self.parameters())
        new = [f"{key.removeprefix(f'train_{self.task}.')}={after}" for key, _, after in changed[:NAMED]]
        if len(changed) > NAMED:
            new.append(f"{len(changed) - NAMED} more")
        if not new:
            new = ["other code" if former_tags.get("data") == self.contents()["data"] else "other data"]
        return ", ".join(new)


def current(task: Task) -> State | None:
    """Return the state of the working folder; None if the task is absent or outside a DVC project.

    Raises
    ------
    InputError
        If the parameters or ``dvc.yaml`` cannot be read.
    """
    outputs = (task.labels, task.crops, task.model)
    if any(map(absent.reason, outputs)):
        return None
    stages = dvc_state.inputs(f"train_{task}")
    return None if stages is None else State(task, params.load(EvaluationParams), stages)


def changes(former: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return key, former and new value of each parameter that differs; ``-`` where it is not there."""
    both = [(key, former.get(key, "-"), now.get(key, "-")) for key in sorted(former.keys() | now.keys())]
    return [(key, before, after) for key, before, after in both if before != after]


def of_task(task: Task, content: dict[str, Any]) -> dict[str, str]:
    """Return groups of parameters by dotted key, without those of other tasks."""
    others = set(TASKS) - {task}
    named = params.dotted(content).items()
    return {key: str(value) for key, value in named if others.isdisjoint(re.split(r"[._]", key))}


def _digest(files: Iterable[tuple[str, str]]) -> str:
    """Return what identifies files by their paths and hashes."""
    text = "\n".join(f"{path} {value}" for path, value in files)
    return hashlib.sha256(text.encode()).hexdigest()[:SHOWN]


def _git(*arguments: str) -> str:
    """Return what git prints; nothing where there is no repository."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()
