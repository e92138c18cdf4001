"""How far apart another seed alone puts two trainings, and a difference's interval that allows for it.

The test rows are a sample, and so is a trained network: of all that its seed could have made of the same rows. A
bootstrap over the rows knows nothing of the second. ``make experiment PROFILE=seeds`` measures it, by training what
``params.yaml`` says with several seeds.
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
"""Between the least and the greatest value that a score can have, where that is not 1: no difference exceeds it."""
FEWEST = 3  # seeds: with two, the t distribution allows for nearly anything


@dataclass(frozen=True)
class Spread:
    """What is known of how a task's scores depend on the seed.

    Attributes
    ----------
    seeds, because
        How many were tried; 0 where nothing that applies is known, and then why, else blank.
    deviation : dict of float
        By score, the standard deviation over them.
    """

    seeds: int
    deviation: dict[str, float]
    because: str = ""

    def apart(self, score: str) -> float:
        """Return what two trainings with seeds of their own differ by, or less, in 95 % of cases.

        The prediction interval of the difference of two normal values whose standard deviation was estimated: that of
        Student's t, times the square root of two, as both are draws.
        """
        if not self.seeds:
            return 0.0
        apart = float(stats.t.ppf(0.975, self.seeds - 1)) * math.sqrt(2) * self.deviation[score]
        return min(apart, WIDTHS.get(score, 1.0))

    def widen(self, score: str, difference: Mapping[str, Any], lower_is_better: bool) -> dict[str, Any]:
        """Return a paired difference with an interval that allows for the seed too, and the verdict that follows.

        Parameters
        ----------
        score, lower_is_better
            Its name, and whether it is an error, so that less of it is better.
        difference : mapping
            With ``value``, ``low``, ``high`` and ``resolvable`` of the bootstrap, None where it gave none.

        Notes
        -----
        The variances of rows and seed add up. So do the squares of the distances between the value and the ends of its
        two intervals: Zou & Donner 2008 (doi:10.1002/sim.3095). The change is taken to depend on the seed as much as
        what it changes. That errs on the careful side where it leaves the training alone. The sum ends where the score
        does: no ROC-AUC is more than 1 above another.
        """
        if difference["low"] is None:
            return dict(difference)
        value, apart, width = difference["value"], self.apart(score), WIDTHS.get(score, 1.0)
        low = max(-width, value - math.hypot(value - difference["low"], apart))
        high = min(width, value + math.hypot(difference["high"] - value, apart))
        resolvable = min(width, math.hypot(difference["resolvable"], apart))
        widened = {"value": value, "low": low, "high": high}
        return widened | {"verdict": verdict(low, high, lower_is_better), "resolvable": resolvable}


def read(task: Task, text: str | None, parameters: Mapping[str, Any]) -> Spread:
    """Return what a measurement says of a task, if it was made with the same question, network and training.

    Parameters
    ----------
    task, text
        The task, and the content of `PATH`, None where there is none.
    parameters : mapping
        The leaves of ``params.yaml`` by dotted key, of the state that is the base of a comparison.

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
    """Tell whether nothing that decides what a task's network scores differs, but for the seed of its training.

    Parameters
    ----------
    task, before, after
        The task, and the leaves of ``params.yaml`` by dotted key.
    """
    seed = f"train_{task}.seed"
    return _deciding(task, before) == _deciding(task, after) and str(before.get(seed)) != str(after.get(seed))


def _deviation(trained: list[dict[str, Any]]) -> dict[str, float]:
    """Return the standard deviation of each score over several trainings, nothing for fewer than two."""
    if len(trained) < 2:
        return {}
    names = [name for name, score in trained[0].items() if isinstance(score, dict) and "value" in score]
    return {name: stdev(scores[name]["value"] for scores in trained) for name in names}


def _deciding(task: Task, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return, as text, the parameters that decide what a task's network scores, but for the seed of its training."""
    others = set(TASKS) - {task}
    origins = {"simulated", "archive", "live"} - {str(parameters.get("scrape.origin"))}
    elsewhere = [f"scrape.{origin}." for origin in origins]
    elsewhere += [f"train_{task}.seed", "tasks", "compute.", "audit.", "evaluate.", "profiles/"]
    return {
        key: _plain(value)
        for key, value in parameters.items()
        if others.isdisjoint(re.split("[._]", key)) and not any(part in f"{key}." for part in elsewhere)
    }


def _plain(value: Any) -> str:
    """Return a value as text, the same for 27 as for 27.0: a file says the one and what was read from it the other."""
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)
