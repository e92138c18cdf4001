"""The disk's forecast from its regions: the region network is asked about every region of the image.

The forecast is a logistic regression on the sum of the regions' probabilities: the number of regions expected to flare.
On the folds of 2010 to 2013 it had a better Brier skill than the noisy-or of them: docs/experiments.md.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, tables
from solarflare.core.tasks import Task
from solarflare.dataset.samples.samples import every_crop
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import calibration, description, saved_model, training
from solarflare.sun.events.records import ANSWER_ITSELF
from solarflare.verification.evaluation.schema import EvaluationParams

FROM_REGIONS, AND_HISTORY = "from_regions", "regions_history"


def reason_for_none(chosen: EvaluationParams) -> str | None:
    """Return why regions can say nothing of disks, or None if they can."""
    if chosen.label.disk.target == "active_region":
        return ANSWER_ITSELF
    if reason := absent.reason(Task.REGION.model):
        return f"there is no region network: {reason}"
    disk, region = chosen.instrument.of(Task.DISK), chosen.instrument.of(Task.REGION)
    if disk != region:
        return f"disks are images of {disk}, and regions of {region}"
    return None if chosen.train_region.cross_fit else "train_region.cross_fit is 0"


def features(rows: pd.DataFrame, known: dict[str, pd.DataFrame]) -> dict[int, dict[str, pd.DataFrame]]:
    """Return the numbers of the forecasts from regions, by fold and name, each by position.

    Parameters
    ----------
    rows : DataFrame
        The disk's table of `samples.samples`.
    known : dict of DataFrame
        The numbers of the baselines by position. With ``history`` there is a forecast of both.

    Notes
    -----
    All regions count, those near the limb too. `reason_for_none` must be None.

    Both tasks are split by the same times, or in folds by blocks of the same days. In any case no logit comes from a
    network that learned from the region or from its days: it is out of fold, or of the region's fold's own network.
    """
    images = Crops(Task.REGION.crops)
    crops = every_crop(Task.REGION, images.index)
    disks = rows.drop_duplicates("position").set_index("position")["path"]
    by_fold = {}
    for fold, folder in description.fold_folders(Task.REGION.model, rows["fold"]).items():
        model, fitted = saved_model.load(folder)
        out_of_fold = tables.read(folder / description.OUT_OF_FOLD, tables.OUT_OF_FOLD)
        asked = crops.merge(out_of_fold, "left", ["path", "noaa_ar"])
        rest = asked.index[asked["logit"].isna()]
        scores = training.predict(model, images, asked.loc[rest, "position"].to_numpy())
        asked.loc[rest, "logit"] = calibration.logits(scores)
        numbers = expected(asked["path"], fitted.curve(asked["logit"].to_numpy()), disks)
        by_fold[fold] = {FROM_REGIONS: numbers}
        if "history" in known:
            by_fold[fold][AND_HISTORY] = pd.concat([numbers, known["history"].loc[disks.index]], axis=1)
    return by_fold


def expected(paths: pd.Series, probabilities: npt.NDArray[np.float64], disks: pd.Series) -> pd.DataFrame:
    """Return for each disk how many of its regions are expected to flare: the sum of their probabilities.

    Parameters
    ----------
    paths, probabilities : (N,) str, (N,) float
        The image of each region, and the probability, 0 to 1, that it flares.
    disks : (M,) str
        The image of each disk.

    Returns
    -------
    DataFrame
        ``expected``, 0 or more, on the index of `disks`; 0 for a disk without regions.
    """
    sums = pd.Series(probabilities).groupby(paths.to_numpy()).sum()
    return pd.DataFrame({"expected": sums.reindex(disks).fillna(0.0).to_numpy()}, disks.index)
