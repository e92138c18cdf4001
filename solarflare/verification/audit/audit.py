"""The audit tries to predict the label from anything but the Sun.

Each probe (`solarflare.verification.audit.probes`) is a small forest of random trees, scored out of fold: it forecasts blocks
of days that it was not fitted on. A gated probe has found a leak when the lower end of its ROC-AUC's interval,
corrected for the number of gated probes, passes a limit.

Two traps make chance look like less than chance, and would hide a leak behind it:

* The two images of a matched pair have the same hour and opposite labels. Were one fitted on, the other would be
  forecast wrongly, so a pair stays in one fold.
* A fold with many positives is forecast by a model that saw few. So the classes weigh the same in every fit, and
  positives are compared with negatives of their own fold alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from solarflare.core import tables
from solarflare.core.console import progress
from solarflare.verification.audit.probes import KINDS, Probe
from solarflare.verification.audit.schema import Audit
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking, areas

FOLDS = 5
TREES, SMALLEST_LEAF = 64, 10
ERROR = 0.05
"""Probability, with a true ROC-AUC at the limit, that any gated probe's two-sided interval lies beside it."""

POWER = 0.9
EVEN_ODDS = 0.5
DECIMALS = 6  # of a forecast probability
NAMED = 10  # near duplicates whose paths are told

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """A score of the rows themselves, and in every resample, (resamples,)."""

    value: float
    draws: Values


class ByFold:
    """A ROC-AUC that compares the rows of each fold with each other only.

    Parameters
    ----------
    label : (n,) int
        1 or 0.
    score : (n,) float
        Higher means more likely 1.
    fold : (n,) int
        Whose model gave the score.
    """

    def __init__(self, label: NDArray, score: NDArray, fold: NDArray) -> None:
        rows = [np.flatnonzero(fold == number) for number in np.unique(fold)]
        self._folds = [(of_fold, Ranking(label[of_fold], score[of_fold])) for of_fold in rows]

    def roc_auc(self, weight: Values) -> Values:
        """Return the share of the pairs of a positive and a negative that are ranked rightly, ties counting one half.

        Parameters
        ----------
        weight : (resamples, n) float
            How often each row counts.

        Returns
        -------
        (resamples,) float64
            NaN where no fold holds both classes.
        """
        right, compared = np.zeros(len(weight)), np.zeros(len(weight))
        for rows, ranking in self._folds:
            positive, negative = ranking.steps(weight[:, rows])
            pairs = positive.sum(axis=1) * negative.sum(axis=1)
            right += np.where(pairs > 0, areas(positive, negative)[0] * pairs, 0)
            compared += pairs
        with np.errstate(invalid="ignore"):
            return right / compared


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


def home_blocks(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return each row's block, which for all rows of a pair is the earliest of theirs."""
    block = rows["block"].astype(np.int64)
    of_pair = block.groupby(rows["pair_id"]).transform("min")
    return np.asarray(block.where(rows["pair_id"] == "", of_pair), np.int64)


def folds(label: NDArray, block: NDArray) -> NDArray[np.int64] | None:
    """Divide whole blocks into folds that hold like shares of both classes, or return None if that is impossible.

    Parameters
    ----------
    label : (n,) int
        1 or 0.
    block : (n,) int
        Rows of one block get one fold.
    """
    number = min(FOLDS, *(len(np.unique(block[label == value])) for value in (0, 1)))
    if number < 2:
        return None
    fold = np.zeros(len(label), dtype=np.int64)
    for k, (_, held_out) in enumerate(StratifiedGroupKFold(number).split(label, label, block)):
        fold[held_out] = k
    return fold


def out_of_fold(features: NDArray, label: NDArray, fold: NDArray, seed: int) -> Values:
    """Forecast each fold from the others.

    Parameters
    ----------
    features : (n, k) float
        What the probe sees; columns that never change are left aside.
    label : (n,) int
        1 or 0.
    fold : (n,) int
        Which rows are held out together.
    seed : int
        Of the trees.

    Returns
    -------
    (n,) float64
        Probability of label 1 if both were equally frequent; one half where there is nothing to see.

    Notes
    -----
    Extremely randomised trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1) find a bump at noon as well as a tint
    over hundreds of pixels, need no scaling, and give the same bits on any number of cores.
    """
    score = np.full(len(label), EVEN_ODDS)
    features = features[:, np.ptp(features, axis=0) > 0]
    if features.shape[1]:
        for k in np.unique(fold):
            fitted, held_out = fold != k, fold == k
            model = forest("balanced", seed).fit(features[fitted], label[fitted])
            score[held_out] = model.predict_proba(features[held_out])[:, 1]
    return score


def forecasts(probes: Mapping[str, Probe], rows: pd.DataFrame, splits: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Forecast as a network does, from training rows, but with the trees of a probe.

    Parameters
    ----------
    probes : mapping of Probe
        By name, of the same n rows.
    rows : DataFrame
        ``path``, ``noaa_ar`` if the task has it, and ``label`` of each row.
    splits : DataFrame
        Of `tables.SPLITS`: each fold's trees learn from its training rows.
    seed : int
        Of the trees.

    Returns
    -------
    DataFrame
        Of `tables.CONFOUNDERS`: probabilities of validation and test rows at the training rows' base rate.
    """
    key = ["path", "noaa_ar"] if "noaa_ar" in rows else ["path"]
    parts = splits.merge(rows[[*key, "label"]].assign(place=range(len(rows))), on=key)
    told = []
    for fold, of_fold in parts.groupby("fold"):
        learned, asked = of_fold[of_fold["part"] == "train"], of_fold[of_fold["part"].isin(["validation", "test"])]
        for name, probe in progress(probes.items(), len(probes), f"confounders' forecasts of fold {fold}"):
            model = forest(None, seed).fit(probe.features[learned["place"]], learned["label"])
            probability = model.predict_proba(probe.features[asked["place"]])[:, 1].round(DECIMALS)
            told.append(asked[["path", "noaa_ar", "fold"]].assign(confounder=name, probability=probability))
    return tables.concat(told, tables.CONFOUNDERS)


def forest(class_weight: Literal["balanced"] | None, seed: int) -> ExtraTreesClassifier:
    """Return the trees of a probe, not fitted yet."""
    return ExtraTreesClassifier(TREES, min_samples_leaf=SMALLEST_LEAF, class_weight=class_weight, random_state=seed)


def holm(gated: Mapping[str, Resampled], plan: BlockBootstrap, limit: float) -> dict[str, float]:
    """Return the lower end of each gated probe's ROC-AUC, corrected for their number; beyond the limit it is a leak.

    Parameters
    ----------
    gated : mapping of Resampled
        The ROC-AUC of each gated probe, by name.
    plan : BlockBootstrap
        That drew them.
    limit : float
        ROC-AUC that a leak passes.

    Returns
    -------
    dict of float
        NaN where there is no interval.

    Notes
    -----
    Holm 1979, Scandinavian Journal of Statistics 6, 65: of m probes, the one that passes the limit most surely shares
    `ERROR` with all, the next with m - 1, and so on down to the first that does not pass. The rest is judged as that
    one.
    """
    # A resample without a class says nothing: it counts as one below the limit.
    doubt = {name: (np.mean(~(one.draws > limit)), -one.value, name) for name, one in gated.items()}
    lows: dict[str, float] = {}
    sharing = len(gated)
    for name in sorted(doubt, key=lambda name: doubt[name]):
        one = gated[name]
        lows[name] = plan.interval(one.value, one.draws, 1 - ERROR / sharing).low
        if lows[name] > limit:
            sharing -= 1
    return lows


def detectable(limit: float, draws: Values, label: NDArray, gated: int) -> float:
    """Return the least ROC-AUC of a single leak that would have been found with a probability of `POWER`.

    Parameters
    ----------
    limit : float
        ROC-AUC that the corrected lower end has to pass.
    draws : (resamples,) float
        The probe's ROC-AUC in every resample. Those of a probe that saw nothing do not vary: then, and wherever it is
        larger, the standard error of as many independent rows counts.
    label : (n,) int
        1 or 0.
    gated : int
        How many probes share the error level.

    Returns
    -------
    float
        1 if not even a perfect one were sure to be found.

    Notes
    -----
    The standard error of independent rows is that of Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    positives = int(label.sum())
    negatives = len(label) - positives
    error = float(np.nanstd(draws))
    reach = stats.norm.ppf(1 - ERROR / 2 / gated) + stats.norm.ppf(POWER)

    def missing(auc: float) -> float:
        both_positives, both_negatives = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        variance = (
            auc * (1 - auc) + (positives - 1) * (both_positives - auc**2) + (negatives - 1) * (both_negatives - auc**2)
        ) / (positives * negatives)
        return auc - limit - reach * max(error, math.sqrt(max(variance, 0)))

    return optimize.brentq(missing, limit, 1) if missing(limit) < 0 < missing(1) else 1.0


def table(task: str, found: Mapping[str, Any]) -> str:
    """Return what the audit found as a table.

    Parameters
    ----------
    task : str
        Whose audit it is.
    found : mapping
        What `audit` returned.
    """
    if reason := found.get("absent"):
        return f"{task}: no audit, {reason}"
    rows = [(task, "", "ROC-AUC", "corrected", "detectable", "")]
    for name, one in sorted(found["probes"].items(), key=lambda item: (KINDS.index(item[1]["kind"]), item[0])):
        auc = one["roc_auc"]
        interval = f"{_number(auc['value'])} [{_number(auc['low'])}, {_number(auc['high'])}]"
        limits = (_number(one.get("corrected_low")), _number(one.get("detectable_roc_auc")))
        gated = ("LEAK" if one["leak"] else "passed") if one["kind"] == "gated" else ""
        rows.append((name, one["kind"], interval, *(limits if gated else ("", "")), gated))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    pairs = found["near_duplicates"]["pairs"]
    lines.append(f"{pairs} near duplicates across the test's border  {'LEAK' if pairs else 'passed'}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
