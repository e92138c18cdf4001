"""Compares a task's scores before and after a change, in pairs on the same test rows: better, worse or neither."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from solarflare.core.tasks import Task
from solarflare.tracking.markdown import LONGEST_REASON, code
from solarflare.tracking.review.revisions import Results
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores import trust
from solarflare.verification.scores.assessment import COMPARED, ERRORS, assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.score_table import SCORES
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.seeds import Spread

Verdict = Literal[
    "unchanged",
    "compared",
    "reseeded",
    "untouched",
    "no verdict",
    "insufficient",
    "not comparable",
    "new",
    "gone",
    "absent",
]
KEY = ["path", "noaa_ar"]
FEWEST_DECIMALS, MOST_DECIMALS = 2, 9  # of a probability that is printed
PAIRED = tuple(name for name in SCORES if name != "base_rate")


@dataclass(frozen=True)
class Comparison:
    """What a change did to a task.

    `verdict` says whether the two sides were compared. If they were not, `because` says why. If they were, each score
    in `differences` has its own verdict. The verdict ``insufficient`` means that the test rows are too few: the scores
    are shown, and no difference is judged. The verdict ``reseeded`` means that only the training seed differs. Every
    difference is then the noise of seeds. The verdict ``untouched`` means that parameters and code are the same, so
    that the results differ because another machine made them.

    `differences` has the scores of `PAIRED`. Each is the score after minus the score before, with its interval, its
    verdict and the smallest difference that could have been shown (``resolvable``). If `spread` is known, which is how
    much scores vary from seed to seed, all of these allow for it.

    `flipped` has the test rows whose answer changed, the largest change first. Its columns are ``path``, ``noaa_ar``,
    ``time``, ``label``, ``before`` and ``after`` (probabilities), ``threshold_before`` and ``threshold_after`` (the
    least probability that means yes), and ``right`` (True if the new answer is right).
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
        """True if there are scores to show. Scores that are unchanged, untrusted or broken are not shown."""
        hidden = ("absent", "unchanged", "untouched", "no verdict")
        return self.verdict not in hidden and not any(side.broken for side in self.sides.values())

    @property
    def incomparable(self) -> bool:
        """True if both sides have results, but they cannot be compared."""
        return self.verdict in ("no verdict", "insufficient", "not comparable")

    @property
    def decimals(self) -> int:
        """The fewest decimals, 2 to 9, in which no changed answer contradicts its probability and its threshold."""
        if self.flipped.empty:
            return FEWEST_DECIMALS
        columns = [(self.flipped[side], self.flipped[f"threshold_{side}"]) for side in self.sides]
        pairs = [pair for probability, threshold in columns for pair in zip(probability, threshold, strict=True)]

        def consistent(decimals: int) -> bool:
            return all((round(p, decimals) >= round(t, decimals)) == (p >= t) for p, t in pairs)

        return next(filter(consistent, range(FEWEST_DECIMALS, MOST_DECIMALS)), MOST_DECIMALS)

    def scores_with(self, verdict: str) -> list[str]:
        """Return the names of the scores in `COMPARED` that have this verdict."""
        return [name for name in COMPARED if self.differences[name]["verdict"] == verdict]


def compare(
    task: Task, before: Results, after: Results, settings: Evaluate, spread: Spread, reseeded: bool
) -> Comparison:
    """Compare the two sides of a task with a paired block bootstrap.

    `spread` says how much the scores before vary from seed to seed. `reseeded` is True if the training seed is the only
    difference.
    """
    if broken := after.broken or before.broken:
        return Comparison(task, before, after, "not comparable", code(broken, LONGEST_REASON))
    absent = ["absent" in side.scores for side in (before, after)]
    if any(absent):
        verdict: Verdict = "absent" if all(absent) else "new" if absent[0] else "gone"
        because = (before if verdict == "new" else after).scores["absent"]
        return Comparison(task, before, after, verdict, code(because, LONGEST_REASON))
    sides = (("before", before), ("after", after))
    judged = {when: trust.read(side.scores) for when, side in sides if "trusted" in side.scores}
    if untrusted := [when for when, side in judged.items() if side.verdict == "no"]:
        return Comparison(task, before, after, "no verdict", f"as {task} {' and '.join(untrusted)} is not trusted")
    if before.predictions is None or after.predictions is None:
        side = "before" if before.predictions is None else "after"
        because = f"metrics/predictions/{task}.csv has another form {side}, which does not tell what an alarm was"
        return Comparison(task, before, after, "not comparable", because)
    if before.predictions.equals(after.predictions):
        return Comparison(task, before, after, "unchanged")
    if before.inputs and before.inputs == after.inputs:
        because = "its parameters and code are the same on both sides, and only its results differ"
        return Comparison(task, before, after, "untouched", because)
    if because := _changed_rows(before.predictions, after.predictions):
        return Comparison(task, before, after, "not comparable", f"the test set changed: {because}")
    if reasons := [side.reason for side in judged.values() if side.verdict == "insufficient"]:
        return Comparison(task, before, after, "insufficient", code(reasons[-1], LONGEST_REASON))
    paired_rows = before.predictions.merge(after.predictions, on=KEY, suffixes=("_before", ""), validate="one_to_one")
    plan = BlockBootstrap(paired_rows["block"].to_numpy(), settings.resamples, settings.seed)
    old, new = _forecast(paired_rows, "_before"), _forecast(paired_rows, "")
    assessed = assess(new, {"before": old}, plan, compared=PAIRED)
    differences = {
        name: spread.widen(name, difference, lower_is_better=name in ERRORS)
        for name, difference in assessed["differences"]["before"].items()
    }
    verdict = "reseeded" if reseeded else "compared"
    return Comparison(task, before, after, verdict, "", differences, _flipped(paired_rows, old, new), spread)


def without_edits(comparison: Comparison, outdated: Iterable[str]) -> Comparison:
    """Return a comparison that does not put down to another machine what was edited since a stage wrote it.

    `outdated` are the names that differ from what ``dvc.lock`` records.
    """
    task = comparison.task
    results = {path.as_posix() for path in (task.details, task.predictions, task.predictions.parent)}
    edited = sorted(results.intersection(outdated))
    if comparison.verdict != "untouched" or not edited:
        return comparison
    because = f"{' and '.join(map(code, edited))} is not what dvc.lock records"
    return replace(comparison, verdict="not comparable", because=because)


def _changed_rows(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Return how two test sets differ. The text is empty if they have the same rows with the same labels."""
    rows_before, rows_after = (side[[*KEY, "label"]] for side in (before, after))
    all_rows = rows_before.merge(rows_after, on=KEY, how="outer", suffixes=("_before", "_after"), indicator="side")
    counts = {
        "rows only before": (all_rows["side"] == "left_only").sum(),
        "rows only after": (all_rows["side"] == "right_only").sum(),
        "labels changed": ((all_rows["side"] == "both") & (all_rows["label_before"] != all_rows["label_after"])).sum(),
    }
    return ", ".join(f"{count:,} {change}" for change, count in counts.items() if count)


def _forecast(paired_rows: pd.DataFrame, suffix: str) -> Forecast:
    columns = ("label", "probability", "threshold", "base_rate")
    label, probability, threshold, base_rate = (paired_rows[name + suffix].to_numpy() for name in columns)
    return Forecast(label.astype(np.int64), probability, threshold, base_rate)


def _flipped(paired_rows: pd.DataFrame, before: Forecast, after: Forecast) -> pd.DataFrame:
    rows = paired_rows[[*KEY, "time", "label"]].assign(
        before=before.probability,
        after=after.probability,
        threshold_before=before.threshold,
        threshold_after=after.threshold,
        right=after.alarm == (after.label == 1),
    )
    rows = rows[before.alarm != after.alarm]
    change = (rows["after"] - rows["before"]).abs()
    return rows.loc[change.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
