"""A table of DVC's experiments that fits a terminal: what each one changed, and its scores.

``dvc exp show`` has a column for every parameter and every metric. Its JSON is read here.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from solarflare.core import params, parent, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking import git
from solarflare.verification.scores.score_table import SCORES, Table, interval

WIDEST_NAME, WIDEST_CHANGES = 20, 34  # characters, so that a row fits into 140
SHORTEST_KEY = 12  # characters of a key that are always shown
SHOWN = ("tss", "brier_skill")
TRUST = {0: " !", -1: " ?"}
"""What stands behind a ROC-AUC that is not to be trusted, or whose test rows are insufficient."""


def render(base: str) -> str:
    """Return the table: the working folder, the last commit and its base, each with the experiments that began there.

    Parameters
    ----------
    base : str
        A branch, a tag or a commit. The last commit that HEAD shares with it is shown.

    Raises
    ------
    InputError
        If there is no such commit, or if DVC cannot list the experiments.
    """
    head, shared = git.output("rev-parse", "HEAD").strip(), git.shared_commit(base)
    names = {
        head: git.output("branch", "--show-current").strip() or head[:7],
        shared: base if git.commit(base) == shared else f"{shared[:7]} of {base}",
    }
    command = [sys.executable, "-m", "dvc", "exp", "show", "--json", *(f"--rev={revision}" for revision in names)]
    done = parent.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"`dvc exp show`: {' '.join(done.stderr.split())}; run this in a clone of the project")
    return table(json.loads(done.stdout), names).text() + "\n! not trusted   ? insufficient test rows"


def table(shown: list[dict[str, Any]], names: dict[str, str]) -> Table:
    """Return the table for the content of ``dvc exp show --json``: the working folder, the last commit, and its base.

    The working folder is compared with the last commit, that with its base, and an experiment with the commit at which
    it began. `names` has the name of each commit by its hash, because DVC takes any branch that ends there.
    """
    workspace, head, *bases = shown
    rows = list(_rows("workspace", workspace, head))
    for commit in (head, *bases):
        rows += _rows(names[commit["rev"]], commit, shown[-1])
        for group in commit["experiments"] or []:
            for experiment in (group["revs"] or [])[:1]:
                rows += _rows(f"  {experiment['name'] or experiment['rev'][:7]}", experiment, commit)
    scores = [name for task in TASKS for name in (f"{task} ROC-AUC", *(SCORES[score] for score in SHOWN))]
    return Table(("experiment", "changed", *scores), rows)


def _rows(name: str, state: dict[str, Any], base: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the row of a state, and a row without scores for each further line of its changes."""
    own, others = _params(state), _params(base)
    changes = ", ".join(_change(key, value) for key, value in own.items() if value != others.get(key))
    first, *further = textwrap.wrap(changes, WIDEST_CHANGES, break_on_hyphens=False) or [""]
    shown = name if len(name) <= WIDEST_NAME else f"{name[: WIDEST_NAME - 3]}..."
    yield shown, first, *(cell for task in TASKS for cell in _cells(task, state))
    yield from (("", line) for line in further)


def _change(key: str, value: Any) -> str:
    """Return a changed parameter. The value is whole; a long key loses its beginning."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    most = max(SHORTEST_KEY, WIDEST_CHANGES - len(f"={text},"))
    return f"{key if len(key) <= most else f'...{key[3 - most :]}'}={text}"


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
