"""What DVC knows: inputs and hashes of each stage, the stages that are out of date, and files of earlier commits."""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree
from dvc_data.index import DataIndexDirError

from solarflare.core import parent
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory
from solarflare.tracking import dvc_lock

DVC = Path(".dvc")  # a folder that has this is a DVC project
RESTORE = "restore the file with `git checkout dvc.yaml`"


@dataclass(frozen=True)
class Inputs:
    """The inputs of a stage, as they are in the working folder.

    The fingerprint is the SHA-256, in hexadecimal, of the parameters, the contents and the command. It does not depend
    on where the project is, on the machine or on byte-compiled files.
    """

    params: dict[str, Any]  # the values of the keys of ``params.yaml`` that ``dvc.yaml`` names for the stage
    contents: dict[str, str]  # hashes of the files and folders that the stage depends on, by path
    fingerprint: str


def inputs(stage: str) -> dict[str, Inputs] | None:
    """Return the inputs of a stage and of all stages that it needs, by name in the order of ``dvc.yaml``.

    Returns None outside a DVC project. Raises InputError if ``dvc.yaml`` cannot be read or a dependency is missing.
    """
    if not DVC.is_dir():
        return None
    # `Repo` is private, but a stage calls this while it runs: `dvc status` then refuses, and dvc.lock has no entry yet.
    try:
        with Repo() as repo:
            stages = {member.name: member for member in repo.index.stages}
            needed = {stages[stage], *nx.descendants(repo.index.graph, stages[stage])}
            return {name: _inputs(member) for name, member in stages.items() if member in needed}
    except KeyError:
        raise InputError(f"dvc.yaml has no stage '{stage}'; {RESTORE}") from None
    except (DvcException, FileNotFoundError) as error:
        raise InputError(f"dvc.yaml, stage {stage}: {error}; run `dvc repro`") from None


def folder_hash(contents: dict[str, bytes]) -> str:
    """Return the hash under which ``dvc.lock`` records a folder with these files. Their paths are relative to it."""
    tree = Tree()
    for path, content in contents.items():
        tree.add(Path(path).parts, None, HashInfo("md5", file_hash(content)))
    tree.digest()
    return str(tree.hash_info.value)


def file_hash(content: bytes) -> str:
    """Return the hash under which ``dvc.lock`` records a file with this content: its MD5, in hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _inputs(stage: Any) -> Inputs:
    hashes = {dependency.def_path: dependency.get_hash().value for dependency in stage.deps}
    params = next((value for value in hashes.values() if isinstance(value, dict)), {})
    contents = {path: value for path, value in hashes.items() if not isinstance(value, dict)}
    text = json.dumps([stage.cmd, hashes], sort_keys=True, default=str)
    return Inputs(params, contents, hashlib.sha256(text.encode()).hexdigest())


def outdated(stages: list[str]) -> list[str]:
    """Return the names in `stages` of stages whose inputs or outputs differ from ``dvc.lock``.

    Raises
    ------
    InputError
        If another DVC command is at work in the project, if ``dvc.yaml`` cannot be read, or if it has no such stage.
    """
    status = _status(*stages)
    return [stage for stage in stages if stage in status]


def modified() -> dict[str, list[str]]:
    """Return, by stage, the parameters, code and results here that differ from ``dvc.lock``.

    A missing file does not count, because a fresh clone has no data, only the results that are in Git. Outside a DVC
    project the result is empty. Errors are the same as in `outdated`.
    """
    status = _status() if DVC.is_dir() else {}
    names = {stage: [name for entry in entries for name in _modified(entry)] for stage, entries in status.items()}
    return {stage: modified for stage, modified in names.items() if modified}


def _modified(entry: str | dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the modified or new names in an entry of DVC's status. If the entry is a text, yield that text."""
    if isinstance(entry, str):
        yield entry
        return
    for group in entry.values():
        for name, state in group.items():
            if isinstance(state, dict):
                yield from state
            elif state in ("modified", "new"):
                yield name


def _status(*stages: str) -> dict[str, list[Any]]:
    """Return what ``dvc status`` says, by stage. Without names, it asks about all stages; it omits those up to date."""
    if not DVC.is_dir():
        raise InputError(f"{DVC} is not there: run in the project's folder, in a clone of its repository")
    dvc_lock.mend()
    command = [sys.executable, "-m", "dvc", "status", "--json", *stages]
    done = parent.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(done.stderr.removeprefix("ERROR: ").split())
        raise InputError(f"`dvc status`: {reason}; wait for other DVC commands to end, or {RESTORE}")
    status: dict[str, list[Any]] = json.loads(done.stdout)
    return status


def restore(revision: str, names: list[str], folder: Path) -> None:
    """Copy files and folders of a commit into `folder`, under their own names. Git or DVC may keep them.

    The old folder is replaced only after all of them are copied. Raises InputError if a file is not in the commit, or
    if its content is not in DVC's cache.
    """
    try:
        files = DVCFileSystem(".", rev=revision)
        with atomic_directory(folder) as partial:
            for name in names:
                files.get(name, (partial / name).as_posix(), recursive=files.isdir(name))
    # DVC's public file system raises the private `DataIndexDirError` if a folder is not in the cache.
    except (DvcException, DataIndexDirError, OSError) as error:
        missing = f"{revision} does not have {' and '.join(names)} here ({error})"
        raise InputError(f"{missing}; run the experiment again, or `dvc pull`") from None
