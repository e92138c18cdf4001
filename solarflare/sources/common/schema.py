"""The form of the parameters that several origins share."""

import datetime as dt

from pydantic import Field, ValidationInfo, field_validator

from solarflare.core.params import Date, Group
from solarflare.core.tasks import Task


class Sampled(Group):
    """The span of the images, their number for each task, and the largest distance of two partners in days."""

    start: Date
    end: Date
    disk_images: int = Field(ge=2, le=100_000)
    region_images: int = Field(ge=2, le=100_000)
    max_days: int = Field(ge=1, le=400)

    def images(self, task: Task) -> int:
        """Return how many images a task gets."""
        return self.disk_images if task == "disk" else self.region_images

    @field_validator("end")
    @classmethod
    def _in_order(cls, end: dt.date, info: ValidationInfo) -> dt.date:
        # Without a start, the start has an error of its own.
        if "start" in info.data and end <= info.data["start"]:
            raise ValueError(f"expected a date after the start, {info.data['start']}")
        return end
