"""The table at the end of a run. It reads `metrics/details/<task>.json` only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solarflare.core.paths import DETAILS
from solarflare.core.tasks import TASKS
from solarflare.report.results_form import read_evaluation
from solarflare.verification.scores.score_table import SCORES, SHOWN, Table, added, interval, strongest_first
from solarflare.verification.scores.trust import read as read_trust

ONE_SEED = "verdicts: one seed, so they hold for these trained networks; intervals allow for the test rows alone"


def render(details: Path = DETAILS) -> str:
    """Return a table of the scores of each task's network and baselines, with remarks below it.

    Parameters
    ----------
    details : Path, optional
        The folder with ``disk.json`` and ``region.json``, which ``evaluate`` wrote.
    """
    rows, remarks = list[tuple[str, ...]](), list[str]()
    for task in TASKS:
        content = read_evaluation(details / f"{task}.json")
        if "absent" in content:
            remarks.append(f"{task}: absent, {content['absent']}")
        else:
            rows += [*([()] if rows else []), (task,), *_rows(content)]
            remarks += _remarks(task, content)
    columns = ("forecast", *(SCORES[score] for score in SHOWN), "network in ROC-AUC")
    return "\n".join([Table(columns, rows).text(), "", *remarks, *([ONE_SEED] if rows else [])])


def _rows(content: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    yield _cells("network", content, "")
    for name, scores in strongest_first(content["baselines"]):
        yield _cells(name, scores, content["differences"][name]["roc_auc"]["verdict"])
    if strongest := strongest_first(content.get("combinations", {})):
        yield ("combinations:",)
        for name, scores in strongest:
            yield _cells(name, scores, content["differences"][name]["roc_auc"]["verdict"])
    if ceiling := content.get("ceiling"):
        yield _cells("ceiling", ceiling, ceiling["difference"]["verdict"])
    if content.get("confounders"):
        yield ("confounders:",)
    for name, scores in strongest_first(content.get("confounders", {})):
        yield _cells(name, scores, content["differences"][name]["roc_auc"]["verdict"])


def _cells(name: str, scores: dict[str, Any], verdict: str) -> tuple[str, ...]:
    """Return a row. The accuracy has no interval, so that the table fits into 110 columns."""
    cells = {score: interval(scores[score]) if score in scores else "" for score in SHOWN}
    cells["accuracy"] = cells["accuracy"].partition(" ")[0]
    return name.replace("_", " "), *cells.values(), verdict


def _remarks(task: str, content: dict[str, Any]) -> Iterator[str]:
    trust = read_trust(content)
    trusted = trust.words if trust else f"{trust.words.upper()}, {trust.reason}"
    rows = f"{content['n']} test rows, {content['base_rate']['value']:.0%} positive, in {content['blocks']} blocks"
    least_lead = content["resolvable_difference"]
    resolvable = "" if least_lead is None else f"; smallest provable lead over logistic: {least_lead:.3f}"
    yield f"{task}: {trusted}; {rows}{resolvable}"
    for name, scores in content["baselines"].items():
        if "absent" in scores:
            yield f"{task}: no {name} baseline, {scores['absent']}"
    yield from (f"{task}: {phrase}" for phrase in added(content))
    if remark := content.get("few_validated"):
        yield f"{task}: {remark}"
