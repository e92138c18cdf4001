"""The findings of a review, and its verdicts in sentences. Reasons not to trust the scores come first."""

from collections.abc import Iterator
from dataclasses import dataclass

from solarflare.core.tasks import TASKS
from solarflare.tracking.markdown import LONGEST_REASON, code, listed
from solarflare.tracking.review.revisions import Revision
from solarflare.tracking.review.score_changes import Comparison
from solarflare.verification.scores.score_table import SCORES, interval, joined, lead
from solarflare.verification.scores.seeds import PATH
from solarflare.verification.scores.trust import Trust
from solarflare.verification.scores.trust import read as read_trust

VERDICTS = ("better", "worse", "not distinguishable")
NEARLY_ALL = 0.98
"""A share of the test rows. A network that answers more of them alike tells nothing apart."""


@dataclass(frozen=True)
class Review:
    """All that the page says."""

    base: str  # name of the commit that the working folder is compared with
    before: Revision
    after: Revision
    comparisons: list[Comparison]  # one for each task
    code: list[str]  # files of code that differ
    outdated: dict[str, list[str]]  # by stage, the names that differ from what ``dvc.lock`` records
    figures: list[tuple[str, list[str]]]  # each heading, with the paths of the figures side by side below it

    @property
    def changed(self) -> bool:
        """True if any file that a review reads differs."""
        return self.before.files != self.after.files

    @property
    def broken(self) -> str:
        """Which file of the results has another form now, and why; blank if none has."""
        return next((results.broken for results in self.after.tasks.values() if results.broken), "")

    @property
    def leaking(self) -> list[str]:
        """The tasks in which the audit finds a leak now."""
        return [task for task in TASKS if self.after.tasks[task].audit.get("leak")]

    @property
    def untrusted(self) -> dict[str, str]:
        """The reasons why scores are not trusted, by task and side, such as ``disk after``."""
        return self._reasons("no")

    @property
    def insufficient(self) -> dict[str, str]:
        """The reasons why test rows are insufficient, by task and side."""
        return self._reasons("insufficient")

    @property
    def without_leak(self) -> list[str]:
        """The tasks and sides in which the audit found no leak, such as ``disk after``."""
        return [side for side, trust in self._judged.items() if trust.verdict != "no"]

    def _reasons(self, verdict: str) -> dict[str, str]:
        return {side: trust.reason for side, trust in self._judged.items() if trust.verdict == verdict}

    @property
    def _judged(self) -> dict[str, Trust]:
        return {
            f"{comparison.task} {when}": read_trust(results.scores)
            for comparison in self.comparisons
            for when, results in comparison.sides.items()
            if "trusted" in results.scores
        }


def headline(review: Review) -> str:
    """Return the verdicts in one line. It begins with what is not trusted and what is out of date."""
    parts = [f"NOT TRUSTED: {joined(review.untrusted)}"] if review.untrusted else []
    if review.outdated:
        parts.append(f"OUT OF DATE: {joined(map(code, review.outdated))}")
    if not review.changed:
        return "; ".join([*parts, "nothing changed"])
    verdicts = [
        verdict(comparison) + (f", {comparison.because}" if comparison.incomparable else "")
        for comparison in review.comparisons
        if comparison.verdict != "absent"
    ]
    return "; ".join([*parts, *(verdicts or ["no scores"])])


def verdict(comparison: Comparison) -> str:
    """Return the verdict on a task. If its sides were compared, it names each score."""
    if comparison.verdict == "reseeded":
        return f"{comparison.task}: neither better nor worse, only the seed changed"
    if comparison.verdict == "untouched":
        return f"{comparison.task}: not touched by this change: another machine"
    if not comparison.differences:
        return f"{comparison.task}: {comparison.verdict}"
    scores = {word: [SCORES[name] for name in comparison.scores_with(word)] for word in VERDICTS}
    return f"{comparison.task}: {', '.join(f'{joined(names)} {word}' for word, names in scores.items() if names)}"


def trust(review: Review) -> Iterator[str]:
    """Yield sentences: which scores are not trusted, out of date or too few, then where the audit found no leak."""
    for side, reason in review.untrusted.items():
        yield f"**NOT TRUSTED: {side}**, {code(reason, LONGEST_REASON)}. Do not rely on these scores."
    if review.outdated:
        names = sorted({name for names in review.outdated.values() for name in names})
        yield (
            f"**OUT OF DATE: {joined(map(code, review.outdated))}**, {listed(names)} changed since the results "
            "were made. This page is about older ones. Run `dvc repro` and commit what it writes."
        )
    for side, reason in review.insufficient.items():
        yield f"**INSUFFICIENT: {side}**, {code(reason, LONGEST_REASON)}. No verdict rests on so few rows."
    if review.without_leak:
        yield f"No leak found by the audit: {joined(review.without_leak)}."


def explained(comparison: Comparison) -> Iterator[str]:
    """Yield lines of a list: a task's verdict with its numbers, then each side that answers nearly all rows alike."""
    yield f"- **{verdict(comparison)}**{_explanation(comparison)}"
    for when, results in comparison.sides.items() if comparison.differences else ():
        counts = results.scores["confusion"]
        alarms = (counts["tp"] + counts["fp"]) / results.scores["n"]
        for answer, share in (("yes", alarms), ("no", 1 - alarms)):
            if share > NEARLY_ALL:
                yield f"- {comparison.task} {when} answers *{answer}* to {share:.0%} of the test images"


def _explanation(comparison: Comparison) -> str:
    if comparison.because:
        return f", {comparison.because}"
    if not comparison.differences:
        return ", the same probability for every test row"
    before, after = (
        interval({"value": results.scores["roc_auc"]["value"], "low": None}, "z.3f")
        for results in comparison.sides.values()
    )
    noise = ", which is the noise of seeds" if comparison.verdict == "reseeded" else ""
    return f"; ROC-AUC from {before} to {after}, {lead(comparison.differences['roc_auc'])}{noise}"


def seeds(comparison: Comparison) -> str:
    """Return a sentence on whether the verdict includes the noise of seeds. It is empty if there is no verdict."""
    task, spread = comparison.task, comparison.spread
    if spread is not None and spread.seeds:
        return (
            f"The verdict on {task} includes the noise of seeds: `make experiment PROFILE=seeds` trained the base "
            f"with {spread.seeds} seeds, whose ROC-AUC have a standard deviation of {spread.deviation['roc_auc']:.3f} "
            f"(`{PATH}`). Two trainings of one method differ by {spread.apart('roc_auc'):.3f} or less 95 times in 100 "
            "(Student's t, as these are few seeds)."
        )
    if spread is None or comparison.verdict == "reseeded":
        return ""
    return (
        f"The verdict on {task} holds for these two trained networks, not for the method: another seed alone may move "
        f"the scores, and {spread.because}. `make experiment PROFILE=seeds` on the base measures by how much."
    )
