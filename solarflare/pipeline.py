"""What DVC knows of a stage: what went in, and whether what came out is up to date."""

import hashlib
import json
from pathlib import Path

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc_data.index import DataIndexDirError

from solarflare.errors import InputError
from solarflare.files import atomic_directory


def fingerprint(stage: str) -> str | None:
    """Return what identifies the inputs of a stage: the same code, data and parameters give the same text.

    Parameters
    ----------
    stage : str
        Its name in ``dvc.yaml``.

    Returns
    -------
    str or None
        SHA-256, in hexadecimal, of the stage's command and the contents of its dependencies and parameters, as they
        are in the working folder; None outside a DVC project.

    Raises
    ------
    InputError
        If ``dvc.yaml`` cannot be read or a dependency is missing.
    """
    try:
        with Repo() as repo:
            loaded = repo.stage.load_one(name=stage)
            inputs = {dependency.def_path: dependency.get_hash().value for dependency in loaded.deps}
            content = json.dumps([loaded.cmd, inputs], sort_keys=True, default=str)
    except NotDvcRepoError:
        return None
    except DvcException as error:
        raise InputError(f"dvc.yaml, stage {stage}: {error}; run `dvc repro`") from None
    return hashlib.sha256(content.encode()).hexdigest()


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
