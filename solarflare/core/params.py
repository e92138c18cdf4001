"""Reads `params.yaml` and checks it. The form of each group of parameters lies in the room that uses the group.

A stage declares the groups that it reads as a class, made of the rooms' `Part` classes, and calls `load` with it. The
whole file is checked at that moment, so that a mistake in a later stage's group is reported before the first stage runs.
For this check alone the forms of all groups are imported by name (`FORMS`): no room depends on another one's choices.
"""

import datetime as dt
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from solarflare.core.errors import InputError
from solarflare.core.paths import PARAMS

FORMS = (
    "solarflare.core.tasks:TaskParams",
    "solarflare.sun.images.instruments:InstrumentParams",
    "solarflare.sources.schema:ScrapeParams",
    "solarflare.sun.events.questions:LabelParams",
    "solarflare.dataset.splits.schema:SplitParams",
    "solarflare.dataset.shards.schema:CropParams",
    "solarflare.networks.schema:TrainParams",
    "solarflare.verification.audit.schema:AuditParams",
    "solarflare.verification.evaluation.schema:EvaluateParams",
)
"""Which class holds the form of each group of `params.yaml`."""

# YAML gives a date, `dvc exp run -S` a text.
Date = Annotated[dt.date, Field(strict=False)]
Seed = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.01, le=0.9)]
Hours = Annotated[float, Field(ge=0, le=720)]
Resamples = Annotated[int, Field(ge=100, le=100_000)]


class Group(BaseModel):
    """A group of parameters: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(BaseModel):
    """A part of `params.yaml`: frozen; keys that it does not name are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


P = TypeVar("P", bound=Part)


def load(form: type[P], path: Path = PARAMS) -> P:
    """Read and check the parameters.

    Parameters
    ----------
    form : type
        Which groups are returned: a subclass of `Part`.
    path : Path, optional
        A YAML file in the form of this project's `params.yaml`.

    Returns
    -------
    Part
        An instance of `form`, frozen.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or has a wrong key, type or value anywhere; the sentence names the first.
    """
    return parse(read_yaml(path), path, form)


def parse(content: dict[str, Any], path: Path, form: type[P]) -> P:
    """Check groups of parameters that may have been changed since they were read.

    Parameters
    ----------
    content : dict
        In the form of `params.yaml`.
    path : Path
        The file that an error is about.
    form : type
        Which groups are returned: a subclass of `Part`.

    Raises
    ------
    InputError
        If a key, type or value is wrong anywhere in the file; the sentence names the first.
    """
    check(content, path)
    return form.model_validate(content)


def check(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return all groups of parameters, checked, as JSON has them; arguments and errors as of `parse`."""
    try:
        return _whole_form().model_validate(content).model_dump(mode="json")
    except ValidationError as error:
        raise InputError(_sentence(path, error)) from None


@cache
def _whole_form() -> type[Group]:
    """Return the form of the whole file."""
    fields: dict[str, Any] = {}
    for form in FORMS:
        module, _, name = form.partition(":")
        part = getattr(import_module(module), name)
        fields |= {key: (field.annotation, field) for key, field in part.model_fields.items()}
    return create_model("Params", __base__=Group, **fields)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read groups of keys, unchecked.

    Raises
    ------
    InputError
        If the file is missing, is not YAML or holds something else.
    """
    try:
        return parse_yaml(path.read_text(), path)
    except FileNotFoundError:
        raise InputError(
            f"{path} is not there: run in the project's folder, or get it back with `git checkout {path}`"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is not YAML; `git checkout {path}`") from None


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """Return the groups of keys in a text, unchecked.

    Parameters
    ----------
    text : str
        YAML.
    path : Path
        The file that an error is about.

    Raises
    ------
    InputError
        If it is not YAML or holds something else.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = f", line {mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise InputError(f"{path}{where}: this is not YAML; mend the line or `git checkout {path}`") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected groups of keys, got {type(content).__name__}; `git checkout {path}`")
    return content


def dotted(groups: dict[str, Any]) -> dict[str, Any]:
    """Return the leaves of nested groups by their dotted keys."""
    leaves: dict[str, Any] = {}
    for key, value in groups.items():
        if isinstance(value, dict):
            leaves |= {f"{key}.{inner}": leaf for inner, leaf in dotted(value).items()}
        else:
            leaves[key] = value
    return leaves


def _sentence(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    given: Any = first["input"]
    match first["type"]:
        case "missing":
            return f"{path}: key {key} is missing; every key has to be there"
        case "extra_forbidden":
            group: Any = _whole_form()
            for part in first["loc"][:-1]:
                group = group.model_fields[str(part)].annotation
            return f"{path}: key {key} is not known; allowed here: {', '.join(group.model_fields)}"
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{path}: key {key} is {given!r}; expected {expected.removeprefix('expected ')}"
