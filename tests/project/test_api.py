"""`import solarflare`: the answers of untrained networks as a table, from MLflow's store and from folders."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import solarflare
from solarflare.core.tasks import Task
from solarflare.networks import hashes
from solarflare.predict import answer_table
from solarflare.tracking.mlflow import logged_models, registry, store
from solarflare.tracking.mlflow.experiments import MODELS
from solarflare.verification.scores.trust import Trust
from tests.predict.test_predict import NAME, TIME, draw_sun, project

__all__ = ["project"]
NEITHER = "does not tell instrument and time"


@pytest.fixture
def folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with untrained networks in models/ and one image, in which the test runs."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(project / "models", "models")
    shutil.copy(project / "params.yaml", ".")
    Path(NAME).write_bytes(draw_sun(9))
    return tmp_path


def log_network(mlflow: Any, task: Task, run_id: str) -> None:
    """Log a task's folder of networks as `model.log_model` does. That needs crops, too."""
    shutil.copytree(f"models/{task}", f"logged/{logged_models.NETWORK}/{task}", dirs_exist_ok=True)
    client = mlflow.MlflowClient()
    experiment = mlflow.get_run(run_id).info.experiment_id
    logged = client.create_logged_model(experiment, MODELS[task], run_id)
    client.log_model_artifacts(logged.model_id, "logged")
    client.log_outputs(run_id, [mlflow.entities.LoggedModelOutput(logged.model_id, 0)])
    client.finalize_logged_model(logged.model_id, "READY")


@pytest.fixture
def runs(folder: Path) -> dict[str, str]:
    """The ids of a run for each task, whose networks are in MLflow's store; that of the region is the champion."""
    ids = {}
    with store.connected() as mlflow:
        for task in Task:
            experiment = mlflow.get_experiment_by_name(task).experiment_id
            run = mlflow.MlflowClient().create_run(experiment)
            stated = {"scrape.origin": "simulated", f"calibration.base_rate.simulated.{task}": "0.02"}
            mlflow.log_params(stated, run_id=run.info.run_id)
            log_network(mlflow, task, run.info.run_id)
            ids[str(task)] = run.info.run_id
        registry.register(mlflow, Task.REGION, ids["region"], Trust("yes"), None, None)
    return ids


def test_a_file_is_answered_as_by_the_command(folder: Path) -> None:
    table = solarflare.load_model("disk", "models").predict(NAME)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == answer_table.COLUMNS
    (row,) = table.to_dict("records")
    assert (row["path"], row["instrument"], row["task"], row["reason"]) == (NAME, "aia211", "disk", "")
    assert row["time"] == TIME
    assert row["answer"] == (row["probability"] >= row["threshold"])


def test_every_region_is_a_row(folder: Path) -> None:
    table = solarflare.load_model("region", "models").predict([NAME, NAME])
    assert len(table) > 2
    assert table["latitude"].between(-90, 90).all()
    assert set(table["regions_from"]) == {"found in the image"}


def test_an_array_is_answered_as_the_file_that_holds_it(folder: Path) -> None:
    model = solarflare.load_model("region", "models")
    of_array = model.predict(np.asarray(Image.open(NAME)), instrument="aia211", time=str(TIME))
    assert of_array.drop(columns="path").equals(model.predict(Path(NAME)).drop(columns="path"))


@pytest.mark.parametrize(
    ("image", "known", "reason"),
    [
        (np.zeros((512, 512, 3), np.uint8), {}, NEITHER),
        (np.zeros((512, 512, 3), np.uint8), {"instrument": "aia211"}, NEITHER),
        (np.zeros((512, 512, 3), np.uint8), {"instrument": "x", "time": "2014-02-01"}, "the instrument is 'x'"),
        (np.zeros((512, 512)), {"instrument": "aia211", "time": "2014-02-01"}, "is float64 of shape"),
        (np.zeros((2, 512, 512, 3), np.uint8), {"instrument": "aia211", "time": "2014-02-01"}, "expected an image"),
        (NAME, {"time": "noon"}, "the time is 'noon'"),
        ([[1, 2]], {}, "image 0 is list"),
        ("nothing.jpg", {}, "does not exist"),
    ],
)
def test_what_is_no_image_is_one_sentence(folder: Path, image: Any, known: dict[str, str], reason: str) -> None:
    model = solarflare.load_model("disk", "models")
    with pytest.raises(solarflare.InputError, match=reason):
        model.predict(image, **known)


def test_an_image_without_an_answer_has_a_reason(folder: Path) -> None:
    black = np.zeros((512, 512, 3), np.uint8)
    (row,) = solarflare.load_model("disk", "models").predict([black], "aia211", str(TIME)).to_dict("records")
    assert "whole disk" in row["reason"]
    assert np.isnan(row["probability"])


def test_a_network_of_the_simulated_sun_asks_whose_sun_an_array_shows(folder: Path) -> None:
    about = Path("models/disk/model.json")
    about.write_text(about.read_text().replace('"archive"', '"simulated"'))
    hashes.write(about.parent)
    sun = np.asarray(Image.open(NAME))
    (reason,) = solarflare.load_model("disk", "models").predict(sun, "aia211", str(TIME))["reason"]
    assert "add simulated_model=True" in reason
    lenient = solarflare.load_model("disk", "models", simulated_model=True)
    assert lenient.predict(sun, "aia211", str(TIME))["probability"].notna().all()


def test_a_run_answers_with_its_own_base_rate(folder: Path, runs: dict[str, str]) -> None:
    shutil.rmtree("models")
    model = solarflare.load_model("disk", runs["disk"])
    assert model.base_rate == 0.02
    assert model.predict(NAME)["probability"].notna().all()
    with pytest.raises(solarflare.InputError, match="is one of disk"):
        solarflare.load_model("region", runs["disk"])


def test_by_default_the_champion_answers(folder: Path, runs: dict[str, str], caplog: Any) -> None:
    shutil.rmtree("models")
    assert solarflare.load_model("region").base_rate == 0.02
    assert not caplog.text


def test_a_champion_of_an_earlier_version_of_the_project_is_named_with_its_run_and_commit(
    folder: Path, runs: dict[str, str]
) -> None:
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        old, new = "calibration.base_rate.region", "calibration.base_rate.simulated.region"
        connection.execute("UPDATE params SET key = ? WHERE key = ?", (old, new))
        connection.execute(
            "INSERT INTO tags (key, value, run_uuid) VALUES ('commit', '0123abcd', ?)", (runs["region"],)
        )
    with pytest.raises(solarflare.InputError) as error:
        solarflare.load_model("region")
    assert str(error.value) == (
        f"champion region-flare, version 1, of the run {runs['region']}: expected the parameter {new}, which the run "
        "lacks; train again with `dvc repro`, or read it with commit 0123abcd of this project"
    )


def test_a_run_whose_question_has_another_form_is_named_and_params_yaml_is_not(
    folder: Path, runs: dict[str, str]
) -> None:
    logged_models.download(logged_models.runs(runs["disk"]))
    (about,) = Path("data").rglob(f"*{runs['disk']}*/models/disk/model.json")
    about.write_text(about.read_text().replace('"before"', '"hours"'))
    hashes.write(about.parent)
    with pytest.raises(solarflare.InputError) as error:
        solarflare.load_model("disk", runs["disk"])
    assert re.match(rf"the run {runs['disk']}: model\.json: key label\.disk\.", str(error.value))
    assert "params.yaml" not in str(error.value)


@pytest.mark.usefixtures("runs")
def test_without_a_champion_the_network_of_the_folder_answers_and_that_is_said(folder: Path, caplog: Any) -> None:
    assert solarflare.load_model("disk").task == "disk"
    assert f"no champion of {MODELS[Task.DISK].partition('-')[0]}" in caplog.text


def test_without_a_store_none_is_made(folder: Path) -> None:
    solarflare.load_model("disk")
    with pytest.raises(solarflare.InputError, match="no MLflow store"):
        solarflare.load_model("disk", "champion")
    assert not Path("mlflow.db").exists()


def test_a_folder_called_champion_is_not_guessed(folder: Path) -> None:
    Path("models").rename("champion")
    with pytest.raises(solarflare.InputError, match=r"write \./champion"):
        solarflare.load_model("disk", "champion")
    assert solarflare.load_model("disk", "./champion").task == "disk"


def test_an_unknown_task_is_one_sentence(folder: Path) -> None:
    with pytest.raises(solarflare.InputError, match="the task is 'sun'; expected disk or region"):
        solarflare.load_model("sun")


def test_predictions_and_metrics_are_those_of_the_files() -> None:
    predicted, scores = solarflare.predictions("disk"), solarflare.metrics()
    assert len(predicted) == scores["disk"]["n"]
    assert set(scores) == {"disk", "region"}
