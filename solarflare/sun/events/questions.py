"""Parameters of the labels: which flares, in which time window around an image, make its label 1."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from solarflare.core import classes
from solarflare.core.params import Group, Hours, Part
from solarflare.core.tasks import ByTask, Task

Event = Literal["overlap", "start"]
ONE_DECIMAL = r"[A-Z]\d+(\.\d)?"


def _goes_class(value: str) -> str:
    if not re.fullmatch(classes.GOES, value) or not re.fullmatch(ONE_DECIMAL, value):
        raise ValueError(f"expected {classes.A_GOES_CLASS}, and has one decimal or none")
    return value


GoesClass = Annotated[str, AfterValidator(_goes_class)]


class FlareQuestion(Group):
    """Which flares make a label 1: those of ``min_class`` or more in the window around the image.

    The window reaches from ``before`` hours before the image to ``after`` hours after it.
    """

    event: Event
    min_class: GoesClass
    before: Hours
    after: Hours


class DiskLabel(FlareQuestion):
    """What makes the label of a full-disk image 1."""

    target: Literal["active_region", "flare"]


class RegionLabel(FlareQuestion):
    """What makes the label of an active region 1."""

    max_longitude: float = Field(ge=1, le=90)
    unassigned: Literal["drop", "ignore"]


class Label(ByTask[DiskLabel | RegionLabel]):
    """The questions of both tasks."""

    disk: DiskLabel
    region: RegionLabel


def question_of(task: Task, question: Mapping[str, Any]) -> DiskLabel | RegionLabel:
    """Return a question as a model's description holds it: ``label.<task>`` of ``params.yaml``."""
    return (DiskLabel if task == Task.DISK else RegionLabel).model_validate(dict(question))


class LabelParams(Part):
    """The group `label` of `params.yaml`."""

    label: Label
