"""The form of the parameters that several origins share."""

from typing import Self

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("expected an end after the start")
        return self
