"""The audit tries to predict the label from anything but the Sun.

Each probe (`probes`) is a small forest of random trees, scored out of fold (`forecasts`): it forecasts blocks
of days that it was not fitted on. A gated probe has found a leak when the lower end of its ROC-AUC's interval,
corrected for the number of gated probes, passes a limit.

Two traps make chance look like less than chance, and would hide a leak behind it:

* The two images of a matched pair have the same hour and opposite labels. Were one fitted on, the other would be
  forecast wrongly, so a pair stays in one fold.
* A fold with many positives is forecast by a model that saw few. So the classes weigh the same in every fit, and
  positives are compared with negatives of their own fold alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.core.console import progress
from solarflare.verification.audit.forecasts import EVEN_ODDS, folds, home_blocks, out_of_fold
from solarflare.verification.audit.probes import Probe
from solarflare.verification.audit.schema import Audit
from solarflare.verification.audit.statistics import ByFold, Resampled, Values, detectable, holm
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap

NAMED = 10  # near duplicates whose paths are told


def audit(
    probes: Mapping[str, Probe],
    rows: pd.DataFrame,
    settings: Audit,
    duplicates: Sequence[tuple[int, int]] = (),
) -> dict[str, Any]:
    """Score every probe, and say which of the gated ones found a leak.

    Parameters
    ----------
    probes : mapping of Probe
        By name, of the same n rows.
    rows : DataFrame
        ``label``, ``block`` and ``pair_id`` of each row.
    settings : Audit
        The limit, the resamples and the seed.
    duplicates : sequence of (int, int), optional
        What `duplicates.near_duplicates` returned; one is a leak.

    Returns
    -------
    dict
        Ready for JSON: ``leak``, ``rows``, ``probes`` and ``near_duplicates``, their number and the paths of the
        first; of each probe by name its ``kind``, ``question``, ``leak``, ``roc_auc`` and ``balanced_accuracy`` with
        intervals of 95 %, and if it is gated ``corrected_low`` and ``detectable_roc_auc``. What is not a number is
        None: of fewer than five blocks there is no interval, and no verdict but "no leak". ``{"absent": reason}`` if
        no rows can be held out.

    Notes
    -----
    A balanced accuracy is the area under a ROC curve with a single threshold, here even odds.
    """
    label = rows["label"].to_numpy(int)
    block = home_blocks(rows)
    fold = folds(label, block)
    if fold is None:
        return {"absent": "a class or all rows lie in one block of days, so that no block can be held out"}
    plan = BlockBootstrap(block, settings.resamples, settings.seed)
    scored = {}
    for name, probe in progress(probes.items(), len(probes), "probes"):
        score = out_of_fold(probe.features, label, fold, settings.seed)
        scored[name] = _scored(label, score, fold, plan)
    gated = {name: scored[name]["roc_auc"] for name, probe in probes.items() if probe.kind == "gated"}
    lows = holm(gated, plan, settings.max_probe_auc)
    found: dict[str, dict[str, Any]] = {}
    for name, probe in probes.items():
        found[name] = {"kind": probe.kind, "question": probe.question, "leak": False}
        found[name] |= {score: asdict(plan.interval(one.value, one.draws)) for score, one in scored[name].items()}
        if name in gated:
            found[name] |= {
                "corrected_low": lows[name],
                "detectable_roc_auc": detectable(settings.max_probe_auc, gated[name].draws, label, len(gated)),
                "leak": lows[name] > settings.max_probe_auc,
            }
    leak = bool(duplicates) or any(one["leak"] for one in found.values())
    return rounded({"leak": leak, "rows": len(rows), "probes": found, "near_duplicates": _named(duplicates, rows)})


def _named(duplicates: Sequence[tuple[int, int]], rows: pd.DataFrame) -> dict[str, Any]:
    first = [[rows["path"][place] for place in pair] for pair in duplicates[:NAMED]]
    return {"pairs": len(duplicates), "first": first}


def _scored(label: NDArray, score: Values, fold: NDArray, plan: BlockBootstrap) -> dict[str, Resampled]:
    statistics = {"roc_auc": ByFold(label, score, fold), "balanced_accuracy": ByFold(label, score >= EVEN_ODDS, fold)}

    def both(weight: Values) -> dict[str, Values]:
        return {name: statistic.roc_auc(weight) for name, statistic in statistics.items()}

    own, draws = both(np.ones((1, len(label)))), plan.draws(both)
    return {name: Resampled(float(own[name][0]), draws[name]) for name in statistics}
