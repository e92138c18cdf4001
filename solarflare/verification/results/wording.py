"""The words that figures, tables and pages use for a question and its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solarflare.core.tasks import Task
from solarflare.sun.events.questions import DiskLabel, RegionLabel, question_of

HAPPENS = {"overlap": "is in progress", "start": "begins"}


@dataclass(frozen=True)
class Wording:
    """The words for a question and its answers.

    Attributes
    ----------
    question, meaning : str
        The question, such as "Is the Sun flaring?", and the meaning of label 1, such as "a flare of C1.0 or more begins
        on the disk within 24 h".
    answers : (str, str)
        The words for labels 0 and 1, such as "quiet" and "flaring".
    """

    question: str
    answers: tuple[str, str]
    meaning: str


def wording(label: DiskLabel | RegionLabel) -> Wording:
    """Return the words for the question that a task's labels answer."""
    if isinstance(label, DiskLabel) and label.target == "active_region":
        return Wording("Is the Sun active?", ("quiet", "active"), "a numbered region with spots is on the disk")
    subject, where = ("the Sun", "on the disk") if isinstance(label, DiskLabel) else ("this region", "in this region")
    question = f"Will {subject} flare?" if label.event == "start" else f"Is {subject} flaring?"
    flare = f"a flare of {label.min_class} or more {HAPPENS[label.event]} {where}"
    return Wording(question, ("quiet", "flaring"), flare + _window(label))


def of_question(task: Task, question: Mapping[str, Any]) -> Wording:
    """Return the words for a question as a model's description holds it: ``label.<task>`` of ``params.yaml``."""
    return wording(question_of(task, question))


def _window(label: DiskLabel | RegionLabel) -> str:
    if label.event == "start":
        return f" within {label.after:g} h"
    reach = {"before": label.before, "after": label.after}
    window = " or ".join(f"{hours:g} h {side}" for side, hours in reach.items() if hours)
    return f" at the image's time, or within {window}" if window else ""
