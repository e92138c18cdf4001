"""Makes the curves behind the scores, as small tables, each with a band of 95 % from the block bootstrap."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast, Ranking

POINTS = 200  # at most, of one curve
Values = NDArray[np.float64]
Rates = Callable[[Ranking, Values], tuple[Values, Values]]


def roc(forecast: Forecast, plan: BlockBootstrap) -> pd.DataFrame:
    """Return the ROC curve.

    Parameters
    ----------
    forecast, plan
        A forecast with both classes among its rows, and the resamples of its rows.

    Returns
    -------
    DataFrame
        ``fpr, tpr``: the shares of negatives and of positives that are alarms, 0 to 1. ``low, high``: the interval of
        tpr at each fpr. There are at most :data:`POINTS` rows, the highest threshold first.
    """

    def rates(ranking: Ranking, weight: Values) -> tuple[Values, Values]:
        true, false = (np.cumsum(steps, axis=1) for steps in ranking.steps(weight))
        with np.errstate(invalid="ignore"):
            return _from_zero(false / false[:, -1:]), _from_zero(true / true[:, -1:])

    return _curve(forecast, plan, rates, ("fpr", "tpr"))


def precision_recall(forecast: Forecast, plan: BlockBootstrap) -> pd.DataFrame:
    """Return the precision-recall curve.

    Parameters
    ----------
    forecast, plan
        A forecast with a positive among its rows, and the resamples of its rows.

    Returns
    -------
    DataFrame
        ``recall, precision``: the share of positives that are alarms, and the share of alarms that are positive, 0 to
        1. ``low, high``: the interval of precision at each recall. There are at most :data:`POINTS` rows, the highest
        threshold first.
    """

    def rates(ranking: Ranking, weight: Values) -> tuple[Values, Values]:
        true, false = (np.cumsum(steps, axis=1) for steps in ranking.steps(weight))
        alarms = true + false
        with np.errstate(invalid="ignore"):
            # A resample without the rows of the highest scores has no alarm there. So no alarm is false.
            return true / true[:, -1:], np.where(alarms > 0, true / alarms, 1)

    return _curve(forecast, plan, rates, ("recall", "precision"))


def calibration(forecast: Forecast, plan: BlockBootstrap) -> pd.DataFrame:
    """Return the reliability curve.

    Parameters
    ----------
    forecast, plan
        A forecast of any rows, and the resamples of its rows.

    Returns
    -------
    DataFrame
        One row per bin that has rows. ``probability, frequency``: the mean forecast and the observed frequency of label
        1, 0 to 1. ``low, high``: the interval of the frequency. ``n``: the number of rows.
    """
    curve = forecast.diagram.curve(np.ones((1, len(forecast.label))))
    diagram = forecast.grouped(plan.groups).diagram
    draws = plan.draws(lambda weight: {"frequency": diagram.curve(weight).observed_frequency}, of_blocks=True)
    df = pd.DataFrame({"probability": curve.mean_probability[0], "frequency": curve.observed_frequency[0]})
    df = df.assign(**_band(curve.observed_frequency[0], draws["frequency"], plan), n=curve.weight[0].astype(int))
    return df[df["n"] > 0].reset_index(drop=True)


def _curve(forecast: Forecast, plan: BlockBootstrap, rates: Rates, names: tuple[str, str]) -> pd.DataFrame:
    """Return a curve of at most `POINTS` points with the interval of y at each x. `names` are those of x and y."""
    x, y = (_thin(values[0]) for values in rates(forecast.ranking, np.ones((1, len(forecast.label)))))
    ranking = forecast.grouped(plan.groups).ranking

    def at_each_x(weight: Values) -> dict[str, Values]:
        return {"y": np.stack([np.interp(x, *curve) for curve in zip(*rates(ranking, weight), strict=True)])}

    band = _band(y, plan.draws(at_each_x, of_blocks=True)["y"], plan)
    return pd.DataFrame({names[0]: x, names[1]: y, **band})


def _from_zero(values: Values) -> Values:
    return np.pad(values, ((0, 0), (1, 0)))


def _thin(values: Values) -> Values:
    return values[np.linspace(0, len(values) - 1, min(POINTS, len(values))).round().astype(int)]


def _band(values: Values, draws: Values, plan: BlockBootstrap) -> dict[str, Values]:
    intervals = [plan.interval(value, draws[:, index]) for index, value in enumerate(values)]
    return {"low": np.array([i.low for i in intervals]), "high": np.array([i.high for i in intervals])}
