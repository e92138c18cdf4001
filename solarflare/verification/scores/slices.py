"""Scores of a part of the test rows: near the limb, in a year, of strong flares, or where the Sun changes its mind."""

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
"""Degrees from the central meridian within which regions are seen from above, and beyond which the projection spoils
what magnetograms and images show."""


def by_longitude(longitude: NDArray) -> dict[str, Mask]:
    """Return which rows, by Stonyhurst longitude in degrees, lie near the meridian, inside and beyond `NEAR_LIMB`."""
    away = np.abs(longitude)
    return {
        f"inside_{CENTRAL:.0f}_degrees": away <= CENTRAL,
        f"inside_{NEAR_LIMB:.0f}_degrees": away <= NEAR_LIMB,
        f"from_{CENTRAL:.0f}_to_{NEAR_LIMB:.0f}_degrees": (away > CENTRAL) & (away <= NEAR_LIMB),
        f"beyond_{NEAR_LIMB:.0f}_degrees": away > NEAR_LIMB,
    }


def by_year(time: NDArray[np.datetime64]) -> dict[str, Mask]:
    """Return which rows lie in each year (UTC) that has any."""
    year = time.astype("datetime64[Y]")
    return {f"year_{each}": year == each for each in np.unique(year)}


def by_class(label: NDArray, goes_class: NDArray) -> dict[str, Mask]:
    """Return, for each class of flare that a 1 stands for, which rows have such a flare or are 0.

    The class (n,) is that of the strongest flare in the window, such as ``"M1.5"``; empty without one.
    """
    letter = np.where(label == 1, goes_class.astype("U1"), "")
    return {f"class_{each}": (label == 0) | (letter == each) for each in np.unique(letter[letter != ""])}


def by_state_before(active: Mask) -> dict[str, Mask]:
    """Return which rows come after quiet and which after activity, as persistence says.

    After quiet, a 1 is a first event; after activity, a 0 is the end of it: the transitions of Park et al. 2020
    (arXiv:2001.02808). Persistence misses all of them and is constant on either part, so that whatever ROC-AUC or TSS
    a forecast reaches there, it does not owe to it.
    """
    return {"quiet_before": ~active, "active_before": active}


def assess(forecast: Forecast, masks: Mapping[str, Mask], plan: BlockBootstrap) -> dict[str, Any]:
    """Return scores of each part of the rows of a forecast and of its plan, by the names of the masks.

    They are ``n``; ``positive``, how many are; and with their intervals ``recall``, the share of positives that are
    alarms, ``specificity``, the share of negatives that are none, and ``roc_auc``, NaN where undefined. A part
    without rows is ``{"absent": reason}``.
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
