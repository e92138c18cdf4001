"""Whether a change made a task's network better, worse, or neither: paired, on the same test rows."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from solarflare.core.tasks import Task
from solarflare.tracking.review.revisions import Results
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores.assessment import COMPARED, ERRORS, assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.score_table import SCORES
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.seeds import Spread

Verdict = Literal["unchanged", "compared", "reseeded", "no verdict", "not comparable", "new", "gone", "absent"]
KEY = ["path", "noaa_ar"]
PAIRED = tuple(name for name in SCORES if name != "base_rate")


@dataclass(frozen=True)
class Comparison:
    """What a change did to a task.

    The verdict says whether the two sides were compared, and `because` why they were not. If they were, there is a
    verdict on each score in `differences`. If they are ``reseeded``, only the seed differs, and every difference is
    luck.

    `differences` has, by score of `PAIRED`, after less before with interval, verdict and what was ``resolvable``, all
    of which allow for the seed where `spread`, what another seed alone would have done, is known. `flipped` are the
    test rows whose answer changed: ``path``, ``noaa_ar``, ``time``, ``label``, ``before`` and ``after`` (probabilities)
    and ``right`` (whether the new answer is), the largest change first.
    """

    task: Task
    before: Results
    after: Results
    verdict: Verdict
    because: str = ""
    differences: dict[str, dict[str, Any]] = field(default_factory=dict)
    flipped: pd.DataFrame = field(default_factory=pd.DataFrame)
    spread: Spread | None = None

    @property
    def sides(self) -> dict[str, Results]:
        """The two sides by name."""
        return {"before": self.before, "after": self.after}

    @property
    def has_scores(self) -> bool:
        """Whether there are scores to show: those of what is unchanged or not trusted are not shown."""
        return self.verdict not in ("absent", "unchanged", "no verdict")

    @property
    def incomparable(self) -> bool:
        """Whether both sides have results that cannot be compared."""
        return self.verdict in ("no verdict", "not comparable")

    def scores_with(self, verdict: str) -> list[str]:
        """Return the scores of `COMPARED` with a verdict."""
        return [name for name in COMPARED if self.differences[name]["verdict"] == verdict]


def compare(
    task: Task, before: Results, after: Results, settings: Evaluate, spread: Spread, reseeded: bool
) -> Comparison:
    """Compare the two sides of a task with a paired block bootstrap.

    `spread` is what another seed alone does to the scores before; `reseeded`, whether only that of the training
    differs.
    """
    absent = ["absent" in side.scores for side in (before, after)]
    if any(absent):
        verdict: Verdict = "absent" if all(absent) else "new" if absent[0] else "gone"
        return Comparison(task, before, after, verdict, (before if verdict == "new" else after).scores["absent"])
    named = (("before", before), ("after", after))
    if untrusted := [when for when, side in named if not side.scores.get("trusted", True)]:
        return Comparison(task, before, after, "no verdict", f"as {task} {' and '.join(untrusted)} is not trusted")
    if before.predictions is None or after.predictions is None:
        which = "before" if before.predictions is None else "after"
        because = f"metrics/predictions/{task}.csv has another form {which}, which does not tell what an alarm was"
        return Comparison(task, before, after, "not comparable", because)
    if because := _changed_rows(before.predictions, after.predictions):
        return Comparison(task, before, after, "not comparable", f"the test set changed: {because}")
    if before.predictions.equals(after.predictions):
        return Comparison(task, before, after, "unchanged")
    both = before.predictions.merge(after.predictions, on=KEY, suffixes=("_before", ""), validate="one_to_one")
    plan = BlockBootstrap(both["block"].to_numpy(), settings.resamples, settings.seed)
    former, new = _forecast(both, "_before"), _forecast(both, "")
    assessed = assess(new, {"before": former}, plan, compared=PAIRED)
    differences = {
        name: spread.widen(name, difference, lower_is_better=name in ERRORS)
        for name, difference in assessed["differences"]["before"].items()
    }
    verdict = "reseeded" if reseeded else "compared"
    return Comparison(task, before, after, verdict, "", differences, _flipped(both, former, new), spread)


def _changed_rows(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Return how two test sets differ, blank if they are the same rows with the same labels."""
    rows, others = (side[[*KEY, "label"]] for side in (before, after))
    both = rows.merge(others, on=KEY, how="outer", suffixes=("_before", "_after"), indicator="side")
    counts = {
        "rows only before": (both["side"] == "left_only").sum(),
        "rows only after": (both["side"] == "right_only").sum(),
        "labels changed": ((both["side"] == "both") & (both["label_before"] != both["label_after"])).sum(),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _forecast(both: pd.DataFrame, suffix: str) -> Forecast:
    columns = ("label", "probability", "threshold", "base_rate")
    label, probability, threshold, base_rate = (both[name + suffix].to_numpy() for name in columns)
    return Forecast(label.astype(np.int64), probability, threshold, base_rate)


def _flipped(both: pd.DataFrame, before: Forecast, after: Forecast) -> pd.DataFrame:
    rows = both[[*KEY, "time", "label"]].assign(
        before=before.probability, after=after.probability, right=after.alarm == (after.label == 1)
    )
    rows = rows[before.alarm != after.alarm]
    change = (rows["after"] - rows["before"]).abs()
    return rows.loc[change.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
