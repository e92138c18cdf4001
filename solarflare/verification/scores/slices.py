"""Scores parts of the test rows: by longitude, by year, by class of flare, and by the Sun's state before."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

SCORES = ("recall", "specificity", "roc_auc")

Mask = NDArray[np.bool_]

CENTRAL, NEAR_LIMB = 30.0, 60.0
"""Degrees from the central meridian. Within the first, regions are seen from above. Beyond the second, the projection
spoils what magnetograms and images show."""


def by_longitude(longitude: NDArray) -> dict[str, Mask]:
    """Return masks of rows by Stonyhurst longitude in degrees: near the meridian, inside and beyond `NEAR_LIMB`."""
    away = np.abs(longitude)
    return {
        f"inside_{CENTRAL:.0f}_degrees": away <= CENTRAL,
        f"inside_{NEAR_LIMB:.0f}_degrees": away <= NEAR_LIMB,
        f"from_{CENTRAL:.0f}_to_{NEAR_LIMB:.0f}_degrees": (away > CENTRAL) & (away <= NEAR_LIMB),
        f"beyond_{NEAR_LIMB:.0f}_degrees": away > NEAR_LIMB,
    }


def by_year(time: NDArray[np.datetime64]) -> dict[str, Mask]:
    """Return, for each year (UTC) with rows, a mask of the rows in it."""
    year = time.astype("datetime64[Y]")
    return {f"year_{value}": year == value for value in np.unique(year)}


def by_class(label: NDArray, goes_class: NDArray) -> dict[str, Mask]:
    """Return, for each class of flare, a mask of the rows with such a flare and of all rows with label 0.

    `goes_class`, (n,), is the class of the strongest flare in the window, such as ``"M1.5"``, or empty without a flare.
    """
    letter = np.where(label == 1, goes_class.astype("U1"), "")
    return {f"class_{value}": (label == 0) | (letter == value) for value in np.unique(letter[letter != ""])}


def by_state_before(active: Mask) -> dict[str, Mask]:
    """Return masks of the rows after quiet and of the rows after activity, as the baseline ``persistence`` tells them.

    After quiet, a 1 is a first event. After activity, a 0 is its end. These are the transitions of Park et al. 2020
    (arXiv:2001.02808). Persistence misses all transitions, and is constant on either part. So the ROC-AUC and the TSS
    of a forecast on either part owe nothing to persistence.
    """
    return {"quiet_before": ~active, "active_before": active}


def assess(forecast: Forecast, masks: Mapping[str, Mask], plan: BlockBootstrap) -> dict[str, Any]:
    """Return the scores of each part of a forecast's rows, by the name of its mask. The plan has the same rows.

    ``n`` is the number of rows, ``positive`` the number of rows with label 1. Three scores have intervals: ``recall``,
    the share of positives that are alarms, ``specificity``, the share of negatives that are no alarms, and
    ``roc_auc``. They are NaN where undefined. A part without rows is ``{"absent": reason}``.
    """
    return {
        name: _part(forecast, mask, plan) if mask.any() else {"absent": "no test row is there"}
        for name, mask in masks.items()
    }


def _part(forecast: Forecast, mask: Mask, plan: BlockBootstrap) -> dict[str, Any]:
    part = forecast.where(mask)
    values = part.scores()
    draws = plan.draws(forecast.grouped(plan.groups).where(mask).scores, of_blocks=True)
    intervals = {name: asdict(plan.interval(float(values[name][0]), draws[name])) for name in SCORES}
    return {"n": len(part.label), "positive": int(part.label.sum()), **intervals}
