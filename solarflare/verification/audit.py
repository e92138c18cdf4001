"""The audit tries to predict the label from anything but the Sun.

Each probe (`solarflare.verification.probes`) is a small gradient boosting model, scored out of fold: whole blocks of
days are left out, and the two images of a matched pair stay together. A gated probe has found a leak when the lower end
of its ROC-AUC's interval, corrected for the number of gated probes after Holm, passes a limit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from solarflare.params import Audit
from solarflare.verification.bootstrap import BlockBootstrap
from solarflare.verification.probes import Probe
from solarflare.verification.scores import Ranking

FOLDS = 5
LEVEL = 0.025
"""One-sided, of all gated probes of a task together: the lower end of a 95 % interval."""

POWER = 0.9
DECIMALS = 4
SMALLEST_PROBABILITY = 1e-6

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """A probe's ROC-AUC and balanced accuracy, and their values in every resample."""

    roc_auc: float
    balanced_accuracy: float
    draws: dict[str, Values]


def audit(probes: dict[str, Probe], rows: pd.DataFrame, settings: Audit) -> dict[str, Any]:
    """Score every probe and say which found a leak.

    Parameters
    ----------
    probes : dict of Probe
        By name, of the same rows.
    rows : DataFrame
        ``label``, ``block`` and ``pair_id`` of each row.
    settings : Audit
        The limit, the resamples and the seed.

    Returns
    -------
    dict
        ``leak``, ``rows`` and ``probes``, by name: ``kind``, ``question``, ``roc_auc`` and ``balanced_accuracy`` with
        their 95 % intervals, ``leak``, and of gated probes ``corrected_low`` and ``detectable_roc_auc``, the least
        ROC-AUC that would have been called a leak with a power of 90 %.
    """
    plan = BlockBootstrap(rows["block"].to_numpy(), settings.resamples, settings.seed)
    label = rows["label"].to_numpy(dtype=int)
    folds = _folds(rows)
    scored = {name: _score(probe.features, label, folds, plan, settings.seed) for name, probe in probes.items()}
    gated = [name for name, probe in probes.items() if probe.kind == "gated"]
    verdicts = holm({name: scored[name] for name in gated}, plan, settings.max_probe_auc)
    found = {}
    for name, probe in probes.items():
        one = scored[name]
        found[name] = {
            "kind": probe.kind,
            "question": probe.question,
            "leak": False,
            "roc_auc": _interval(plan, one.roc_auc, one.draws["roc_auc"]),
            "balanced_accuracy": _interval(plan, one.balanced_accuracy, one.draws["balanced_accuracy"]),
            **verdicts.get(name, {}),
        }
    return {"leak": any(found[name]["leak"] for name in gated), "rows": len(rows), "probes": found}


def holm(scored: dict[str, Scored], plan: BlockBootstrap, limit: float) -> dict[str, dict[str, Any]]:
    """Return, for each gated probe, whether it is a leak, by the step-down procedure of Holm 1979.

    Parameters
    ----------
    scored : dict of Scored
        The gated probes, by name.
    plan : BlockBootstrap
        The resamples that gave their draws.
    limit : float
        ROC-AUC that a leak has to pass.

    Notes
    -----
    The probe whose interval leaves the limit farthest behind is asked at `LEVEL` divided by the number of probes, the
    next by one less, and so on until one does not pass (Scand. J. Stat. 6, 65).
    """
    share_below = {name: np.mean(one.draws["roc_auc"] <= limit) for name, one in scored.items()}
    order = sorted(scored, key=lambda name: (share_below[name], -scored[name].roc_auc))
    verdicts, passing = {}, True
    for place, name in enumerate(order):
        level, draws = LEVEL / (len(order) - place), scored[name].draws["roc_auc"]
        low = plan.interval(scored[name].roc_auc, draws, 1 - 2 * level).low
        passing = passing and bool(low > limit)
        reach = stats.norm.ppf(1 - LEVEL / len(order)) + stats.norm.ppf(POWER)
        verdicts[name] = {
            "leak": passing,
            "corrected_low": round(low, DECIMALS),
            "detectable_roc_auc": round(min(1.0, limit + reach * float(np.nanstd(draws))), DECIMALS),
        }
    return verdicts


def _folds(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return each row's fold: whole blocks, both images of a pair in the block of the first."""
    blocks = rows["block"].to_numpy(dtype=np.int64)
    paired = rows["pair_id"] != ""
    group = np.where(paired, rows["block"].groupby(rows["pair_id"]).transform("min"), blocks).astype(np.int64)
    folds = np.zeros(len(rows), dtype=np.int64)
    splitter = GroupKFold(min(FOLDS, len(np.unique(group))))
    for number, (_, held_out) in enumerate(splitter.split(folds[:, None], groups=group)):
        folds[held_out] = number
    return folds


def _score(features: Values, label: npt.NDArray, folds: npt.NDArray, plan: BlockBootstrap, seed: int) -> Scored:
    evidence = _out_of_fold(features[:, np.ptp(features, axis=0) > 0], label, folds, seed)
    ranking, alarm = Ranking(label, evidence), evidence > 0

    def statistic(weight: Values) -> dict[str, Values]:
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = weight @ (alarm * label) / (weight @ label)
            specificity = weight @ (~alarm * (1 - label)) / (weight @ (1 - label))
        # What says nothing of any row is no better than a coin at any threshold.
        balanced = np.full(len(weight), 0.5) if not evidence.any() else (recall + specificity) / 2
        return {"roc_auc": ranking.roc_auc(weight), "balanced_accuracy": balanced}

    own = statistic(np.ones((1, len(label))))
    return Scored(float(own["roc_auc"][0]), float(own["balanced_accuracy"][0]), plan.draws(statistic))


def _out_of_fold(features: Values, label: npt.NDArray, folds: npt.NDArray, seed: int) -> Values:
    """Return each row's log odds for label 1, less those of the rows that its model was fitted on.

    Without that, a fold with few positives would be forecast by a model that saw many, and chance would score below
    one half.
    """
    evidence = np.zeros(len(label))
    if features.shape[1] == 0:
        return evidence
    for fold in np.unique(folds):
        fitted, held_out = folds != fold, folds == fold
        if len(np.unique(label[fitted])) < 2:
            continue
        model = HistGradientBoostingClassifier(max_iter=60, max_depth=3, min_samples_leaf=15, random_state=seed)
        probability = model.fit(features[fitted], label[fitted]).predict_proba(features[held_out])[:, 1]
        clipped = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        evidence[held_out] = logit(clipped) - logit(label[fitted].mean())
    return evidence


def _interval(plan: BlockBootstrap, value: float, draws: Values) -> dict[str, float]:
    found = plan.interval(value, draws)
    return {name: round(getattr(found, name), DECIMALS) for name in ("value", "low", "high")}
