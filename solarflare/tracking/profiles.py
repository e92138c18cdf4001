"""Profiles: small files that override values of ``params.yaml``. They run as DVC experiments (``dvc exp run -S``)."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solarflare.core import params, parent, paths
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.tasks import TASKS
from solarflare.report import scrape_cost
from solarflare.sources.archive import scrape
from solarflare.sources.live import estimate
from solarflare.sources.live.schema import LiveParams
from solarflare.tracking import dvc_state, git

PROFILES = Path("profiles")
KEYS = ("overrides", "variants", "published")
ATTEMPTS = 20  # of a command of DVC that others block
ROOM = 100_000_000  # bytes of the disk that have to be free for an experiment
BUSY = ("Unable to acquire lock", "is busy, it is being blocked by")  # what DVC says then
DEFAULT = "default"  # the name of the only variant of a profile that names none


@dataclass(frozen=True)
class Profile:
    """Values that replace values of ``params.yaml``, and at least one variant. Keys are dotted: ``scrape.origin``.

    `published` is the accuracy that others published, per task, 0 to 1. If it is given, all variants repeat the same
    design, and only their mean is compared with it.
    """

    name: str  # the file's name without ``.yaml``
    overrides: dict[str, Any]  # values of all variants. If images come from an archive, its folder and digest too.
    variants: dict[str, dict[str, Any]]  # by name, the values of one variant, which override `overrides`
    published: dict[str, float]


def read(name: str, folder: Path | None = None) -> Profile:
    """Read a profile and check that its keys and values fit ``params.yaml``.

    Parameters
    ----------
    name : str
        The name of a file in ``profiles/``, without ``.yaml``.
    folder : Path, optional
        The folder of an archive, from which the images and tables come then, and not from the observatories' sites.
        Needed if the profile has the origin ``archive``.

    Raises
    ------
    InputError
        If there is no such file, if a key or value of it does not fit a profile or ``params.yaml``, or if the profile
        needs an archive that is not given or does not exist, or an archive is given and the profile makes a Sun of its
        own. The message names the key.
    """
    path, names = PROFILES / f"{name}.yaml", sorted(file.stem for file in PROFILES.glob("*.yaml"))
    if name not in names:  # so that no path leads elsewhere
        raise InputError(f"{path} is not there; the profiles here are {', '.join(names) or 'none'}")
    content = _content(path)
    if unknown := [key for key in content if key not in KEYS]:
        raise InputError(f"{path}: key {unknown[0]} is not known; allowed here: {', '.join(KEYS)}")
    published = content.get("published", {})
    if not isinstance(published, dict) or not all(
        task in TASKS and isinstance(accuracy, float) and 0 < accuracy < 1 for task, accuracy in published.items()
    ):
        raise InputError(f"{path}: published is {published!r}; expected accuracies, 0 to 1, by task")
    overrides = _changes(content.get("overrides", {}), "overrides", path)
    variants = _variants(content.get("variants", {DEFAULT: {}}), path)
    if folder is not None:
        overrides = _of_archive(name, overrides, folder)
    elif overrides.get("scrape.origin") == "archive":
        raise InputError(f"the profile {name} needs an archive: add --archive FOLDER (with make: ARCHIVE=FOLDER)")
    params.check(applied({}), paths.PARAMS)
    for variant, changes in variants.items():
        _check(overrides, variant, changes, path)
    return Profile(name, overrides, variants, published)


def _content(path: Path) -> dict[str, Any]:
    try:
        return params.read_yaml(path)
    except InputError as error:
        # A new profile is not in Git: `git checkout`, which helps with params.yaml, does not find it.
        problem, _, _ = str(error).partition("; ")
        raise InputError(f"{problem}; mend the file") from None


def _of_archive(name: str, overrides: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the overrides with an archive as the origin."""
    if overrides.get("scrape.origin") not in ("archive", "live"):
        raise InputError(f"the profile {name} makes a Sun of its own and reads no archive; run it without --archive")
    others = {key: value for key, value in overrides.items() if not key.startswith("scrape.")}
    # Relative: an absolute path would be committed with the experiment's params.yaml.
    archive = {"scrape.archive.path": os.path.relpath(folder), "scrape.archive.digest": scrape.digest(folder)}
    return others | {"scrape.origin": "archive"} | archive


def cost(profile: Profile, rows: bool = False) -> str:
    """Return what the first variant of a profile would fetch, and the cost, as `scrape_cost.render` does; no request.

    All variants share the downloads.
    """
    changes = next(iter(profile.variants.values()))
    content = applied(profile.overrides | changes)
    if content["scrape"]["origin"] != "live":
        return f"The profile {profile.name} fetches nothing: its origin is {content['scrape']['origin']}."
    chosen = params.parse(content, PROFILES / f"{profile.name}.yaml", LiveParams)
    return scrape_cost.render(*estimate.estimate(chosen), rows)


def _variants(content: Any, path: Path) -> dict[str, dict[str, Any]]:
    """Return the changes of each variant, by name, with dotted keys."""
    if not isinstance(content, dict) or not content:
        raise InputError(
            f"{path}: variants is {content!r}; expected the changes of each variant by its name, "
            f"or leave the key out for one variant, {DEFAULT}, without changes"
        )
    for name in content:
        if not (isinstance(name, str) and re.fullmatch(r"\w[\w-]*", name)):
            raise InputError(f"{path}: variants has the name {name!r}; expected letters, digits, - and _ (in quotes)")
    return {name: _changes(changes, f"variants.{name}", path) for name, changes in content.items()}


def _changes(content: Any, key: str, path: Path) -> dict[str, Any]:
    """Return the changes below a key of a profile, with dotted keys."""
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise InputError(f"{path}: {key} is {content!r}; expected keys of params.yaml with their values")
    return params.dotted(content)


def _check(overrides: dict[str, Any], variant: str, changes: dict[str, Any], path: Path) -> None:
    """Raise an error that names the wrong key, and whether it is in ``overrides`` or in the variant."""
    try:
        params.check(applied(overrides | changes), path)
    except InputError:
        params.check(applied(overrides), Path(f"{path}: overrides"))
        params.check(applied(overrides | changes), Path(f"{path}: variants.{variant}"))


def run(profile: Profile, stages: Sequence[str] = (), beside_others: bool = False) -> dict[str, str]:
    """Run each variant of a profile as a DVC experiment in a temporary copy. The workspace does not change.

    A new experiment replaces an earlier one of the same name and commit. With `stages`, only these and what they need
    are run. With `beside_others`, other experiments may run at the same time, and DVC prints nothing.

    Returns
    -------
    dict
        By name of the variant, the commit that holds its results.

    Raises
    ------
    InputError
        If a stage of an experiment fails, or if the disk has too little room.
    """
    _check_room()
    revisions, dvc = {}, _dvc_beside_others if beside_others else _dvc
    for variant, changes in profile.variants.items():
        name = f"{profile.name}-{variant}"
        if _references(name, git.output("rev-parse", "HEAD").strip()):
            dvc("exp", "remove", "--quiet", name)
        before = _references(name)
        flags = [
            f"--set-param={key}={json.dumps(value, default=str, ensure_ascii=False)}"  # dates become text
            for key, value in (profile.overrides | changes).items()
        ]
        dvc("exp", "run", "--temp", "--name", name, *flags, *stages)
        # HEAD does not tell which reference is new, because somebody may commit while an experiment runs.
        (reference,) = _references(name) - before
        revisions[variant] = git.output("rev-parse", reference).strip()
    return revisions


def models(name: str) -> Path:
    """Return the folder of an experiment's models. It is in the cache of downloads, next to their ``params.yaml``.

    Parameters
    ----------
    name : str
        An experiment, such as ``sdo-euv-folds``. If several have this name, the newest is taken. A commit or branch
        works too, if DVC has its models.

    Raises
    ------
    InputError
        If there is no such experiment, or if DVC does not have its models.
    """
    revision = _revision(name)
    folder = main_checkout() / paths.EXPERIMENT_MODELS / revision
    if not folder.is_dir():
        dvc_state.restore(revision, ["models", paths.PARAMS.name], folder)
    return folder / "models"


def _revision(name: str) -> str:
    """Return the commit of the newest experiment with this name. Without one, return Git's commit of this name."""
    newest = ("--sort=-committerdate", "--count=1", "--format=%(objectname)")
    with suppress(InputError):  # outside a repository
        if revision := git.output("for-each-ref", *newest, f"refs/exps/*/*/{name}").strip() or git.commit(name):
            return revision
    raise InputError(
        f"{name} is no folder, and no experiment or commit of a Git repository here; "
        "`dvc exp list --all-commits` names the experiments of one"
    )


def _references(name: str, commit: str = "*") -> set[str]:
    """Return the Git references of the experiments with this name that started at `commit`, by default at any."""
    pattern = f"refs/exps/{commit[:2]}/{commit[2:] or '*'}/{name}"
    return set(git.output("for-each-ref", "--format=%(refname)", pattern).splitlines())


def applied(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the content of ``params.yaml`` after the changes, which have dotted keys."""
    content = params.read_yaml(paths.PARAMS)
    for key, value in changes.items():
        *groups, last = key.split(".")
        group = content
        for name in groups:
            group[name] = group[name] if isinstance(group.get(name), dict) else {}
            group = group[name]
        group[last] = value
    return content


def _dvc(*arguments: str) -> None:
    if _run(_command(*arguments)).returncode:
        raise _failed(arguments)


def _dvc_beside_others(*arguments: str) -> None:
    """Run a command of DVC while others run: try again where one of them is at work on the same references.

    DVC waits for its lock of the whole project if it is told to, but not for its locks of references.
    """
    command = _command("--wait-for-lock", *arguments)
    for attempt in range(ATTEMPTS):
        done = _run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return
        if not any(message in done.stderr for message in BUSY):
            break
        time.sleep(1 + attempt)
    sys.stderr.write(done.stderr)
    raise _failed(arguments)


def _failed(arguments: tuple[str, ...]) -> InputError:
    """Return the error for a command of DVC that failed and has printed why."""
    lock = Path(git.output("rev-parse", "--git-path", "index.lock").strip())
    if lock.exists():
        return InputError(
            f"{lock} is there: a command of Git is at work in this project, or was killed; if none is at work, delete "
            "this file, then run this again"
        )
    return InputError(f"`dvc {' '.join(arguments[:5])} ...` failed for the reason above; correct it and run this again")


def _check_room() -> None:
    # DVC and Git print tracebacks where the disk is full, and leave their locks.
    free = shutil.disk_usage(Path()).free
    if free < ROOM:
        raise InputError(
            f"the disk has room for {free / 1e6:.0f} MB, and an experiment, which works in a copy of the project, "
            f"needs {ROOM / 1e6:.0f}; free some space and run this again"
        )


def _run(command: list[str], **how: Any) -> "subprocess.CompletedProcess[str]":
    return parent.run(command, env=_environment(), **how)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dvc", *arguments]


def _environment() -> dict[str, str]:
    """Return the environment in which "python", with which the commands of stages begin, is the one that runs this."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
