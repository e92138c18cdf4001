"""Reads the results of a commit, or of the working folder: parameters, scores, predictions, curves, audit, counts."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, tables
from solarflare.core.errors import InputError
from solarflare.core.paths import LOCK
from solarflare.core.tasks import TASKS, Task
from solarflare.report import results_form as schema
from solarflare.tracking import git
from solarflare.tracking.mlflow.run_state import of_task
from solarflare.verification.scores import seeds

# Paths in Git: what counts as code, and the folders and files of results and parameters besides params.yaml.
PACKAGES = "requirements.lock"
CODE = ("solarflare", "stages", "dvc.yaml", PACKAGES)
READ = ("metrics/", "profiles/", seeds.PATH)


@dataclass(frozen=True)
class Results:
    """The results of a task. If scores, audit or data are missing or broken, they are ``absent``, with the reason."""

    scores: dict[str, Any]  # content of ``metrics/details/<task>.json``
    predictions: pd.DataFrame | None  # with the columns of `tables.PREDICTIONS`; None without such a table
    curves: dict[str, pd.DataFrame]  # by name in `schema.CURVES`, the tables in ``metrics/plots/<task>/``
    audit: dict[str, Any]  # the task's part of ``metrics/details/audit.json``
    data: dict[str, Any]  # the task's part of ``metrics/details/data.json``
    inputs: dict[str, str]  # what they were made from: code by path, parameters by key; empty without ``dvc.lock``
    broken: str = ""  # which file has another form, and why; blank if none has


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
        If parameters cannot be read. A broken file of results is `Results.broken`.
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
    lock = _text(str(LOCK), commit)
    stages = params.parse_yaml(lock, LOCK).get("stages", {}) if lock else {}
    packages = _text(PACKAGES, commit)
    try:
        inputs = {task: _inputs(stages, packages, task) for task in TASKS}
    except (LookupError, TypeError, AttributeError):
        raise InputError(f"{LOCK} is not as DVC writes it; make it again with `dvc repro`") from None
    tasks = {task: _results(files, task, inputs[task]) for task in TASKS}
    return Revision(files, parameters, tasks)


def _text(path: str, commit: str | None) -> str:
    """Return the text of a file in a commit or in the working folder. It is empty if there is no such file."""
    if commit:
        return (git.content(path, commit) or b"").decode(errors="replace")
    return Path(path).read_bytes().decode(errors="replace") if Path(path).is_file() else ""


def _results(files: Mapping[str, str], task: Task, inputs: dict[str, str]) -> Results:
    broken: list[str] = []

    def checked(path: str, read: Callable[..., Any], *how: Any) -> Any:
        """Return what a function reads from a file, or the reason why there is nothing."""
        if path not in files:
            return {"absent": f"{path} is not there"}
        try:
            return read(path, files[path], *how)
        except InputError as error:
            broken.append(str(error))
            return {"absent": str(error)}

    details, plots = "metrics/details", f"metrics/plots/{task}"
    scores = checked(f"{details}/{task}.json", schema.read, schema.Scores)
    curves = {name: checked(f"{plots}/{name}.csv", schema.read_curve, name) for name in schema.CURVES}
    audit = checked(f"{details}/audit.json", schema.read, schema.Audit, task)
    data = checked(f"{details}/data.json", schema.read, schema.Data, task)
    return Results(
        scores,
        _predictions(files.get(f"metrics/predictions/{task}.csv", "")),
        # A figure of a task whose scores are gone would have no words for them.
        {}
        if "absent" in scores
        else {name: curve for name, curve in curves.items() if isinstance(curve, pd.DataFrame)},
        audit,
        data,
        inputs,
        next(iter(broken), ""),
    )


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


def _predictions(text: str) -> pd.DataFrame | None:
    """Return a table of predictions. None if there is none, or if it has another form, as in early versions."""
    try:
        cells = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
        rows = tables.check(cells, tables.PREDICTIONS, "predictions")
    except (ValueError, InputError):
        return None
    return None if rows.empty or rows.duplicated(["path", "noaa_ar"]).any() else rows
