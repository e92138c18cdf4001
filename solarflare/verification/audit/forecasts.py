"""Forecasts of the probes: small forests of random trees forecast rows that they were not fitted on."""

from collections.abc import Mapping
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedGroupKFold

from solarflare.core import tables
from solarflare.core.console import progress
from solarflare.core.workers import worker_processes
from solarflare.verification.audit.probes import Probe

FOLDS = 5
TREES, SMALLEST_LEAF = 64, 10
EVEN_ODDS = 0.5
DECIMALS = 6  # of a forecast probability

Values = NDArray[np.float64]


def home_blocks(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return the block of each row, (n,). Both rows of a matched pair get the earlier of their two blocks."""
    block = rows["block"].astype(np.int64)
    of_pair = block.groupby(rows["pair_id"]).transform("min")
    return np.asarray(block.where(rows["pair_id"] == "", of_pair), np.int64)


def folds(label: NDArray, block: NDArray) -> NDArray[np.int64] | None:
    """Return the fold of each row, (n,), or None if there are too few blocks with each label for two folds.

    All rows of a block get the same fold. All folds have a similar share of positives.
    """
    number = min(FOLDS, *(len(np.unique(block[label == value])) for value in (0, 1)))
    if number < 2:
        return None
    fold = np.zeros(len(label), dtype=np.int64)
    for k, (_, held_out) in enumerate(StratifiedGroupKFold(number).split(label, label, block)):
        fold[held_out] = k
    return fold


def out_of_fold(features: NDArray, label: NDArray, fold: NDArray, seed: int) -> Values:
    """Forecast each fold by trees fitted on the other folds. Return the probability of label 1 at even odds, (n,).

    At even odds means: as if both labels were equally frequent. Constant columns of the features, (n, k), are not used.
    If no column varies, every probability is one half. Extremely randomised trees (Geurts et al. 2006,
    doi:10.1007/s10994-006-6226-1) find a bump at noon as well as a tint over hundreds of pixels. They need no scaling,
    and give the same bits on any number of cores.
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
    """Forecast validation and test rows by each probe's trees, which are fitted on the training rows as a network is.

    Parameters
    ----------
    probes, rows
        The probes by name, and the n rows that they see, with ``path``, ``label`` and, if the task has it, ``noaa_ar``.
    splits : DataFrame
        A table with the columns of `tables.SPLITS`. The trees of each fold are fitted on its training rows.
    seed : int
        The seed of the trees.

    Returns
    -------
    DataFrame
        A table with the columns of `tables.CONFOUNDERS`. Probabilities are valid at the training rows' base rate.
    """
    key = ["path", "noaa_ar"] if "noaa_ar" in rows else ["path"]
    parts = splits.merge(rows[[*key, "label"]].assign(place=range(len(rows))), on=key)
    results = []
    with worker_processes() as pool:
        for fold, rows_of_fold in parts.groupby("fold"):
            train = rows_of_fold[rows_of_fold["part"] == "train"]
            others = rows_of_fold[rows_of_fold["part"].isin(["validation", "test"])]
            learned, asked, label = train["place"].to_numpy(), others["place"].to_numpy(), train["label"].to_numpy()
            features = [(probe.features[learned], label, probe.features[asked]) for probe in probes.values()]
            made = pool.map(partial(_forecast, seed=seed), *zip(*features, strict=True))
            what = f"confounders' forecasts of fold {fold}"
            for name, probability in zip(probes, progress(made, len(probes), what), strict=True):
                results.append(others[["path", "noaa_ar", "fold"]].assign(confounder=name, probability=probability))
    return tables.concat(results, tables.CONFOUNDERS)


def _forecast(features: NDArray, label: NDArray, asked: NDArray, seed: int) -> Values:
    """Return the probabilities of the rows `asked` by trees that are fitted on other rows, at their base rate."""
    return forest(None, seed).fit(features, label).predict_proba(asked)[:, 1].round(DECIMALS)


def forest(class_weight: Literal["balanced"] | None, seed: int) -> ExtraTreesClassifier:
    """Return the trees of a probe before they are fitted."""
    return ExtraTreesClassifier(TREES, min_samples_leaf=SMALLEST_LEAF, class_weight=class_weight, random_state=seed)
