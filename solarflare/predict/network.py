"""A network that answers: what it cuts from an image, what it refuses, and its probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import calibration, input_range
from solarflare.networks.calibration import Calibration
from solarflare.networks.description import ModelDescription
from solarflare.networks.fusion import LOGIT, NOT_CROSS_FITTED, Regression
from solarflare.networks.input_range import Ranges
from solarflare.sun.images.imaging import Pixels
from solarflare.verification.results.wording import of_question

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Member:
    """A network with its calibration. `score` maps images (N, H, W, C) to scores (N,), 0 to 1.

    `fused` is its fusion with the records, or the reason why it has none.
    """

    score: Callable[[Pixels], Scores]
    fitted: Calibration
    fitted_rate: float
    fused: Regression | str = NOT_CROSS_FITTED


class Network:
    """The network of a task, ready to answer. Several members answer with their mean probability.

    Parameters
    ----------
    name, trained_on : str
        What the network is called, and the images that trained it, such as ``"338 images of aia211"``.
    about, crop : ModelDescription and Crop
        What the network is, and how its images are cut.
    members : sequence of Member
        At least one.
    ranges : sequence of Ranges
        What each member accepts.
    base_rate : float or None
        How often the answer is yes on the Sun of the training's origin, 0 to 1. None if it is not stated.

    Attributes
    ----------
    question : str
        The event whose probability the network gives, as the end of a sentence.
    share : float
        How often the answer is yes where the probabilities hold, 0 to 1: `base_rate` or, if that is None, the share in
        the rows that fitted the calibration.
    threshold : float
        The answer is yes if the probability is at least this, 0 to 1. It is the mean of the members' thresholds, each
        corrected like a probability.
    no_fusion : str
        Why there is no fusion with the records; blank if there is one.
    fusion_threshold : float
        Like `threshold`, of the fusion. NaN if there is none.
    """

    def __init__(
        self,
        name: str,
        trained_on: str,
        about: ModelDescription,
        crop: Crop,
        members: Sequence[Member],
        ranges: Sequence[Ranges],
        base_rate: float | None,
    ) -> None:
        self.name, self.trained_on, self.about, self.base_rate = name, trained_on, about, base_rate
        self.task = task = Task(about.task)
        self.question = of_question(task, about.question).meaning
        self._members, self._ranges = members, ranges
        self.share = base_rate or float(np.mean([member.fitted_rate for member in members]))
        thresholds = [self._corrected(member.fitted.threshold, member.fitted_rate) for member in members]
        self.threshold = float(np.mean(thresholds))
        self.no_fusion = next((member.fused for member in members if isinstance(member.fused, str)), "")
        fused = [member.fused for member in members if isinstance(member.fused, Regression)]
        corrected = [self._corrected(of.threshold, of.fitted_rate) for of in fused]
        self.fusion_threshold = float("nan") if self.no_fusion else float(np.mean(corrected))
        self.cutter = Cutter(task, about.instrument, Path(), crop)

    @property
    def simulated(self) -> bool:
        """Whether the network was trained on the simulated Sun."""
        return self.about.origin == "simulated"

    def refusals(self, crops: Pixels) -> list[str | None]:
        """Return for each crop, (N, H, W, C), how it differs from those of the training; None if it does not differ."""
        return input_range.refusals(self._ranges, crops)

    def colour_refusal(self, pixels: Pixels) -> str | None:
        """Return how the colours of pixels, (H, W, 3), differ from those of the training; None if they do not."""
        return next(filter(None, (ranges.colour_refusals(pixels[None])[0] for ranges in self._ranges)), None)

    def scores(self, crops: Pixels) -> list[Scores]:
        """Return each member's scores, (N,), 0 to 1, of crops (N, H, W, C)."""
        return [member.score(crops) for member in self._members]

    def probabilities(self, scores: Sequence[Scores]) -> npt.NDArray[np.float64]:
        """Return the calibrated probabilities, (N,), of what `scores` returned. They hold for `share`."""
        of_members = [
            self._corrected(member.fitted.apply(score), member.fitted_rate)
            for member, score in zip(self._members, scores, strict=True)
        ]
        return np.mean(of_members, axis=0)

    def fused(self, scores: Sequence[Scores], records: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the probabilities, (N,), of the fusion: `records` has the records' features of each crop.

        `no_fusion` must be blank. The probabilities hold for `share`, like `probabilities`.
        """
        of_members = []
        for member, score in zip(self._members, scores, strict=True):
            assert isinstance(member.fused, Regression)
            numbers = records.assign(**{LOGIT: calibration.logits(score)})
            of_members.append(self._corrected(member.fused.apply(numbers), member.fused.fitted_rate))
        return np.mean(of_members, axis=0)

    def _corrected(self, probabilities: npt.ArrayLike, fitted_rate: float) -> npt.NDArray[np.float64]:
        return calibration.at_base_rate(probabilities, fitted_rate, self.share)
