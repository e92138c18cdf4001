"""The table of DVC's experiments."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from solarflare.tracking import experiments_table

ROOT = Path(__file__).resolve().parents[2]
STAGE = """
import json, pathlib, yaml
seed = yaml.safe_load(open("params.yaml"))["train_disk"]["seed"]
names = ("roc_auc", "roc_auc_low", "roc_auc_high", "tss", "brier_skill")
pathlib.Path("metrics").mkdir(exist_ok=True)
pathlib.Path("metrics/disk.json").write_text(json.dumps({**dict.fromkeys(names, seed / 1000), "trusted": seed % 2}))
pathlib.Path("metrics/region.json").write_text('{"absent": "off"}')
"""
NAME = "an-experiment-with-a-very-long-name"


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with all parameters, two results, and an experiment that changed four parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    Path("stage.py").write_text(STAGE)
    Path("params.yaml").write_text((ROOT / "params.yaml").read_text())
    metrics = [{f"metrics/{task}.json": {"cache": False}} for task in ("disk", "region")]
    params = ["train_disk", "train_region", "split"]
    stage = {"cmd": "python stage.py", "deps": ["stage.py"], "params": params, "metrics": metrics}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"evaluate": stage}}))
    run("git", "init", "-q", "-b", "main")
    run("git", "config", "user.name", "a user")
    run("git", "config", "user.email", "user@example.org")
    run(sys.executable, "-m", "dvc", "init", "-q")
    run(sys.executable, "-m", "dvc", "repro", "-q")
    run("git", "add", ".")
    run("git", "commit", "-q", "-m", "results")
    changes = [f"-Strain_disk.seed={887}", "-Strain_disk.epochs=999", "-Strain_region.seed=98", "-Ssplit.block_days=99"]
    run(sys.executable, "-m", "dvc", "exp", "run", "-q", "--temp", "-n", NAME, *changes)


@pytest.mark.usefixtures("project")
def test_an_experiment_shows_its_changes_and_scores_in_140_columns() -> None:
    lines = experiments_table.render("main").splitlines()
    assert max(map(len, lines)) <= 140
    heading, _, workspace, main, experiment, *further, _ = lines
    assert heading.split("  ")[0] == "experiment"
    assert workspace.split()[0] == "workspace"
    assert main.split()[0] == "main"
    assert experiment.startswith(f"  {NAME[:15]}...")
    assert "0.89 [0.89, 0.89]" in experiment
    assert "!" not in experiment
    changes = [experiment.split("  ")[2], *further]
    assert [change.strip() for change in changes] == [
        "split.block_days=99,",
        "train_disk.epochs=999,",
        "train_disk.seed=887,",
        "train_region.seed=98",
    ]


@pytest.mark.usefixtures("project")
def test_scores_that_are_not_to_be_trusted_are_marked() -> None:
    run(sys.executable, "-m", "dvc", "exp", "run", "-q", "-S", "train_disk.seed=88")
    assert "0.09 [0.09, 0.09] !" in experiments_table.render("main").splitlines()[2]


@pytest.mark.usefixtures("project")
def test_a_branch_shows_its_change_and_main_with_its_experiments() -> None:
    run("git", "branch", "another")
    run("git", "switch", "-q", "-c", "slower")
    run(sys.executable, "-m", "dvc", "exp", "run", "-q", "-n", "slow", "-S", "train_region.learning_rate=0.0005")
    run("git", "commit", "-q", "-a", "-m", "half the learning rate")
    _, _, workspace, branch, main, *experiments, _ = experiments_table.render("main").splitlines()
    assert "=" not in workspace
    assert branch.split()[:2] == ["slower", "train_region.learning_rate=0.0005"]
    assert main.split()[0] == "main"
    assert {line.split()[0] for line in experiments if line.startswith("  ")} > {"slow", f"{NAME[:15]}..."}


@pytest.mark.parametrize(
    ("key", "value", "lines"),
    [
        ("train_region.learning_rate", 0.0005, ["train_region.learning_rate=0.0005"]),
        ("split.chronological.disk.validation", 0.25, ["...nological.disk.validation=0.25"]),
        ("tasks", ["disk"], ['tasks=["disk"]']),
        ("scrape.archive.path", None, ["scrape.archive.path=null"]),
        ("scrape.archive.digest", "a" * 40, ["...ve.digest=" + "a" * 21, "a" * 19]),
    ],
)
def test_a_value_is_never_cut(key: str, value: object, lines: list[str]) -> None:
    states = [{"rev": revision, "experiments": None} for revision in ("workspace", "0" * 40)]
    parameters = [{"params.yaml": {"data": {key: content}}} for content in (value, "other")]
    shown = [state | {"data": {"params": params}} for state, params in zip(states, parameters, strict=True)]
    _, _, first, *others = experiments_table.table(shown, {"0" * 40: "main"}).text().splitlines()
    further = [line for line in others if not line.startswith("main")]
    assert [first.split("  ")[1].strip(), *map(str.strip, further)] == lines
