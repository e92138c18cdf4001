"""What a model is and which data it was trained on: read from its folder without TensorFlow."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks import hashes
from solarflare.sun.images.instruments import INSTRUMENTS, Instrument

ABOUT, CALIBRATION, RANGES = "model.json", "calibration.json", "ranges.json"
OUT_OF_FOLD, FUSION = "out_of_fold.csv", "fusion.json"  # only of a model with `cross_fit`


@dataclass(frozen=True)
class ModelDescription:
    """What a model is, and which data it was trained on. The model answers only for images of the same kind.

    Attributes
    ----------
    network, shape
        A key of `architectures.NETWORKS`, and the height, width and channels of its images.
    task, instrument, origin : str
        The task, the task's ``instrument`` and ``scrape.origin`` in ``params.yaml``.
    question : dict
        ``label.<task>`` of ``params.yaml``.
    crop : dict
        ``crop.mask`` and ``crop.<task>`` of ``params.yaml``: how images have to be cut.
    members, flips
        The number of networks in the ensemble, and whether the ensemble averages over mirror images.
    """

    network: str
    shape: tuple[int, int, int]
    task: Task
    instrument: Instrument
    origin: str
    question: Mapping[str, Any]
    crop: Mapping[str, Any]
    members: int = 1
    flips: bool = False

    def write(self, folder: Path) -> None:
        """Write the description into a model's folder."""
        (folder / ABOUT).write_text(strict_json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def about(folder: Path, task: Task | None = None) -> ModelDescription:
    """Return the description of the model in a folder. `task` is the one that it should answer, if that is known.

    Raises
    ------
    InputError
        If the folder holds no model, or that of another task.
    """
    path = folder / ABOUT
    try:
        content = strict_json.parse(path.read_text(encoding="utf-8"))
        if content["instrument"] not in INSTRUMENTS:
            raise ValueError(content["instrument"])
        described = ModelDescription(**{**content, "shape": tuple(content["shape"])})
    except FileNotFoundError:
        raise InputError(f"{path} is not there: {folder} holds no model; train one with `dvc repro`") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} does not say what model this is; train it again with `dvc repro`") from None
    if task not in (None, described.task):
        raise InputError(
            f"{path} says that this is the model for {described.task}, and it is in the folder for {task}; move it to "
            "the folder of its own task"
        )
    return described


def fold_folders(models: Path, folds: Iterable[int]) -> dict[int, Path]:
    """Return the folder of each fold's model: `models` itself if there is one fold, else ``fold-<k>`` in it."""
    numbers = sorted(set(folds))
    return {numbers[0]: models} if len(numbers) == 1 else {fold: models / f"fold-{fold}" for fold in numbers}


def check_hashes(models: Path) -> None:
    """Raise an InputError if the folder of a task's models is damaged, see `hashes.check`."""
    hashes.check(models, f"delete {models}, then make or fetch it again (`dvc repro` makes those of a project)")


def model_folders(models: Path) -> list[Path]:
    """Return the folders that hold a task's models: ``fold-<k>`` in `models`, or `models` itself if there is none."""
    return sorted(models.glob("fold-*")) or [models]
