"""The permutation test: a network that is trained and tested on labels of other days has to score at chance."""

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
from solarflare.networks.architectures import map_side
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.schema import Train, TrainingParams
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from solarflare.verification.audit.statistics import ByFold
from solarflare.verification.evaluation.rotation import rotation
from solarflare.verification.scores.assessment import DECIMALS

CHANCE = 0.5


def permute(task: Task, repeats: int) -> dict[str, Any]:
    """Train a task's network on its labels, and again and again on labels that are rotated in time.

    After `training.configure`. Reads ``params.yaml``, and the crops, labels and split of the task. Each repeat has
    its own rotation (`solarflare.verification.evaluation.rotation`) of training, validation and test, and its own seed.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    repeats : int
        Trainings on rotated labels, 1 or more.

    Returns
    -------
    dict
        Ready for JSON: ``n`` test rows, ``true``, the ROC-AUC with the true labels, and ``rotated``, those with rotated
        ones; ``wilcoxon_p``, two-sided, of the hypothesis that these lie around `CHANCE`; and ``p``, the share of all
        that are no lower than ``true``, itself included.

    Raises
    ------
    InputError
        If an input is missing, broken or absent.

    Notes
    -----
    With repeats of which none reaches the true labels, ``p`` is 1 / (repeats + 1): Phipson & Smyth 2010,
    doi:10.2202/1544-6115.1585.
    """
    chosen = params.load(TrainingParams)
    if reason := absent.reason(task.crops) or absent.reason(task.splits):
        raise InputError(f"there are no labelled images of {task}: {reason}; name another task with --task")
    images, settings = Crops(task.crops), chosen.train(task)
    polarity, asked = chosen.instrument.of(task) in MAGNETOGRAPHS, chosen.label.of(task)
    rows = samples.read_samples(task, images.index)
    side = map_side(settings.network, image_shape(images))
    privileged = samples.privileged_information(
        rows,
        chosen.label,
        chosen.instrument.of(task),
        masked=chosen.crop.mask,
        has_teacher=settings.teacher > 0,
        map_side=side,
    )
    true = round(roc_auc(images, rows, settings, polarity, asked, privileged), DECIMALS)
    log.info("%s: ROC-AUC %.3f with the true labels", task, true)
    rotated = []
    for repeat in range(1, repeats + 1):
        source = rotation(rows, np.random.default_rng([settings.seed, repeat]))
        seeded = settings.model_copy(update={"seed": settings.seed + repeat})
        labels = rows["label"].to_numpy()[source]
        moved = replace(privileged, maps=None if privileged.maps is None else privileged.maps[source])
        rotated.append(round(roc_auc(images, rows.assign(label=labels), seeded, polarity, asked, moved), DECIMALS))
        log.info("%s: ROC-AUC %.3f with rotated labels, %d of %d", task, rotated[-1], repeat, repeats)
    return {
        "n": int((rows["part"] == "test").sum()),
        "true": true,
        "rotated": rotated,
        "wilcoxon_p": round(float(stats.wilcoxon(np.array(rotated) - CHANCE).pvalue), DECIMALS),
        "p": round((1 + sum(one >= true for one in rotated)) / (1 + repeats), DECIMALS),
    }


def roc_auc(
    images: Images,
    rows: pd.DataFrame,
    settings: Train,
    polarity: bool,
    question: DiskLabel | RegionLabel,
    privileged: PrivilegedInformation,
) -> float:
    """Train a network a fold, and return the ROC-AUC over the test rows, each compared with those of its own fold.

    Parameters
    ----------
    images : Images
        All crops, by position.
    rows : DataFrame
        Of `samples.samples`, with any labels.
    settings : Train
        Which network, and how to train it.
    polarity : bool
        Whether the images are magnetograms.
    question : DiskLabel or RegionLabel
        What is asked.
    privileged : PrivilegedInformation
        What else there is to be learned from. A teacher learns from these same labels.
    """
    test = rows[rows["part"] == "test"]
    score = np.zeros(len(test))
    for fold in test["fold"].unique():
        # The answers are ranked and not calibrated: with `refit` the last training alone counts.
        parted = samples.with_validation(rows) if settings.refit else rows
        learned = samples.training_rows(parted, fold, question, privileged, settings.class_weight == "balanced")
        watched = None if settings.refit else samples.part(rows, fold, "validation", privileged)
        asked = samples.part(rows, fold, "test", privileged)
        model, _ = training.fit(images, learned, watched, settings, polarity)
        score[test["fold"] == fold] = training.predict(model, images, asked.positions)
    ranking = ByFold(test["label"].to_numpy(), score, test["fold"].to_numpy())
    return float(ranking.roc_auc(np.ones((1, len(test))))[0])
