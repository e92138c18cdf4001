"""The form of the files in ``metrics/`` that commands read. A pull request may hold anything in their place.

Early versions of the project wrote fewer keys, so that a review lets many be missing. What nobody reads may hold
anything.
"""

import io
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError, model_validator

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task

CURVES = {"roc": ["fpr", "tpr"], "pr": ["recall", "precision"], "reliability": ["probability", "frequency", "n"]}
"""The numbers of each table in ``metrics/plots/<task>/``. The ends of their intervals, low and high, may be blank."""

INTERVAL = ("value", "low", "high")  # the keys of a score


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class Absent(_Part):
    """What stands in place of the results of a skipped task."""

    absent: str


class Score(_Part):
    """A score with its interval. Without an interval both ends are null. An undefined score is null, too."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _has_both_ends_or_none(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("one end of the interval is missing")
        return self


Share = Annotated[float, Field(ge=0, le=1)]
Signed = Annotated[float, Field(ge=-1, le=1)]


class _Rate(Score):
    value: Share


class _Share(Score):
    value: Share | None
    low: Share | None = None
    high: Share | None = None


class _Signed(Score):
    value: Signed | None
    low: Signed | None = None
    high: Signed | None = None


class _Skill(Score):
    value: Annotated[float, Field(le=1)] | None


class _Confusion(_Part):
    tp: NonNegativeInt
    fp: NonNegativeInt
    fn: NonNegativeInt
    tn: NonNegativeInt


class _Cost(_Part):
    parameters: NonNegativeInt | None = None
    flops: NonNegativeInt | None = None
    weight_bytes: NonNegativeInt | None = None
    epochs: NonNegativeInt | None = None


class Scores(_Part):
    """``metrics/details/<task>.json``. Early versions wrote ``trusted: false`` and ``untrusted_because``."""

    n: PositiveInt
    blocks: PositiveInt
    confusion: _Confusion
    base_rate: _Rate
    roc_auc: _Share
    pr_auc: _Share
    tss: _Signed
    brier_skill: _Skill
    hss: _Signed | None = None
    css: _Signed | None = None
    recall: _Share | None = None
    specificity: _Share | None = None
    accuracy: _Share | None = None
    brier: _Share | None = None
    expected_calibration_error: _Share | None = None
    trusted: bool | Literal["yes", "no", "insufficient"] = True
    trusted_reason: str = ""
    untrusted_because: str = ""
    cost: _Cost = _Cost()
    combinations: dict[str, Absent | dict[str, Score]] = {}

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if self.trusted is False and not self.untrusted_because:
            raise ValueError("trusted is false without untrusted_because")
        return self


class _Reference(_Part):
    roc_auc: _Share
    tss: _Signed = _Signed(value=None)
    brier_skill: _Skill = _Skill(value=None)
    accuracy: _Share = _Share(value=None)


class _Verdict(_Part):
    verdict: str


class _Difference(_Part):
    roc_auc: _Verdict


References = dict[str, Absent | _Reference]


class Evaluation(Scores):
    """``metrics/details/<task>.json`` as ``evaluate`` writes it now."""

    accuracy: _Share
    baselines: References
    combinations: References = {}  # type: ignore[assignment] # a narrower form
    confounders: References = {}
    differences: dict[str, _Difference]
    resolvable_difference: float | None

    @model_validator(mode="before")
    @classmethod
    def _has_whole_intervals(cls, content: Any) -> Any:
        _check_intervals(content)
        return content

    @model_validator(mode="after")
    def _compares_all(self) -> Self:
        for name, reference in (self.baselines | self.combinations | self.confounders).items():
            if isinstance(reference, _Reference) and name not in self.differences:
                raise ValueError(f"differences.{name} is missing")
        return self


def _check_intervals(content: Any, where: str = "") -> None:
    """Raise a ValueError if a score anywhere in some JSON lacks its value or an end, or one of them is no number."""
    if not isinstance(content, dict):
        return
    ends = {key: content.get(key) for key in INTERVAL if key in content}
    if ends and (len(ends) < len(INTERVAL) or any(isinstance(end, str | bool | dict | list) for end in ends.values())):
        raise ValueError(f"{where}: expected a value with low and high, numbers or null")
    for key, part in content.items():
        _check_intervals(part, f"{where}.{key}".lstrip("."))


class _Probe(_Part):
    roc_auc: _Share
    leak: bool
    corrected_low: float | None = None


class _Pairs(_Part):
    pairs: NonNegativeInt


class Audit(_Part):
    """The part of a task in ``metrics/details/audit.json``."""

    leak: bool
    probes: dict[str, _Probe]
    near_duplicates: _Pairs = _Pairs(pairs=0)

    @model_validator(mode="after")
    def _has_a_gated_probe(self) -> Self:
        if not any("corrected_low" in probe.model_fields_set for probe in self.probes.values()):
            raise ValueError("no probe has corrected_low")
        return self


class Data(_Part):
    """The part of a task in ``metrics/details/data.json``."""

    labelled: dict[str, NonNegativeInt] = {}
    unlabelled: dict[str, NonNegativeInt] = {}
    parts: dict[str, NonNegativeInt] = {}
    left_out: dict[str, NonNegativeInt] = {}


def read_evaluation(path: Path) -> dict[str, Any]:
    """Return the content of a task's file of scores, or ``{"absent": reason}``.

    Raises
    ------
    InputError
        If the file is missing, or has another form than `Evaluation`. The sentence begins with the path.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        raise InputError(f"{path} is not there or is broken; make it with `dvc repro evaluate`") from None
    try:
        return read(str(path), text, Evaluation)
    except InputError as error:
        remedy = "" if "dvc repro" in str(error) else "; make it again with `dvc repro evaluate`"
        raise InputError(f"{error}{remedy}") from None


def read(path: str, text: str, form: type[BaseModel], task: Task | None = None) -> dict[str, Any]:
    """Return the content of a JSON file, or with `task` that of a task in it, which has this form or is absent.

    Raises
    ------
    InputError
        If it has another form. The sentence begins with the path.
    """
    try:
        content = strict_json.parse(text)
    except ValueError:
        raise InputError(f"{path}: this is not JSON; make it again with `dvc repro`") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys with values")
    if task is not None:
        content = content.get(task, {"absent": "not there"})
    try:
        (Absent if isinstance(content, dict) and "absent" in content else form).model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, (*([task] if task else []), *first["loc"])))
        wrong = (
            "expected keys with values" if first["type"] == "model_type" else first["msg"].removeprefix("Value error, ")
        )
        raise InputError(f"{path}: {f'{key}: ' if key else ''}{wrong.replace('Input should be', 'expected')}") from None
    return content


def read_curve(path: str, text: str, name: str) -> pd.DataFrame:
    """Return a table of `CURVES`.

    Raises
    ------
    InputError
        If it lacks a column or a row, or if a cell is no number from 0 to 1. The sentence begins with the path.
    """
    try:
        table = pd.read_csv(io.StringIO(text))
        shares = table[[column for column in (*CURVES[name], "low", "high") if column != "n"]].astype(float)
        needed = table[CURVES[name]].astype(float)
    except (ValueError, KeyError):
        raise InputError(f"{path}: expected numbers in the columns {', '.join(CURVES[name])}, low and high") from None
    inside = shares.isna() | ((shares >= 0) & (shares <= 1))
    if table.empty or needed.isna().any(axis=None) or not inside.all(axis=None):
        raise InputError(f"{path}: expected at least one row, and numbers from 0 to 1")
    return table.astype(needed.dtypes.to_dict() | shares.dtypes.to_dict())
