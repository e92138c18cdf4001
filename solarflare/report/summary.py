"""The table at the end of a run. It reads `metrics/details/<task>.json` only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solarflare.core.files import read_json
from solarflare.core.paths import DETAILS
from solarflare.core.tasks import TASKS
from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, Table, compared, interval


def render(details: Path = DETAILS) -> str:
    """Return a table of the scores of each task's network and baselines, with remarks below it.

    Parameters
    ----------
    details : Path, optional
        The folder with ``disk.json`` and ``region.json``, which ``evaluate`` wrote.
    """
    rows, remarks = list[tuple[str, ...]](), list[str]()
    for task in TASKS:
        content = read_json(details / f"{task}.json", "evaluate")
        if "absent" in content:
            remarks.append(f"{task}: absent, {content['absent']}")
        else:
            rows += [*([()] if rows else []), *_rows(task, content)]
            remarks += _remarks(task, content)
    columns = ("task", "forecast", *(SCORES[score] for score in COMPARED), "the network is")
    return "\n".join([Table(columns, rows).text(), "", *remarks])


def _rows(task: str, content: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    yield task, "network", *(interval(content[score]) for score in COMPARED)
    for name, scores, lead in compared(content):
        yield "", name, *scores, lead["verdict"]
    if ceiling := content.get("ceiling"):
        yield "", "ceiling", interval(ceiling["roc_auc"]), "", "", ceiling["difference"]["verdict"]
    if content.get("confounders"):
        yield "", "confounders:"
    for name, scores, lead in compared(content, "confounders"):
        yield "", name, *scores, lead["verdict"]


def _remarks(task: str, content: dict[str, Any]) -> Iterator[str]:
    trusted = "trusted" if content["trusted"] else f"NOT TRUSTED, {content['untrusted_because']}"
    rows = f"{content['n']} test rows, {content['base_rate']['value']:.0%} positive, in {content['blocks']} blocks"
    least = content["resolvable_difference"]
    resolvable = "" if least is None else f"; a ROC-AUC lead over logistic below {least:.3f} cannot be shown"
    yield f"{task}: {trusted}; {rows}{resolvable}"
    for name, scores in content["baselines"].items():
        if "absent" in scores:
            yield f"{task}: no {name} baseline, {scores['absent']}"
