"""What a run is called, and what its page says first, in Markdown: is it better, what changed, what are its scores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from solarflare.summary import SCORES, interval, strongest_first

IN_A_WORD = {"not distinguishable": "undecided"}
"""Verdicts that are too long for the table of runs: it shows some twenty characters of a name, and twelve of a tag."""

SEEDS = (
    "This is said of networks as they were trained. Another seed may turn it: whether a change does good is what "
    "`make review` says, which allows for that."
)
"""What a comparison of two trainings cannot tell (`solarflare.review.seeds` can)."""


@dataclass(frozen=True)
class Compared:
    """Another run, and what a paired comparison with it says.

    Attributes
    ----------
    name, link : str
        What the other run is called, and where its page is.
    champion : bool
        Whether it is the champion.
    difference : dict or None
        Of `comparison.differences`; None if the test rows are not the same.
    """

    name: str
    link: str
    champion: bool
    difference: dict[str, Any] | None

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``not distinguishable`` or ``not comparable``."""
        return self.difference["verdict"] if self.difference else "not comparable"

    @property
    def sentence(self) -> str:
        """The verdict with what it rests on."""
        if self.difference is None:
            return "**not comparable**: its test rows are others"
        lead, resolvable = self.difference, self.difference["resolvable"]
        if lead["value"] == lead["low"] == lead["high"] == 0:
            return "**not distinguishable**: it ranks the test rows alike, so that every ROC-AUC is the same"
        if lead["low"] is None:
            return f"**not distinguishable**: ROC-AUC {lead['value']:+.3f}, too few blocks of days for an interval"
        told = f"ROC-AUC {lead['value']:+.3f} [{lead['low']:+.3f}, {lead['high']:+.3f}]"
        told += f"; {resolvable:.3f} could have been told from zero" if self.verdict == "not distinguishable" else ""
        return f"**{self.verdict}**: {told}"


def name(scores: dict[str, Any], change: str, before: Compared | None) -> str:
    """Return what a run is called: its ROC-AUC, its `word`, what changed.

    Parameters
    ----------
    scores : dict
        Of ``metrics/<task>.json``.
    change : str
        Of `solarflare.tracking.state.State.change`.
    before : Compared, optional
        The run before.
    """
    value = scores["roc_auc"]["value"]
    return f"{'-' if value is None else format(value, '.3f')} {word(scores, before)}, {change}"


def word(scores: dict[str, Any], before: Compared | None) -> str:
    """Return the verdict on a run, as short as the table of runs needs it."""
    if not scores["trusted"]:
        return "not trusted"
    return IN_A_WORD.get(before.verdict, before.verdict) if before else "first"


def sentence(before: Compared | None) -> str:
    """Return in plain text how a run compares with the run before, with the interval of the difference."""
    if before is None:
        return "first run"
    return f"{before.sentence.replace('**', '')}; against {before.name}"


def render(
    scores: dict[str, Any],
    changes: Sequence[tuple[str, str, str]] | None,
    others: Sequence[Compared],
    report: str,
) -> str:
    """Return the description of a run.

    Parameters
    ----------
    scores : dict
        Of ``metrics/<task>.json``.
    changes : sequence of (str, str, str), optional
        Parameter, value in the run before and now; None if there is no run before.
    others : sequence of Compared
        Earlier runs, the newest first.
    report : str
        Where the figures are.
    """
    trusted = "Trusted." if scores["trusted"] else f"**Not trusted**: {scores['untrusted_because']}."
    lines = [
        f"**ROC-AUC {interval(scores['roc_auc'])}** on {scores['n']:,} test rows in {scores['blocks']} blocks of days. "
        f"{trusted} [Figures and report]({report})",
        "",
        "#### Is it better?",
        *_verdicts(others),
        "",
        "#### What changed",
        *_changes(changes),
        "",
        "#### Scores, with intervals of 95 %",
        *_scores(scores),
    ]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _verdicts(others: Sequence[Compared]) -> list[str]:
    if not others:
        return ["It is the first run: there is nothing to compare it with."]
    named = [f"[{other.name}]({other.link}){' (champion)' if other.champion else ''}" for other in others]
    rows = [(name, other.sentence) for name, other in zip(named, others, strict=True)]
    heading = "this run against", "on the same test rows, in pairs, by ROC-AUC alone, this run is"
    return [*table(heading, rows), "", SEEDS]


def _changes(changes: Sequence[tuple[str, str, str]] | None) -> list[str]:
    if changes is None:
        return ["It is the first run."]
    if not changes:
        return ["No parameter: the code or the data did."]
    return table(("parameter", "run before", "this run"), changes)


def _scores(scores: dict[str, Any]) -> list[str]:
    rows = [("**network**", *(interval(scores[score]) for score in SCORES), "")]
    for name, baseline in strongest_first(scores["baselines"]):
        verdict = scores["differences"][name]["roc_auc"]["verdict"]
        rows.append((name, *(interval(baseline[score]) for score in SCORES), verdict))
    return table(("forecast", *SCORES.values(), "the network is"), rows)
