"""The README's daily commands, as they stand, typed in a fresh clone."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from tests.project.test_pipeline import ROOT, TINY, commit, copy_of_the_project, shell

pytestmark = pytest.mark.slow

# Tests that read what the commands change. The whole suite takes too long here.
RELEVANT = ["tests/core/test_params.py", "tests/project/test_architecture.py", "tests/project/test_metrics_docs.py"]
RELEVANT += ["tests/tracking/test_profiles.py", "-k", "not experiment and not archive"]
MAKE = ["make", "--old-file=setup"]  # without an installation: the executables are on the PATH
TYPED_SO = {
    "make test": ["python", "-m", "pytest", "-q", "-p", "no:xdist", *RELEVANT],
    **{f"make {target}": [*MAKE, *target.split()] for target in ("accept", "exps", "review BASE=main")},
}
FIRST, LAST = "make accept", "dvc repro"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, in which `make` has run, of a project on whose main are a tiny Sun's results of another machine."""
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    shutil.copy(ROOT / "params.yaml", project)
    changes = [f"{group}.{key}={value}" for group, values in TINY.items() for key, value in values.items()]
    apply_overrides((project / "params.yaml").as_posix(), changes)
    shell("dvc", "repro", cwd=project)
    shell("solarflare", "results", cwd=project)
    lock = project / "dvc.lock"
    lock.write_text(re.sub(r"md5: ...", "md5: 000", lock.read_text()))
    commit(project, "the tiny Sun's results")
    folder = tmp_path_factory.mktemp("clone") / "solarflare"
    shell("git", "clone", "-q", str(project), str(folder), cwd=project)
    for name in ("name", "email"):
        shell("git", "config", f"user.{name}", "user@example.org", cwd=folder)
    shell(*MAKE, cwd=folder)
    return folder


def daily_commands() -> list[str]:
    """Return the README's commands from accepting the results of this machine until main is restored."""
    section = (ROOT / "README.md").read_text().partition("## Daily commands")[2]
    lines = section.partition("```sh")[2].partition("```")[0].splitlines()
    commands = list(filter(None, (line.partition("#")[0].strip() for line in lines)))
    return commands[commands.index(FIRST) : commands.index(LAST) + 1]


def test_the_daily_commands_lead_to_a_branch_and_back_without_a_second_training(clone: Path) -> None:
    for command in daily_commands():
        printed = shell(*TYPED_SO.get(command, shlex.split(command)), cwd=clone)
        if command.startswith("dvc exp run"):
            changed = shell("git", "diff", "--numstat", "HEAD", "params.yaml", cwd=clone)
            assert re.match(r"1\t1\t", changed), "-S changed more than one line of params.yaml"
    assert "disk: " in (clone / "review.md").read_text()
    assert "Running stage" not in printed
    assert "up to date" in shell("dvc", "status", cwd=clone)
    assert shell("git", "status", "--porcelain", cwd=clone) == ""
