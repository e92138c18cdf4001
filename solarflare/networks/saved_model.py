"""A trained model in a folder: weights, description, calibration, training curves and input ranges."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks import calibration
from solarflare.networks.architectures import Shape, build
from solarflare.networks.backend import keras
from solarflare.networks.calibration import Calibration

WEIGHTS, ABOUT, CALIBRATION, HISTORY = "model.weights.h5", "model.json", "calibration.json", "history.csv"
RANGES = "ranges.json"
AT_ONCE = 64  # images that a prediction holds in memory


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
    shape: Shape
    task: Task
    instrument: str
    origin: str
    question: Mapping[str, Any]
    crop: Mapping[str, Any]
    members: int = 1
    flips: bool = False


def fold_folders(models: Path, folds: Iterable[int]) -> dict[int, Path]:
    """Return the folder of each fold's model: `models` itself if there is one fold, else ``fold-<k>`` in it."""
    numbers = sorted(set(folds))
    return {numbers[0]: models} if len(numbers) == 1 else {fold: models / f"fold-{fold}" for fold in numbers}


def model_folders(models: Path) -> list[Path]:
    """Return the folders that hold a task's models: ``fold-<k>`` in `models`, or `models` itself if there is none."""
    return sorted(models.glob("fold-*")) or [models]


def save(folder: Path, model: keras.Model, history: pd.DataFrame, fitted: Calibration, about: ModelDescription) -> None:
    """Write what `load` needs, and the training curves. The same training writes the same bytes."""
    folder.mkdir(exist_ok=True)
    # A .keras file would contain the date.
    model.save_weights(folder / WEIGHTS)
    fitted.write(folder / CALIBRATION)
    (folder / ABOUT).write_text(json.dumps(asdict(about), indent=2) + "\n")
    history.to_csv(folder / HISTORY, index=False, lineterminator="\n")


def load(folder: Path) -> tuple[keras.Model, Calibration]:
    """Return the network of a folder with its weights, and its calibration.

    Raises
    ------
    InputError
        If a file is missing or broken.
    """
    origin = about(folder)
    model = build(origin.network, origin.shape, origin.members, origin.flips)
    try:
        model.load_weights(folder / WEIGHTS)
    except (OSError, ValueError):
        raise InputError(f"{folder / WEIGHTS} does not hold the weights of {origin.network}; `dvc repro`") from None
    return model, calibration.read(folder / CALIBRATION)


def about(folder: Path) -> ModelDescription:
    """Return the description of the model in a folder.

    Raises
    ------
    InputError
        If the folder holds no model.
    """
    path = folder / ABOUT
    try:
        content = json.loads(path.read_text())
        return ModelDescription(**{**content, "shape": tuple(content["shape"])})
    except FileNotFoundError:
        raise InputError(f"{path} is not there: {folder} holds no model; train one with `dvc repro`") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} does not say what model this is; train it again with `dvc repro`") from None


def probabilities(models: Path, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the calibrated probability of label 1 for images in memory. If there are several folds, it is their mean.

    Parameters
    ----------
    models : Path
        A folder that `folds.train` wrote, such as ``models/disk``.
    images : (N, H, W, C) uint8
        Images as the crop stage cuts them.

    Returns
    -------
    (N,) float64
        From 0 to 1.
    """
    loaded = [load(folder) for folder in model_folders(models)]
    return np.mean(
        [fitted.apply(model.predict(images, batch_size=AT_ONCE, verbose=0)[:, 0]) for model, fitted in loaded], axis=0
    )
