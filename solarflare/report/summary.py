"""The table at the end of a run, from `metrics/<task>.json` alone."""

from pathlib import Path
from typing import Any

from solarflare.core.files import read_json
from solarflare.core.tasks import TASKS

SCORES = {"roc_auc": "ROC-AUC", "tss": "TSS", "brier_skill": "Brier skill"}
NEXT = "Look next: the page reports/index.html in a browser, `dvc plots show`, and the runs in MLflow with `make ui`."


def render(metrics: Path = Path("metrics")) -> str:
    """Return the scores of each task's network and baselines as a table, and where to look next.

    Parameters
    ----------
    metrics : Path, optional
        The folder in which ``evaluate`` wrote ``disk.json`` and ``region.json``.
    """
    rows = [("task", "forecast", *SCORES.values(), "the network is")]
    remarks = []
    for task in TASKS:
        content = read_json(metrics / f"{task}.json", "evaluate")
        if "absent" in content:
            remarks.append(f"{task}: absent, {content['absent']}")
            continue
        rows += _rows(task, content)
        remarks += _remarks(task, content)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], rule, *remarks, NEXT])


def interval(score: dict[str, Any], form: str = "z.2f") -> str:
    """Return a score with its interval in a few characters, such as ``0.87 [0.83, 0.91]``."""
    value = "-" if score["value"] is None else format(score["value"], form)
    return value if score["low"] is None else f"{value} [{score['low']:{form}}, {score['high']:{form}}]"


def strongest_first(forecasts: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the forecasts that are there with their scores, the one with the highest ROC-AUC first.

    Parameters
    ----------
    forecasts : dict
        ``baselines`` or ``confounders`` of ``metrics/<task>.json``.
    """
    present = [(name, scores) for name, scores in forecasts.items() if "absent" not in scores]
    return sorted(present, key=lambda named: -(named[1]["roc_auc"]["value"] or 0))


def _rows(task: str, content: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [(task, "network", *(interval(content[score]) for score in SCORES), "")]
    rows += _compared(content, content["baselines"])
    if ceiling := content.get("ceiling"):
        rows.append(("", "ceiling", interval(ceiling["roc_auc"]), "", "", ceiling["difference"]["verdict"]))
    if confounders := content.get("confounders"):
        rows += [("", "confounders:", "", "", "", ""), *_compared(content, confounders)]
    return rows


def _compared(content: dict[str, Any], forecasts: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return a row for each forecast that the network is held against."""
    return [
        (
            "",
            name.replace("_", " "),
            *(interval(scores[score]) for score in SCORES),
            content["differences"][name]["roc_auc"]["verdict"],
        )
        for name, scores in strongest_first(forecasts)
    ]


def _remarks(task: str, content: dict[str, Any]) -> list[str]:
    trusted = "trusted" if content["trusted"] else f"NOT TRUSTED, {content['untrusted_because']}"
    rows = f"{content['n']} test rows, {content['base_rate']['value']:.0%} positive, in {content['blocks']} blocks"
    resolves = content["resolvable_difference"]
    resolvable = "" if resolves is None else f"; a ROC-AUC lead over logistic below {resolves:.3f} cannot be shown"
    absent = [
        f"{task}: no {name} baseline, {scores['absent']}"
        for name, scores in content["baselines"].items()
        if "absent" in scores
    ]
    return [f"{task}: {trusted}; {rows}{resolvable}", *absent]
