"""The name of a run, and the text of its page in Markdown: is it better, what changed, and what are its scores."""

from collections.abc import Iterator, Mapping
from typing import Any

from solarflare.tracking.markdown import LONGEST_REASON, code
from solarflare.tracking.mlflow.reference_run import ComparedRun
from solarflare.tracking.mlflow.run_comparison import RunComparison
from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, Table, compared, interval, lead
from solarflare.verification.scores.trust import Trust, read

PHRASES = {
    "better": "better than {}",
    "worse": "worse than {}",
    "not distinguishable": "not distinguishable from {}",
    "reseeded": "another seed of {}",
    "same training": "re-evaluates {}",
}
"""The phrase for each verdict in a run's name. ``{}`` stands for the name of the reference run."""

COMPARE = (
    "*Compare* shows two runs beside each other and says nothing of whether they differ: a verdict here does. "
    "Where it does not allow for another seed, it holds for two networks as they were trained."
)


def name(short_name: str, run: ComparedRun, trust: Trust, experiment: str | None) -> str:
    """Return the name of a run: its short name, the verdict, the name of its DVC experiment, and what changed."""
    change = f"{experiment} ({run.changes_in_words})" if experiment else run.changes_in_words
    phrase = PHRASES[run.reference.verdict].format(run.reference.name) if run.reference else "first"
    return f"{short_name} {phrase if trust else trust.words}: {change}"


def verdict(run: ComparedRun, trust: Trust) -> str:
    """Return the verdict on a run in a word or two."""
    if not trust:
        return trust.words
    return run.reference.verdict if run.reference else "first"


def sentence(run: ComparedRun, scores: dict[str, Any]) -> str:
    """Return the verdict on a run, with its reason, in Markdown. `scores` is the content of the task's details."""
    reference = run.reference
    if not (trust := read(scores)):
        return f"**{trust.words.capitalize()}**, so that no verdict counts: {code(trust.reason, LONGEST_REASON)}"
    if reference is None:
        return "**First** trusted run on these test rows and labels: there is none to compare it with"
    link = f"[{reference.name}]({reference.link}){', the champion' if reference.champion else ''}"
    if reference.verdict == "same training":
        return f"**Another evaluation** of the network of {link}, with {run.changes_in_words}: no verdict"
    if reference.verdict == "reseeded":
        return (
            f"**Neither better nor worse** than {link}: only the seed of the training differs, and a difference in "
            f"ROC-AUC of {_difference(reference)} is the noise of seeds"
        )
    phrase = PHRASES[reference.verdict].format(link)
    seeded = reference.spread and reference.spread.seeds
    seed = "another seed is allowed for" if seeded else "of these two trainings alone"
    return f"**{phrase[0].upper()}{phrase[1:]}**: ROC-AUC {_difference(reference)}, {seed}"


def render(scores: dict[str, Any], run: ComparedRun, links: Mapping[str, str]) -> str:
    """Return the description of a run in Markdown. `links` holds addresses of figures and pages, by name.

    MLflow shows the first lines and folds the rest away.
    """
    trust = read(scores)
    audit = "the audit found no leak" if trust else f"**{trust.words}**"
    rows = f"{scores['n']:,} test rows in {scores['blocks']} blocks of days"
    parts = [
        f"{sentence(run, scores)}.",
        f"ROC-AUC {interval(scores['roc_auc'], 'z.3f')}, accuracy {interval(scores['accuracy'], 'z.3f')} on {rows}; "
        f"{audit}. {', '.join(f'[{name}]({address})' for name, address in links.items())}",
        *(_comparisons(run) if trust else ()),
        *_changes(run),
        f"#### Scores, with intervals of 95 %\n{_scores(scores).markdown()}",
    ]
    return "\n\n".join(parts)


def _comparisons(run: ComparedRun) -> Iterator[str]:
    if run.others:
        columns = "against", "this run is", "ROC-AUC, this run less that one", "another seed is allowed for"
        rows = [
            (
                f"[{other.name}]({other.link}){' (champion)' if other.champion else ''}",
                _verdict(other),
                _difference(other) if other.counts else "",
                _seeds(other),
            )
            for other in run.others
        ]
        yield f"#### Against other runs, in pairs on the same test rows\n{Table(columns, rows).markdown()}"
        yield COMPARE


def _verdict(other: RunComparison) -> str:
    if other.same_training:
        return "another evaluation of this network"
    return f"**{other.verdict}**" if other.counts else f"no verdict: that run is {other.verdict}"


def _difference(other: RunComparison) -> str:
    """Return the difference from a run with its interval, and the smallest difference that could have been shown."""
    difference = other.difference or {}
    if difference["value"] == difference["low"] == difference["high"] == 0:
        return "0, as both rank the test rows alike"
    if difference["low"] is None:
        return f"{lead(difference)}, with too few blocks of days for an interval"
    if other.verdict == "not distinguishable":
        return f"{lead(difference)}; the smallest that could have been shown is {difference['resolvable']:.3f}"
    return lead(difference)


def _seeds(other: RunComparison) -> str:
    if other.spread is None or other.same_training:
        return ""
    if other.spread.seeds:
        return f"yes: {other.spread.deviation['roc_auc']:.3f} is the standard deviation of {other.spread.seeds} seeds"
    return f"no: {other.spread.because}"


def _changes(run: ComparedRun) -> Iterator[str]:
    if run.reference is not None:
        changes = f"No parameter since {run.reference.name}: the code or the data did."
        if run.changes:
            rows = [tuple(map(code, change)) for change in run.changes]
            changes = Table(("parameter", run.reference.name, "this run"), rows).markdown()
        yield f"#### What changed\n{changes}"


def _scores(scores: dict[str, Any]) -> Table:
    rows = [("**network**", *(interval(scores[score]) for score in COMPARED), "")]
    rows += [(code(forecast), *cells, difference["verdict"]) for forecast, cells, difference in compared(scores)]
    return Table(("forecast", *(SCORES[score] for score in COMPARED), "the network is"), rows)
