"""Checks `dvc.lock` and DVC's list of who reads and writes what. Importing DVC would take a second."""

import fcntl
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solarflare.core import params
from solarflare.core.errors import InputError
from solarflare.core.paths import LOCK, PARAMS

LIST = Path(".dvc/tmp/rwlock")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _File(_Part):
    path: str
    hash: Literal["md5"] = "md5"
    md5: str = Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")
    size: int | None = None
    nfiles: int | None = None
    isexec: bool | None = None


class _Stage(_Part):
    cmd: str
    deps: list[_File] = []
    params: dict[str, Any] = {}
    outs: list[_File] = []


class _LockFile(_Part):
    version: Literal["2.0"] = Field(alias="schema")
    stages: dict[str, _Stage]


def check() -> None:
    """Check that `dvc.lock`, if it is there, has the form in which DVC writes it.

    Raises
    ------
    InputError
        If it has not. DVC itself would print a part of the file instead of a sentence.
    """
    if not LOCK.exists():
        return
    remedy = f"`git checkout {LOCK}`, then `make`"
    try:
        _LockFile.model_validate(params.read_yaml(LOCK))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(f"{LOCK}: {where} is not as DVC writes it; {remedy}") from None


def recorded_params(stage: str) -> dict[str, Any]:
    """Return the values of `params.yaml` with which `dvc.lock` records a stage, by key; none if it does not record it.

    The file was checked by `check`.
    """
    if not LOCK.exists():
        return {}
    recorded = params.read_yaml(LOCK)["stages"].get(stage, {})
    return recorded.get("params", {}).get(PARAMS.name, {})


def mend() -> None:
    """Delete the list if a DVC that was killed left it half-written: DVC would refuse to run because of it.

    Nothing happens while another DVC writes it.
    """
    if not _is_broken():
        return
    with LIST.with_name("rwlock.lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _is_broken():
            LIST.unlink(missing_ok=True)


def _is_broken() -> bool:
    try:
        json.loads(LIST.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False
