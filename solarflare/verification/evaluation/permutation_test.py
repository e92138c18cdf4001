"""The permutation test: a network that is trained and tested on labels of other days must score at chance."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from solarflare.core import absent, params
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.samples import samples
from solarflare.dataset.samples.samples import PrivilegedInformation
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import training
from solarflare.networks.batches import Images
from solarflare.networks.schema import Train, TrainingParams
from solarflare.networks.trainer import privileged_information
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from solarflare.verification.audit.statistics import ByFold
from solarflare.verification.evaluation.rotation import rotation
from solarflare.verification.scores.assessment import DECIMALS

CHANCE = 0.5


def permute(task: Task, repeats: int) -> dict[str, Any]:
    """Train a task's network on its labels, and several times on labels that are rotated in time.

    Call this after `training.configure`. It reads ``params.yaml``, and the crops, labels and split of the task. Each
    repeat has its own seed and its own rotation (`rotation.rotation`) of training, validation and test.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    repeats : int
        The number of trainings on rotated labels, 1 or more.

    Returns
    -------
    dict
        Ready for JSON:

        * ``n``: the number of test rows;
        * ``true``: the ROC-AUC with the true labels;
        * ``rotated``: the ROC-AUCs with rotated labels, one per repeat;
        * ``wilcoxon_p``: the two-sided p-value of the hypothesis that the median of ``rotated`` is `CHANCE`;
        * ``p``: the share of all ROC-AUCs, ``true`` included, that are at least as high as ``true``. It is
          1 / (repeats + 1) if no repeat reaches ``true`` (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).

    Raises
    ------
    InputError
        If an input is missing, broken or absent.
    """
    chosen = params.load(TrainingParams)
    if reason := absent.reason(task.crops) or absent.reason(task.splits):
        raise InputError(f"there are no labelled images of {task}: {reason}; name another task with --task")
    images, settings, question = Crops(task.crops), chosen.train(task), chosen.label.of(task)
    polarity = chosen.instrument.of(task) in MAGNETOGRAPHS
    rows = samples.read_samples(task, images.index)
    privileged = privileged_information(task, chosen, settings, images, rows)
    true = round(roc_auc(images, rows, settings, polarity, question, privileged), DECIMALS)
    log.info("%s: ROC-AUC %.3f with the true labels", task, true)
    rotated = []
    for repeat in range(1, repeats + 1):
        source = rotation(rows, np.random.default_rng([settings.seed, repeat]))
        seeded = settings.model_copy(update={"seed": settings.seed + repeat})
        labels = rows["label"].to_numpy()[source]
        rotated_maps = replace(privileged, maps=None if privileged.maps is None else privileged.maps[source])
        auc = roc_auc(images, rows.assign(label=labels), seeded, polarity, question, rotated_maps)
        rotated.append(round(auc, DECIMALS))
        log.info("%s: ROC-AUC %.3f with rotated labels, %d of %d", task, rotated[-1], repeat, repeats)
    return {
        "n": int((rows["part"] == "test").sum()),
        "true": true,
        "rotated": rotated,
        "wilcoxon_p": round(float(stats.wilcoxon(np.array(rotated) - CHANCE).pvalue), DECIMALS),
        "p": round((1 + sum(auc >= true for auc in rotated)) / (1 + repeats), DECIMALS),
    }


def roc_auc(
    images: Images,
    rows: pd.DataFrame,
    settings: Train,
    polarity: bool,
    question: DiskLabel | RegionLabel,
    privileged: PrivilegedInformation,
) -> float:
    """Train a network for each fold, and return the ROC-AUC of all test rows, compared within folds.

    The rows are a table of `samples.samples`, with true or rotated labels. A teacher, if any, learns the same labels.
    """
    test = rows[rows["part"] == "test"]
    score = np.zeros(len(test))
    for fold in test["fold"].unique():
        # A ROC-AUC needs no calibration: with `refit` only the last training matters.
        parts = samples.with_validation(rows) if settings.refit else rows
        train = samples.training_rows(parts, fold, question, privileged, settings.class_weight == "balanced")
        validation = None if settings.refit else samples.part(rows, fold, "validation", privileged)
        tested = samples.part(rows, fold, "test")
        model, _ = training.fit(images, train, validation, settings, polarity)
        score[test["fold"] == fold] = training.predict(model, images, tested.positions)
    ranking = ByFold(test["label"].to_numpy(), score, test["fold"].to_numpy())
    return float(ranking.roc_auc(np.ones((1, len(test))))[0])
