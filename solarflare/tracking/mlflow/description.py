"""What a run is called, and what its page says first, in Markdown: is it better, what changed, what are its scores."""

from collections.abc import Iterable, Sequence
from typing import Any

from solarflare.report.summary import SCORES, interval, strongest_first
from solarflare.tracking.mlflow.reference_run import Standing
from solarflare.tracking.mlflow.run_comparison import Compared

PHRASES = {
    "better": "better than {}",
    "worse": "worse than {}",
    "not distinguishable": "not distinguishable from {}",
    "reseeded": "another seed of {}",
}
"""By verdict, how a run's name says it of the run that it is held against."""

COMPARE = (
    "*Compare* shows two runs beside each other and says nothing of whether they differ: a verdict here does. "
    "Where it does not allow for another seed, it holds for two networks as they were trained."
)


def name(called: str, standing: Standing, trusted: bool, experiment: str | None) -> str:
    """Return the name of a run: what other runs call it, its verdict, what changed.

    Parameters
    ----------
    called : str
        Of `runs.called`.
    standing : Standing
        Among the other runs.
    trusted : bool
        Whether its scores may be believed.
    experiment : str or None
        What DVC calls the experiment, if it is one.
    """
    change = f"{experiment} ({standing.change})" if experiment else standing.change
    against = standing.reference
    phrase = PHRASES[against.verdict].format(against.name) if against else "first"
    return f"{called} {phrase if trusted else 'not trusted'}: {change}"


def word(standing: Standing, trusted: bool) -> str:
    """Return the verdict on a run."""
    if not trusted:
        return "not trusted"
    return standing.reference.verdict if standing.reference else "first"


def sentence(standing: Standing, scores: dict[str, Any]) -> str:
    """Return the verdict on a run with what it rests on, in Markdown.

    Parameters
    ----------
    standing : Standing
        Among the other runs.
    scores : dict
        Of ``metrics/<task>.json``.
    """
    against = standing.reference
    if not scores["trusted"]:
        return f"**Not trusted**, so that no verdict counts: {scores['untrusted_because']}"
    if against is None:
        return "**First** that is trusted on these test rows and labels: there is nothing to hold it against"
    named = f"[{against.name}]({against.link}){', the champion' if against.champion else ''}"
    if against.verdict == "reseeded":
        return (
            f"**Neither better nor worse** than {named}: only the seed of the training differs, and a difference in "
            f"ROC-AUC of {_difference(against)} is luck"
        )
    phrase = PHRASES[against.verdict].format(named)
    seed = "another seed is allowed for" if against.spread and against.spread.seeds else "of these two trainings alone"
    return f"**{phrase[0].upper()}{phrase[1:]}**: ROC-AUC {_difference(against)}, {seed}"


def render(scores: dict[str, Any], standing: Standing, report: str) -> str:
    """Return the description of a run.

    Parameters
    ----------
    scores : dict
        Of ``metrics/<task>.json``.
    standing : Standing
        Among the other runs.
    report : str
        Where the page is.
    """
    audit = "the audit found no leak" if scores["trusted"] else "**not trusted**"
    rows = f"{scores['n']:,} test rows in {scores['blocks']} blocks of days"
    lines = [
        f"{sentence(standing, scores)}.",
        "",
        f"ROC-AUC {interval(scores['roc_auc'], 'z.3f')} on {rows}; {audit}. [The whole report]({report})",
        *(_held_against(standing.others) if scores["trusted"] else []),
        *_changes(standing),
        "",
        "#### Scores, with intervals of 95 %",
        *_scores(scores),
    ]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _held_against(others: Sequence[Compared]) -> list[str]:
    if not others:
        return []
    head = "against", "this run is", "ROC-AUC, this run less that one", "another seed is allowed for"
    rows = [
        (
            f"[{one.name}]({one.link}){' (champion)' if one.champion else ''}",
            f"**{one.verdict}**" if one.counts else f"no verdict: that run is {one.verdict}",
            _difference(one) if one.counts else "",
            _seeds(one),
        )
        for one in others
    ]
    return ["", "#### Against other runs, in pairs on the same test rows", *table(head, rows), "", COMPARE]


def _difference(one: Compared) -> str:
    """Return the difference to a run, with its interval if there is one, and what could have been shown."""
    lead = one.difference or {}
    if lead["value"] == lead["low"] == lead["high"] == 0:
        return "0, as both rank the test rows alike"
    if lead["low"] is None:
        return f"{lead['value']:+.3f}, with too few blocks of days for an interval"
    told = f"{lead['value']:+.3f} [{lead['low']:+.3f}, {lead['high']:+.3f}]"
    unseen = one.verdict == "not distinguishable"
    return f"{told}; the smallest that could have been shown is {lead['resolvable']:.3f}" if unseen else told


def _seeds(one: Compared) -> str:
    if one.spread is None:
        return ""
    if one.spread.seeds:
        return f"yes: {one.spread.deviation['roc_auc']:.3f} is the standard deviation of {one.spread.seeds} seeds"
    return f"no: {one.spread.because}"


def _changes(standing: Standing) -> list[str]:
    if standing.reference is None:
        return []
    told = [f"No parameter since {standing.reference.name}: the code or the data did."]
    if standing.changes:
        told = table(("parameter", standing.reference.name, "this run"), standing.changes)
    return ["", "#### What changed", *told]


def _scores(scores: dict[str, Any]) -> list[str]:
    rows = [("**network**", *(interval(scores[score]) for score in SCORES), "")]
    for name, baseline in strongest_first(scores["baselines"]):
        verdict = scores["differences"][name]["roc_auc"]["verdict"]
        rows.append((name, *(interval(baseline[score]) for score in SCORES), verdict))
    return table(("forecast", *SCORES.values(), "the network is"), rows)
