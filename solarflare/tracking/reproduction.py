"""Compares the results of this run with the committed ones; commits them, or restores the committed ones."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solarflare.core import absent, params, parent, paths
from solarflare.core.errors import InputError
from solarflare.core.paths import LOCK
from solarflare.core.tasks import TASKS, Task
from solarflare.report import results_form
from solarflare.tracking import dvc_state, git, published_pages

RESULTS = (LOCK, paths.METRICS)
"""The results that Git keeps."""

NETWORKS = Path(".dvc/models")
"""DVC's remote for the networks. It is in Git, so that `dvc pull` brings the networks of a commit to every clone."""

KEPT = "dvc.lock and metrics/ are as this machine made them: `make accept` commits them, `make restore` undoes them"
MESSAGE = "Bring dvc.lock and the committed results up to date"
NETWORKS_MESSAGE = "Keep the networks of the committed results in .dvc/models"
SHOWN = 5  # changed inputs that a sentence names


def compare(task: Task) -> tuple[str, bool]:
    """Return whether this run reproduced the committed results of a task, in one line.

    Scores are only compared if this run had the committed parameters, code and data.

    Returns
    -------
    str
        The line, which begins with the task.
    bool
        False if a score is outside its committed interval, or if the committed files are not those of the committed
        ``dvc.lock``.
    """
    if not (lock := _committed(LOCK)):
        return f"{task}: no results are committed to compare with", True
    committed, now = params.parse_yaml(lock.decode(), LOCK)["stages"], params.read_yaml(LOCK)["stages"]
    if changed := sorted(_inputs(committed) ^ _inputs(now)):
        names = _listed(list(dict.fromkeys(name for _, name, _ in changed)))
        return f"{task}: not compared with the committed results, as {names} changed", True
    if edited := _edited(task, committed):
        problem = f"{_listed(edited)} of the last commit is not what its dvc.lock records"
        return f"{task}: not reproduced: {problem}; run `dvc repro`, then `make accept`", False
    if missing := [output["path"] for output in _outputs(now) if not Path(output["path"]).exists()]:
        return f"{task}: not compared, as this checkout lacks {_listed(missing)}; run `make`", True
    outputs = (task.metrics, task.details, task.predictions, *sorted(task.plots.glob("*")))
    if all(_committed(path) == path.read_bytes() for path in outputs) and _model(task, committed) == _model(task, now):
        return f"{task}: reproduced, byte for byte", True
    before, after = json.loads(_committed(task.details) or b"{}"), results_form.read_evaluation(task.details)
    if before.keys() != after.keys():
        return f"{task}: not compared, as {task.details} had other keys in the last commit", True
    if outside := list(_outside(before, after)):
        return f"{task}: not reproduced: {'; '.join(outside)}; {KEPT}", False
    if absent.reason(task.details):
        return f"{task}: absent, as in the last commit", True
    gain = after["roc_auc"]["value"] - before["roc_auc"]["value"]
    return f"{task}: reproduced within the committed intervals (ROC-AUC {gain:+z.3f}); {KEPT}", True


def accept() -> str:
    """Write the results of this run into the tables of the pages, and commit both, with the networks in `NETWORKS`.

    Return what was done, in a sentence.

    Raises
    ------
    InputError
        If a result is out of date, if a page has other changes, or if Git cannot commit.
    """
    if outdated := dvc_state.modified():
        raise InputError(f"the results of {', '.join(outdated)} are out of date; run `dvc repro` first")
    if not _changed(*RESULTS) and _networks_are_kept():
        return "Nothing to accept: the results are those of the last commit."
    if edited := _changed(*published_pages.pages()):
        raise InputError(f"{_listed(edited)}: commit your own changes first, then accept the results")
    _keep_networks()
    accepted = (*RESULTS, NETWORKS, *published_pages.update_pages(check=False))
    changed = _changed(*accepted)
    git.output("add", "--", *map(str, accepted))
    kinds = list(dict.fromkeys(str(NETWORKS) if Path(path).is_relative_to(NETWORKS) else path for path in changed))
    message = NETWORKS_MESSAGE if kinds == [str(NETWORKS)] else MESSAGE
    git.output("commit", "--quiet", "--message", message, "--", *map(str, accepted))
    return f"Committed the results of this run: {_listed(kinds)}."


def _networks_are_kept() -> bool:
    """Return whether `NETWORKS` has the networks that ``dvc.lock`` records. A commit by hand leaves them out."""
    stages = params.read_yaml(LOCK)["stages"]
    hashes = [value for task in TASKS for value in _model(task, stages)]
    return all((NETWORKS / "files/md5" / value[:2] / value[2:]).is_file() for value in hashes)


def _keep_networks() -> None:
    """Write the networks into `NETWORKS`, without those of earlier commits."""
    shutil.rmtree(NETWORKS, ignore_errors=True)
    command = [sys.executable, "-m", "dvc", "push", "--quiet", *(str(task.model) for task in TASKS)]
    done = parent.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"`dvc push`: {' '.join(done.stderr.split())}; run `dvc repro` first")


def restore() -> str:
    """Bring back the committed results. Return what was done, and which stages `dvc repro` would run, in sentences.

    Raises
    ------
    InputError
        If there is no commit, or if ``dvc.yaml`` cannot be read.
    """
    if not (changed := _changed(*RESULTS)):
        return "Nothing to restore: the results are those of the last commit."
    git.output("restore", "--source=HEAD", "--staged", "--worktree", "--", *map(str, RESULTS))
    rerun = list(dvc_state.modified())
    after = f"`dvc repro` would run {', '.join(rerun)}" if rerun else "`dvc repro` has nothing to run"
    return f"Restored {_listed(changed)}. {after}."


def _edited(task: Task, stages: dict[str, Any]) -> list[str]:
    """Return the files and folders with results of a task that were committed with another content than recorded.

    `stages` are those of the committed ``dvc.lock``.
    """
    results = [str(path) for path in (task.metrics, task.details, task.predictions, task.plots)]
    recorded = {
        output["path"]: output["md5"]
        for output in _outputs(stages)
        if any(_overlap(output["path"], path) for path in results)
    }
    return [path for path, value in recorded.items() if _committed_hash(path) != value]


def _committed_hash(output: str) -> str | None:
    """Return the hash of a file or folder of the last commit as ``dvc.lock`` would record it; None if it has none."""
    contents = {path: git.content(path, "HEAD") or b"" for path in git.files("HEAD", output)}
    if output in contents:
        return dvc_state.file_hash(contents[output])
    folder = {Path(path).relative_to(output).as_posix(): content for path, content in contents.items()}
    return dvc_state.folder_hash(folder) if folder else None


def _outside(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each score that is outside its committed interval."""
    for name, committed in before.items():
        if isinstance(committed, dict) and committed.get("low") is not None:
            value, low, high = after[name]["value"], committed["low"], committed["high"]
            if value is None or not low <= value <= high:
                yield f"{name} is {value}, committed were {low} to {high}"


def _inputs(stages: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return stage, name and content of all inputs that no stage writes: commands, parameters, code."""
    written = [output["path"] for output in _outputs(stages)]
    inputs = set()
    for name, stage in stages.items():
        inputs.add((name, f"the command of {name}", stage["cmd"]))
        for dependency in stage.get("deps", []):
            if not any(_overlap(dependency["path"], path) for path in written):
                inputs.add((name, dependency["path"], dependency["md5"]))
        for values in stage.get("params", {}).values():
            inputs |= {(name, key, json.dumps(value, sort_keys=True, default=str)) for key, value in values.items()}
    return inputs


def _overlap(first: str, second: str) -> bool:
    return f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/")


def _model(task: Task, stages: dict[str, Any]) -> list[str]:
    return [output["md5"] for output in _outputs(stages) if output["path"] == str(task.model)]


def _outputs(stages: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for stage in stages.values() for output in stage.get("outs", [])]


def _changed(*names: Path) -> list[str]:
    """Return the paths of files in Git that differ from the last commit."""
    lines = git.output("status", "--porcelain", "--no-renames", "--", *map(str, names)).splitlines()
    return [line[3:] for line in lines]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _committed(path: Path) -> bytes | None:
    return git.content(path.as_posix(), "HEAD")
