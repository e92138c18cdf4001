"""A search for parameters by Optuna. A trial is a DVC experiment in a temporary copy, which trains and never tests.

A trial is scored by its ROC-AUC on the groups of ``cross_fit``: each group of blocks of days is scored by a network
that learned from the others. The best of many trials is best partly by luck. `optimism` estimates how much.
"""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError
from sklearn.metrics import roc_auc_score

from solarflare.core import params, paths, tables
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.params import Group, Seed
from solarflare.core.tasks import Task
from solarflare.dataset.samples import cross_fitting
from solarflare.networks.description import OUT_OF_FOLD
from solarflare.tracking import dvc_state, git, profiles
from solarflare.tracking.mlflow import store, sweep_runs
from solarflare.tracking.profiles import Profile

SWEEP = Path("sweep.yaml")
STORAGE = "sweeps.db"
"""Optuna's studies, in the main checkout, beside ``mlflow.db``."""

FOLDS = "folds"  # the attribute of a trial with its ROC-AUC in each group

Scores = npt.NDArray[np.float64]


class Range(Group):
    """Numbers from `low` to `high`: whole ones if both are."""

    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None


class Choices(Group):
    """Some values."""

    choices: tuple[str | int | float | bool | None, ...] = Field(min_length=1, strict=False)


class Sweep(Group):
    """The content of ``sweep.yaml``. Keys of `overrides` and `search` are keys of ``params.yaml``."""

    task: Task = Field(strict=False)
    trials: int = Field(ge=1, le=10_000)
    jobs: int = Field(ge=1, le=64)
    seed: Seed
    overrides: dict[str, Any]
    search: dict[str, Range | Choices] = Field(min_length=1)

    @property
    def name(self) -> str:
        """The name of the study: another search, or another commit, is another study."""
        content = self.model_dump_json(exclude={"trials", "jobs"}) + git.output("rev-parse", "HEAD")
        return f"sweep-{self.task}-{hashlib.sha256(content.encode()).hexdigest()[:7]}"


@dataclass(frozen=True)
class Best:
    """The best trial of a study.

    Attributes
    ----------
    name, values
        The DVC experiment of the trial, and the parameters that were searched.
    roc_auc, optimism, trials
        Its mean validation ROC-AUC, by how much that is too high, and the number of trials.
    """

    name: str
    values: dict[str, Any]
    roc_auc: float
    optimism: float
    trials: int

    def __str__(self) -> str:
        flags = " ".join(f"-S {key}={json.dumps(value)}" for key, value in self.values.items())
        return (
            f"best of {self.trials} trials: {self.name}, validation ROC-AUC {self.roc_auc:.3f}, of which about "
            f"{self.optimism:.3f} is the luck of the best; the test was not read\n"
            f"to test it: dvc exp run {flags}"
        )


def read(path: Path = SWEEP) -> Sweep:
    """Read a search, and check that all its values fit ``params.yaml``.

    Raises
    ------
    InputError
        If the file is missing or has a wrong key or value, or if its trials have no groups to be scored on.
    """
    content = params.read_yaml(path)
    try:
        sweep = Sweep.model_validate({**content, "overrides": params.dotted(content.get("overrides") or {})})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: key {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for key, values in sweep.search.items():
        if not key.startswith((f"train_{sweep.task}.", f"crop.{sweep.task}.")) or key.endswith(".cross_fit"):
            keys = f"train_{sweep.task} (but cross_fit) and crop.{sweep.task}"
            raise InputError(f"{path}: search: {key} changes which rows are scored; expected keys of {keys}")
        for value in values.choices if isinstance(values, Choices) else (values.low, values.high):
            params.check(profiles.applied(sweep.overrides | {key: value}), path)
    chosen = profiles.applied(sweep.overrides)
    if not chosen[f"train_{sweep.task}"]["cross_fit"]:
        raise InputError(f"{path}: overrides: set train_{sweep.task}.cross_fit, whose groups score the trials")
    if chosen["split"]["method"] == "blocked_kfold":
        raise InputError(f"{path}: split.method is blocked_kfold, whose folds learn from each other's test; choose one")
    return sweep


def run(sweep: Sweep) -> Best:
    """Run the trials that are missing, and return the best of all.

    Raises
    ------
    InputError
        If Optuna is not installed, or a stage of a trial fails.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("Optuna is not installed; `pip install -r requirements.lock` installs it") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{main_checkout().resolve() / STORAGE}",
        study_name=sweep.name,
        sampler=optuna.samplers.TPESampler(seed=sweep.seed),
        direction="maximize",
        load_if_exists=True,
    )
    with store.connected() as mlflow:
        parent = sweep_runs.of_sweep(mlflow, sweep.task, sweep.name)

    def objective(trial: Any) -> float:
        values = {key: _suggest(trial, key, wanted) for key, wanted in sweep.search.items()}
        profile = Profile(sweep.name, sweep.overrides, {f"{trial.number}": values}, {})
        (revision,) = profiles.run(profile, [f"train_{sweep.task}"], beside_others=True).values()
        scores = validation_scores(sweep.task, revision)
        trial.set_user_attr(FOLDS, scores.tolist())
        with store.connected() as mlflow:
            sweep_runs.log_trial(mlflow, sweep.task, parent, f"{sweep.name}-{trial.number}", values, scores)
        return float(scores.mean())

    complete = (optuna.trial.TrialState.COMPLETE,)
    missing = sweep.trials - len(study.get_trials(states=complete))
    if missing > 0:
        study.optimize(objective, n_trials=missing, n_jobs=sweep.jobs)
    trials = study.get_trials(states=complete)
    table = np.array([trial.user_attrs[FOLDS] for trial in trials])
    first = study.best_trial
    best = Best(f"{sweep.name}-{first.number}", first.params, study.best_value, optimism(table), len(trials))
    with store.connected() as mlflow:
        sweep_runs.close(mlflow, parent, best.roc_auc, best.optimism, best.trials, str(best))
    return best


def optimism(scores: npt.ArrayLike) -> float:
    """Return by how much the mean score of the best trial is too high, because it is the best.

    Parameters
    ----------
    scores : (trials, groups) array
        The score of each trial in each group.

    Returns
    -------
    float
        The mean over groups of the difference between the group's best score and that of the trial with the best mean
        (Tibshirani & Tibshirani 2009, doi:10.1214/08-AOAS224, equation 3).

    Examples
    --------
    >>> round(optimism([[0.9, 0.7], [0.7, 0.8]]), 2)
    0.05
    """
    table = np.asarray(scores, np.float64)
    return float((table.max(axis=0) - table[table.mean(axis=1).argmax()]).mean())


def validation_scores(task: Task, revision: str) -> Scores:
    """Return the ROC-AUC in each group of a cross-fitted training, (groups,), from the outputs of an experiment.

    Groups without both classes are left out. Raises an InputError if DVC does not have the outputs, or no group has
    both classes.
    """
    names = task.model / OUT_OF_FOLD, task.labels, task.splits, paths.PARAMS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / revision
        dvc_state.restore(revision, [name.as_posix() for name in names], folder)
        scored = tables.read(folder / names[0], tables.OUT_OF_FOLD)
        labels = tables.read(folder / task.labels, tables.LABELS[task])
        parts = tables.read(folder / task.splits, tables.SPLITS)
        number = params.read_yaml(folder / paths.PARAMS)[f"train_{task}"]["cross_fit"]
    key = [name for name in ("path", "noaa_ar") if name in labels]
    learned = parts.loc[parts["part"].isin(["train", "validation"]), [*key, "block"]]
    rows = learned.merge(labels[[*key, "label"]], on=key).merge(scored[[*key, "logit"]], on=key)
    groups = (group for _, group in rows.groupby(cross_fitting.groups(rows["block"], number)))
    of_groups = [group for group in groups if group["label"].min() < group["label"].max()]
    if not of_groups:
        raise InputError(f"{task}: no group of cross_fit has both classes; set a smaller split.block_days")
    return np.array([roc_auc_score(group["label"].astype(int), group["logit"]) for group in of_groups])


def _suggest(trial: Any, key: str, wanted: Range | Choices) -> Any:
    """Return Optuna's next value of a parameter."""
    if isinstance(wanted, Choices):
        return trial.suggest_categorical(key, wanted.choices)
    if isinstance(wanted.low, int) and isinstance(wanted.high, int):
        return trial.suggest_int(key, wanted.low, wanted.high, step=wanted.step or 1, log=wanted.log)
    return trial.suggest_float(key, wanted.low, wanted.high, step=wanted.step, log=wanted.log)
