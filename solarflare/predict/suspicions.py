"""Warn of scores and forecasts that usually mean that a column was taken for another one."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

FEWEST_VALUES = 3  # Fewer distinct probabilities are classes
WORST, BEST = 0.2, 0.995
"""ROC-AUC: no forecast of flares is known to be outside, and a reversed or a leaked one is."""


def suspicions(rows: pd.DataFrame, scores: Mapping[str, Any]) -> list[str]:
    """Return warnings about forecasts: ``probability`` of each row, and the scores that `assess` returns for them."""
    warnings, roc_auc = [], scores["roc_auc"]["value"]
    values = sorted(rows["probability"].unique())
    if len(values) < FEWEST_VALUES:
        listed = " and ".join(f"{value:g}" for value in values)
        warnings.append(f"the probability is nowhere but {listed}: it looks like a class; check --probability")
    if roc_auc is not None and roc_auc < WORST:
        warnings.append(
            f"ROC-AUC {roc_auc:.3f} is below {WORST}: the probability may be that of no flare, or the label be "
            "reversed; check --probability and --label"
        )
    if roc_auc is not None and roc_auc > BEST:
        warnings.append(
            f"ROC-AUC {roc_auc:.3f} is above {BEST}: the label may be a forecast, or the forecast know the label; "
            "check --probability and --label"
        )
    return warnings
