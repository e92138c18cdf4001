"""What figures and pages call a question and its answers."""

from dataclasses import dataclass

from solarflare.params import DiskLabel, RegionLabel


@dataclass(frozen=True)
class Wording:
    """What figures call a task's question and its two answers."""

    question: str
    answers: tuple[str, str]


def wording(label: DiskLabel | RegionLabel) -> Wording:
    """Return what figures call the question that a task's labels answer."""
    if isinstance(label, DiskLabel) and label.target == "active_region":
        return Wording("Is the Sun active?", ("quiet", "active"))
    subject = "the Sun" if isinstance(label, DiskLabel) else "this region"
    asked = f"Will {subject} flare?" if label.event == "start" else f"Is {subject} flaring?"
    return Wording(asked, ("quiet", "flaring"))
