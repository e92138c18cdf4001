"""A trained model in a folder: weights, description, calibration, training curves and input ranges."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.networks import calibration, description
from solarflare.networks.architectures import build
from solarflare.networks.backend import keras
from solarflare.networks.calibration import Calibration
from solarflare.networks.description import CALIBRATION, ModelDescription

WEIGHTS, HISTORY = "model.weights.h5", "history.csv"
AT_ONCE = 64  # images that a prediction holds in memory
OVERHEAD = 256 * 1024  # bytes of a file of weights besides the weights, at most


def save(folder: Path, model: keras.Model, history: pd.DataFrame, fitted: Calibration, about: ModelDescription) -> None:
    """Write what `load` needs, and the training curves. The same training writes the same bytes."""
    folder.mkdir(exist_ok=True)
    # On a full disk HDF5 prints tracebacks that nothing can catch: a file of this size fails before.
    (folder / WEIGHTS).write_bytes(bytes(4 * model.count_params() + OVERHEAD))
    # A .keras file would contain the date.
    model.save_weights(folder / WEIGHTS)
    fitted.write(folder / CALIBRATION)
    about.write(folder)
    history.to_csv(folder / HISTORY, index=False, lineterminator="\n")


def load(folder: Path) -> tuple[keras.Model, Calibration]:
    """Return the network of a folder with its weights, and its calibration.

    Raises
    ------
    InputError
        If a file is missing or broken.
    """
    origin = description.about(folder)
    model = build(origin.network, origin.shape, origin.members, origin.flips)
    try:
        model.load_weights(folder / WEIGHTS)
    except (OSError, ValueError):
        raise InputError(f"{folder / WEIGHTS} does not hold the weights of {origin.network}; `dvc repro`") from None
    return model, calibration.read(folder / CALIBRATION)


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
    loaded = [load(folder) for folder in description.model_folders(models)]
    return np.mean(
        [fitted.apply(model.predict(images, batch_size=AT_ONCE, verbose=0)[:, 0]) for model, fitted in loaded], axis=0
    )
