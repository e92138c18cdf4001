"""What DVC knows of a stage: what went in, and whether what came out is up to date."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc_data.index import DataIndexDirError

from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory

RESTORE = "take the file from Git again with `git checkout dvc.yaml`"


@dataclass(frozen=True)
class Inputs:
    """What goes into a stage, as it is in the working folder.

    Attributes
    ----------
    params : dict
        Of ``params.yaml``, by the keys that ``dvc.yaml`` names.
    contents : dict of str
        Hashes of the files and folders it depends on, by path.
    fingerprint : str
        SHA-256, in hexadecimal, of all of this and its command.
    """

    params: dict[str, Any]
    contents: dict[str, str]
    fingerprint: str


def inputs(stage: str) -> dict[str, Inputs] | None:
    """Return what goes into a stage and into all stages before it.

    Parameters
    ----------
    stage : str
        Its name in ``dvc.yaml``.

    Returns
    -------
    dict of Inputs or None
        By the names of the stages, in the order of ``dvc.yaml``; None outside a DVC project.

    Raises
    ------
    InputError
        If ``dvc.yaml`` cannot be read or a dependency is missing.
    """
    try:
        with Repo() as repo:
            known = _stages(repo)
            needed = nx.descendants(repo.index.graph, known[stage]) | {known[stage]}
            return {one.name: _inputs(one) for one in known.values() if one in needed}
    except KeyError as error:
        raise InputError(f"dvc.yaml has no stage {error}; {RESTORE}") from None
    except NotDvcRepoError:
        return None
    except (DvcException, FileNotFoundError) as error:
        raise InputError(f"dvc.yaml, stage {stage}: {error}; run `dvc repro`") from None


def _stages(repo: Repo) -> dict[str, Any]:
    """Return all stages by name, from one reading: DVC reads dvc.lock again for each that it is asked for by name."""
    return {stage.name: stage for stage in repo.index.stages}


def _inputs(stage: Any) -> Inputs:
    found = {dependency.def_path: dependency.get_hash().value for dependency in stage.deps}
    content = json.dumps([stage.cmd, found], sort_keys=True, default=str)
    contents = {path: value for path, value in found.items() if not isinstance(value, dict)}
    (chosen,) = [value for value in found.values() if isinstance(value, dict)] or [{}]
    return Inputs(chosen, contents, hashlib.sha256(content.encode()).hexdigest())


def outdated(stages: list[str]) -> list[str]:
    """Return those of `stages` whose inputs or outputs are not the ones that ``dvc.lock`` records.

    Raises
    ------
    InputError
        If another DVC command holds the project, or ``dvc.yaml`` cannot be read.
    """
    try:
        with Repo() as repo, repo.lock:
            known = _stages(repo)
            return [stage for stage in stages if known[stage].status(check_updates=True)]
    except KeyError as error:
        raise InputError(f"dvc.yaml has no stage {error}; {RESTORE}") from None
    except DvcException as error:
        raise InputError(f"dvc.yaml: {error}; wait for other DVC commands to end, or mend the file") from None


def modified() -> dict[str, list[str]]:
    """Return, by stage, what is here and not as ``dvc.lock`` records it: parameters, code and results.

    What is absent does not count: a fresh clone has the results that are in Git, and no data.

    Raises
    ------
    InputError
        As `outdated` does.
    """
    try:
        with Repo() as repo:
            status = repo.status()
    except NotDvcRepoError:
        return {}
    except DvcException as error:
        raise InputError(f"dvc.yaml: {error}; wait for other DVC commands to end, or mend the file") from None
    found = {stage: [name for entry in entries for name in _modified(entry)] for stage, entries in status.items()}
    return {stage: names for stage, names in found.items() if names}


def _modified(entry: str | dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the names in an entry of DVC's status that are modified or new; an entry without names is itself one."""
    if isinstance(entry, str):
        yield entry
        return
    for group in entry.values():
        for name, state in group.items():
            if isinstance(state, dict):
                yield from state
            elif state in ("modified", "new"):
                yield name


def restore(revision: str, names: list[str], folder: Path) -> None:
    """Copy files and folders of a revision, whether Git or DVC keeps them, into a folder.

    Parameters
    ----------
    revision : str
        A commit.
    names : list of str
        Relative to the project.
    folder : Path
        Where they are laid, each under its own name; replaced as a whole once all is there.

    Raises
    ------
    InputError
        If one of the names is not in the revision, or its content not in DVC's cache.
    """
    try:
        files = DVCFileSystem(".", rev=revision)
        with atomic_directory(folder) as partial:
            for name in names:
                files.get(name, (partial / name).as_posix(), recursive=files.isdir(name))
    except (DvcException, DataIndexDirError, OSError) as error:
        raise InputError(
            f"{revision} does not have {' and '.join(names)} here ({error}); run the experiment again, or `dvc pull`"
        ) from None
