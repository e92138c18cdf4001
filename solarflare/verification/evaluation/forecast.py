"""Forecasts of the test rows: by the networks, by the baselines and by the audit's confounders."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.dataset.samples import cross_fitting
from solarflare.dataset.samples.regression import logistic
from solarflare.networks import calibration, description, fusion, saved_model, training
from solarflare.networks.batches import Images
from solarflare.networks.fusion import LOGIT, Regression
from solarflare.networks.schema import Train
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.evaluation import baselines
from solarflare.verification.scores.scores import Forecast

Values = npt.NDArray[np.float64]

FUSION = "fusion"
AT_ONCE = 64  # images in memory while their statistics are taken
DECIMALS = 6  # of a probability or a threshold; scores are computed from the rounded values that the tables hold
EVEN_ODDS = 0.5  # the threshold of climatology: it has no validation score by which one could be chosen


def baseline_features(
    rows: pd.DataFrame, images: Images, instrument: Instrument, records: Records, question: DiskLabel | RegionLabel
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the features of each baseline, by position, and the reason why each of the other baselines is absent.

    ``logistic`` gets statistics of the images, which depend on the instrument. The other baselines get the features
    that `records.features` returns.
    """
    unique = rows.drop_duplicates("position").set_index("position").sort_index()
    recorded = features(unique, records, question)
    absent = {name: reason for name, reason in recorded.items() if isinstance(reason, str)}
    present = {name: table for name, table in recorded.items() if isinstance(table, pd.DataFrame)}
    return present | {"logistic": _statistics(images, unique.index.to_numpy(), instrument)}, absent


def forecast_test_rows(
    rows: pd.DataFrame, images: Images, models: Path, features: dict[int, dict[str, pd.DataFrame]], settings: Train
) -> pd.DataFrame:
    """Forecast the test rows of every fold with the network and the baselines that were fitted on its other rows.

    The result has the test rows of all folds in the order of time, path and region. Its new columns are all 0 to 1:

    * ``probability`` and ``threshold``: the network's forecast, and the threshold of an alarm;
    * ``base_rate``: the share of label 1 in the rows that the fold's models learned from;
    * ``<name>`` and ``<name>_threshold``: the probability and the threshold of each other forecast.

    Parameters
    ----------
    rows, images, models
        The table of `samples.samples`, all images by position, and the folder of the task's networks.
    features : dict
        By fold, the numbers of each baseline by position, as `baseline_features` returns them.
    settings : Train
        How the network was trained: the baselines are fitted in the same way. With ``refit`` they are fitted again
        after their thresholds are chosen, on the validation rows too. With ``cross_fit`` they are fitted as the fusion
        is (`Regression.fit`), and there is a forecast ``fusion`` if the network has one.
    """
    folders = description.fold_folders(models, rows["fold"])
    by_fold = [
        _forecast_fold(rows[rows["fold"] == fold], images, folder, features[fold], settings)
        for fold, folder in folders.items()
    ]
    key = [name for name in ("time", "path", "noaa_ar") if name in rows]
    return pd.concat(by_fold).sort_values(key, ignore_index=True)


def network_and_baselines(test: pd.DataFrame, fitted: list[str]) -> tuple[Forecast, dict[str, Forecast]]:
    """Return the forecast of the network, and by name the forecasts of climatology and of the fitted baselines.

    `test` is the table of `forecast_test_rows`. It has two columns for each fitted baseline.
    """
    network = _forecast(test, "probability", test["threshold"].to_numpy())
    return network, {"climatology": _forecast(test, "base_rate", EVEN_ODDS)} | named(test, fitted)


def named(test: pd.DataFrame, names: list[str]) -> dict[str, Forecast]:
    """Return the forecasts of these names in the table of `forecast_test_rows`."""
    return {name: _forecast(test, name, test[f"{name}_threshold"].to_numpy()) for name in names}


def _forecast(test: pd.DataFrame, column: str, threshold: Values | float) -> Forecast:
    return Forecast(test["label"].to_numpy(), test[column].to_numpy(), threshold, test["base_rate"].to_numpy())


def confounder_forecasts(confounders: pd.DataFrame, rows: pd.DataFrame, test: pd.DataFrame) -> dict[str, Forecast]:
    """Return the forecast of each confounder of the audit, by name, with thresholds chosen on validation.

    If `confounders`, a table with the columns of `tables.CONFOUNDERS`, lacks a validation or test row, this raises
    InputError.
    """
    key = [name for name in ("path", "noaa_ar", "fold") if name in rows]
    validation = rows[rows["part"] == "validation"].assign(base_rate=np.nan)
    forecasts = {}
    for name, probabilities in confounders.groupby("confounder"):
        validated, tested = (
            part[[*key, "label", "base_rate"]].merge(probabilities[[*key, "probability"]], on=key, how="left")
            for part in (validation, test)
        )
        if validated["probability"].isna().any() or tested["probability"].isna().any():
            raise InputError(
                f"data/confounders: {name} has no forecast of some rows; make it again with `dvc repro audit`"
            )
        thresholds = {
            fold: calibration.best_threshold(part["probability"].to_numpy(), part["label"].to_numpy())
            for fold, part in validated.groupby("fold")
        }
        threshold = tested["fold"].map(thresholds).to_numpy()
        label, probability, base_rate = (tested[column].to_numpy() for column in ("label", "probability", "base_rate"))
        forecasts[str(name)] = Forecast(label, probability, threshold, base_rate)
    return forecasts


def _statistics(images: Images, positions: npt.NDArray[np.int64], instrument: Instrument) -> pd.DataFrame:
    """Return the logistic baseline's statistics, one row per position."""
    parts = np.array_split(positions, -(-len(positions) // AT_ONCE))
    batches = progress(parts, len(parts), "batches of crops measured for the baseline")
    return pd.DataFrame(np.vstack([baselines.statistics(images.take(part), instrument) for part in batches]), positions)


def _forecast_fold(
    rows: pd.DataFrame, images: Images, folder: Path, features: dict[str, pd.DataFrame], settings: Train
) -> pd.DataFrame:
    test = rows[rows["part"] == "test"]
    learned = rows[rows["part"] != "test"] if settings.learns_validation else rows[rows["part"] == "train"]
    model, fitted = saved_model.load(folder)
    scores = training.predict(model, images, test["position"].to_numpy())
    columns: dict[str, Any] = {}
    for name, numbers in features.items():
        baseline = _cross_fitted if settings.cross_fit else _held_out
        columns[name], columns[f"{name}_threshold"] = baseline(numbers, rows, learned, settings)
    if isinstance(fused := fusion.read(folder), Regression):
        known = features["records"].loc[test["position"]].assign(**{LOGIT: calibration.logits(scores)})
        columns[FUSION], columns[f"{FUSION}_threshold"] = fused.apply(known).round(DECIMALS), fused.threshold
    return test.assign(
        probability=fitted.apply(scores).round(DECIMALS),
        threshold=round(fitted.threshold, DECIMALS),
        base_rate=round(learned["label"].mean(), DECIMALS),
        **columns,
    )


def _held_out(
    numbers: pd.DataFrame, rows: pd.DataFrame, learned: pd.DataFrame, settings: Train
) -> tuple[Values, float]:
    """Return a baseline's probabilities of the test rows of a fold, and the threshold that is chosen on validation."""
    train, validation, test = (rows[rows["part"] == part] for part in ("train", "validation", "test"))
    threshold = calibration.best_threshold(_regression(numbers, train, validation), validation["label"].to_numpy())
    return _regression(numbers, learned, test), threshold


def _cross_fitted(
    numbers: pd.DataFrame, rows: pd.DataFrame, learned: pd.DataFrame, settings: Train
) -> tuple[Values, float]:
    """Return a baseline's probabilities of the test rows of a fold, and its cross-fitted threshold."""
    groups = cross_fitting.groups(learned["block"], settings.cross_fit)
    baseline = Regression.fit(numbers.loc[learned["position"]], learned["label"].to_numpy(), groups)
    test = rows.loc[rows["part"] == "test", "position"]
    return baseline.apply(numbers.loc[test]).round(DECIMALS), baseline.threshold


def _regression(numbers: pd.DataFrame, fit_on: pd.DataFrame, rows: pd.DataFrame) -> Values:
    """Fit a baseline on the rows `fit_on`, and return its probabilities for `rows`."""
    regression = logistic(numbers.loc[fit_on["position"]].to_numpy(), fit_on["label"].to_numpy())
    return regression.predict_proba(numbers.loc[rows["position"]].to_numpy())[:, 1].round(DECIMALS)
