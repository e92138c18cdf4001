"""Fusion: a logistic regression on a network's logit and on what observatories had reported before the image.

The logits are out of fold: no row's own label shaped its logit. Otherwise the regression would trust the network too
much (Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1, *Stacked generalization*).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from solarflare.core import absent, strict_json
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.networks.calibration import DECIMALS, Platt, best_threshold
from solarflare.networks.description import FUSION
from solarflare.sun.events.questions import DiskLabel, RegionLabel

Values = npt.NDArray[np.float64]

LOGIT = "logit"
STRENGTH = 0.1  # inverse of the regularisation, as of the teacher: about twenty correlated features
NOT_CROSS_FITTED = "the network was trained without cross_fit, so that no logit is out of fold"


@dataclass(frozen=True)
class Regression:
    """A calibrated logistic regression on named numbers, with a threshold.

    Attributes
    ----------
    features : sequence of str
        The names of the numbers.
    means, scales, coefficients : sequence of float
        Each number is standardised by its mean and scale, and has a coefficient.
    intercept, threshold : float
        The intercept. The answer is yes if the probability is at least the threshold.
    fitted_rate : float
        The share of label 1 in the rows that it was fitted on.
    """

    features: Sequence[str]
    means: Sequence[float]
    scales: Sequence[float]
    coefficients: Sequence[float]
    intercept: float
    threshold: float
    fitted_rate: float

    def apply(self, numbers: pd.DataFrame) -> Values:
        """Return the probabilities, (N,), 0 to 1, of rows that have the columns `features`."""
        standard = (numbers.rename(columns=str)[list(self.features)].to_numpy(float) - self.means) / self.scales
        return expit(standard @ np.asarray(self.coefficients) + self.intercept)

    @classmethod
    def fit(cls, numbers: pd.DataFrame, labels: npt.NDArray, groups: npt.NDArray) -> Self:
        """Fit a regression, its calibration and its threshold.

        Calibration (`calibration.Platt`) and threshold (the largest TSS) are fitted on probabilities that leave out the
        row's group. A Platt curve of a logistic regression is one itself, so it goes into the coefficients.

        Parameters
        ----------
        numbers : DataFrame
            The features of each row, (N, k), without NaN.
        labels, groups : (N,) int
            The labels, 0 or 1, and the group of each row, such as `cross_fitting.groups` returns. All groups but one
            must always have both labels.
        """
        # Imported here: it takes longer to import than an answer for an image may take.
        from sklearn.model_selection import LeaveOneGroupOut

        from solarflare.dataset.samples.regression import logistic

        values, held_out = numbers.to_numpy(float), np.empty(len(labels))
        for others, group in LeaveOneGroupOut().split(values, labels, groups):
            part = logistic(values[others], labels[others], STRENGTH)
            held_out[group] = part.decision_function(values[group])
        curve = Platt.fit(held_out, labels)
        scaler, regression = (step for _, step in logistic(values, labels, STRENGTH).steps)
        return cls(
            tuple(map(str, numbers.columns)),
            _rounded(scaler.mean_),
            _rounded(scaler.scale_),
            _rounded(curve.slope * regression.coef_[0]),
            round(float(curve.slope * regression.intercept_[0] + curve.intercept), DECIMALS),
            round(best_threshold(curve(held_out), labels), DECIMALS),
            float(np.mean(labels)),
        )

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        with atomic_path(path) as partial:
            partial.write_text(strict_json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Regression | str:
    """Return the fusion in a model's folder, or the reason why there is none.

    Raises
    ------
    InputError
        If the file holds something else.
    """
    path = folder / FUSION
    if not path.is_file():
        return NOT_CROSS_FITTED
    if reason := absent.reason(path):
        return reason
    try:
        content = strict_json.parse(path.read_text(encoding="utf-8"))
        regression = Regression(**content)
        lengths = {len(content[name]) for name in ("features", "means", "scales", "coefficients")}
        average = pd.DataFrame([regression.means], columns=[str(name) for name in regression.features])
        numbers = (*regression.apply(average), regression.threshold, regression.fitted_rate)
        if len(lengths) > 1 or LOGIT not in regression.features or not all(0 <= number <= 1 for number in numbers):
            raise ValueError
        return regression
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is not a fusion that a training wrote; make it again with `dvc repro`") from None


def fit_and_write(rows: pd.DataFrame, question: DiskLabel | RegionLabel, folder: Path) -> None:
    """Fit the fusion of a network, and write it into the network's folder; the reason, if there are no records.

    `rows` has the columns of `samples.samples`, the ``group`` and the out-of-fold ``logit`` of each row.
    """
    # Imported here: an answer that reads a fusion needs no tables.
    from solarflare.core.paths import RAW
    from solarflare.sun.events.records import features, read_records

    known = features(rows, read_records(RAW), question)["records"]
    if isinstance(known, str):
        absent.mark(folder / FUSION, known)
        return
    numbers = known.assign(**{LOGIT: rows[LOGIT]})
    Regression.fit(numbers, rows["label"].to_numpy(), rows["group"].to_numpy()).write(folder / FUSION)


def _rounded(values: Values) -> tuple[float, ...]:
    return tuple(round(float(value), DECIMALS) for value in values)
