"""The form of the parameters of training and calibration."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from solarflare.core.compute import ComputeParams
from solarflare.core.params import Group, Seed
from solarflare.core.tasks import ByTask, OriginParams, Task
from solarflare.dataset.shards.schema import CropParams
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams

STOPPED = {2: ", others are learned from", 3: ", one stops the training (patience), others are learned from"}


class Train(Group):
    """How one network is trained."""

    network: Literal["compact", "compact_map", "compact_pooled", "paialunga2020"]
    ensemble: int = Field(ge=1, le=50)
    epochs: int = Field(ge=1, le=1000)
    patience: Annotated[int, Field(ge=1, le=1000)] | None
    batch_size: int = Field(ge=1, le=4096)
    learning_rate: float = Field(ge=1e-6, le=1)
    schedule: Literal["constant", "cosine"]
    augment: bool
    class_weight: Literal["balanced", "none"]
    teacher: float = Field(ge=0, le=1)
    refit: bool
    cross_fit: Annotated[int, Field(ge=0, le=10)]
    flips: bool
    seed: Seed

    @model_validator(mode="after")
    def _learns_to_the_end(self) -> Self:
        if self.refit and self.patience is not None:
            raise ValueError("expected patience to be null where refit is true: no validation is left to stop it")
        return self

    @model_validator(mode="after")
    def _leaves_groups_to_learn_from(self) -> Self:
        fewest = 2 if self.patience is None else 3
        if 0 < self.cross_fit < fewest:
            raise ValueError(f"expected cross_fit to be 0 or at least {fewest}: a group is scored{STOPPED[fewest]}")
        return self

    @property
    def learns_validation(self) -> bool:
        """Whether the network that is saved has learned from the validation rows too."""
        return self.refit or self.cross_fit > 0


class TrainRegion(Train):
    """How the network for cutouts is trained. A cutout shows one region, so there is no map to learn."""

    network: Literal["compact", "compact_pooled", "paialunga2020"]


class BaseRates(ByTask[float | None]):
    """The share of label 1 on the Sun, by task; None if it is not stated."""

    disk: Annotated[float, Field(gt=0, lt=1)] | None
    region: Annotated[float, Field(gt=0, lt=1)] | None


class BaseRatesByOrigin(Group):
    """The base rates of each origin of data. That of the simulated Sun says nothing about the real one."""

    simulated: BaseRates
    archive: BaseRates
    live: BaseRates

    def of(self, origin: str, task: Task) -> float | None:
        """Return the base rate of a task for the data of an origin (``scrape.origin``)."""
        rates: BaseRates = getattr(self, origin)
        return rates.of(task)


class Calibration(Group):
    """How a network's scores become probabilities."""

    method: Literal["platt", "isotonic", "temperature"]
    base_rate: BaseRatesByOrigin


class TrainParams(ComputeParams):
    """How the networks are trained and calibrated."""

    train_disk: Train
    train_region: TrainRegion
    calibration: Calibration

    def train(self, task: Task) -> Train:
        """Return the training parameters of a task."""
        return self.train_disk if task == Task.DISK else self.train_region


class TrainingParams(OriginParams, InstrumentParams, LabelParams, CropParams, TrainParams):
    """The parameters in `params.yaml` that a training reads."""
