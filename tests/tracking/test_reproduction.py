"""Whether a run gave the committed results, in small repositories in which Git and DVC are at work."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking import reproduction

# The machine's noise is in no dependency: as with a processor, DVC does not know of it.
STAGE = """
import json, pathlib
noise = float(pathlib.Path("noise").read_text())
for folder in ("models/disk", "models/region", "metrics/details", "metrics/predictions", "metrics/plots/disk"):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
pathlib.Path("models/disk/weights").write_text(str(noise))
pathlib.Path("models/region/weights").write_text("0")
score = {"value": 0.5, "low": 0.0, "high": 1.0}
scores = dict.fromkeys(["accuracy", "base_rate", "brier_skill", "pr_auc", "tss"], score)
scores |= {"roc_auc": {"value": 0.9 + noise, "low": 0.8, "high": 0.95}, "n": 3, "blocks": 2}
scores |= {"confusion": {"tp": 1, "fp": 1, "fn": 0, "tn": 1}, "baselines": {}, "differences": {}}
scores |= {"resolvable_difference": 0.1}
pathlib.Path("metrics/details/disk.json").write_text(json.dumps(scores))
pathlib.Path("metrics/disk.json").write_text("{}")
pathlib.Path("metrics/predictions/disk.csv").write_text("0.5")
pathlib.Path("metrics/plots/disk/roc.csv").write_text("0.5")
"""
STAGES = {
    "train_disk": {
        "cmd": "python stage.py",
        "deps": ["stage.py"],
        "params": ["epochs"],
        "outs": [{f"models/{task}": {"remote": "models"}} for task in TASKS] + [{"metrics": {"cache": False}}],
    }
}


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def repro(noise: float) -> None:
    """Run the pipeline anew on a machine with this noise."""
    Path("noise").write_text(str(noise))
    run(sys.executable, "-m", "dvc", "repro", "-q", "--force", "--no-run-cache")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose results are committed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    Path("stage.py").write_text(STAGE)
    Path("params.yaml").write_text("epochs: 3\n")
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    Path(".gitignore").write_text("noise\n/models/\n")
    Path("README.md").write_text("# A project\n")
    run("git", "init", "-q", "-b", "main")
    run("git", "config", "user.name", "a user")
    run("git", "config", "user.email", "user@example.org")
    run(sys.executable, "-m", "dvc", "init", "-q")
    run(sys.executable, "-m", "dvc", "remote", "add", "-q", "models", reproduction.NETWORKS.as_posix())
    repro(0)
    run("git", "add", ".")
    run("git", "commit", "-q", "-m", "results")
    return tmp_path


def test_the_same_bytes_are_reproduced() -> None:
    repro(0)
    assert reproduction.compare(Task.DISK) == ("disk: reproduced, byte for byte", True)


def test_other_bits_are_reproduced_within_the_intervals() -> None:
    repro(0.001)
    line, within = reproduction.compare(Task.DISK)
    assert within
    assert line.startswith(
        "disk: reproduced within the committed intervals (ROC-AUC +0.001); dvc.lock and metrics/ are"
    )


def test_a_model_of_other_bits_with_the_same_scores_is_not_the_same() -> None:
    repro(1e-18)
    assert "within the committed intervals (ROC-AUC +0.000)" in reproduction.compare(Task.DISK)[0]


def test_a_score_outside_its_interval_is_not_reproduced() -> None:
    repro(0.07)
    line, within = reproduction.compare(Task.DISK)
    assert not within
    assert line.startswith("disk: not reproduced: roc_auc is 0.97, committed were 0.8 to 0.95; ")


@pytest.mark.parametrize("path", ["metrics/disk.json", "metrics/predictions/disk.csv", "metrics/plots/disk/new.csv"])
def test_a_committed_result_that_was_edited_is_not_reproduced(path: str) -> None:
    """Here ``dvc.lock`` records all results as one folder."""
    Path(path).write_text("edited")
    run("git", "add", path)
    run("git", "commit", "-q", "-m", "better scores")
    assert reproduction.compare(Task.DISK) == (
        "disk: not reproduced: metrics of the last commit is not what its dvc.lock records; "
        "run `dvc repro`, then `make accept`",
        False,
    )


def test_what_is_to_be_done_after_such_a_commit_helps() -> None:
    Path("metrics/disk.json").write_text("edited")
    run("git", "commit", "-q", "-a", "-m", "better scores")
    run(sys.executable, "-m", "dvc", "repro", "-q")
    assert reproduction.accept().startswith("Committed the results of this run")
    assert reproduction.compare(Task.DISK) == ("disk: reproduced, byte for byte", True)


def test_a_run_with_other_parameters_is_not_compared() -> None:
    Path("params.yaml").write_text("epochs: 4\n")
    repro(0.07)
    assert reproduction.compare(Task.DISK) == ("disk: not compared with the committed results, as epochs changed", True)


def test_what_is_not_in_the_checkout_is_not_called_reproduced() -> None:
    """A fresh clone has the committed metrics, and no network."""
    shutil.rmtree("models/disk")
    line, _ = reproduction.compare(Task.DISK)
    assert line == "disk: not compared, as this checkout lacks models/disk; run `make`"


def test_accept_commits_the_results_and_nothing_else() -> None:
    repro(0.001)
    Path("stage.py").write_text(STAGE + "\n# changed\n")
    repro(0.001)
    run("git", "add", "stage.py")
    assert (
        reproduction.accept() == "Committed the results of this run: dvc.lock, metrics/details/disk.json, .dvc/models."
    )
    assert run("git", "status", "--porcelain") == "M  stage.py\n"


def test_a_clone_pulls_the_networks_of_the_accepted_commit(project: Path) -> None:
    for noise in (0.001, 0.002):
        repro(noise)
        reproduction.accept()
    run("git", "clone", "-q", str(project), str(project / "clone"))
    os.chdir(project / "clone")
    run(sys.executable, "-m", "dvc", "pull", "-q", "models/disk")
    assert Path("models/disk/weights").read_text() == "0.002"
    kept = [path.read_text() for path in (reproduction.NETWORKS / "files").rglob("*") if path.is_file()]
    assert "0.001" not in kept


def test_the_networks_of_results_that_were_committed_by_hand_are_accepted_alone() -> None:
    reproduction.accept()
    repro(0.001)
    run("git", "commit", "-q", "-a", "-m", "Merge other")
    assert reproduction.accept().startswith("Committed the results of this run: .dvc/models.")
    assert run("git", "diff", "--name-only", "HEAD~1", "--", ":!.dvc/models") == ""
    assert reproduction.accept().startswith("Nothing to accept")


def test_results_out_of_date_are_not_accepted() -> None:
    repro(0.001)
    Path("params.yaml").write_text("epochs: 4\n")
    with pytest.raises(InputError, match="the results of train_disk are out of date; run `dvc repro` first"):
        reproduction.accept()


def test_a_page_with_changes_of_its_own_is_not_committed() -> None:
    Path("README.md").write_text("a user's own")
    run("git", "add", "README.md")
    repro(0.001)
    with pytest.raises(InputError, match=r"README\.md: commit your own changes first, then accept the results"):
        reproduction.accept()


def test_restore_brings_the_committed_results_back_and_says_what_will_run() -> None:
    repro(0.001)
    restored = reproduction.restore()
    assert restored == "Restored dvc.lock, metrics/details/disk.json. `dvc repro` would run train_disk."
    assert json.loads(Path("metrics/details/disk.json").read_text())["roc_auc"]["value"] == 0.9
    assert run("git", "status", "--porcelain") == ""


def test_there_may_be_nothing_to_accept_or_restore() -> None:
    reproduction.accept()
    assert reproduction.accept().startswith("Nothing to accept")
    assert reproduction.restore().startswith("Nothing to restore")
