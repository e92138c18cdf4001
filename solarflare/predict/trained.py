"""What was trained for a task, with all that is needed to ask it: how to cut, what it knows, how often it is yes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import calibration, input_range, saved_model
from solarflare.networks.calibration import Calibration
from solarflare.predict.schema import PredictParams
from solarflare.sun.images.imaging import Pixels
from solarflare.verification.results.wording import wording


class Network:
    """The models of a task; where there are several folds, they answer together, by their mean.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    folder : Path
        What a training wrote.
    chosen : PredictParams
        With the Sun's own base rate of the task's question.

    Attributes
    ----------
    about : About
        What it is and where it comes from.
    question : str
        What is asked, as a sentence's end.
    base_rate : float
        How often the answer is yes: on the Sun itself if the parameters say so, else where the network learned.
    cutter : Cutter
        Cuts images as those were that it learned from.

    Raises
    ------
    InputError
        If a file is missing or broken, or the parameters ask another question than the network answers.
    """

    def __init__(self, task: Task, folder: Path, chosen: PredictParams) -> None:
        folders = saved_model.folders(folder)
        self.about = saved_model.about(folders[0])
        label = chosen.label.of(task)
        asked = label.model_dump(mode="json")
        if dict(self.about.question) != asked or self.about.instrument != chosen.instrument.of(task):
            raise InputError(
                f"{folder} answers another question, or for another instrument, than params.yaml beside it asks; "
                "train again with `dvc repro`"
            )
        self.question = wording(label).meaning
        loaded = {one: saved_model.load(one) for one in folders}
        self._members = [(model, fitted.apply, _rate(one, fitted)) for one, (model, fitted) in loaded.items()]
        self._ranges = [input_range.read(one / saved_model.RANGES) for one in folders]
        fitted_rate = float(np.mean([rate for _, _, rate in self._members]))
        self.base_rate = chosen.calibration.base_rate.of(task) or fitted_rate
        cropped = Crop.model_validate(chosen.crop.model_dump() | dict(self.about.crop))
        self.cutter = Cutter(task, chosen.instrument.of(task), Path(), cropped)

    def refusal(self, crop: Pixels) -> str | None:
        """Return in what a crop, (H, W, C), is unlike those that the network learned from; None if it is like them."""
        return input_range.refusal(self._ranges, crop)

    def probabilities(self, crops: Pixels) -> npt.NDArray[np.float64]:
        """Return the calibrated probabilities, (N,), of crops (N, H, W, C), at the base rate."""
        each = [
            calibration.at_base_rate(apply(model.predict_on_batch(crops)[:, 0]), rate, self.base_rate)
            for model, apply, rate in self._members
        ]
        return np.mean(each, axis=0)


def _rate(folder: Path, fitted: Calibration) -> float:
    """Return the base rate that a calibration holds at."""
    if fitted.fitted_rate is None:
        raise InputError(f"{folder / saved_model.CALIBRATION} has no fitted_rate; train again with `dvc repro`")
    return fitted.fitted_rate
