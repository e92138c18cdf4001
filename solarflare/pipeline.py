"""What DVC knows of a stage: what went in, and whether what came out is up to date."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo

from solarflare.errors import InputError


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
            collected = {one.name: one for one in repo.stage.collect(stage, with_deps=True)}
            return {one.name: _inputs(one) for one in repo.index.stages if one.name in collected}
    except NotDvcRepoError:
        return None
    except (DvcException, FileNotFoundError) as error:
        raise InputError(f"dvc.yaml, stage {stage}: {error}; run `dvc repro`") from None


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
        with Repo() as repo:
            status = repo.status(targets=stages)
    except DvcException as error:
        raise InputError(f"dvc.yaml: {error}; wait for other DVC commands to end, or mend the file") from None
    return [stage for stage in stages if stage in status]
