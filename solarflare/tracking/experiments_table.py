"""A table of DVC's experiments that fits a terminal: what each one changed, and its scores.

``dvc exp show`` has a column for every parameter and every metric. Its JSON is read here.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.verification.scores.score_table import SCORES, Table, interval

WIDEST_NAME, WIDEST_CHANGES = 20, 28  # characters, so that a row fits into 140
SHOWN = ("tss", "brier_skill")
TRUST = {0: " !", -1: " ?"}
"""What stands behind a ROC-AUC that is not to be trusted, or that has no interval."""


def render() -> str:
    """Return the table: the working folder, the last commit, and the experiments that began there, newest first.

    Raises
    ------
    InputError
        If DVC cannot list the experiments.
    """
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"`dvc exp show`: {' '.join(done.stderr.split())}; run this in a clone of the project")
    return table(json.loads(done.stdout)).text() + "\n! not trusted   ? without intervals"


def table(shown: list[dict[str, Any]]) -> Table:
    """Return the table for the content of ``dvc exp show --json``."""
    workspace, *commits = shown
    rows = [_row("workspace", workspace, commits[0] if commits else workspace)]
    for commit in commits:
        rows.append(_row(commit.get("name") or commit["rev"][:7], commit, commit))
        rows += [
            _row(f"  {experiment['name'] or experiment['rev'][:7]}", experiment, commit)
            for group in commit.get("experiments") or []
            for experiment in (group["revs"] or [])[:1]
        ]
    scores = [name for task in TASKS for name in (f"{task} ROC-AUC", *(SCORES[score] for score in SHOWN))]
    return Table(("experiment", "changed", *scores), rows)


def _row(name: str, state: dict[str, Any], base: dict[str, Any]) -> tuple[str, ...]:
    own, others = _params(state), _params(base)
    changes = ", ".join(f"{key}={own.get(key)}" for key in own if own.get(key) != others.get(key))
    return (
        _cut(name, WIDEST_NAME),
        _cut(changes, WIDEST_CHANGES),
        *(cell for task in TASKS for cell in _cells(task, state)),
    )


def _cells(task: Task, state: dict[str, Any]) -> Iterator[str]:
    metrics = ((state.get("data") or {}).get("metrics") or {}).get(task.metrics.as_posix(), {}).get("data") or {}
    if not isinstance(metrics.get("roc_auc"), float):
        yield from ("-", *("-" for _ in SHOWN))
        return
    roc_auc = {"value": metrics["roc_auc"], "low": metrics["roc_auc_low"], "high": metrics["roc_auc_high"]}
    yield interval(roc_auc) + TRUST.get(metrics["trusted"], "")
    for score in SHOWN:
        yield "-" if metrics[score] is None else f"{metrics[score]:z.2f}"


def _params(state: dict[str, Any]) -> dict[str, Any]:
    content = ((state.get("data") or {}).get("params") or {}).get(paths.PARAMS.as_posix(), {}).get("data") or {}
    return params.dotted(content)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
