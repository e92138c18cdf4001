"""Reads the results of a commit, or of the working folder: parameters, scores, predictions, curves, audit, counts."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking import git
from solarflare.tracking.mlflow.run_state import of_task
from solarflare.verification.scores import seeds

# Paths in Git: what counts as code, and the folders and files of results and parameters besides params.yaml.
LOCK, PACKAGES = "dvc.lock", "requirements.lock"
CODE = ("solarflare", "stages", "dvc.yaml", PACKAGES)
READ = ("metrics/", "profiles/", seeds.PATH)
CURVES = ("roc", "pr", "reliability")


@dataclass(frozen=True)
class Results:
    """The results of a task. If scores, audit or data are missing, they have the key ``absent`` with the reason."""

    scores: dict[str, Any]  # content of ``metrics/details/<task>.json``
    predictions: pd.DataFrame | None  # with the columns of `tables.PREDICTIONS`; None without such a table
    curves: dict[str, pd.DataFrame]  # by name in `CURVES`, the tables in ``metrics/plots/<task>/``
    audit: dict[str, Any]  # the task's part of ``metrics/details/audit.json``
    data: dict[str, Any]  # the task's part of ``metrics/details/data.json``
    inputs: dict[str, str]  # what they were made from: code by path, parameters by key; empty without ``dvc.lock``


@dataclass(frozen=True)
class Revision:
    """All that a review reads of a commit or of the working folder."""

    files: dict[str, str]  # by path, the text of every file that was read
    parameters: dict[str, Any]  # values of params.yaml by dotted key, and of each profile by "path: key"
    tasks: dict[Task, Results]


def changed_code(commit: str) -> list[str]:
    """Return the paths of code that differ between the working folder and a commit."""
    return git.output("diff", "-z", "--name-only", "--relative", commit, "--", *CODE).split("\0")[:-1]


def read(commit: str | None = None) -> Revision:
    """Read a commit, or without one the working folder. Missing results are marked as absent: early commits have none.

    Raises
    ------
    InputError
        If a file does not have the form that its name says, for example because of an unresolved merge conflict.
    """
    if commit:
        paths = git.files(commit, *READ)
    else:
        paths = [path.as_posix() for name in READ for path in (Path(name), *Path(name).rglob("*")) if path.is_file()]
    files = {
        path: _text(path, commit)
        for path in ("params.yaml", *sorted(paths))
        if path.endswith((".json", ".csv", ".yaml"))
    }
    parameters = {
        key if path == "params.yaml" else f"{path}: {key}": value
        for path, text in files.items()
        if path.endswith(".yaml") and text
        for key, value in params.dotted(params.parse_yaml(text, Path(path))).items()
    }
    lock = _text(LOCK, commit)
    stages = params.parse_yaml(lock, Path(LOCK)).get("stages", {}) if lock else {}
    packages = _text(PACKAGES, commit)
    tasks = {task: _results(files, task, _inputs(stages, packages, task)) for task in TASKS}
    return Revision(files, parameters, tasks)


def _text(path: str, commit: str | None) -> str:
    """Return the text of a file in a commit or in the working folder. It is empty if there is no such file."""
    if commit:
        return (git.content(path, commit) or b"").decode()
    return Path(path).read_bytes().decode() if Path(path).is_file() else ""


def _results(files: Mapping[str, str], task: Task, inputs: dict[str, str]) -> Results:
    curves = {name: files.get(f"metrics/plots/{task}/{name}.csv", "") for name in CURVES}
    return Results(
        _json(files, f"metrics/details/{task}.json"),
        _predictions(files.get(f"metrics/predictions/{task}.csv", "")),
        {name: pd.read_csv(io.StringIO(text)) for name, text in curves.items() if text},
        _of_task(files, "audit", task),
        _of_task(files, "data", task),
        inputs,
    )


def _of_task(files: Mapping[str, str], name: str, task: Task) -> dict[str, Any]:
    return _json(files, f"metrics/details/{name}.json").get(task, {"absent": "not there"})


def _inputs(stages: Mapping[str, Any], packages: str, task: Task) -> dict[str, str]:
    """Return the parameters and the hashes of the code from which the stages up to a task's evaluation were run.

    Parameters and code of the other task are left out, and so is all that a stage wrote: on another machine its bytes
    are others. Only downloads count, because the same code and parameters may give others on another day.
    """
    names = ("scrape", "label", "split", "crop", f"train_{task}", "evaluate")
    if not stages.keys() >= set(names):
        return {}
    inputs = {PACKAGES: packages}
    for name in names:
        values = of_task(task, stages[name].get("params", {}).get("params.yaml", {}))
        inputs |= values | {code["path"]: code["md5"] for code in stages[name]["deps"] if code["path"].startswith(CODE)}
    if inputs["scrape.origin"] == "live":
        inputs |= {download["path"]: download["md5"] for download in stages["scrape"]["outs"]}
    return inputs


def _json(files: Mapping[str, str], path: str) -> dict[str, Any]:
    if path not in files:
        return {"absent": f"{path} is not there"}
    try:
        return json.loads(files[path])
    except ValueError:
        raise InputError(f"{path} is not JSON; correct it, or make it again with `dvc repro`") from None


def _predictions(text: str) -> pd.DataFrame | None:
    """Return a table of predictions. None if there is none, or if it lacks columns, as in early versions."""
    try:
        cells = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        return tables.check(cells, tables.PREDICTIONS, "predictions")
    except (pd.errors.EmptyDataError, InputError):
        return None
