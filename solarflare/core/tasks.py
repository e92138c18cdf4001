"""The two tasks: their names, their files and folders, and their parameters."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, Field

from solarflare.core import paths
from solarflare.core.params import Group, Part

T = TypeVar("T")


class Task(StrEnum):
    """A task: one network is trained for it. The value is the task's name in `params.yaml` and in all paths."""

    DISK = "disk"
    REGION = "region"

    @property
    def labels(self) -> Path:
        """The table of labels."""
        return paths.LABELS / f"{self}.csv"

    @property
    def splits(self) -> Path:
        """The table that divides the labelled rows into training, validation and test."""
        return paths.SPLITS / f"{self}.csv"

    @property
    def crops(self) -> Path:
        """The folder of image shards that the network reads."""
        return paths.CROPS / self

    @property
    def confounders(self) -> Path:
        """The table of the audit's out-of-fold forecasts from confounders."""
        return paths.CONFOUNDERS / f"{self}.csv"

    @property
    def attributions(self) -> Path:
        """The folder of integrated gradients of the images that the page shows."""
        return paths.ATTRIBUTIONS / self

    @property
    def model(self) -> Path:
        """The folder of the trained network."""
        return paths.MODELS / self

    @property
    def metrics(self) -> Path:
        """The file of the most important test scores, which DVC shows as metrics."""
        return paths.METRICS / f"{self}.json"

    @property
    def details(self) -> Path:
        """The file of all test scores."""
        return paths.DETAILS / f"{self}.json"

    @property
    def predictions(self) -> Path:
        """The table of forecasts for the test rows."""
        return paths.PREDICTIONS / f"{self}.csv"

    @property
    def plots(self) -> Path:
        """The folder of the small tables that figures are drawn from."""
        return paths.PLOTS / self

    @property
    def audit_plot(self) -> Path:
        """The table that the audit's figure is drawn from."""
        return paths.AUDIT_PLOTS / f"{self}.csv"

    @property
    def figures(self) -> Path:
        """The folder of figures, beside the page."""
        return paths.REPORTS / self


TASKS = tuple(Task)


class ByTask(Group, Generic[T]):
    """A group of parameters with one entry per task."""

    disk: T
    region: T

    def of(self, task: Task) -> T:
        """Return the entry of a task."""
        return self.disk if task == Task.DISK else self.region


def _each_once(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    if len(set(tasks)) < len(tasks):
        raise ValueError("expected each task once")
    return tasks


class TaskParams(Part):
    """Which tasks run."""

    tasks: Annotated[
        tuple[Annotated[Task, Field(strict=False)], ...],
        Field(min_length=1, strict=False),
        AfterValidator(_each_once),
    ]


class Origin(Part):
    """The origin of the data. The other parameters of `scrape` depend on the origin."""

    origin: str


class OriginParams(Part):
    """The group `scrape` for stages that need only the name of the origin."""

    scrape: Origin
