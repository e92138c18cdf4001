"""The trained networks of a project: where they are, how to load them, and how to get them."""

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from solarflare.core import absent, params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import description, fusion, input_range
from solarflare.networks.description import ModelDescription
from solarflare.predict import pretrained
from solarflare.predict.network import Member, Network
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

if TYPE_CHECKING:
    from solarflare.predict.schema import PredictParams
    from solarflare.tracking.mlflow.logged_models import LoggedModel

HOW_TO_TRAIN: dict[Instrument, str] = {
    "aia211": "`solarflare experiment sdo-euv --archive FOLDER` and add --models sdo-euv-test-2014",
    "hmi": "`solarflare experiment sdo-magnetogram --archive FOLDER` and add --models sdo-magnetogram-folds",
}
"""Commands that train networks on real images, for each instrument that has a profile."""


def load(models: Path, chosen: "PredictParams", tasks: Collection[Task] = TASKS, name: str = "") -> dict[Task, Network]:
    """Return the networks of a folder by task. `name` is what answers call them, by default the folder.

    Raises
    ------
    InputError
        If there is no network, or a network is broken.
    """
    trained = [task for task in tasks if (models / task).is_dir() and absent.reason(models / task) is None]
    if not trained:
        kind = "network" if len(tasks) == len(TASKS) else f"network of {' and '.join(tasks)}"
        raise InputError(
            f"{models} has no {kind}; train some with `dvc repro`, or name another folder with --models, such as "
            f"{pretrained.folders()}"
        )
    return {task: _load(task, models / task, chosen, name or models.as_posix()) for task in trained}


def _load(task: Task, folder: Path, chosen: "PredictParams", name: str) -> Network:
    """Return the network of a task, from a folder that a training wrote, with a member for each fold."""
    # Imported here: it imports TensorFlow.
    from solarflare.networks import saved_model

    description.check_hashes(folder)
    folders = description.model_folders(folder)
    about = description.about(folders[0], task)
    label, instrument = chosen.label.of(task), chosen.instrument.of(task)
    if dict(about.question) != label.model_dump(mode="json") or about.instrument != instrument:
        raise InputError(
            f"{folder} was trained for another question or instrument than its params.yaml names; "
            "train again with `dvc repro`"
        )
    members = []
    for fold in folders:
        model, fitted = saved_model.load(fold)
        if fitted.fitted_rate is None:
            raise InputError(f"{fold / description.CALIBRATION} has no fitted_rate; train again with `dvc repro`")
        members.append(Member(partial(_scores, model), fitted, fitted.fitted_rate, fusion.read(fold)))
    return Network(
        name,
        "the simulated Sun" if about.origin == "simulated" else f"real images of {about.instrument}",
        about,
        Crop.model_validate(chosen.crop.model_dump() | dict(about.crop)),
        members,
        [input_range.read(fold / description.RANGES) for fold in folders],
        chosen.calibration.base_rate.of(about.origin, task),
    )


def _scores(model: Any, crops: Pixels) -> npt.NDArray[np.float32]:
    """Return a Keras model's scores, (N,), of crops (N, H, W, C)."""
    return model.predict_on_batch(crops)[:, 0]


def described(models: Path) -> list[ModelDescription]:
    """Return the descriptions of the networks in a folder; none if there is no such folder."""
    folders = [models / task for task in TASKS if (models / task).is_dir() and absent.reason(models / task) is None]
    return [description.about(description.model_folders(folder)[0]) for folder in folders]


def find(name: str, tasks: Collection[Task] = TASKS) -> "tuple[Path, PredictParams]":
    """Return the folder of some networks, and the parameters that they were trained with.

    Parameters
    ----------
    name : str
        A folder that holds ``disk`` or ``region``; or ``champion`` or the id of a run, see `logged_models`; or an
        experiment or commit, see `profiles.models`. The parameters come from the ``params.yaml`` next to the folder,
        or from the project's if there is none. Those of a run are the project's with what the run says of its network.
    tasks : collection of Task, optional
        The tasks whose champions are meant.

    Raises
    ------
    InputError
        If there is no such folder, run, experiment or commit, or the parameters are broken.
    """
    # Imported here: they import DVC and MLflow.
    from solarflare.predict.schema import PredictParams
    from solarflare.tracking import profiles
    from solarflare.tracking.mlflow import logged_models

    if logged_models.is_logged_name(name):
        return _of_runs(logged_models.runs(name, tasks))
    try:
        folder = Path(name) if Path(name).is_dir() else profiles.models(name)
    except InputError as error:
        matching = [path.stem for path in profiles.PROFILES.glob("*.yaml") if name.startswith(f"{path.stem}-")]
        remedy = "`dvc repro` trains those in models/"
        if matching:
            remedy = f"`solarflare experiment {max(matching, key=len)}` trains this one"
        raise InputError(f"{error}, and {remedy}; there are networks in {pretrained.folders()}") from None
    own_params = folder.parent / paths.PARAMS.name
    return folder, params.load(PredictParams, own_params if own_params.is_file() else paths.PARAMS)


def _of_runs(trained: "dict[Task, LoggedModel]") -> "tuple[Path, PredictParams]":
    """Return the folder of the networks of MLflow's runs, and their parameters."""
    from solarflare.predict.schema import PredictParams
    from solarflare.tracking.mlflow import logged_models

    folder = logged_models.download(trained)
    content = params.read_yaml(paths.PARAMS)
    params.check(content, paths.PARAMS)  # What is wrong after this, is wrong with the run.
    for task, model in trained.items():
        try:
            description.check_hashes(folder / task)
            about = description.about(description.model_folders(folder / task)[0], task)
            content["instrument"][task], content["label"][task] = about.instrument, dict(about.question)
            content["crop"] |= about.crop
            content["calibration"]["base_rate"][about.origin][task] = model.base_rate
            params.check(content, Path(description.ABOUT))
        except InputError as error:
            raise model.unreadable(str(error)) from None
    return folder, params.parse(content, paths.PARAMS, PredictParams)


def how_to_train(instrument: Instrument) -> str:
    """Return how to get answers for an instrument's real images if all networks were trained on the simulated Sun."""
    repro = f"of {instrument} (scrape.origin: live or archive in params.yaml, `dvc repro`)"
    how = f"with {HOW_TO_TRAIN[instrument]}" if instrument in HOW_TO_TRAIN else repro
    return f"train some on real images {how}, or add --simulated-model for an answer that means little"
