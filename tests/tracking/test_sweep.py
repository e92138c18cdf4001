"""A search for parameters: real experiments of DVC, a real study of Optuna, real runs of MLflow."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import yaml

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.tracking import sweep
from solarflare.tracking.mlflow import store
from tests import parameters
from tests.projects import ROOT
from tests.repositories import commit_all, make_repository, shell

SEARCH: dict[str, Any] = {
    "task": "disk",
    "trials": 3,
    "jobs": 2,
    "seed": 1,
    "overrides": {"train_disk": {"cross_fit": 2, "epochs": 3}},
    "search": {"train_disk.learning_rate": {"low": 0.0001, "high": 0.1, "log": True}},
}
STAGE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np, pandas as pd, yaml
from solarflare.core import tables
from solarflare.core.tasks import Task
number, task = np.arange(80), Task.DISK
path = [f"images/gong/{{n:02}}.jpg" for n in number]
time = pd.Timestamp("2012-01-01") + pd.to_timedelta(number, "D")
known = dict(path=path, time=time, label=number % 2, reason="", goes_class="", pair_id="", true_probability=None)
tables.write(pd.DataFrame(known), task.labels, tables.DISK_LABELS)
parts = pd.DataFrame(dict(path=path, noaa_ar=None, fold=0, block=number // 5, part="train", reason=""))
tables.write(parts, task.splits, tables.SPLITS)
rate = yaml.safe_load(open("params.yaml"))["train_disk"]["learning_rate"]
# The nearer the learning rate to 0.01, the better.
noise = np.random.default_rng(1).normal(0, 0.1 + abs(np.log10(rate) + 2), 80)
out_of_fold = pd.DataFrame(dict(path=path, noaa_ar=None, logit=(number % 2 + noise).round(6)))
tables.write(out_of_fold, task.model / "out_of_fold.csv", tables.OUT_OF_FOLD)
"""
PIPELINE = {
    "stages": {
        "train_disk": {
            "cmd": "python stage.py",
            "deps": ["stage.py"],
            "params": ["train_disk"],
            "outs": ["data/labels", "data/splits", "models/disk"],
        }
    }
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Git and DVC repository, whose made-up training depends on the learning rate."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    Path("params.yaml").write_text(parameters.FIXED.read_text())
    Path("stage.py").write_text(STAGE)
    Path("dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
    Path(".gitignore").write_text("mlflow.db*\nmlartifacts\nsweeps.db\n/data\n/models\n")
    Path("sweep.yaml").write_text(yaml.safe_dump(SEARCH))
    make_repository()
    commit_all("a pipeline")
    return tmp_path


@pytest.mark.slow
def test_trials_run_at_once_and_the_best_is_told_with_its_optimism(repository: Path) -> None:
    search = sweep.read()
    best = sweep.run(search)
    study = optuna.load_study(study_name=search.name, storage="sqlite:///sweeps.db")
    assert best.trials == len(study.trials) == 3
    assert best.roc_auc == study.best_value == max(np.mean(trial.user_attrs["folds"]) for trial in study.trials)
    assert best.optimism == sweep.optimism([trial.user_attrs["folds"] for trial in study.trials])
    rate = best.values["train_disk.learning_rate"]
    assert f"dvc exp run -S train_disk.learning_rate={rate}" in str(best)
    assert shell("git", "status", "--porcelain") == ""
    with store.connected() as mlflow:
        (parent,) = (run for run in all_runs(mlflow) if run.data.tags.get("stage") == "sweep")
        children = [run for run in all_runs(mlflow) if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert {run.data.metrics["validation_roc_auc"] for run in children} == {trial.value for trial in study.trials}
    assert parent.data.metrics["optimism"] == best.optimism
    # Once more: nothing is missing.
    assert sweep.run(search) == best


def all_runs(mlflow: Any) -> list[Any]:
    experiment = mlflow.get_experiment_by_name(Task.DISK)
    return list(mlflow.search_runs([experiment.experiment_id], output_format="list"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"trials": 0}, "sweep.yaml: key trials: Input should be greater than or equal to 1"),
        ({"search": {"train_disk.epocs": {"low": 1, "high": 2}}}, "key train_disk.epocs is not known"),
        ({"search": {"train_disk.epochs": {"low": 0, "high": 2}}}, "key train_disk.epochs is 0"),
        ({"search": {"split.seed": {"choices": [1]}}}, "search: split.seed changes which rows are scored"),
        ({"overrides": {}}, "set train_disk.cross_fit, whose groups score the trials"),
        (
            {"overrides": {"train_disk.cross_fit": 2, "split.method": "blocked_kfold"}},
            "split.method is blocked_kfold, whose folds learn from each other's test",
        ),
    ],
)
def test_a_search_that_does_not_fit_is_one_sentence(
    changes: dict[str, Any], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(parameters.FIXED.read_text())
    Path("sweep.yaml").write_text(yaml.safe_dump(SEARCH | changes))
    with pytest.raises(InputError, match=re.escape(sentence)):
        sweep.read()


def test_the_projects_search_fits_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert sweep.read().search


def test_the_best_of_equal_trials_is_best_by_luck() -> None:
    scores = np.random.default_rng(1).normal(0.8, 0.05, (400, 5))
    luck = scores.mean(axis=1).max() - 0.8
    assert sweep.optimism(scores) == pytest.approx(luck, abs=0.05)
    assert sweep.optimism(scores[:1]) == 0
