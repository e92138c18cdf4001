"""Measures how much scores vary from training seed to training seed, and widens the interval of a difference by it.

The test rows are a sample, and a bootstrap over the rows measures what this means for a score. A trained network is a
sample too: with another seed, the same training gives another network. ``make experiment PROFILE=seeds`` measures what
this means for a score. It trains the network of ``params.yaml`` with several seeds.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import stdev
from typing import Any

from scipy import stats

from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.verification.scores.bootstrap import verdict

PATH = "docs/results/seeds.json"
WIDTHS = {"brier_skill": math.inf, "tss": 2.0, "hss": 2.0}
"""The distance between the lowest and the highest value of a score, if it is not 1. No difference can be larger."""
FEWEST = 3  # seeds that are needed: with two, the t distribution allows for nearly anything


@dataclass(frozen=True)
class Spread:
    """How much the scores of a task vary from seed to seed.

    Attributes
    ----------
    seeds, because
        The number of measured seeds. It is 0 if there is no usable measurement; then `because` is the reason.
    deviation : dict of float
        By score, the standard deviation over the seeds.
    """

    seeds: int
    deviation: dict[str, float]
    because: str = ""

    def apart(self, score: str, networks: int = 2) -> float:
        """Return the largest difference between two trainings with different seeds in 95 % of cases, 0 if unknown.

        This is half the prediction interval of the difference of two normal values with an estimated standard
        deviation: Student's t times the deviation times the square root of two, because both values vary. With one of
        `networks`, the other value has no seed, as that of a baseline, and the square root of one takes its place.
        """
        if not self.seeds:
            return 0.0
        apart = float(stats.t.ppf(0.975, self.seeds - 1)) * math.sqrt(networks) * self.deviation[score]
        return min(apart, WIDTHS.get(score, 1.0))

    def widen(
        self, score: str, difference: Mapping[str, Any], lower_is_better: bool, networks: int = 2
    ) -> dict[str, Any]:
        """Return a paired difference with an interval that includes the effect of the seed, and its new verdict.

        Parameters
        ----------
        score, lower_is_better
            The name of the score, and True if the score is an error, so that a lower one is better.
        difference : mapping
            ``value``, ``low``, ``high`` and ``resolvable`` of the bootstrap. The last three are None without interval.
        networks
            How many of the two forecasts are by networks that were trained with a seed: 1 against a baseline.

        Notes
        -----
        The variances of rows and seed add up. So do the squares of the distances between the value and the ends of its
        two intervals: Zou & Donner 2008 (doi:10.1002/sim.3095). The network after a change is assumed to vary with the
        seed as much as the network before it. If a change does not affect the training, this is too careful. The
        interval ends at the largest possible difference: no ROC-AUC is more than 1 above another.
        """
        if difference["low"] is None:
            return dict(difference)
        value, seed_difference, width = difference["value"], self.apart(score, networks), WIDTHS.get(score, 1.0)
        low = max(-width, value - math.hypot(value - difference["low"], seed_difference))
        high = min(width, value + math.hypot(difference["high"] - value, seed_difference))
        resolvable = min(width, math.hypot(difference["resolvable"], seed_difference))
        widened = {"value": value, "low": low, "high": high}
        return widened | {"verdict": verdict(low, high, lower_is_better), "resolvable": resolvable}


def read(task: Task, text: str | None, parameters: Mapping[str, Any]) -> Spread:
    """Return the spread of a task's scores, if it was measured with the same question, network and training.

    Parameters
    ----------
    task, text
        The task, and the content of `PATH`, or None if there is no such file.
    parameters : mapping
        The values of ``params.yaml`` by dotted key, in the state before the change.

    Raises
    ------
    InputError
        If the file is not one that ``solarflare experiment`` wrote.
    """
    if text is None:
        return Spread(0, {}, f"{PATH} is not there")
    try:
        content = json.loads(text)
        metrics = [variant["metrics"][task] for variant in content["variants"].values()]
        trained = [scores for scores in metrics if "absent" not in scores]
        measured = content.get("parameters", {})
        deviation = _deviation(trained)
    except (ValueError, LookupError, TypeError, AttributeError):
        again = "make it again with `make experiment PROFILE=seeds`"
        raise InputError(f"{PATH} lacks scores of its variants; {again}") from None
    if not measured:
        return Spread(0, {}, f"{PATH} does not say with which parameters it was measured")
    own, others = _deciding(task, parameters), _deciding(task, measured)
    if differ := sorted(key for key in {**own, **others} if own.get(key) != others.get(key)):
        return Spread(0, {}, f"{PATH} was measured with another {differ[0]}")
    if len(trained) < FEWEST:
        return Spread(0, {}, f"{PATH} has {len(trained)} seeds of {task}, and at least {FEWEST} are needed")
    return Spread(len(trained), deviation)


def reseeded(task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return True if the training seed is the only difference between two sets of parameters that affects the scores.

    Parameters
    ----------
    task, before, after
        The task whose scores matter, and the values of ``params.yaml`` by dotted key, before and after a change.
    """
    seed = f"train_{task}.seed"
    return _deciding(task, before) == _deciding(task, after) and str(before.get(seed)) != str(after.get(seed))


def _deviation(trained: list[dict[str, Any]]) -> dict[str, float]:
    """Return the standard deviation of each score over several trainings. It is empty for fewer than two."""
    if len(trained) < 2:
        return {}
    names = [name for name, score in trained[0].items() if isinstance(score, dict) and "value" in score]
    return {name: stdev(scores[name]["value"] for scores in trained) for name in names}


def _deciding(task: Task, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return, as text, the parameters that affect the scores of a task's network, without the training seed."""
    other_tasks = set(TASKS) - {task}
    unused = {
        "scrape": {"simulated", "archive", "live"} - {str(parameters.get("scrape.origin"))},
        "split": {"chronological", "blocked_kfold", "random"} - {str(parameters.get("split.method"))},
    }
    elsewhere = [f"{group}.{name}." for group, names in unused.items() for name in names]
    elsewhere += [
        f"train_{task}.seed",
        "tasks",
        "calibration.base_rate.",
        "compute.",
        "audit.",
        "evaluate.",
        "profiles/",
    ]
    return {
        key: _plain(value)
        for key, value in parameters.items()
        if other_tasks.isdisjoint(re.split("[._]", key)) and not any(part in f"{key}." for part in elsewhere)
    }


def _plain(value: Any) -> str:
    """Return a value as text. It is the same for 27 and 27.0: a file may have the one, and a parsed file the other."""
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)
