"""Forecasts of the test rows: by the networks, by the baselines and by the audit's confounders."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.networks import calibration, saved_model, training
from solarflare.networks.batches import Images
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.evaluation import baselines
from solarflare.verification.scores.scores import Forecast

Values = npt.NDArray[np.float64]

AT_ONCE = 64  # images in memory while their statistics are taken
DECIMALS = 6  # of a probability or a threshold; scores are computed from the rounded values, which tables hold
EVEN_ODDS = 0.5  # the threshold of climatology, which has no validation score to choose one by


def baseline_features(
    rows: pd.DataFrame, images: Images, instrument: Instrument, records: Records, question: DiskLabel | RegionLabel
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the features, by position, that each baseline makes its forecasts from, and why others are absent.

    ``logistic`` gets statistics of the images, which depend on the instrument; the others are those of
    `records.features`.
    """
    unique = rows.drop_duplicates("position").set_index("position").sort_index()
    recorded = features(unique, records, question)
    absent = {name: reason for name, reason in recorded.items() if isinstance(reason, str)}
    present = {name: table for name, table in recorded.items() if isinstance(table, pd.DataFrame)}
    return present | {"logistic": _statistics(images, unique.index.to_numpy(), instrument)}, absent


def forecast_test_rows(
    rows: pd.DataFrame, images: Images, models: Path, features: dict[str, pd.DataFrame], refit: bool
) -> pd.DataFrame:
    """Forecast the test rows of every fold with networks and baselines fitted on the fold's other rows.

    The result has the test rows of all folds in the order of time, path and region, with ``probability``,
    ``threshold``, ``base_rate`` (of the rows that the fold's models learned from), and for each baseline the
    probability by its name and ``<name>_threshold``, all 0 to 1. With `refit` the baselines, like the network, learn
    from the validation rows too once their thresholds are chosen.
    """
    folders = saved_model.fold_folders(models, rows["fold"])
    by_fold = [
        _forecast_fold(rows[rows["fold"] == fold], images, folder, features, refit) for fold, folder in folders.items()
    ]
    key = [name for name in ("time", "path", "noaa_ar") if name in rows]
    return pd.concat(by_fold).sort_values(key, ignore_index=True)


def network_and_baselines(test: pd.DataFrame, fitted: list[str]) -> tuple[Forecast, dict[str, Forecast]]:
    """Return the forecast of the network, and those of climatology and the fitted baselines by name.

    The test rows are those of `forecast_test_rows`, where each fitted baseline has columns.
    """
    label, base_rate = test["label"].to_numpy(), test["base_rate"].to_numpy()

    def forecast(column: str, threshold: Values | float) -> Forecast:
        return Forecast(label, test[column].to_numpy(), threshold, base_rate)

    references = {name: forecast(name, test[f"{name}_threshold"].to_numpy()) for name in fitted}
    network = forecast("probability", test["threshold"].to_numpy())
    return network, {"climatology": forecast("base_rate", EVEN_ODDS)} | references


def confounder_forecasts(confounders: pd.DataFrame, rows: pd.DataFrame, test: pd.DataFrame) -> dict[str, Forecast]:
    """Return what each confounder of the audit alone forecasts, with thresholds chosen on validation.

    If a row of validation or test has no forecast in `tables.CONFOUNDERS`, this raises InputError.
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
    """Return the logistic baseline's statistics, a row a position."""
    parts = np.array_split(positions, -(-len(positions) // AT_ONCE))
    counted = progress(parts, len(parts), "batches of crops measured for the baseline")
    return pd.DataFrame(np.vstack([baselines.statistics(images.take(part), instrument) for part in counted]), positions)


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
    """Return a baseline's probabilities for some rows, fitted on others."""
    regression = baselines.logistic(numbers.loc[fit_on["position"]].to_numpy(), fit_on["label"].to_numpy())
    return regression.predict_proba(numbers.loc[rows["position"]].to_numpy())[:, 1].round(DECIMALS)
