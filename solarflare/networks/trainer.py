"""Trains the models of a task: on the rows of a fold, and on all but one of the groups of a cross-fitting."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.paths import RAW
from solarflare.core.tasks import Task
from solarflare.dataset.samples import cross_fitting
from solarflare.dataset.samples.region_maps import region_maps
from solarflare.dataset.samples.samples import (
    NOTHING,
    PrivilegedInformation,
    in_part,
    part,
    training_rows,
    with_validation,
)
from solarflare.dataset.shards.reader import Crops
from solarflare.networks.architectures import map_side
from solarflare.networks.backend import keras
from solarflare.networks.batches import Images, image_shape
from solarflare.networks.schema import Train, TrainingParams
from solarflare.networks.training import DECIMALS, ONE_BY_ONE, configure, fit, predict
from solarflare.networks.trainings import Trainings
from solarflare.sun.events.records import read_records
from solarflare.sun.images.instruments import MAGNETOGRAPHS


@dataclass(frozen=True)
class Trainer:
    """Trains models of a task. `polarity` is True if the images are magnetograms. `where` is where networks learn."""

    task: Task
    chosen: TrainingParams
    images: Crops
    polarity: bool
    where: Trainings = ONE_BY_ONE

    @classmethod
    def of(cls, task: Task, chosen: TrainingParams, images: Crops, where: Trainings = ONE_BY_ONE) -> Self:
        """Return the trainer of a task, and prepare TensorFlow."""
        configure(chosen.compute)
        return cls(task, chosen, images, chosen.instrument.of(task) in MAGNETOGRAPHS, where)

    def fit_fold(self, rows: pd.DataFrame, fold: int, settings: Train) -> tuple[keras.Model, pd.DataFrame]:
        """Return a fold's model, as `folds.train` saves it, and its history."""
        return self.fit(with_validation(rows) if settings.refit else rows, fold, settings)

    def fit(self, rows: pd.DataFrame, fold: int, settings: Train) -> tuple[keras.Model, pd.DataFrame]:
        """Train on the training part of a fold, as `training.fit` does. The fold need not have a validation part.

        Raises
        ------
        InputError
            If a part lacks a class.
        """
        privileged = privileged_information(self.task, self.chosen, settings, self.images, rows)
        question, balanced = self.chosen.label.of(self.task), settings.class_weight == "balanced"
        training = training_rows(rows, fold, question, privileged, balanced)
        validated = len(in_part(rows, fold, "validation"))
        validation = part(rows, fold, "validation", privileged) if validated else None
        return fit(self.images, training, validation, settings, self.polarity, self.where)

    def scores(self, model: keras.Model, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return a model's scores, (N,), 0 to 1, of rows with a ``position``."""
        return predict(model, self.images, rows["position"].to_numpy())

    def cross_fit(
        self, rows: pd.DataFrame, crops: pd.DataFrame, fold: int, settings: Train
    ) -> tuple[keras.Model, pd.DataFrame, pd.DataFrame]:
        """Train a model on all training and validation rows of a fold, and one for each group of them.

        Parameters
        ----------
        rows, crops
            The tables that `samples.samples` and `samples.every_crop` return.
        fold, settings
            The number of the fold, and the parameters. `settings.cross_fit` is the number of groups.

        Returns
        -------
        model : keras.Model
            The model of all rows. If the groups' models stop early, it learns for as long as their median.
        history : DataFrame
            The mean of the curves of the groups' models.
        scored : DataFrame
            What `cross_fitting.scored_rows` returns, with the ``score`` of the model of the other groups, 0 to 1.
        """
        scored = cross_fitting.scored_rows(rows, crops, fold, settings.cross_fit).assign(score=np.float32(0))
        stops, histories = settings.patience is not None, []

        def fit_group(group: int) -> tuple[pd.DataFrame, pd.Series]:
            of_group = scored[scored["group"] == group]
            others = cross_fitting.without_group(rows, scored, fold, group, stops)
            counts = (len(in_part(others, group, "train")), len(of_group))
            log.info("%s, fold %d, group %d: %d images to train on, %d to score", self.task, fold, group, *counts)
            model, history = self.fit(others, group, settings)
            return history, pd.Series(self.scores(model, of_group), of_group.index)

        for history, scores in self.where.side_by_side(fit_group, range(settings.cross_fit)):
            scored.loc[scores.index, "score"] = scores
            histories.append(history)
        everything = with_validation(rows)
        last = until_the_end(histories, settings)
        counts = (len(in_part(everything, fold, "train")), last.epochs)
        log.info("%s, fold %d: cross-fitted; now %d images to train on, for %d epochs", self.task, fold, *counts)
        model, _ = self.fit(everything, fold, last)
        return model, pd.concat(histories).groupby("epoch").mean().round(DECIMALS).reset_index(), scored


def until_the_end(histories: list[pd.DataFrame], settings: Train) -> Train:
    """Return the parameters for a last training without validation: as long as those before it, on the median."""
    if settings.patience is None:
        return settings
    best = [int(history["epoch"][history["val_loss"].idxmin()]) for history in histories]
    return settings.model_copy(update={"epochs": round(float(np.median(best))), "patience": None})


def privileged_information(
    task: Task, chosen: TrainingParams, settings: Train, images: Images, rows: pd.DataFrame
) -> PrivilegedInformation:
    """Read what a task's network learns from besides images and labels.

    Parameters
    ----------
    task, chosen
        The task, and the parameters: the task's question, its instrument, and whether disks are centred.
    settings : Train
        They say whether there is a teacher, and which network is trained. A network with a map learns where the regions
        are.
    images, rows
        All crops, by position, and the rows that `samples` returns.

    Raises
    ------
    InputError
        If a table is missing or broken, or there are no regions for the maps.
    """
    side = map_side(settings.network, image_shape(images))
    if not settings.teacher and not side:
        return NOTHING
    if side and not chosen.crop.mask:
        raise InputError(
            "params.yaml: crop.mask is false, and compact_map learns places on disks that are centred; set it to true, "
            "or train_disk.network to compact"
        )
    records = read_records(RAW)
    maps = region_maps(rows, records, chosen.label.disk, chosen.instrument.of(task), side) if side else None
    return PrivilegedInformation(records if settings.teacher else None, maps)
