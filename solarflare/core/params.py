"""Read `params.yaml` and check it. The schema of each group of parameters is in the room that uses the group.

A stage declares the groups that it reads as a class, which inherits from the rooms' `Part` classes, and calls `load`
with it. `load` checks the whole file, so that a mistake in a later stage's group is reported before the first stage
runs. Only this check imports the schemas of all groups, by name (`SCHEMAS`): no room depends on another room's schema.
"""

import datetime as dt
import difflib
import re
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from solarflare.core.errors import InputError
from solarflare.core.paths import PARAMS

SCHEMAS = (
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
"""The classes with the schemas of all groups of `params.yaml`."""

FIRST_YEAR, LAST_YEAR = 1900, 2199


def _day(value: object) -> dt.date:
    """Return a date. YAML gives a date, but `dvc exp run -S` gives a string."""
    day = value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            day = dt.date.fromisoformat(value)
    if isinstance(day, dt.datetime) or not isinstance(day, dt.date) or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"expected a date such as 2014-01-31, without a time, in {FIRST_YEAR} to {LAST_YEAR}")
    return day


Date = Annotated[dt.date, BeforeValidator(_day)]
# NumPy and TensorFlow take seeds below 2**32; the members of an ensemble add to theirs.
Seed = Annotated[int, Field(ge=0, le=4_000_000_000)]
Fraction = Annotated[float, Field(ge=0.01, le=0.9)]
Hours = Annotated[float, Field(ge=0, le=720)]
Resamples = Annotated[int, Field(ge=100, le=100_000)]


NOT_THERE = "{0} is not there: run in the project's folder, or get it back with `git checkout {0}`"
MAX_SHOWN = 100  # characters of a wrong value that a message shows


class Group(BaseModel):
    """A group of parameters: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(BaseModel):
    """A selection of the groups of `params.yaml`, frozen; groups that it does not name are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


P = TypeVar("P", bound=Part)


DEEPEST, MOST_ALIASES = 20, 100  # levels and aliases in a YAML file


class _Loader(yaml.SafeLoader):
    """Reads ``1e-06`` as a number: `dvc exp run -S` writes it so, without the point that YAML 1.1 wants."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def load(schema: type[P], path: Path = PARAMS) -> P:
    """Read and check the parameters.

    Parameters
    ----------
    schema : type
        A subclass of `Part`. Its fields are the groups that are returned.
    path : Path, optional
        A YAML file with the groups of this project's `params.yaml`.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or has a wrong key, type or value anywhere. The message names the
        first mistake.
    """
    return parse(read_yaml(path), path, schema)


def parse(content: dict[str, Any], path: Path, schema: type[P]) -> P:
    """Check the groups of a file, which the caller may have changed since it was read; see `load`.

    Raises
    ------
    InputError
        If a key, type or value is wrong anywhere. The message names `path` and the first wrong key.
    """
    check(content, path)
    return schema.model_validate(content)


def check(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Check all groups and return them as values that JSON can hold; arguments and errors as in `parse`."""
    try:
        return _whole_schema().model_validate(content).model_dump(mode="json")
    except ValidationError as error:
        raise InputError(_message(path, error)) from None


@cache
def _whole_schema() -> type[Group]:
    """Return the schema of the whole file."""
    fields: dict[str, Any] = {}
    for schema in SCHEMAS:
        module, _, name = schema.partition(":")
        part = getattr(import_module(module), name)
        fields |= {key: (field.annotation, field) for key, field in part.model_fields.items()}
    return create_model("Params", __base__=Group, **fields)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the groups of a file without checking them.

    Raises
    ------
    InputError
        If the file is missing, is not YAML or does not consist of groups.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise InputError(NOT_THERE.format(path)) from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is not YAML; `git checkout {path}`") from None


def require_project(path: Path = PARAMS) -> None:
    """Raise an InputError if the parameters are missing: this folder is then no project, and gets no files of one."""
    if not path.is_file():
        raise InputError(NOT_THERE.format(path))


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """Return the groups in a YAML text without checking them.

    Raises
    ------
    InputError
        If the text is not YAML or does not consist of groups; the message names `path`.
    """
    try:
        _check_structure(text, path)
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        where = f", line {mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise InputError(f"{path}{where}: this is not YAML; mend the line or `git checkout {path}`") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # dates that do not exist, odd tags
        raise InputError(f"{path}: a value cannot be read ({error}); correct it or `git checkout {path}`") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected groups of keys, got {type(content).__name__}; `git checkout {path}`")
    return content


def _check_structure(text: str, path: Path) -> None:
    """Raise an InputError if a YAML text is too deep, or if its aliases could make it endless or very long."""
    anchors: list[str | None] = []  # of the collections around an event
    aliases = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchors.pop()
        aliases += isinstance(event, yaml.AliasEvent)
        nested = isinstance(event, yaml.AliasEvent) and any(anchors)
        if nested or aliases > MOST_ALIASES or len(anchors) > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise InputError(
                f"{path}, line {line}: expected at most {DEEPEST} levels and {MOST_ALIASES} "
                "aliases, and no alias below an anchor; write the values out"
            )


def dotted(groups: dict[str, Any]) -> dict[str, Any]:
    """Return nested groups as one flat dictionary with dotted keys.

    Examples
    --------
    >>> dotted({"label": {"disk": {"before": 0.0}}, "tasks": ["disk"]})
    {'label.disk.before': 0.0, 'tasks': ['disk']}
    """
    leaves: dict[str, Any] = {}
    for key, value in groups.items():
        if isinstance(value, dict):
            leaves |= {f"{key}.{inner}": leaf for inner, leaf in dotted(value).items()}
        else:
            leaves[key] = value
    return leaves


def _message(path: Path, error: ValidationError) -> str:
    # A misspelt key is missing under its right name too.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{path}: key {key} is missing; every key has to be there"
    if first["type"] == "extra_forbidden":
        known = list(_group(first["loc"][:-1]).model_fields)
        near = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"{path}: key {key} is not known{meant}; allowed here: {', '.join(known)}"
    return f"{path}: key {key}{_shown(first['input'])}; expected {_expected(first)}"


def _group(keys: tuple[int | str, ...]) -> Any:
    """Return the schema of the group under these keys."""
    group: Any = _whole_schema()
    for key in keys:
        # The values of a dictionary have names that the user gives.
        fields = getattr(group, "model_fields", None)
        group = fields[str(key)].annotation if fields else get_args(group)[1]
    return group


def _shown(value: Any) -> str:
    try:
        shown = str(value) if isinstance(value, dt.date) else repr(value)
    except ValueError:
        shown = "a number of thousands of digits"
    # The value of a whole group would hide the sentence.
    return f" is {shown}" if len(shown) <= MAX_SHOWN else ""


def _expected(problem: Any) -> str:
    """Return what was expected in place of a wrong value, where pydantic's own words speak of Python."""
    match problem["type"]:
        case "tuple_type" | "list_type":
            return "a list: each item on a line of its own, after a hyphen"
        case "too_short":
            return f"a list with at least {problem['ctx']['min_length']} item"
        case "dict_type":
            return "keys with values below it"
        case "model_type":
            return f"these keys below it: {', '.join(_group(problem['loc']).model_fields)}"
    return problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("expected ")
