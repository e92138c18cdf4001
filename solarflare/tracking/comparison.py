"""Is a run better than another? A paired comparison of their forecasts of the same test rows."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from solarflare.params import Evaluate
from solarflare.verification.assessment import assess
from solarflare.verification.bootstrap import BlockBootstrap
from solarflare.verification.scores import Forecast

EVEN_ODDS = 0.5  # ROC-AUC and the Brier skill have no threshold
KEY = ["path", "noaa_ar", "label"]


def digest(predictions: pd.DataFrame) -> str:
    """Return what identifies the test rows and their labels: runs are comparable where this is the same.

    Parameters
    ----------
    predictions : DataFrame
        Of `tables.PREDICTIONS`.
    """
    text = _ordered(predictions)[KEY].to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def differences(
    predictions: pd.DataFrame, others: Mapping[str, pd.DataFrame], settings: Evaluate
) -> dict[str, dict[str, Any]]:
    """Return how far forecasts are ahead of others in ROC-AUC, with intervals of 95 % and verdicts.

    Parameters
    ----------
    predictions : DataFrame
        Of `tables.PREDICTIONS`.
    others : mapping of DataFrame
        The same of other runs by any key, of rows with the same `digest`.
    settings : Evaluate
        The resamples and their seed.

    Returns
    -------
    dict of dict
        By key, the fields of `solarflare.verification.bootstrap.Difference`.
    """
    rows = _ordered(predictions)
    plan = BlockBootstrap(rows["block"].to_numpy(), settings.resamples, settings.seed)
    forecasts = {name: _forecast(_ordered(other)) for name, other in others.items()}
    found = assess(_forecast(rows), forecasts, plan)["differences"]
    return {name: found[name]["roc_auc"] for name in others}


def _ordered(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.sort_values(KEY, ignore_index=True)


def _forecast(rows: pd.DataFrame) -> Forecast:
    label = rows["label"].to_numpy(int)
    return Forecast(label, rows["probability"].to_numpy(float), EVEN_ODDS, float(label.mean()))
