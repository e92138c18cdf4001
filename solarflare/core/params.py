"""The parameters as types: `params.yaml` read into frozen objects, or one sentence about what is wrong in it."""

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from solarflare.core.errors import InputError

PARAMS = Path("params.yaml")

Task = Literal["disk", "region"]
TASKS: tuple[Task, ...] = get_args(Task)
Instrument = Literal["gong", "hmi", "aia171", "aia193", "aia211"]
Event = Literal["overlap", "start"]
MAGNETOGRAPHS: tuple[Instrument, ...] = ("gong", "hmi")


def _goes_class(value: str) -> str:
    if not re.fullmatch(r"[ABCMX]\d{1,2}(\.\d)?", value):
        raise ValueError("expected a GOES class such as C1.0")
    return value


GoesClass = Annotated[str, AfterValidator(_goes_class)]
# YAML gives a date, `dvc exp run -S` a text.
Date = Annotated[dt.date, Field(strict=False)]
Seed = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0.01, le=0.9)]
Hours = Annotated[float, Field(ge=0, le=720)]
Resamples = Annotated[int, Field(ge=100, le=100_000)]
T = TypeVar("T")
# At least one, best first.
Sources = Annotated[tuple[T, ...], Field(min_length=1, strict=False)]


class Group(BaseModel):
    """A group of parameters: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class InstrumentByTask(Group):
    """Which instrument feeds which task."""

    disk: Instrument
    region: Instrument


class Compute(Group):
    """What the machine lends."""

    threads: int = Field(ge=1, le=64)


class Sampled(Group):
    """Of what time images are, how many of each task, and how far apart those of a pair."""

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


class Simulated(Sampled):
    """The simulated Sun."""

    seed: Seed
    sampling: Literal["matched", "original"]


class Archive(Group):
    """A folder of images and tables."""

    path: str | None
    digest: str | None


class Pace(Group):
    """How often a host is asked."""

    delay: float = Field(ge=0, le=3600)
    jitter: float = Field(ge=0, le=3600)
    concurrency: int = Field(ge=1, le=16)
    daily_cap: int = Field(ge=1, le=1_000_000)


class Manners(Pace):
    """How a host is asked."""

    timeout: float = Field(ge=0.1, le=600)
    retries: int = Field(ge=0, le=20)
    backoff: float = Field(ge=0, le=600)
    max_wait: float = Field(ge=0, le=86_400)
    max_bytes: int = Field(ge=1024, le=1_000_000_000)

    def slowed(self, pace: Pace | None) -> "Manners":
        """Return the same manners at a pace that is not faster than another in any respect."""
        if pace is None:
            return self
        return self.model_copy(
            update={
                "delay": max(self.delay, pace.delay),
                "jitter": max(self.jitter, pace.jitter),
                "concurrency": min(self.concurrency, pace.concurrency),
                "daily_cap": min(self.daily_cap, pace.daily_cap),
            }
        )


class ImageSources(Group):
    """Which archives are asked for the images of an instrument, best first."""

    gong: Sources[Literal["bbso"]]
    hmi: Sources[Literal["gsfc", "jsoc", "helioviewer"]]
    aia171: Sources[Literal["gsfc", "helioviewer"]]
    aia193: Sources[Literal["gsfc", "helioviewer"]]
    aia211: Sources[Literal["gsfc", "helioviewer"]]


class Live(Sampled):
    """The observatories' own sites."""

    sampling: Literal["matched", "cadence"]
    cadence: float = Field(ge=0.25, le=720)
    hour: float = Field(ge=0, lt=24)
    tolerance: float = Field(ge=0, le=720)
    seed: Seed
    img_width: Literal[512, 1024, 4096]
    sources: ImageSources
    flares: Sources[Literal["swpc_events", "spaceweatherlive", "ngdc_xrs", "ncei_science", "swpc_json", "hek"]]
    regions: Sources[Literal["swpc_srs", "swpc_json", "hek"]]
    positions: Literal["hek", "none"]
    browser: Literal["auto", "always", "never"]
    contact: str | None
    urls: dict[str, Annotated[tuple[str, ...], Field(min_length=1, strict=False)]]
    extra_hosts: tuple[str, ...] = Field(strict=False)
    manners: Manners
    slower: dict[str, Pace]

    @model_validator(mode="after")
    def _addressed(self) -> "Live":
        images = [name for instrument in ImageSources.model_fields for name in getattr(self.sources, instrument)]
        used = [*images, *self.flares, *self.regions, *([self.positions] if self.positions != "none" else [])]
        if missing := [name for name in used if name not in self.urls]:
            raise ValueError(f"expected an address in urls for the source {missing[0]}")
        return self


class Scrape(Group):
    """Where the data come from."""

    origin: Literal["simulated", "archive", "live"]
    simulated: Simulated
    archive: Archive
    live: Live


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


class Label(Group):
    """The questions."""

    disk: DiskLabel
    region: RegionLabel


class Fractions(Group):
    """Parts of the labelled rows; training gets the rest."""

    validation: Fraction
    test: Fraction

    @model_validator(mode="after")
    def _leave_some(self) -> "Fractions":
        if self.validation + self.test >= 1:
            raise ValueError("expected a validation and a test that leave something to train on")
        return self


class Chronological(Group):
    """Training, then validation, then test, with gaps between."""

    gap_days: float = Field(ge=0, le=400)
    test_start: Date | None
    disk: Fractions
    region: Fractions


class BlockedKFold(Group):
    """Folds of whole blocks."""

    folds: int = Field(ge=2, le=20)
    gap_days: float = Field(ge=0, le=400)
    validation: Fraction


class Split(Group):
    """How the rows are divided."""

    method: Literal["chronological", "blocked_kfold", "random"]
    block_days: float = Field(ge=1, le=400)
    seed: Seed
    chronological: Chronological
    blocked_kfold: BlockedKFold
    random: Fractions


class DiskCrop(Group):
    """The full-disk image as the network sees it."""

    img_width: int = Field(ge=16, le=1024)


class RegionCrop(DiskCrop):
    """A cutout as the network sees it."""

    field: float = Field(ge=50, le=2000)


class Crop(Group):
    """How images are cut."""

    mask: bool
    disk: DiskCrop
    region: RegionCrop


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
    flips: bool
    seed: Seed

    @model_validator(mode="after")
    def _learns_to_the_end(self) -> Self:
        if self.refit and self.patience is not None:
            raise ValueError("expected patience to be null where refit is true: no validation is left to stop it")
        return self


class TrainRegion(Train):
    """How the network of the regions is trained: a cutout shows one, so there is no map to learn."""

    network: Literal["compact", "compact_pooled", "paialunga2020"]


class BaseRates(Group):
    """The Sun's own share of label 1 by task; None where the images were not matched, and show it themselves."""

    disk: Annotated[float, Field(gt=0, lt=1)] | None
    region: Annotated[float, Field(gt=0, lt=1)] | None


class Calibration(Group):
    """How a network's scores become probabilities."""

    method: Literal["platt", "isotonic", "temperature"]
    base_rate: BaseRates


class Audit(Group):
    """When a probe counts as a leak."""

    max_probe_auc: float = Field(ge=0.5, le=1)
    on_leak: Literal["fail", "warn"]
    resamples: Resamples
    seed: Seed


class Evaluate(Group):
    """How scores get their intervals."""

    resamples: Resamples
    seed: Seed


class Params(Group):
    """All of `params.yaml`."""

    tasks: tuple[Task, ...] = Field(min_length=1, strict=False)
    instrument: InstrumentByTask
    compute: Compute
    scrape: Scrape
    label: Label
    split: Split
    crop: Crop
    train_disk: Train
    train_region: TrainRegion
    calibration: Calibration
    audit: Audit
    evaluate: Evaluate

    def train(self, task: Task) -> Train:
        """Return the training parameters of a task."""
        return self.train_disk if task == "disk" else self.train_region


def load(path: Path = PARAMS) -> Params:
    """Read the parameters.

    Parameters
    ----------
    path : Path
        A YAML file in the form of this project's `params.yaml`.

    Returns
    -------
    Params
        Frozen, checked to the last key.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or has a wrong key, type or value; the sentence names the first.
    """
    return parse(read_yaml(path), path)


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


def parse(content: dict[str, Any], path: Path) -> Params:
    """Check groups of keys that may have been changed since they were read.

    Parameters
    ----------
    content : dict
        In the form of `params.yaml`.
    path : Path
        The file that an error is about.

    Raises
    ------
    InputError
        If a key, type or value is wrong; the sentence names the first.
    """
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(_sentence(path, error)) from None


def _sentence(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    given: Any = first["input"]
    match first["type"]:
        case "missing":
            return f"{path}: key {key} is missing; every key has to be there"
        case "extra_forbidden":
            group: Any = Params
            for part in first["loc"][:-1]:
                group = group.model_fields[str(part)].annotation
            return f"{path}: key {key} is not known; allowed here: {', '.join(group.model_fields)}"
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{path}: key {key} is {given!r}; expected {expected.removeprefix('expected ')}"
