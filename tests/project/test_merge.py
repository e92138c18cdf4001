"""Two branches with results are merged by the commands of docs/review.md, as they stand."""

import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from tests.project.test_pipeline import ROOT, commit, shell

STAGE = """
import pathlib, yaml
params = yaml.safe_load(open("params.yaml"))
for path in ("metrics/disk.json", "models/disk/weights", "models/region/weights"):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text("".join(f"{name} {value}\\n" for name, value in params.items()))
"""
TRAIN = {
    "cmd": "python stage.py",
    "deps": ["stage.py"],
    "params": ["epochs", "seed"],
    "metrics": [{"metrics/disk.json": {"cache": False}}],
    "outs": [{f"models/{task}": {"remote": "models"}} for task in ("disk", "region")],
}
APART = "\n" * 5  # so that Git merges the two parameters
MERGE, ACCEPT = "git merge other", "make accept"


def recipe() -> list[str]:
    """Return the commands that docs/review.md gives for a merge."""
    section = (ROOT / "docs/review.md").read_text().partition("## Merging two branches with results")[2]
    return section.partition("```sh\n")[2].partition("```")[0].splitlines()


@pytest.mark.slow
def test_results_of_two_branches_are_merged_by_a_run(tmp_path: Path) -> None:
    (tmp_path / "stage.py").write_text(STAGE)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": TRAIN}}))
    (tmp_path / "params.yaml").write_text(f"epochs: 1\n{APART}seed: 1\n")
    (tmp_path / "README.md").write_text("# A project\n")
    (tmp_path / ".gitignore").write_text("/models/\n")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    shell("git", "init", "-q", "-b", "main", cwd=tmp_path)
    for name in ("name", "email"):
        shell("git", "config", f"user.{name}", "user@example.org", cwd=tmp_path)
    shell("dvc", "init", "-q", cwd=tmp_path)
    shutil.copy(ROOT / ".dvc/config", tmp_path / ".dvc")
    shell("dvc", "repro", cwd=tmp_path)
    commit(tmp_path, "the first results")
    shell("git", "branch", "other", cwd=tmp_path)
    for branch, change in (("other", "epochs=2"), ("main", "seed=3")):
        shell("git", "switch", "-q", branch, cwd=tmp_path)
        shell("dvc", "exp", "run", "-S", change, cwd=tmp_path)
        commit(tmp_path, change)

    merge, *commands, accept = recipe()
    assert (merge, accept) == (MERGE, ACCEPT)
    assert "Automatic merge failed" in shell("sh", "-c", f"! {merge}", cwd=tmp_path)
    conflicts = shell("git", "diff", "--name-only", "--diff-filter=U", cwd=tmp_path).splitlines()
    assert conflicts == ["dvc.lock", "metrics/disk.json"]
    # Git has left the side of main, whole.
    assert (tmp_path / "metrics/disk.json").read_text() == "epochs 1\nseed 3\n"
    printed = [shell(*shlex.split(command), cwd=tmp_path) for command in commands]
    assert "Running stage 'train'" in printed[0]
    assert (tmp_path / "metrics/disk.json").read_text() == "epochs 2\nseed 3\n"
    assert ": .dvc/models." in shell("solarflare", "accept", cwd=tmp_path)
    assert "up to date" in shell("dvc", "status", cwd=tmp_path)
    assert shell("git", "status", "--porcelain", cwd=tmp_path) == ""

    shell("git", "clone", "-q", ".", "clone", cwd=tmp_path)
    shell("dvc", "pull", "-q", "models/disk", "models/region", cwd=tmp_path / "clone")
    assert (tmp_path / "clone/models/disk/weights").read_text() == "epochs 2\nseed 3\n"
