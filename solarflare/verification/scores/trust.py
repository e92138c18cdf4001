"""Whether scores can be trusted: yes, no, or the test rows are insufficient to say anything; and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["yes", "no", "insufficient"]

FEWEST_BLOCKS = 10
"""Blocks of days in the test. The bootstrap rests on the number of blocks (Cameron, Gelbach & Miller 2008,
doi:10.1162/rest.90.3.414), and fewer than ten solar rotations show one state of the cycle. Of 400 simulated networks of
ROC-AUC 0.88, on blocks of 20 rows alike, the interval is 0.18 wide with 5 blocks, 0.12 with 10, 0.08
with 20. It holds the true value in 92 to 94 % of them: few blocks say little, even where their interval is right."""

FEWEST_OF_A_CLASS = 20
"""Test rows of each class. Of 20 rows, each moves recall or specificity by 5 points, and the exact binomial interval
of a recall of 0.8 is 0.56 to 0.94 (Clopper & Pearson 1934): with fewer, hardly any two forecasts differ."""

WORDS: dict[Verdict, str] = {"yes": "trusted", "no": "not trusted", "insufficient": "insufficient"}
"""The verdict in names of runs and in tables."""

NUMBERS: dict[Verdict, int] = {"yes": 1, "no": 0, "insufficient": -1}
"""The verdict as a metric of DVC."""


@dataclass(frozen=True)
class Trust:
    """A verdict on scores, and its reason. The reason is blank if the verdict is ``yes``."""

    verdict: Verdict
    reason: str = ""

    def __bool__(self) -> bool:
        """Return whether the scores can be trusted."""
        return self.verdict == "yes"

    @property
    def words(self) -> str:
        """``trusted``, ``not trusted`` or ``insufficient``."""
        return WORDS[self.verdict]

    @property
    def content(self) -> dict[str, str]:
        """The verdict as ``metrics/details/<task>.json`` holds it."""
        return {"trusted": self.verdict} | ({"trusted_reason": self.reason} if self.reason else {})


def judge(audit: Mapping[str, Any], method: str, scores: Mapping[str, Any]) -> Trust:
    """Return the verdict on the scores of a task.

    ``no``: a leak, a random split, or a score above the ceiling. ``insufficient``: none of these, but fewer than
    `FEWEST_BLOCKS` blocks or `FEWEST_OF_A_CLASS` rows of a class in the test.

    `audit` is the task's part of ``metrics/details/audit.json``, `method` is ``split.method``, and `scores` is the
    result of `assessment.assess`.
    """
    reasons = []
    if method == "random":
        reasons.append("split.method is random: rows that resemble each other are on both sides")
    if "leak" not in audit:
        reasons.append(f"the audit has no verdict: {audit.get('absent', 'it did not look at this task')}")
    elif audit["leak"]:
        leaks = [name for name, probe in audit["probes"].items() if probe["leak"]]
        if audit["near_duplicates"]["pairs"]:
            leaks.append("near duplicates across the test's border")
        reasons.append(f"the audit found a leak: {', '.join(leaks)}")
    if scores.get("ceiling", {}).get("difference", {}).get("verdict") == "better":
        reasons.append("the network scores above the true probability, which only a leak explains")
    return Trust("no", "; ".join(reasons)) if reasons else _if_enough(scores)


def read(scores: Mapping[str, Any]) -> Trust:
    """Return the verdict in the content of ``metrics/details/<task>.json``.

    Earlier versions of the project wrote true or false, and ``untrusted_because``. Their true is judged again by the
    numbers of blocks and rows.
    """
    written = scores["trusted"]
    if isinstance(written, str):
        return Trust(of_tag(written), scores.get("trusted_reason", ""))
    return _if_enough(scores) if written else Trust("no", scores["untrusted_because"])


def of_tag(tag: str | None) -> Verdict:
    """Return the verdict that a tag of a run in MLflow names. Earlier versions wrote ``true``; no tag is a no."""
    named: dict[str | None, Verdict] = {"yes": "yes", "true": "yes", "insufficient": "insufficient"}
    return named.get(tag, "no")


def _if_enough(scores: Mapping[str, Any]) -> Trust:
    """Return ``yes``, or ``insufficient`` if blocks or rows of a class are too few."""
    counts, missing = scores["confusion"], []
    if scores["blocks"] < FEWEST_BLOCKS:
        missing.append(
            f"the test rows lie in {scores['blocks']} blocks of days, and at least {FEWEST_BLOCKS} are needed"
        )
    for label, rows in ((1, counts["tp"] + counts["fn"]), (0, counts["tn"] + counts["fp"])):
        if rows < FEWEST_OF_A_CLASS:
            missing.append(f"{rows} test rows have label {label}, and at least {FEWEST_OF_A_CLASS} are needed")
    return Trust("insufficient", "; ".join(missing)) if missing else Trust("yes")
