"""What editors, Git hooks and CI are told: it fits their schemas, and it is what the Makefile does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from tests.import_graph import ROOT


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def container() -> dict[str, Any]:
    return json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())


def test_the_container_has_a_supported_python_and_is_set_up_by_make(container: dict[str, Any]) -> None:
    assert container["image"].partition(":")[2].partition("-")[0] in ("3.11", "3.12", "3.13")
    assert container["postCreateCommand"] == "make setup"


def test_the_container_uses_the_python_that_make_installs(container: dict[str, Any]) -> None:
    editor = container["customizations"]["vscode"]
    assert {"iterative.dvc", "ms-python.python", "charliermarsh.ruff"} <= set(editor["extensions"])
    assert editor["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")


def test_the_container_has_only_known_keys(container: dict[str, Any]) -> None:
    """Of the specification's schema; a mistyped key would be ignored."""
    known = {"name", "image", "hostRequirements", "postCreateCommand", "forwardPorts", "portsAttributes"}
    assert set(container) <= known | {"customizations"}


def test_a_commit_has_to_pass_make_lint_and_fetches_nothing() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    (hook,) = repository["hooks"]
    assert (hook["language"], hook["entry"], hook["pass_filenames"]) == ("system", "make lint", False)


def test_ci_runs_every_supported_python_and_keeps_the_cache_of_dvc() -> None:
    job = read(".github/workflows/ci.yml")["jobs"]["ci"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    (cache,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@")]
    assert cache["path"] == ".dvc/cache"
    assert "hashFiles('dvc.lock')" in cache["key"]


def test_the_workflows_fit_githubs_schema() -> None:
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    command = [program, "--builtin-schema", "vendor.github-workflows", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_both_models_are_artifacts_of_dvc() -> None:
    with Repo(str(ROOT)) as repo:
        artifacts = repo.artifacts.read()["dvc.yaml"]
    assert {name: (artifact.path, artifact.type) for name, artifact in artifacts.items()} == {
        "disk-activity": ("models/disk", "model"),
        "region-flare": ("models/region", "model"),
    }
