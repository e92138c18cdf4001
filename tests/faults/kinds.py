"""All kinds of faults by name."""

import random
from collections.abc import Callable, Iterator

from tests.faults import concurrency, corruption, disks, kills, places, quoting, signals, surroundings
from tests.faults.trial import Case

KINDS: dict[str, Callable[[random.Random], Iterator[Case]]] = {
    "kills": kills.cases,
    "signals": signals.cases,
    "disks": disks.cases,
    "corruption": corruption.cases,
    "concurrency": concurrency.cases,
    "surroundings": surroundings.cases,
    "places": places.cases,
    "quoting": quoting.cases,
}
"""Each yields its cases; their moments are drawn."""
