"""Two branches with results are merged as docs/review.md says: Git leaves a side, `dvc repro`, commit."""

import shutil
from pathlib import Path

import yaml

from tests.project.test_pipeline import ROOT, commit, shell

STAGE = """
import pathlib, yaml
params = yaml.safe_load(open("params.yaml"))
for path in ("metrics/disk.json", "models/disk/weights"):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text("".join(f"{name} {value}\\n" for name, value in params.items()))
"""
TRAIN = {
    "cmd": "python stage.py",
    "deps": ["stage.py"],
    "params": ["epochs", "seed"],
    "metrics": [{"metrics/disk.json": {"cache": False}}],
    "outs": ["models/disk"],
}
APART = "\n" * 5  # so that Git merges the two parameters


def test_results_of_two_branches_are_merged_by_a_run(tmp_path: Path) -> None:
    (tmp_path / "stage.py").write_text(STAGE)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": TRAIN}}))
    (tmp_path / "params.yaml").write_text(f"epochs: 1\n{APART}seed: 1\n")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    shell("git", "init", "-q", "-b", "main", cwd=tmp_path)
    for name in ("name", "email"):
        shell("git", "config", f"user.{name}", "user@example.org", cwd=tmp_path)
    shell("dvc", "init", "-q", cwd=tmp_path)
    shell("dvc", "repro", cwd=tmp_path)
    commit(tmp_path, "the first results")
    shell("git", "branch", "other", cwd=tmp_path)
    for branch, change in (("other", "epochs=2"), ("main", "seed=3")):
        shell("git", "switch", "-q", branch, cwd=tmp_path)
        shell("dvc", "exp", "run", "-S", change, cwd=tmp_path)
        commit(tmp_path, change)

    shell("sh", "-c", "! git merge other", cwd=tmp_path)
    conflicts = shell("git", "diff", "--name-only", "--diff-filter=U", cwd=tmp_path).splitlines()
    assert conflicts == ["dvc.lock", "metrics/disk.json"]
    # Git has left the side of main, whole.
    assert (tmp_path / "metrics/disk.json").read_text() == "epochs 1\nseed 3\n"
    assert "Running stage 'train'" in shell("dvc", "repro", cwd=tmp_path)
    commit(tmp_path, "Merge other")
    assert (tmp_path / "metrics/disk.json").read_text() == "epochs 2\nseed 3\n"
    assert "up to date" in shell("dvc", "status", cwd=tmp_path)
