"""A review reads the right verdict of networks that were really trained: on a tiny Sun, in three branches.

``KEEP_REVIEWS=folder pytest -m slow tests/tracking/test_review_trained.py`` keeps what the reviews say, to be read.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project.test_cli import solarflare
from tests.project.test_pipeline import choose, commit, copy_of_the_project, shell

pytestmark = pytest.mark.slow

KEPT = Path(os.environ["KEEP_REVIEWS"]).resolve() if "KEEP_REVIEWS" in os.environ else None

# Networks that hardly learn differ by the noise of seeds, eight together by less: enough to tell that others learned.
TINY: dict[str, Any] = {
    "": {"tasks": ["disk"]},
    "scrape.simulated": {"start": "2010-06-01", "end": "2014-06-01", "disk_images": 400, "region_images": 20},
    "split": {"block_days": 9},
    "split.chronological": {"gap_days": 9},
    "split.chronological.disk": {"test": 0.45},
    "crop.disk": {"img_width": 64},
    "train_disk": {
        "network": "compact",
        "ensemble": 8,
        "flips": False,
        "epochs": 1,
        "learning_rate": 1e-6,
        "schedule": "constant",
    },
    "audit": {"resamples": 100},
    "evaluate": {"resamples": 500},
}
SEEDS = range(1, 5)
BRANCHES: dict[str, dict[str, Any]] = {
    "better": {"train_disk": {"epochs": 12, "learning_rate": 0.002}},
    "reseeded": {"train_disk": {"seed": 5}},
    # So few pixels that images on both sides of the test's border are the same.
    "leaking": {"crop.disk": {"img_width": 16}},
}
EXPECTED = {
    "better": (
        0,
        "disk: ROC-AUC and TSS better",
        ["includes the noise of seeds: `make experiment PROFILE=seeds` trained the base with 4 seeds"],
    ),
    "reseeded": (
        0,
        "disk: neither better nor worse, only the seed changed",
        ["includes the noise of seeds", ", which is the noise of seeds"],
    ),
    "leaking": (
        1,
        "NOT TRUSTED: disk after; disk: no verdict",
        ["**LEAK:**", "**NOT TRUSTED: disk after**, `the audit found a leak"],
    ),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository on whose main the tiny Sun's results are, and what five seeds make of them."""
    folder = copy_of_the_project(tmp_path_factory.mktemp("project"), TINY)
    seeds = {f"seed-{seed}": {"train_disk.seed": seed} for seed in SEEDS}
    (folder / "profiles/seeds.yaml").write_text(yaml.safe_dump({"overrides": {}, "variants": seeds}))
    shell("dvc", "repro", cwd=folder)
    commit(folder, "the tiny Sun's results")
    shell("solarflare", "experiment", "seeds", cwd=folder)
    commit(folder, "what another seed does to them")
    return folder


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_gets_its_verdict(repository: Path, branch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, title, sentences = EXPECTED[branch]
    shell("git", "checkout", "-q", "-b", branch, "main", cwd=repository)
    choose(repository, BRANCHES[branch])
    shell("dvc", "repro", cwd=repository)
    commit(repository, branch)
    monkeypatch.chdir(repository)
    done = solarflare("review", "--base", "main")
    if KEPT:
        shutil.copy("review.md", KEPT / f"review-{branch}.md")
    assert title in done.stdout, done.stderr
    assert done.returncode == code
    text = Path("review.md").read_text()
    assert [sentence for sentence in sentences if sentence not in text] == []
