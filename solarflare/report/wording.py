"""What figures and pages call a question and its answers."""

from dataclasses import dataclass

from solarflare.sun.events.questions import DiskLabel, RegionLabel

HAPPENS = {"overlap": "is in progress", "start": "begins"}


@dataclass(frozen=True)
class Wording:
    """What figures call a task's question and its two answers, and what yes means, as a sentence's end."""

    question: str
    answers: tuple[str, str]
    meaning: str


def wording(label: DiskLabel | RegionLabel) -> Wording:
    """Return what figures call the question that a task's labels answer."""
    if isinstance(label, DiskLabel) and label.target == "active_region":
        return Wording("Is the Sun active?", ("quiet", "active"), "a numbered region with spots is on the disk")
    subject, where = ("the Sun", "on the disk") if isinstance(label, DiskLabel) else ("this region", "in this region")
    asked = f"Will {subject} flare?" if label.event == "start" else f"Is {subject} flaring?"
    flare = f"a flare of {label.min_class} or more {HAPPENS[label.event]} {where}"
    return Wording(asked, ("quiet", "flaring"), flare + _window(label))


def _window(label: DiskLabel | RegionLabel) -> str:
    if label.event == "start":
        return f" within {label.after:g} h"
    reach = {"before": label.before, "after": label.after}
    window = " or ".join(f"{hours:g} h {side}" for side, hours in reach.items() if hours)
    return f" at the image's time, or within {window}" if window else ""
