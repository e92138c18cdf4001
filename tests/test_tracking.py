"""Runs in a real MLflow store, of a real DVC project whose stages are made up."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from solarflare import absence, params, tables, tracking

EPOCHS = 3
PIPELINE = {
    "stages": {
        "train_disk": {
            "cmd": "true",
            "deps": ["data/crops/disk"],
            "params": ["instrument", "train_disk"],
            "outs": ["models/disk"],
        },
        "train_region": {"cmd": "true", "params": ["tasks"], "outs": ["models/region"]},
    }
}
SCORES = {
    "trusted": True,
    "n": 40,
    "roc_auc": {"value": 0.9, "low": 0.8, "high": 0.95},
    "confusion": {"tp": 12, "fp": 3},
    "undefined": {"value": None, "low": None, "high": None},
}


def shell(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def python(code: str) -> str:
    """Run code in a process of its own, against this package."""
    return shell(sys.executable, "-c", code)


def runs(task: str = "disk") -> list[Any]:
    import mlflow

    mlflow.set_tracking_uri(tracking.store_uri())
    return mlflow.search_runs(experiment_names=[task], output_format="list")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC project with a store in which the disk is trained and scored, and the region absent; nothing logged."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        shutil.copy(params.PARAMS, folder)
        shutil.copy(".gitignore", folder)
        patch.chdir(folder)
        Path("dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
        shell("git", "init", "-q", "-b", "main")
        shell(sys.executable, "-m", "dvc", "init", "-q")
        shell("git", "add", "-A")
        shell("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a project")
        crops = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "shard": "2014-01.npy", "row": [0, 1], "noaa_ar": ""})
        crops = crops.assign(x=15.0, y=15.0, radius=12.0, fitted="yes")
        tables.write(crops, Path("data/crops/disk/index.csv"), tables.CROPS)
        np.save("data/crops/disk/2014-01.npy", np.full((2, 32, 32, 1), 128, np.uint8))
        Path("models/disk").mkdir(parents=True)
        history = pd.DataFrame({"epoch": range(EPOCHS), "loss": [0.6, 0.5, 0.4], "val_loss": [0.7, 0.6, 0.6]})
        history.to_csv("models/disk/history.csv", index=False)
        absence.mark(Path("models/region"), "the task is off")
        Path("metrics/predictions").mkdir(parents=True)
        Path("metrics/disk.json").write_text(json.dumps(SCORES))
        Path("metrics/predictions/disk.csv").write_text("path,probability\na.jpg,0.5\n")
        Path("reports/disk").mkdir(parents=True)
        Path("reports/disk/roc.png").write_bytes(b"a figure")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        python("from solarflare import tracking; tracking.create_store()")
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that project, in which the test runs."""
    folder = tmp_path / "project"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    # MLflow sets this one itself: what it was before has to come back.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    return folder


def test_two_processes_can_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    code = "from solarflare import tracking; tracking.create_store()"
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


def test_a_training_is_logged_with_parameters_curves_and_where_it_comes_from(project: Path) -> None:
    tracking.log_training("disk")
    (run,) = runs()
    assert run.data.params["train_disk.network"] == params.load().train_disk.network
    assert run.data.metrics["training/val_loss"] == 0.6
    assert run.data.tags["origin"] == "simulated"
    assert run.data.tags["mlflow.source.git.commit"] == shell("git", "rev-parse", "HEAD")
    assert run.data.tags["dirty"] == "false"
    assert not [name for name in run.data.params if "region" in name]


def test_the_same_training_is_found_again(project: Path) -> None:
    for _ in range(2):
        tracking.log_training("disk")
        tracking.log_evaluation("disk")
    assert len(runs()) == 1


@pytest.mark.parametrize("change", ["data", "parameters"])
def test_a_training_of_other_inputs_is_another_run(project: Path, change: str) -> None:
    tracking.log_training("disk")
    if change == "data":
        np.save("data/crops/disk/2014-01.npy", np.full((2, 32, 32, 1), 127, np.uint8))
    else:
        text = params.PARAMS.read_text()
        params.PARAMS.write_text(text.replace("epochs: 60", "epochs: 61"))
    tracking.log_training("disk")
    assert len(runs()) == 2


def test_an_evaluation_adds_scores_figures_and_predictions_to_its_training(project: Path) -> None:
    import mlflow

    tracking.log_training("disk")
    tracking.log_evaluation("disk")
    (run,) = runs()
    metrics = {"roc_auc": 0.9, "roc_auc_low": 0.8, "roc_auc_high": 0.95, "confusion/tp": 12, "n": 40}
    assert run.data.metrics.items() >= metrics.items()
    assert "trusted" not in run.data.metrics
    assert run.info.run_name.endswith("ROC-AUC 0.9")
    found = mlflow.artifacts.list_artifacts(run_id=run.info.run_id)
    assert {artifact.path for artifact in found} >= {"disk.json", "predictions", "figures"}


def test_what_is_logged_is_said_once(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "solarflare"):
        for _ in range(2):
            tracking.log_evaluation("disk")
    assert caplog.messages == ["disk: logged the training to MLflow", "disk: logged the scores to MLflow"]


def test_a_new_evaluation_of_the_same_training_replaces_its_scores(project: Path) -> None:
    tracking.log_evaluation("disk")
    Path("metrics/disk.json").write_text(json.dumps(SCORES | {"n": 41}))
    tracking.log_evaluation("disk")
    (run,) = runs()
    assert run.data.metrics["n"] == 41


def test_results_are_logged_from_the_outputs_without_tensorflow(project: Path) -> None:
    code = "import sys; from solarflare import tracking; tracking.log_evaluation('disk'); print(*sys.modules)"
    loaded = python(code).split()
    assert "mlflow" in loaded
    assert "tensorflow" not in loaded
    assert len(runs()) == 1


def test_what_is_logged_already_does_not_even_import_mlflow(project: Path) -> None:
    tracking.log_evaluation("disk")
    code = "import sys; from solarflare import tracking; tracking.log_evaluation('disk'); print(*sys.modules)"
    assert "mlflow" not in python(code).split()


def test_a_store_whose_creation_was_interrupted_is_completed(project: Path) -> None:
    Path("mlflow.db").write_bytes(b"")
    tracking.log_training("disk")
    assert len(runs()) == 1


def test_an_interrupted_run_is_completed(project: Path) -> None:
    import mlflow

    tracking.log_training("disk")
    mlflow.MlflowClient().set_terminated(runs()[0].info.run_id, status="FAILED")
    tracking.log_training("disk")
    (run,) = runs()
    assert run.info.status == "FINISHED"


def test_an_experiment_in_a_temporary_copy_is_logged_to_the_main_checkout(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = shutil.copytree(project, tmp_path / "main")
    monkeypatch.setenv("DVC_ROOT", str(main))
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    tracking.log_evaluation("disk")
    assert tracking.store_uri() == f"sqlite:///{main}/mlflow.db"
    (run,) = runs()
    assert run.data.tags["DVC_EXP_NAME"] == "longer"
    assert run.info.artifact_uri.startswith(f"{main}/mlartifacts/disk/")


@pytest.mark.parametrize(
    ("label", "question"),
    [
        ({"target": "active_region"}, "active region"),
        ({"target": "flare", "event": "overlap"}, "C1.0 flare in progress"),
        ({"target": "flare", "event": "overlap", "before": 12, "after": 12}, "C1.0 flare in progress, -12 to +12 h"),
        ({"target": "flare", "event": "start", "after": 24}, "C1.0 flare starting, +0 to +24 h"),
    ],
)
def test_the_name_of_a_run_tells_the_question(project: Path, label: dict[str, Any], question: str) -> None:
    content = params.read_yaml(params.PARAMS)
    content["label"]["disk"] |= label
    params.PARAMS.write_text(yaml.safe_dump(content))
    tracking.log_training("disk")
    assert runs()[0].info.run_name == f"disk gong compact, {question}"


def test_an_absent_task_is_not_logged(project: Path) -> None:
    tracking.log_training("region")
    tracking.log_evaluation("region")
    assert runs("region") == []


def test_the_artifacts_of_a_moved_checkout_are_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking.log_evaluation("disk")
    moved = project.rename(project.parent / "moved")
    monkeypatch.chdir(moved)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    tracking.create_store()
    (run,) = runs()
    assert Path(run.info.artifact_uri, "figures", "roc.png").read_bytes() == b"a figure"


def test_a_store_that_does_not_answer_is_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    tracking.log_training("disk")
    assert "not logged: MLflow at http://127.0.0.1:9" in caplog.text


def test_the_logged_model_answers_as_the_network_does(project: Path) -> None:
    import mlflow

    from solarflare import networks, training
    from solarflare.calibration import Calibration, Platt

    models, images = Path("models/disk"), np.random.default_rng(1).integers(0, 256, (2, 32, 32, 1), np.uint8)
    about = training.About("compact", (32, 32, 1), "disk", "gong", "simulated", {}, {})
    network = networks.build("compact", (32, 32, 1))
    training.save(models, network, pd.read_csv(models / "history.csv"), Calibration(Platt(2.0, 0.5), 0.5), about)
    tracking.log_training("disk")
    (run,) = runs()
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    np.testing.assert_array_equal(loaded.predict(images), training.probabilities(models, images))
    assert loaded.input_example.shape == (1, 32, 32, 1)
