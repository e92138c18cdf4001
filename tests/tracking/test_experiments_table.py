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
pathlib.Path("metrics/disk.json").write_text(json.dumps({**dict.fromkeys(names, -seed / 1000), "trusted": seed % 2}))
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
    lines = experiments_table.render().splitlines()
    assert max(map(len, lines)) <= 140
    heading, _, workspace, main, experiment, _ = lines
    assert heading.split("  ")[0] == "experiment"
    assert workspace.split()[0] == "workspace"
    assert main.split()[0] == "main"
    assert experiment.startswith(f"  {NAME[:15]}...")
    assert "split.block_days=99, trai..." in experiment
    assert "-0.89 [-0.89, -0.89]" in experiment
    assert "!" not in experiment


@pytest.mark.usefixtures("project")
def test_scores_that_are_not_to_be_trusted_are_marked() -> None:
    run(sys.executable, "-m", "dvc", "exp", "run", "-q", "-S", "train_disk.seed=88")
    assert "-0.09 [-0.09, -0.09] !" in experiments_table.render().splitlines()[2]
