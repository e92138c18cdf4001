"""Ratios of times that were measured in turns."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """How long something takes, in units of something that it cannot do without or has to beat.

    `goal` is the largest ratio that is wanted or, if `at_least`, the smallest. `detail` states what was measured.
    """

    what: str
    against: str
    ratio: float
    goal: float
    detail: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    def __str__(self) -> str:
        wanted = f"at {'least' if self.at_least else 'most'} {self.goal:g}"
        return f"{self.what}, against {self.against}: {self.ratio:.2f} ({wanted}); {self.detail}"


def in_turns(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Return the median seconds of each call. They are called in turns, so that a busy machine slows all of them."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for durations, call in zip(seconds, calls, strict=True):
            durations.append(timed(call))
    return [median(durations) for durations in seconds]


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Return the seconds of a call."""
    begin = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - begin


def run(command: Sequence[str]) -> None:
    """Run a command. What it prints is shown only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {' '.join(command)} ended with exit code {done.returncode}:\n{done.stderr}")
