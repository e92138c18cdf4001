"""A network's scores become probabilities, and a probability becomes yes or no: both fitted on validation alone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from solarflare.errors import InputError
from solarflare.files import atomic_path

Values = npt.NDArray[np.float64]
Method = Literal["platt", "isotonic"]

# The resolution of float32 next to 1: what a score says beyond it is rounding.
SMALLEST_SCORE = 1e-7


@dataclass(frozen=True)
class Platt:
    """A logistic curve in the logit of the score."""

    slope: float
    intercept: float

    def __call__(self, logits: Values) -> Values:
        """Return probabilities, 0 to 1."""
        return expit(self.slope * logits + self.intercept)


@dataclass(frozen=True)
class Isotonic:
    """A curve that never falls: linear between its corners, constant beyond its ends."""

    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, logits: Values) -> Values:
        """Return probabilities, 0 to 1."""
        return np.interp(logits, self.logits, self.probabilities)


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities, and from which probability the answer is yes."""

    curve: Platt | Isotonic
    threshold: float

    def apply(self, scores: npt.ArrayLike) -> Values:
        """Return calibrated probabilities.

        Parameters
        ----------
        scores : (N,) float
            What the network gives, 0 to 1.

        Returns
        -------
        (N,) float64
            From 0 to 1; the answer is yes where it is at least ``threshold``.
        """
        return self.curve(_logits(scores))

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        content = {"method": _method(self.curve), **asdict(self.curve), "threshold": self.threshold}
        with atomic_path(path) as partial:
            partial.write_text(json.dumps(content, indent=2) + "\n")


def read(path: Path) -> Calibration:
    """Read what `Calibration.write` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    try:
        content = json.loads(path.read_text())
        threshold = float(content.pop("threshold"))
        curve = {"platt": Platt, "isotonic": Isotonic}[content.pop("method")]
        return Calibration(curve(**content), threshold)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is not a calibration that a training wrote; make it again with `dvc repro`") from None


def fit(scores: npt.ArrayLike, labels: npt.ArrayLike, method: Method) -> Calibration:
    """Fit the map from scores to probabilities, and the threshold of the largest TSS.

    Parameters
    ----------
    scores : (N,) float
        What the network gives on validation rows, 0 to 1.
    labels : (N,) int
        0 or 1.
    method : str
        ``platt`` or ``isotonic``.

    Raises
    ------
    InputError
        If the labels are not of both classes.
    """
    logits, labels = _logits(scores), np.asarray(labels)
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"validation: {len(labels)} rows, all or none of them positive, and a calibration needs both classes; "
            "enlarge the validation part under split in params.yaml, or ask a question with more of the rarer answer"
        )
    curve = fit_platt(logits, labels) if method == "platt" else fit_isotonic(logits, labels)
    return Calibration(curve, best_threshold(curve(logits), labels))


def fit_platt(logits: Values, labels: npt.NDArray) -> Platt:
    """Fit a logistic curve by maximum likelihood.

    The targets are not 0 and 1 but what a class of this many rows supports, so that a perfect separation does not end
    in certainty: Platt 1999, *Probabilistic outputs for support vector machines*, 2.2.
    """
    positives, negatives = np.sum(labels == 1), np.sum(labels == 0)
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: Values) -> tuple[float, Values]:
        z = parameters[0] * logits + parameters[1]
        error = expit(z) - targets
        return float(np.sum(np.logaddexp(0, z) - targets * z)), np.array([error @ logits, error.sum()])

    slope, intercept = minimize(loss, x0=[1.0, 0.0], jac=True, method="BFGS").x
    return Platt(float(slope), float(intercept))


def fit_isotonic(logits: Values, labels: npt.NDArray) -> Isotonic:
    """Fit the curve that never falls and is nearest to the labels.

    It is kept as far from 0 and 1 as Laplace's rule of succession says for this many rows: no finite validation part
    proves that something cannot happen.
    """
    least = 1 / (len(labels) + 2)
    model = IsotonicRegression(y_min=least, y_max=1 - least).fit(logits, labels)
    return Isotonic(tuple(map(float, model.X_thresholds_)), tuple(map(float, model.y_thresholds_)))


def best_threshold(probabilities: Values, labels: npt.NDArray) -> float:
    """Return the threshold with the largest TSS.

    Parameters
    ----------
    probabilities : (N,) float
        From 0 to 1.
    labels : (N,) int
        0 or 1, both present.

    Returns
    -------
    float
        Halfway between two of the probabilities, or the least of them (all are yes); the lowest such among equals.
    """
    values = np.unique(probabilities)
    cuts = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2])
    # Falling below a cut: the share of each class, read off the sorted values.
    missed = np.searchsorted(np.sort(probabilities[labels == 1]), cuts) / np.sum(labels == 1)
    rejected = np.searchsorted(np.sort(probabilities[labels == 0]), cuts) / np.sum(labels == 0)
    return float(cuts[np.argmax(rejected - missed)])


def _logits(scores: npt.ArrayLike) -> Values:
    return logit(np.clip(np.asarray(scores, dtype=np.float64), SMALLEST_SCORE, 1 - SMALLEST_SCORE))


def _method(curve: Platt | Isotonic) -> str:
    return type(curve).__name__.lower()
