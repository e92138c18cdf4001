"""Measures by year whether the inputs of a network, and its calibration, drift away from what it was trained on."""

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.slices import Mask
from solarflare.verification.scores.trust import FEWEST_OF_A_CLASS

Values = npt.NDArray[np.float64]

INPUTS = {"mean_brightness": 0, "brightest": 4}
"""Columns of `baselines.statistics`: the mean of a crop's pixels, and their 99th percentile."""
STEPS = 12  # of Newton's method, which needs 4 to 8 from slope 1 and intercept 0
SURE = 1e-6  # Probabilities are rounded to six decimals: 0 and 1 would have an infinite logit
WIDEST = 50.0  # A slope or an intercept beyond it comes from classes that a probability separates: it is undefined


def assess(
    forecast: Forecast, years: dict[str, Mask], shifts: pd.DataFrame, plan: BlockBootstrap
) -> dict[str, dict[str, Any]]:
    """Return the drift of each year's test rows, by the name of the year's mask, with intervals.

    Parameters
    ----------
    forecast, plan
        The network's forecast of the n test rows, and their resamples.
    years : dict of (n,) bool
        The result of `slices.by_year`.
    shifts : DataFrame
        The result of `input_shifts` for the test rows.

    Returns
    -------
    dict
        For each year ``n``; ``mean_brightness`` and ``brightest``, the means of `shifts`;
        ``observed_minus_forecast``, the share of label 1 minus the mean probability; ``calibration_slope`` and
        ``calibration_intercept`` of the regression logit P(label 1) = intercept + slope logit p (Cox 1958,
        doi:10.1093/biomet/45.3-4.562), which are 1 and 0 if the probabilities are right. Slope and intercept are NaN
        if the year has fewer than `FEWEST_OF_A_CLASS` rows of a class.
    """
    columns = {str(name): values.to_numpy(float) for name, values in shifts.items()}
    columns["observed_minus_forecast"] = forecast.label - forecast.probability
    return {
        year: {
            "n": int(mask.sum()),
            **_means({name: values[mask] for name, values in columns.items()}, mask, plan),
            **_calibration(forecast.where(mask), mask, plan),
        }
        for year, mask in years.items()
        if mask.any()
    }


def input_shifts(rows: pd.DataFrame, test: pd.DataFrame, statistics: pd.DataFrame) -> pd.DataFrame:
    """Return how far each test row's image is from the training images, in their standard deviations.

    Parameters
    ----------
    rows, test : DataFrame
        The rows of all parts and folds, and the test rows in their order, with ``fold`` and ``position``. `rows` has
        ``part`` too.
    statistics : DataFrame
        By position, the result of `baselines.statistics`.

    Returns
    -------
    DataFrame
        A column for each of `INPUTS`. 0 is the mean of the training rows of the row's own fold. NaN if those are all
        alike.
    """
    measured = statistics[list(INPUTS.values())].set_axis(list(INPUTS), axis=1)
    train = rows[rows["part"] == "train"]
    of_train = measured.loc[train["position"]].groupby(train["fold"].to_numpy())
    mean, deviation = (table.loc[test["fold"]].to_numpy() for table in (of_train.mean(), of_train.std(ddof=0)))
    distance = measured.loc[test["position"]].to_numpy() - mean
    shifts = np.divide(distance, deviation, out=np.full_like(distance, np.nan), where=deviation > 0)
    return pd.DataFrame(shifts, columns=list(INPUTS))


def recalibration(label: npt.NDArray[np.int64], probability: Values, weight: Values) -> tuple[Values, Values]:
    """Return the intercept and the slope of a logistic regression of labels on the logits of probabilities.

    `label` and `probability` are (n,). A weight (resamples, n) says how often a row counts. The results, (resamples,),
    are NaN where the regression has no finite solution.
    """
    x = logit(np.clip(probability, SURE, 1 - SURE))
    intercept, slope = np.zeros(len(weight)), np.ones(len(weight))
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            fitted = expit(intercept[:, None] + slope[:, None] * x)
            error, curvature = weight * (label - fitted), weight * fitted * (1 - fitted)
            first, second = error.sum(axis=1), (error * x).sum(axis=1)
            a, b, c = curvature.sum(axis=1), (curvature * x).sum(axis=1), (curvature * x**2).sum(axis=1)
            determinant = a * c - b**2
            intercept = intercept + (c * first - b * second) / determinant
            slope = slope + (a * second - b * first) / determinant
        finite = (np.abs(intercept) < WIDEST) & (np.abs(slope) < WIDEST)
    return np.where(finite, intercept, np.nan), np.where(finite, slope, np.nan)


def _means(columns: dict[str, Values], mask: Mask, plan: BlockBootstrap) -> dict[str, Any]:
    """Return the mean of each column of a year's rows. `mask` says which rows of the plan these are."""

    def statistic(weight: Values) -> dict[str, Values]:
        of_year = weight[:, mask]
        with np.errstate(invalid="ignore"):
            return {name: (of_year * values).sum(axis=1) / of_year.sum(axis=1) for name, values in columns.items()}

    draws = plan.draws(statistic)
    return {name: asdict(plan.interval(float(values.mean()), draws[name])) for name, values in columns.items()}


def _calibration(forecast: Forecast, mask: Mask, plan: BlockBootstrap) -> dict[str, Any]:
    """Return the slope and the intercept of a year's forecast."""
    names, label = ("calibration_intercept", "calibration_slope"), forecast.label
    if min(label.sum(), len(label) - label.sum()) < FEWEST_OF_A_CLASS:
        return {name: {"value": np.nan, "low": np.nan, "high": np.nan} for name in names}

    def statistic(weight: Values) -> dict[str, Values]:
        return dict(zip(names, recalibration(label, forecast.probability, weight), strict=True))

    values, draws = statistic(np.ones((1, len(label)))), plan.draws(lambda weight: statistic(weight[:, mask]))
    return {name: asdict(plan.interval(float(values[name][0]), draws[name])) for name in names}
