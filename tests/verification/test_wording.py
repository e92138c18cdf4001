"""What questions and answers are called."""

from typing import Any

import pytest

from solarflare.sun.events.questions import DiskLabel
from solarflare.verification.results.wording import wording


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ({"target": "active_region", "event": "overlap"}, "Is the Sun active?"),
        ({"target": "flare", "event": "overlap"}, "Is the Sun flaring?"),
        ({"target": "flare", "event": "start"}, "Will the Sun flare?"),
    ],
)
def test_figures_ask_what_the_labels_answer(label: dict[str, Any], expected: str) -> None:
    question = DiskLabel(min_class="C1.0", before=0, after=24, **label)
    assert wording(question).question == expected


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ({"target": "active_region"}, "a numbered region with spots is on the disk"),
        ({"after": 0}, "a flare of C1.0 or more is in progress on the disk"),
        ({}, "a flare of C1.0 or more is in progress on the disk at the image's time, or within 24 h after"),
        ({"event": "start"}, "a flare of C1.0 or more begins on the disk within 24 h"),
    ],
)
def test_yes_means_what_the_labels_count(label: dict[str, Any], meaning: str) -> None:
    default = DiskLabel(target="flare", event="overlap", min_class="C1.0", before=0, after=24)
    assert wording(default.model_copy(update=label)).meaning == meaning
