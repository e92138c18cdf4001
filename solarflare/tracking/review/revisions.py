"""A revision of the project as Git keeps it: parameters, scores, predictions, curves, audit, counts of rows."""

import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from solarflare.core import params, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking.published_results import RESULTS
from solarflare.verification.scores import seeds

CODE = ("solarflare", "stages", "dvc.yaml", "requirements.lock")
CURVES = ("roc", "pr", "reliability")
FOLDERS = ("metrics", "profiles")


class Source(Protocol):
    """Where a revision's files are read from."""

    def paths(self, folder: str) -> list[str]:
        """Return the files below a folder, sorted; none if there is no such folder."""

    def text(self, path: str) -> str:
        """Return the content of a file."""


class Workspace:
    """The working folder as it stands."""

    def paths(self, folder: str) -> list[str]:
        """Return the files below a folder, sorted; none if there is no such folder."""
        return sorted(path.as_posix() for path in Path(folder).rglob("*") if path.is_file())

    def text(self, path: str) -> str:
        """Return the content of a file."""
        return Path(path).read_text()


@dataclass(frozen=True)
class Commit:
    """A commit of the repository that the working folder is in."""

    sha: str

    @classmethod
    def shared_with(cls, base: str) -> "Commit":
        """Return the last commit that HEAD and `base` share, from which a pull request starts.

        Parameters
        ----------
        base : str
            A branch, a tag or a commit.

        Raises
        ------
        InputError
            If there is none.
        """
        if not _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"):
            raise InputError(
                f"{base!r} is no branch, tag or commit here; fetch it, or name another with `make review BASE=...`"
            )
        shared = _git("merge-base", base, "HEAD").strip()
        if not shared:
            raise InputError(f"{base} and HEAD share no commit; fetch their history with `git fetch --unshallow`")
        return cls(shared)

    def paths(self, folder: str) -> list[str]:
        """Return the files below a folder, sorted; none if there is no such folder."""
        return sorted(_git("ls-tree", "-r", "-z", "--name-only", self.sha, f"{folder}/").split("\0")[:-1])

    def text(self, path: str) -> str:
        """Return the content of a file."""
        return _git("show", f"{self.sha}:./{path}")

    def changed_code(self) -> list[str]:
        """Return the files of code that the working folder has otherwise."""
        return _git("diff", "-z", "--name-only", "--relative", self.sha, "--", *CODE).split("\0")[:-1]


@dataclass(frozen=True)
class Results:
    """What is known of a task.

    Attributes
    ----------
    scores : dict
        Of ``metrics/<task>.json``, or ``absent`` with a reason.
    predictions : DataFrame or None
        Of `tables.PREDICTIONS`; None where there are none in that form.
    curves : dict of DataFrame
        By figure, what ``metrics/plots/<task>/`` holds of `CURVES`.
    audit : dict
        Of the task in ``metrics/audit.json``, or ``absent`` with a reason.
    data : dict
        Of the task in ``metrics/data.json``, or ``absent`` with a reason.
    """

    scores: dict[str, Any]
    predictions: pd.DataFrame | None
    curves: dict[str, pd.DataFrame]
    audit: dict[str, Any]
    data: dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """All that a review reads of a revision of the project, or of the working folder.

    Attributes
    ----------
    files : dict of str
        By path, the text of every file that was read.
    parameters : dict
        The leaves of ``params.yaml`` by dotted key, and those of each profile after its path.
    tasks : dict of Results
        By task.
    """

    files: dict[str, str]
    parameters: dict[str, Any]
    tasks: dict[Task, Results]


def read(source: Source) -> Revision:
    """Read a revision.

    Parameters
    ----------
    source : Source
        Where from.

    Returns
    -------
    Revision
        What is missing is absent, with the reason: a project's first commits have no results.

    Raises
    ------
    InputError
        If a file is not what its name says, as one with an unresolved merge conflict is.
    """
    paths = ["params.yaml", *(path for folder in FOLDERS for path in source.paths(folder))]
    paths += [path for path in source.paths(RESULTS.as_posix()) if path == seeds.PATH]
    files = {path: source.text(path) for path in paths if path.endswith((".json", ".csv", ".yaml"))}
    parameters = {
        key if path == "params.yaml" else f"{path}: {key}": value
        for path, text in files.items()
        if path.endswith(".yaml") and text
        for key, value in params.dotted(params.parse_yaml(text, Path(path))).items()
    }
    return Revision(files, parameters, {task: _results(files, task) for task in TASKS})


def _results(files: Mapping[str, str], task: Task) -> Results:
    predictions = files.get(f"metrics/predictions/{task}.csv", "")
    curves = {name: files.get(f"metrics/plots/{task}/{name}.csv", "") for name in CURVES}
    return Results(
        _json(files, f"metrics/{task}.json"),
        _predictions(predictions),
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
