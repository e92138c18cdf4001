"""The trained networks of a project: where they are, how to load them, and how to get them."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core import absent, params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import calibration, input_range, saved_model
from solarflare.predict.schema import PredictParams
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument
from solarflare.tracking import profiles
from solarflare.tracking.mlflow import logged_models
from solarflare.tracking.mlflow.logged_models import LoggedModel
from solarflare.verification.results.wording import wording

HOW_TO_TRAIN: dict[Instrument, str] = {
    "aia211": "`solarflare experiment sdo-euv --archive FOLDER` and add --models sdo-euv-test-2014",
    "hmi": "`solarflare experiment sdo-magnetogram --archive FOLDER` and add --models sdo-magnetogram-folds",
}
"""Commands that train networks on real images, for each instrument that has a profile."""


class TrainedNetwork:
    """The network of a task, from a folder that a training wrote. Several folds answer with their mean probability.

    Attributes
    ----------
    question : str
        The event whose probability the network gives, as the end of a sentence.
    base_rate : float or None
        How often the answer is yes on the Sun of the training's origin, 0 to 1 (``calibration.base_rate``). None if it
        is not stated.
    share : float
        How often the answer is yes where the probabilities hold, 0 to 1: `base_rate` or, if that is None, the share in
        the rows that fitted the calibration.
    threshold : float
        The answer is yes if the probability is at least this, 0 to 1. It is the mean of the folds' thresholds, each
        corrected like a probability.
    """

    def __init__(self, task: Task, folder: Path, chosen: PredictParams) -> None:
        folders = saved_model.model_folders(folder)
        self.about = saved_model.about(folders[0])
        label, instrument = chosen.label.of(task), chosen.instrument.of(task)
        if dict(self.about.question) != label.model_dump(mode="json") or self.about.instrument != instrument:
            raise InputError(
                f"{folder} was trained for another question or instrument than its params.yaml names; "
                "train again with `dvc repro`"
            )
        self.question = wording(label).meaning
        self._members = []
        for fold in folders:
            model, fitted = saved_model.load(fold)
            if fitted.fitted_rate is None:
                raise InputError(f"{fold / saved_model.CALIBRATION} has no fitted_rate; train again with `dvc repro`")
            self._members.append((model, fitted.apply, fitted.threshold, fitted.fitted_rate))
        self._ranges = [input_range.read(fold / saved_model.RANGES) for fold in folders]
        self.base_rate = chosen.calibration.base_rate.of(self.about.origin, task)
        self.share = self.base_rate or float(np.mean([rate for _, _, _, rate in self._members]))
        thresholds = [self._corrected(threshold, rate) for _, _, threshold, rate in self._members]
        self.threshold = float(np.mean(thresholds))
        crop = Crop.model_validate(chosen.crop.model_dump() | dict(self.about.crop))
        self.cutter = Cutter(task, instrument, Path(), crop)

    @property
    def simulated(self) -> bool:
        """Whether the network was trained on the simulated Sun."""
        return self.about.origin == "simulated"

    def refusal(self, crop: Pixels) -> str | None:
        """Return how a crop, (H, W, C), differs from the crops of the training; None if it does not differ."""
        return input_range.refusal(self._ranges, crop)

    def probabilities(self, crops: Pixels) -> npt.NDArray[np.float64]:
        """Return the calibrated probabilities, (N,), of crops (N, H, W, C). They hold for `share`."""
        of_folds = [
            self._corrected(apply(model.predict_on_batch(crops)[:, 0]), rate) for model, apply, _, rate in self._members
        ]
        return np.mean(of_folds, axis=0)

    def _corrected(self, probabilities: npt.ArrayLike, fitted_rate: float) -> npt.NDArray[np.float64]:
        return calibration.at_base_rate(probabilities, fitted_rate, self.share)


def load(models: Path, chosen: PredictParams, tasks: Collection[Task] = TASKS) -> dict[Task, TrainedNetwork]:
    """Return the networks of a folder by task. It is an error if there is no network or a network is broken."""
    trained = [task for task in tasks if (models / task).is_dir() and absent.reason(models / task) is None]
    if not trained:
        kind = "network" if len(tasks) == len(TASKS) else f"network of {' and '.join(tasks)}"
        raise InputError(f"{models} has no {kind}; train some with `dvc repro`, or name another folder with --models")
    return {task: TrainedNetwork(task, models / task, chosen) for task in trained}


def find(name: str, tasks: Collection[Task] = TASKS) -> tuple[Path, PredictParams]:
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
    if logged_models.is_logged_name(name):
        return _of_runs(logged_models.runs(name, tasks))
    try:
        folder = Path(name) if Path(name).is_dir() else profiles.models(name)
    except InputError as error:
        matching = [path.stem for path in profiles.PROFILES.glob("*.yaml") if name.startswith(f"{path.stem}-")]
        remedy = "`dvc repro` trains those in models/"
        if matching:
            remedy = f"`solarflare experiment {max(matching, key=len)}` trains this one"
        raise InputError(f"{error}, and {remedy}") from None
    own_params = folder.parent / paths.PARAMS.name
    return folder, params.load(PredictParams, own_params if own_params.is_file() else paths.PARAMS)


def _of_runs(trained: dict[Task, LoggedModel]) -> tuple[Path, PredictParams]:
    """Return the folder of the networks of MLflow's runs, and their parameters."""
    folder = logged_models.download(trained)
    content = params.read_yaml(paths.PARAMS)
    params.check(content, paths.PARAMS)  # What is wrong after this, is wrong with the run.
    for task, model in trained.items():
        try:
            about = saved_model.about(saved_model.model_folders(folder / task)[0])
            content["instrument"][task], content["label"][task] = about.instrument, dict(about.question)
            content["crop"] |= about.crop
            content["calibration"]["base_rate"][about.origin][task] = model.base_rate
            params.check(content, Path(saved_model.ABOUT))
        except InputError as error:
            raise model.unreadable(str(error)) from None
    return folder, params.parse(content, paths.PARAMS, PredictParams)


def how_to_train(instrument: Instrument) -> str:
    """Return how to get answers for an instrument's real images if all networks were trained on the simulated Sun."""
    repro = f"of {instrument} (scrape.origin: live or archive in params.yaml, `dvc repro`)"
    how = f"with {HOW_TO_TRAIN[instrument]}" if instrument in HOW_TO_TRAIN else repro
    return f"train some on real images {how}, or add --simulated-model for an answer that means little"
