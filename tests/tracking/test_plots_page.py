"""`dvc plots diff` as its readers open it: from the disk, in a browser, without a network."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS
from solarflare.tracking import plots_page
from tests.projects import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PLOTS = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
TITLES = [title for plot in PLOTS for title in plot]
TABLES = {
    "roc": "fpr,tpr,low,high\n0,0,0,0.3\n0.2,{0},0.5,0.9\n1,1,1,1\n",
    "roc_logistic": "fpr,tpr,low,high\n0,0,0,0.2\n0.4,0.6,0.4,0.7\n1,1,1,1\n",
    "pr": "recall,precision,low,high\n0.1,1,0.9,1\n0.6,{0},0.5,0.9\n1,0.25,0.2,0.3\n",
    "pr_logistic": "recall,precision,low,high\n0.1,1,0.8,1\n0.6,0.5,0.4,0.6\n1,0.25,0.2,0.3\n",
    "confusion": "actual,predicted\n" + "quiet,quiet\n" * 3 + "quiet,active\nactive,active\n",
    "reliability": "probability,frequency,low,high,n\n0.2,0.1,0,0.3,12\n0.9,{0},0.6,1,3\n",
    "training": "epoch,loss,roc_auc,val_loss,val_roc_auc,fold\n1,0.9,0.6,0.9,0.6,0\n2,{0},0.7,0.8,0.7,0\n",
}


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def write_tables(value: float) -> None:
    for task in TASKS:
        task.plots.mkdir(parents=True, exist_ok=True)
        for name, text in TABLES.items():
            (task.plots / f"{name}.csv").write_text(text.format(value))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's plots of a commit and of the working folder, whose scores differ, drawn into one page."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".dvc/plots").mkdir(parents=True)
    for path in (*ROOT.glob(".dvc/plots/*.json"), ROOT / ".dvc/config", ROOT / ".dvc/.gitignore"):
        shutil.copy(path, folder / path.relative_to(ROOT))
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"plots": PLOTS}))
    (folder / ".gitignore").write_text("dvc_plots\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DVC_ROOT", raising=False)
        write_tables(0.7)
        run("git", "init", "-q")
        run("git", "add", "-A")
        run("git", "-c", "user.name=a user", "-c", "user.email=user@example.org", "commit", "-qm", "the first scores")
        plots_page.write()
        write_tables(0.8)
        run(sys.executable, "-m", "dvc", "plots", "diff", "HEAD")
    return folder


@pytest.fixture
def opened(project: Path, chromium: "Chrome") -> "Chrome":
    """The page, with all its plots drawn."""
    from selenium.webdriver.support.wait import WebDriverWait

    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get((project / "dvc_plots/index.html").as_uri())
    WebDriverWait(chromium, 60).until(lambda _: len(chromium.find_elements("css selector", "svg.marks")) == len(TITLES))
    return chromium


def test_nothing_is_asked_of_a_network(opened: "Chrome") -> None:
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in asked)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert opened.find_elements("css selector", "script[src]") == []


def test_each_plot_is_drawn_without_a_complaint(opened: "Chrome") -> None:
    plots = opened.find_elements("css selector", "main > div")
    marks = ".mark-line path, .mark-rect path, .mark-symbol path"
    assert [title for title, plot in zip(TITLES, plots, strict=True) if title not in plot.text] == []
    assert [plot.text for plot in plots if not plot.find_elements("css selector", marks)] == []
    assert opened.get_log("browser") == []


def test_each_revision_has_its_colour(opened: "Chrome") -> None:
    roc = opened.find_element("css selector", "main > div")
    lines = [path.get_attribute("stroke") for path in roc.find_elements("css selector", ".mark-line path")]
    assert len(set(lines)) == 3  # two revisions and the line of chance
    assert {"workspace", "HEAD", "network", "logistic regression", "chance"} <= set(roc.text.split("\n"))


def test_equal_curves_show_both_colours(opened: "Chrome") -> None:
    plots = opened.find_elements("css selector", "main > div")
    for title in ("ROC curve, disk", "Precision and recall, disk", "Reliability, disk", "Training, disk"):
        lines = plots[TITLES.index(title)].find_elements("css selector", ".mark-line path")
        widths: dict[str | None, set[str | None]] = {}
        for line in lines:
            widths.setdefault(line.get_attribute("stroke"), set()).add(line.get_attribute("stroke-width"))
        of_revisions = [width for colour, width in widths.items() if colour != "gray"]
        assert sorted(of_revisions, key=str) == [{"1.5"}, {"7"}], title


def test_the_confusion_matrix_begins_with_the_negative_class(opened: "Chrome") -> None:
    matrix = opened.find_elements("css selector", "main > div")[TITLES.index("Confusion matrix, disk")]
    names = [text for text in matrix.text.split("\n") if text in ("quiet", "active")]
    assert set(zip(names[::2], names[1::2], strict=True)) == {("quiet", "active")}


def test_the_confusion_matrix_counts_rows(opened: "Chrome") -> None:
    matrix = opened.find_elements("css selector", "main > div")[TITLES.index("Confusion matrix, disk")]
    cells = [text for text in matrix.text.split("\n") if "(" in text]
    assert sorted(cells) == sorted(2 * ["3 (75%)", "1 (25%)", "0 (0%)", "1 (100%)"])


def test_git_shows_neither_the_page_nor_the_setting(project: Path) -> None:
    changed = run("git", "-C", str(project), "status", "--porcelain").splitlines()
    assert [line for line in changed if "metrics/" not in line] == []


def test_elsewhere_the_page_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="run this in the project's folder"):
        plots_page.write()
