"""The state of the pipeline up to the training of one task. It gives the run its key, name, parameters and tags."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solarflare.core import absent, params, paths
from solarflare.core.console import cores
from solarflare.core.tasks import TASKS, Task
from solarflare.sun.events.questions import DiskLabel
from solarflare.tracking import dvc_state, git
from solarflare.verification.evaluation.schema import EvaluationParams

STATE, EVALUATING, EVALUATION = "solarflare.state", "solarflare.evaluating", "solarflare.evaluation"
"""Tags by which runs are found again.

Both tags of the evaluation have the hash of what ``evaluate`` wrote. The first says which evaluation the run is for,
and the second that all of it is logged.
"""

CODE = ("solarflare", "stages")  # folders of code. Every other dependency of a stage counts as data.
DIGITS = 12  # digits of a hash that a tag shows
CHANGES = 2  # changed parameters that the name of a run shows


@dataclass(frozen=True)
class RunState:
    """The stages up to the training of a task, as they are in the working folder."""

    task: Task
    params: EvaluationParams
    groups: dict[str, Any]  # all of ``params.yaml``
    stages: dict[str, dvc_state.Inputs]  # the inputs of each stage, by name. The training is the last.

    @property
    def key(self) -> str:
        """The hash of the stages' fingerprints. The same code, data and parameters give the same key."""
        return hashlib.sha256("".join(inputs.fingerprint for inputs in self.stages.values()).encode()).hexdigest()

    @property
    def training(self) -> dvc_state.Inputs:
        """The inputs of the training."""
        return self.stages[f"train_{self.task}"]

    @property
    def question(self) -> str:
        """The question that the labels answer, in a few words."""
        label = self.params.label.of(self.task)
        if isinstance(label, DiskLabel) and label.target == "active_region":
            return "active region"
        flare = f"{label.min_class} flare {'in progress' if label.event == 'overlap' else 'starting'}"
        return f"{flare}, {0 - label.before:+g} to {label.after:+g} h" if label.before or label.after else flare

    @property
    def network(self) -> str:
        """The network and its instrument, in a few words."""
        return f"{self.params.train(self.task).network} on {self.params.instrument.of(self.task)}"

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the training and all before it, by dotted key, without other tasks and origins.

        The parameters of the evaluation are not among them: one training can have several evaluations.
        """
        groups = {name: group for name, group in self.groups.items() if name not in ("audit", "evaluate")}
        groups["compute"] = self.params.compute.model_dump(exclude={"scheduler"})  # it changes no byte
        groups["scrape"] = {key: groups["scrape"][key] for key in ("origin", self.params.scrape.origin)}
        return of_task(self.task, groups)

    def evaluation_parameters(self) -> dict[str, str]:
        """Return the parameters of the evaluation by dotted key."""
        return of_task(self.task, {"evaluate": self.groups["evaluate"]})

    def contents(self) -> dict[str, str]:
        """Return two hashes: of the data and of the code that the training depends on."""
        hashes: dict[str, list[str]] = {"data": [], "code": []}
        for path, value in sorted(self.training.contents.items()):
            hashes["code" if Path(path).parts[0] in CODE else "data"].append(f"{path} {value}")
        return {name: hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS] for name, lines in hashes.items()}

    def tags(self) -> dict[str, str]:
        """Return the tags of the run: question, origin, instrument, network, profile, hashes, machine, commit."""
        experiment = os.environ.get("DVC_EXP_NAME", "")
        profiles = sorted(path.stem for path in Path("profiles").glob("*.yaml"))
        tags = {
            "question": self.question,
            "origin": self.params.scrape.origin,
            "instrument": self.params.instrument.of(self.task),
            "network": self.params.train(self.task).network,
            "profile": next((name for name in profiles if experiment.startswith(f"{name}-")), "default"),
            **self.contents(),
            "fingerprint": self.training.fingerprint[:DIGITS],
            "cores": str(cores()),
            **_commit(),
            # Without this tag MLflow would keep the absolute path of the script.
            "mlflow.source.name": "dvc.yaml",
            **{name: os.environ.get(name, "") for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV")},
        }
        return {name: value for name, value in tags.items() if value}

    def changes_since(self, former: Mapping[str, str], former_tags: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Return key, former value and value here of each parameter that differs from another run.

        The arguments are that run's parameters and tags. Earlier versions of this project did not give a run the
        parameters of its evaluation. These are left out then, unless the other run is of the same training.
        """
        evaluation = self.evaluation_parameters()
        known = former_tags.get(STATE) == self.key or not evaluation.keys().isdisjoint(former)
        now = self.parameters() | (evaluation if known else {})
        values = [(key, former.get(key, "-"), now.get(key, "-")) for key in sorted(former.keys() | now.keys())]
        return [(key, before, after) for key, before, after in values if before != after]

    def changes_in_words(self, former: Mapping[str, str], former_tags: Mapping[str, str]) -> str:
        """Return in a few words what differs from another run. The arguments are those of `changes_since`."""
        changed = self.changes_since(former, former_tags)
        new = [f"{key.removeprefix(f'train_{self.task}.')}={after}" for key, _, after in changed[:CHANGES]]
        if len(changed) > CHANGES:
            new.append(f"{len(changed) - CHANGES} more")
        if not new and former_tags.get(STATE) == self.key:
            new = ["other code or data of the evaluation"]
        elif not new:
            new = ["other code" if former_tags.get("data") == self.contents()["data"] else "other data"]
        return ", ".join(new)


def current(task: Task) -> RunState | None:
    """Return the state of the working folder; None if the task is absent, or outside a DVC project."""
    if any(map(absent.reason, (task.labels, task.crops, task.model))):
        return None
    stages = dvc_state.inputs(f"train_{task}")
    if stages is None:
        return None
    groups = params.check(params.read_yaml(paths.PARAMS), paths.PARAMS)
    return RunState(task, params.load(EvaluationParams), groups, stages)


def of_task(task: Task, groups: dict[str, Any]) -> dict[str, str]:
    """Return the parameters as text, by dotted key, without the parameters of other tasks."""
    others = set(TASKS) - {task}
    values = params.dotted(groups).items()
    return {key: str(value) for key, value in values if others.isdisjoint(re.split(r"[._]", key))}


def _commit() -> dict[str, str]:
    """Return the tags that Git gives. There are none outside a repository, or before its first commit."""
    if (commit := git.commit("HEAD")) is None:
        return {}
    # The pipeline itself rewrites dvc.lock and metrics: such a change does not make the commit dirty.
    changed = git.output("status", "--porcelain", "--", ".", ":!dvc.lock", ":!metrics")
    return {
        "commit": commit[:DIGITS],
        "branch": git.output("branch", "--show-current").strip(),
        "dirty": str(bool(changed)).lower(),
        "mlflow.source.git.commit": commit,
    }
