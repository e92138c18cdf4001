"""Forecasts of the test rows: by the networks, by the baselines and by the audit's confounders."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.networks import calibration, description, saved_model, training
from solarflare.networks.batches import Images
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.evaluation import baselines
from solarflare.verification.scores.scores import Forecast

Values = npt.NDArray[np.float64]

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
    rows: pd.DataFrame, images: Images, models: Path, features: dict[str, pd.DataFrame], refit: bool
) -> pd.DataFrame:
    """Forecast the test rows of every fold with the network and the baselines that were fitted on its other rows.

    The result has the test rows of all folds in the order of time, path and region. Its new columns are all 0 to 1:

    * ``probability`` and ``threshold``: the network's forecast, and the threshold of an alarm;
    * ``base_rate``: the share of label 1 in the rows that the fold's models learned from;
    * ``<name>`` and ``<name>_threshold``: the probability and the threshold of each baseline.

    With `refit` the baselines are fitted again after their thresholds are chosen, on the validation rows too.
    """
    folders = description.fold_folders(models, rows["fold"])
    by_fold = [
        _forecast_fold(rows[rows["fold"] == fold], images, folder, features, refit) for fold, folder in folders.items()
    ]
    key = [name for name in ("time", "path", "noaa_ar") if name in rows]
    return pd.concat(by_fold).sort_values(key, ignore_index=True)


def network_and_baselines(test: pd.DataFrame, fitted: list[str]) -> tuple[Forecast, dict[str, Forecast]]:
    """Return the forecast of the network, and by name the forecasts of climatology and of the fitted baselines.

    `test` is the table of `forecast_test_rows`. It has two columns for each fitted baseline.
    """
    label, base_rate = test["label"].to_numpy(), test["base_rate"].to_numpy()

    def forecast(column: str, threshold: Values | float) -> Forecast:
        return Forecast(label, test[column].to_numpy(), threshold, base_rate)

    references = {name: forecast(name, test[f"{name}_threshold"].to_numpy()) for name in fitted}
    network = forecast("probability", test["threshold"].to_numpy())
    return network, {"climatology": forecast("base_rate", EVEN_ODDS)} | references


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
    rows: pd.DataFrame, images: Images, folder: Path, features: dict[str, pd.DataFrame], refit: bool
) -> pd.DataFrame:
    train, validation, test = (rows[rows["part"] == part] for part in ("train", "validation", "test"))
    learned = pd.concat([train, validation]) if refit else train
    model, fitted = saved_model.load(folder)
    columns: dict[str, Any] = {}
    for name, numbers in features.items():
        validated = _regression(numbers, fit_on=train, rows=validation)
        columns[f"{name}_threshold"] = calibration.best_threshold(validated, validation["label"].to_numpy())
        columns[name] = _regression(numbers, fit_on=learned, rows=test)
    return test.assign(
        probability=fitted.apply(training.predict(model, images, test["position"].to_numpy())).round(DECIMALS),
        threshold=round(fitted.threshold, DECIMALS),
        base_rate=round(learned["label"].mean(), DECIMALS),
        **columns,
    )


def _regression(numbers: pd.DataFrame, fit_on: pd.DataFrame, rows: pd.DataFrame) -> Values:
    """Fit a baseline on the rows `fit_on`, and return its probabilities for `rows`."""
    regression = baselines.logistic(numbers.loc[fit_on["position"]].to_numpy(), fit_on["label"].to_numpy())
    return regression.predict_proba(numbers.loc[rows["position"]].to_numpy())[:, 1].round(DECIMALS)
