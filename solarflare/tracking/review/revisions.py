"""A revision of the project as Git keeps it: parameters, scores, predictions, curves, audit, counts of rows."""

import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.verification.scores import seeds

CODE = ("solarflare", "stages", "dvc.yaml", "requirements.lock")
CURVES = ("roc", "pr", "reliability")
READ = ("metrics/", "profiles/", seeds.PATH)


@dataclass(frozen=True)
class Results:
    """What is known of a task; scores, audit and data are ``absent`` with a reason where they are not there."""

    scores: dict[str, Any]  # of ``metrics/<task>.json``
    predictions: pd.DataFrame | None  # of `tables.PREDICTIONS`; None where there are none in that form
    curves: dict[str, pd.DataFrame]  # by figure, what ``metrics/plots/<task>/`` holds of `CURVES`
    audit: dict[str, Any]  # of the task in ``metrics/audit.json``
    data: dict[str, Any]  # of the task in ``metrics/data.json``


@dataclass(frozen=True)
class Revision:
    """All that a review reads of a commit or of the working folder."""

    files: dict[str, str]  # by path, the text of every file that was read
    parameters: dict[str, Any]  # the leaves of params.yaml by dotted key, and those of each profile after its path
    tasks: dict[Task, Results]


def shared_commit(base: str) -> str:
    """Return the last commit that HEAD shares with a branch, a tag or a commit: there a pull request starts.

    Raises
    ------
    InputError
        If there is none.
    """
    if not _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"):
        remedy = "fetch it, or name another with `make review BASE=...`"
        raise InputError(f"{base!r} is no branch, tag or commit here; {remedy}")
    shared = _git("merge-base", base, "HEAD").strip()
    if not shared:
        raise InputError(f"{base} and HEAD share no commit; fetch their history with `git fetch --unshallow`")
    return shared


def changed_code(commit: str) -> list[str]:
    """Return the files of code that the working folder has otherwise than a commit."""
    return _git("diff", "-z", "--name-only", "--relative", commit, "--", *CODE).split("\0")[:-1]


def read(commit: str | None = None) -> Revision:
    """Read a commit, or else the working folder; what is missing is absent: first commits have no results.

    Raises
    ------
    InputError
        If a file is not what its name says, as one with an unresolved merge conflict is.
    """
    if commit:
        paths = _git("ls-tree", "-r", "-z", "--name-only", commit, *READ).split("\0")[:-1]
    else:
        paths = [path.as_posix() for name in READ for path in (Path(name), *Path(name).rglob("*")) if path.is_file()]
    files = {
        path: _git("show", f"{commit}:./{path}") if commit else Path(path).read_text()
        for path in ("params.yaml", *sorted(paths))
        if path.endswith((".json", ".csv", ".yaml"))
    }
    parameters = {
        key if path == "params.yaml" else f"{path}: {key}": value
        for path, text in files.items()
        if path.endswith(".yaml") and text
        for key, value in params.dotted(params.parse_yaml(text, Path(path))).items()
    }
    return Revision(files, parameters, {task: _results(files, task) for task in TASKS})


def _results(files: Mapping[str, str], task: Task) -> Results:
    curves = {name: files.get(f"metrics/plots/{task}/{name}.csv", "") for name in CURVES}
    return Results(
        _json(files, f"metrics/{task}.json"),
        _predictions(files.get(f"metrics/predictions/{task}.csv", "")),
        {name: pd.read_csv(io.StringIO(text)) for name, text in curves.items() if text},
        *(_json(files, f"metrics/{name}.json").get(task, {"absent": "not there"}) for name in ("audit", "data")),
    )


def _json(files: Mapping[str, str], path: str) -> dict[str, Any]:
    if path not in files:
        return {"absent": f"{path} is not there"}
    try:
        return json.loads(files[path])
    except ValueError:
        raise InputError(f"{path} is not JSON; correct it, or make it again with `dvc repro`") from None


def _predictions(text: str) -> pd.DataFrame | None:
    """Return a table of predictions; None for none, and for those of versions that kept less."""
    try:
        cells = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        return tables.check(cells, tables.PREDICTIONS, "predictions")
    except (pd.errors.EmptyDataError, InputError):
        return None


def _git(*arguments: str) -> str:
    """Return what git prints; nothing where it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
