"""The audit tries to predict the label from anything but the Sun.

Each probe (`probes`) is a small forest of random trees that forecasts blocks of days it was not fitted on
(`forecasts`). Its ROC-AUC has an interval, which is corrected for the number of gated probes. A gated probe has found a
leak if the lower end of this interval is above a limit.

Two effects would push the score of a probe below chance, and so hide a leak:

* The two images of a matched pair have the same hour and opposite labels. If a model is fitted on one of them, it
  forecasts the other wrongly. So a pair stays in one fold.
* A model that forecasts a fold with many positives was fitted on few of them. So both classes have the same weight in
  every fit, and positives are compared with negatives of the same fold only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.core.console import progress
from solarflare.core.workers import worker_processes
from solarflare.verification.audit.forecasts import EVEN_ODDS, folds, home_blocks, out_of_fold
from solarflare.verification.audit.probes import Probe
from solarflare.verification.audit.schema import Audit
from solarflare.verification.audit.statistics import ByFold, Resampled, Values, detectable, holm
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap

LISTED_PAIRS = 10  # the result has the paths of at most this many pairs of near duplicates


def audit(
    probes: Mapping[str, Probe], rows: pd.DataFrame, settings: Audit, duplicates: Sequence[tuple[int, int]] = ()
) -> dict[str, Any]:
    """Score every probe, and say which of the gated ones found a leak.

    Parameters
    ----------
    probes, rows
        The probes by name, and the n rows that they see, with ``path``, ``label``, ``block`` and ``pair_id``.
    settings : Audit
        The limit, the resamples and the seed.
    duplicates : sequence of (int, int), optional
        The pairs that `duplicates.near_duplicates` returns. A single pair is a leak.

    Returns
    -------
    dict
        Ready for JSON, or ``{"absent": reason}`` if no rows can be held out:

        * ``leak`` and ``rows``: whether anything leaks, and the number of rows.
        * ``near_duplicates``: the number of pairs, and the paths of the first.
        * ``probes``, by name: ``kind``, ``question``, ``leak``, and, with intervals of 95 %, ``roc_auc`` and
          ``balanced_accuracy``. A gated probe also has ``corrected_low`` and ``detectable_roc_auc``.

        A value that is NaN becomes None. With fewer than five blocks there are no intervals, and no probe leaks.
    """
    label, block = rows["label"].to_numpy(int), home_blocks(rows)
    fold = folds(label, block)
    if fold is None:
        return {"absent": "a class or all rows lie in one block of days, so that no block can be held out"}
    plan = BlockBootstrap(block, settings.resamples, settings.seed)
    scores = {}
    with worker_processes() as pool:
        forecast_of = partial(out_of_fold, label=label, fold=fold, seed=settings.seed)
        made = pool.map(forecast_of, [probe.features for probe in probes.values()])
        for name, forecast in zip(probes, progress(made, len(probes), "probes"), strict=True):
            scores[name] = _score(label, forecast, fold, plan)
    gated = {name: scores[name]["roc_auc"] for name, probe in probes.items() if probe.kind == "gated"}
    lows = holm(gated, plan, settings.max_probe_auc)
    results: dict[str, dict[str, Any]] = {}
    for name, probe in probes.items():
        results[name] = {"kind": probe.kind, "question": probe.question, "leak": False}
        results[name] |= {key: asdict(plan.interval(score.value, score.draws)) for key, score in scores[name].items()}
        if name in gated:
            results[name] |= {
                "corrected_low": lows[name],
                "detectable_roc_auc": detectable(settings.max_probe_auc, gated[name].draws, label, len(gated)),
                "leak": lows[name] > settings.max_probe_auc,
            }
    leak = bool(duplicates) or any(result["leak"] for result in results.values())
    first_paths = [[rows["path"][row] for row in pair] for pair in duplicates[:LISTED_PAIRS]]
    near_duplicates = {"pairs": len(duplicates), "first": first_paths}
    return rounded({"leak": leak, "rows": len(rows), "probes": results, "near_duplicates": near_duplicates})


def summary(audited: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdict on a task and its strongest gated probe.

    Parameters
    ----------
    audited : mapping
        The result of `audit`.

    Returns
    -------
    dict
        ``leak``: 1, 0, or -1 if there is no verdict. ``highest_probe``: the highest ROC-AUC of a gated probe, or None.
    """
    probes = [probe for probe in audited.get("probes", {}).values() if probe["kind"] == "gated"]
    scores = [probe["roc_auc"]["value"] for probe in probes if probe["roc_auc"]["value"] is not None]
    return {"leak": int(audited.get("leak", -1)), "highest_probe": max(scores, default=None)}


def _score(label: NDArray, forecast: Values, fold: NDArray, plan: BlockBootstrap) -> dict[str, Resampled]:
    # A balanced accuracy is the area under a ROC curve with a single threshold, here even odds.
    by_score = {"roc_auc": forecast, "balanced_accuracy": forecast >= EVEN_ODDS}
    statistics = {name: ByFold(label, score, fold) for name, score in by_score.items()}

    def both(weight: Values) -> dict[str, Values]:
        return {name: statistic.roc_auc(weight) for name, statistic in statistics.items()}

    values, draws = both(np.ones((1, len(label)))), plan.draws(both)
    return {name: Resampled(float(values[name][0]), draws[name]) for name in statistics}
