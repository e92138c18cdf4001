"""A training with `cross_fit`: out-of-fold logits, the calibration and the fusion that are fitted on them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from solarflare.core import absent, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks import folds, fusion
from solarflare.networks.description import FUSION, OUT_OF_FOLD
from solarflare.networks.fusion import LOGIT, Regression
from solarflare.networks.trainer import until_the_end
from solarflare.sun.events.records import ANSWER_ITSELF
from tests import parameters
from tests.import_graph import ROOT
from tests.networks.test_training import TRAIN, contents, workspace


def prepared(folder: Path, **settings: object) -> Path:
    """Make a folder in which a training with three groups can run: one fold, blocks of five days, a flare a day."""
    workspace(folder, folds=1)
    splits = tables.read(folder / "data/splits/disk.csv", tables.SPLITS)
    tables.write(splits.assign(block=np.arange(80) // 5), folder / "data/splits/disk.csv", tables.SPLITS)
    labels = tables.read(folder / "data/labels/disk.csv", tables.DISK_LABELS)
    start = labels["time"] - pd.Timedelta(hours=20)
    flares = {"start": start, "peak": start, "end": start, "goes_class": "C1.0", "noaa_ar": None, "list": "swpc"}
    table = pd.DataFrame({**flares, "latitude": np.nan, "longitude": np.nan})[labels["label"] == 1]
    tables.write(table, folder / "data/raw/flares.csv", tables.FLARES)
    content = yaml.safe_load((folder / "params.yaml").read_text())
    content["train_disk"].update({"epochs": 2, "cross_fit": 3, "patience": None} | settings)
    content["label"]["disk"].update(target="flare", event="start", after=12)
    (folder / "params.yaml").write_text(yaml.safe_dump(content))
    return folder


def trained(folder: Path) -> str:
    """Run the stage in a process of its own, since threads can be set once; return what it logged."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.train_disk"]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stderr


def test_every_row_outside_of_the_test_has_a_logit_and_the_fusion_uses_it(tmp_path: Path) -> None:
    trained(prepared(tmp_path))
    table = tables.read(tmp_path / "models/disk" / OUT_OF_FOLD, tables.OUT_OF_FOLD)
    splits = tables.read(tmp_path / "data/splits/disk.csv", tables.SPLITS)
    learned = splits[splits["part"].isin(["train", "validation"])]
    assert set(learned["path"]) <= set(table["path"])
    assert not set(table["path"]) & set(splits.loc[splits["part"] == "test", "path"])
    fused = fusion.read(tmp_path / "models/disk")
    assert isinstance(fused, Regression)
    assert {LOGIT, "number_24h", "area_sum"} <= set(fused.features)


@pytest.mark.slow
def test_with_patience_the_last_network_learns_as_long_as_the_others_on_the_median(tmp_path: Path) -> None:
    logged = trained(prepared(tmp_path, patience=1, epochs=1))
    assert "disk, fold 0: cross-fitted; now 60 images to train on, for 1 epochs" in logged


def test_the_median_of_the_best_epochs_is_the_length_of_the_last_training() -> None:
    histories = [pd.DataFrame({"epoch": [1, 2, 3], "val_loss": loss}) for loss in ([3, 2, 1], [1, 2, 3], [2, 1, 1])]
    last = until_the_end(histories, TRAIN)
    assert (last.epochs, last.patience) == (2, None)
    steady = TRAIN.model_copy(update={"patience": None})
    assert until_the_end(histories, steady) == steady


@pytest.mark.slow
def test_the_same_training_gives_the_same_bytes(tmp_path: Path) -> None:
    trained(prepared(tmp_path))
    first = contents(tmp_path / "models")
    trained(tmp_path)
    assert contents(tmp_path / "models") == first


def test_where_the_reports_are_the_answer_there_is_no_fusion_but_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tables.read(workspace(tmp_path) / "data/labels/disk.csv", tables.DISK_LABELS)
    monkeypatch.chdir(tmp_path)
    fusion.fit_and_write(rows, parameters.load().label.disk, tmp_path)
    assert absent.reason(tmp_path / FUSION) == ANSWER_ITSELF


def test_a_validation_with_few_rows_of_a_class_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    rows = pd.DataFrame({"fold": 0, "part": ["train"] * 40 + ["validation"] * 39, "label": np.arange(79) % 2})
    rows["position"] = rows.index
    folds._check(rows, 0, Task.DISK, TRAIN)
    assert "validation has only 19 rows labelled 1" in caplog.text
    assert "set train_disk.cross_fit" in caplog.text
    caplog.clear()
    folds._check(rows, 0, Task.DISK, TRAIN.model_copy(update={"cross_fit": 4}))
    assert not caplog.text


@pytest.mark.parametrize(("cross_fit", "patience"), [(1, None), (2, 5)])
def test_too_few_groups_are_one_sentence(cross_fit: int, patience: int | None) -> None:
    content = yaml.safe_load(parameters.FIXED.read_text())
    content["train_disk"].update(cross_fit=cross_fit, patience=patience, refit=False)
    with pytest.raises(InputError, match="expected cross_fit to be 0 or at least"):
        parameters.parse(content)
