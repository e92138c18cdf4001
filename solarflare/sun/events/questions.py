"""The form of a task's question: which flares, in which window around an image, make the answer yes."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from solarflare.core.params import Group, Hours, Part
from solarflare.core.tasks import ByTask

Event = Literal["overlap", "start"]


def _goes_class(value: str) -> str:
    if not re.fullmatch(r"[ABCMX]\d{1,2}(\.\d)?", value):
        raise ValueError("expected a GOES class such as C1.0")
    return value


GoesClass = Annotated[str, AfterValidator(_goes_class)]


class FlareQuestion(Group):
    """Which flares make a label 1."""

    event: Event
    min_class: GoesClass
    before: Hours
    after: Hours


class DiskLabel(FlareQuestion):
    """The question asked of a full-disk image."""

    target: Literal["active_region", "flare"]


class RegionLabel(FlareQuestion):
    """The question asked of an active region."""

    max_longitude: float = Field(ge=1, le=90)
    unassigned: Literal["drop", "ignore"]


class Label(ByTask[DiskLabel | RegionLabel]):
    """The questions."""

    disk: DiskLabel
    region: RegionLabel


class LabelParams(Part):
    """The questions."""

    label: Label
