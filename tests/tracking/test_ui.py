"""The MLflow UI in a browser: which of two runs is better, and is the difference real?"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from solarflare.core.tasks import Task
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
from tests.mlflow_ui import Ui, server
from tests.tracking.test_tracking import SCORES, change_a_parameter, make_project, score

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow  # a project, TensorFlow, a server and a browser: half a minute

FORMER, BETTER = "#1 first: compact_map on gong", "#2 better than #1: epochs=61"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file for all that the server prints."""
    return tmp_path_factory.mktemp("output") / "ui.txt"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, output: Path) -> Iterator[str]:
    """The UI of a store with two runs of the disk, the second a better one, and one of the region."""
    folder = tmp_path_factory.mktemp("store")
    make_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.chdir(folder)
        noise = np.random.default_rng(1).integers(0, 256, (200, 200), np.uint8)
        for figure in ("roc", "confusion"):
            Image.fromarray(noise).save(f"reports/disk/{figure}.png")
        Path("reports/index.html").write_text("<!doctype html><h1>A report</h1>")
        train_the_region_as_the_disk()
        log_evaluation(Task.DISK)
        log_evaluation(Task.REGION)
        change_a_parameter()
        score(skill=3.0, seed=2, roc_auc={"value": 0.97, "low": 0.92, "high": 0.99})
        log_evaluation(Task.DISK)
        # The command is this package's, wherever it runs.
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        with server("solarflare.cli", "ui", folder=folder, ready="health", output=output) as address:
            yield address


def train_the_region_as_the_disk() -> None:
    shutil.rmtree("models/region")
    for folder in ("data/crops", "models"):
        shutil.copytree(f"{folder}/disk", f"{folder}/region")
    for name in ("data/labels/{}.csv", "data/splits/{}.csv", "metrics/details/{}.json", "metrics/predictions/{}.csv"):
        shutil.copy(name.format("disk"), name.format("region"))


@pytest.fixture
def ui(chromium: "Chrome", address: str) -> Ui:
    """A person in front of it."""
    chromium.set_window_size(1400, 1000)
    return Ui(chromium, address)


@pytest.mark.usefixtures("address")
def test_the_server_prints_its_address_and_no_warning(output: Path) -> None:
    printed = output.read_text()
    assert "Uvicorn running on http://127.0.0.1:" in printed
    assert "Application startup complete" in printed
    assert "Warning" not in printed


def test_the_list_says_which_run_is_better(ui: Ui) -> None:
    ui.open_experiment("disk")
    assert ui.run_names() == [BETTER, FORMER]


def test_the_verdict_and_the_scores_come_first_and_none_of_them_is_cut_off(ui: Ui) -> None:
    ui.open_experiment("disk")
    scores = ["roc_auc", "accuracy", "tss", "brier_skill", "lead"]
    assert ui.headings()[:8] == ["Run Name", "Created", "verdict", *scores]  # where "Created" stands is MLflow's choice


def test_the_list_of_experiments_shows_ours_only_and_no_markdown(ui: Ui) -> None:
    ui.browser.get(f"{ui.address}/#/experiments")
    ui.find("//a[normalize-space()='disk']")
    rows = ui.texts("//*[@role='row'][.//a]")
    assert len(rows) == len(Task)
    # The text goes on where the column cuts it. The address of the link is its end, which no column is wide enough for.
    beginnings = [row.partition("Each run is")[0] for row in rows]
    assert all("active" in row and "[Runs and verdicts]" in row for row in beginnings)
    assert not [row for row in rows if re.search(r"[*`]|\]\(", row)]


def test_the_first_visit_shows_the_verdict_roc_auc_and_accuracy_beside_the_assistant(ui: Ui) -> None:
    ui.browser.set_window_size(1440, 1000)
    ui.open_assistant()
    ui.open_experiment("disk")
    ui.find("//*[text()='MLflow Assistant']")
    column = ui.find("//*[contains(@class, 'ag-header-cell')][@col-id='metrics.`accuracy`']").rect
    table = ui.find("//*[contains(@class, 'ag-root-wrapper')]").rect
    assert column["x"] + column["width"] <= table["x"] + table["width"]


def test_the_other_question_has_an_experiment_of_its_own(ui: Ui) -> None:
    ui.open_experiment("region")
    (name,) = ui.run_names()
    assert name.startswith("#1 first")


def test_a_run_begins_with_its_verdict_and_leads_to_the_report(ui: Ui) -> None:
    ui.open_experiment("disk")
    ui.follow(BETTER)
    assert "+0.0" in ui.find("//p[strong[starts-with(., 'Better than #1, the champion')]]").text
    assert "accuracy 0.900 [0.800, 0.950]" in ui.find("//p[starts-with(., 'ROC-AUC')]").text
    ui.follow("the whole report")
    frame = ui.find("//iframe")
    ui.browser.switch_to.frame(frame)
    assert ui.find("//h1").text == "A report"
    ui.browser.switch_to.default_content()


@pytest.mark.parametrize(("link", "file"), [("ROC curve", "roc.png"), ("confusion matrix", "confusion.png")])
def test_a_run_leads_to_its_figures_with_one_click(ui: Ui, link: str, file: str) -> None:
    ui.open_experiment("disk")
    ui.follow(FORMER)
    ui.follow(link)
    ui.await_figure(file)


def test_the_charts_open_on_the_curves_of_the_training(ui: Ui) -> None:
    ui.open_experiment("disk")
    ui.follow(FORMER)
    ui.open_tab("Model metrics")
    ui.find(section := "//*[starts-with(@data-testid, 'experiment-view-compare-runs-section-header')]")
    assert ui.texts(section)[0].split()[0] == "training"


def test_the_models_of_an_experiment_are_listed_with_their_scores(ui: Ui) -> None:
    ui.open_experiment("disk")
    ui.browser.set_window_size(2600, 1000)
    ui.follow("Models")
    ui.find("//a[normalize-space()='disk-activity']")
    ui.find("//*[contains(@class, 'ag-header-cell')][normalize-space()='accuracy']")
    assert [name for name in ui.headings() if name in SCORES] == ["roc_auc", "accuracy", "tss", "brier_skill"]


def test_two_runs_are_compared_with_what_differs_and_their_figures(ui: Ui) -> None:
    ui.open_experiment("disk")
    ui.select(BETTER, FORMER)
    ui.compare()
    assert ui.compared("train_disk.epochs") == ["61", "40"]
    assert ui.metric("roc_auc") == ["0.97", "0.9"]
    assert ui.compared("verdict") == ["better", "first"]
    ui.open_figure("roc.png", runs=2)
