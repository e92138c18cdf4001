"""Calibration: the curve from scores to probabilities, and the threshold for yes. No test row has a part in them.

A matched sample has a larger share of positives than the Sun. Probabilities that are fitted on it are valid at the base
rate of the sample. The scores in ``metrics/`` are too. A probability for today is corrected first (`at_base_rate`).
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path

Values = npt.NDArray[np.float64]
Method = Literal["platt", "isotonic", "temperature"]

SMALLEST_SCORE = 1e-7  # scores are cut to this distance from 0 and 1: the resolution of float32 near 1
DECIMALS = 9  # of a fitted slope and intercept; the last of sixteen decimals would depend on the processor
HOTTEST = 5.0  # largest absolute logarithm of the temperature: a limit if the classes are separated perfectly


@dataclass(frozen=True)
class Platt:
    """A logistic curve in the logit of the score."""

    slope: float
    intercept: float

    def __call__(self, logits: Values) -> Values:
        """Return probabilities, 0 to 1."""
        return expit(self.slope * logits + self.intercept)

    @classmethod
    def fit(cls, logits: Values, labels: npt.NDArray) -> Self:
        """Fit a logistic curve by maximum likelihood.

        The targets are not exactly 0 and 1. They are smoothed by the number of rows of each class, so that a perfect
        separation does not give probabilities of 0 and 1 (Platt 1999, *Probabilistic outputs for support vector
        machines*, 2.2).
        """
        positives, negatives = np.sum(labels == 1), np.sum(labels == 0)
        targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

        def loss(parameters: Values) -> tuple[float, Values]:
            z = parameters[0] * logits + parameters[1]
            error = expit(z) - targets
            return float(np.sum(np.logaddexp(0, z) - targets * z)), np.array([error @ logits, error.sum()])

        slope, intercept = minimize(loss, x0=[1.0, 0.0], jac=True, method="BFGS").x
        return cls(round(float(slope), DECIMALS), round(float(intercept), DECIMALS))


@dataclass(frozen=True)
class Isotonic:
    """A curve that never falls. It is linear between its points and constant outside of them."""

    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, logits: Values) -> Values:
        """Return probabilities, 0 to 1."""
        return np.interp(logits, self.logits, self.probabilities)

    @classmethod
    def fit(cls, logits: Values, labels: npt.NDArray) -> Self:
        """Fit isotonic regression.

        The probabilities are kept at least 1 / (rows + 2) away from 0 and 1: Laplace's rule of succession.
        """
        # Imported here: it takes longer to import than an answer for an image may take.
        from sklearn.isotonic import IsotonicRegression

        least = 1 / (len(labels) + 2)
        model = IsotonicRegression(y_min=least, y_max=1 - least).fit(logits, labels)
        return cls(tuple(map(float, model.X_thresholds_)), tuple(map(float, model.y_thresholds_)))


@dataclass(frozen=True)
class Temperature:
    """The logit of the score, divided by one number."""

    temperature: float

    def __call__(self, logits: Values) -> Values:
        """Return probabilities, 0 to 1."""
        return expit(logits / self.temperature)

    @classmethod
    def fit(cls, logits: Values, labels: npt.NDArray) -> Self:
        """Fit one number by maximum likelihood: Guo et al. 2017, arXiv:1706.04599, 4.2.

        It scales the logits; it cannot shift them.
        """

        def loss(logarithm: float) -> float:
            z = logits / np.exp(logarithm)
            return float(np.sum(np.logaddexp(0, z) - labels * z))

        return cls(float(np.exp(minimize_scalar(loss, bounds=(-HOTTEST, HOTTEST), method="bounded").x)))


Curve = Platt | Isotonic | Temperature
CURVES: dict[Method, type[Curve]] = {"platt": Platt, "isotonic": Isotonic, "temperature": Temperature}


@dataclass(frozen=True)
class Calibration:
    """The curve from scores to probabilities, and the threshold.

    Attributes
    ----------
    curve : Platt, Isotonic or Temperature
        From logits of scores to probabilities.
    threshold : float
        The answer is yes if the probability is at least this.
    fitted_rate : float or None
        Share of label 1 in the rows that the curve was fitted on. It is None if an older file does not have it.
    """

    curve: Curve
    threshold: float
    fitted_rate: float | None = None

    def apply(self, scores: npt.ArrayLike) -> Values:
        """Return the calibrated probabilities, (N,) float64, of scores (N,). Both are from 0 to 1."""
        return self.curve(logits(scores))

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        method = next(name for name, kind in CURVES.items() if isinstance(self.curve, kind))
        content = {"method": method, **asdict(self.curve), "threshold": self.threshold, "fitted_rate": self.fitted_rate}
        with atomic_path(path) as partial:
            partial.write_text(strict_json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Calibration:
    """Read what `Calibration.write` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    try:
        content = strict_json.parse(path.read_text(encoding="utf-8"))
        threshold, fitted_rate = float(content.pop("threshold")), content.pop("fitted_rate", None)
        fitted = Calibration(CURVES[content.pop("method")](**content), threshold, fitted_rate)
        probabilities = fitted.apply([0, 0.5, 1])
        if not (all(0 <= value <= 1 for value in probabilities) and (fitted_rate is None or 0 < fitted_rate < 1)):
            raise ValueError(content)
        return fitted
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is not a calibration that a training wrote; make it again with `dvc repro`") from None


def fit_calibration(scores: npt.ArrayLike, labels: npt.ArrayLike, method: Method) -> Calibration:
    """Fit the curve from scores to probabilities, and choose the threshold with the largest TSS.

    The scores, (N,) from 0 to 1, and the labels, (N,) of 0 and 1, are those of rows that the scoring network has not
    learned from: validation, or out of fold. If a class is missing, this raises InputError.
    """
    known, labels = logits(scores), np.asarray(labels)
    if len(np.unique(labels)) < 2:
        raise InputError(
            f"validation: {len(labels)} rows, all or none of them positive, and a calibration needs both classes; "
            "enlarge the validation part under split in params.yaml, or ask a question with more of the rarer answer"
        )
    curve = CURVES[method].fit(known, labels)
    return Calibration(curve, best_threshold(curve(known), labels), float(labels.mean()))


def at_base_rate(probabilities: npt.ArrayLike, fitted_rate: float, base_rate: float) -> Values:
    """Return probabilities corrected from the base rate of the rows they were fitted on to another base rate.

    Parameters
    ----------
    probabilities : (N,) float
        From 0 to 1, calibrated on rows of which a share `fitted_rate` has label 1.
    fitted_rate, base_rate : float
        The share of label 1 in those rows, and the share of label 1 where the probabilities are needed. Both are
        between 0 and 1.

    Returns
    -------
    (N,) float64
        From 0 to 1, in the same order.

    Notes
    -----
    The logit is shifted by the difference of the logits of the base rates: Saerens et al. 2002,
    doi:10.1162/089976602753284446, eq. 2.4. This is valid if only the shares of the classes differ. The images of each
    class must look the same in both places.
    """
    return expit(logit(np.asarray(probabilities, np.float64)) + logit(base_rate) - logit(fitted_rate))


def best_threshold(probabilities: Values, labels: npt.NDArray) -> float:
    """Return the threshold with the largest TSS.

    Parameters
    ----------
    probabilities, labels : (N,) float, (N,) int
        Probabilities from 0 to 1, and labels 0 or 1. Both labels must occur.

    Returns
    -------
    float
        The midpoint of two neighbouring probabilities, or the lowest probability (then all rows are yes). If several
        thresholds have the largest TSS, the lowest of them.
    """
    values = np.unique(probabilities)
    cuts = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2])
    # The share of each class below each cut.
    missed = np.searchsorted(np.sort(probabilities[labels == 1]), cuts) / np.sum(labels == 1)
    rejected = np.searchsorted(np.sort(probabilities[labels == 0]), cuts) / np.sum(labels == 0)
    return float(cuts[np.argmax(rejected - missed)])


def logits(scores: npt.ArrayLike) -> Values:
    """Return the logits, (N,) float64, of scores (N,), 0 to 1. They are finite: scores are cut at `SMALLEST_SCORE`.

    Raises
    ------
    InputError
        If a score is NaN.
    """
    known = np.asarray(scores, dtype=np.float64)
    if np.isnan(known).any():
        raise InputError(
            "the network gives no number: its weights are damaged or its training diverged; train it again"
        )
    return logit(np.clip(known, SMALLEST_SCORE, 1 - SMALLEST_SCORE))
