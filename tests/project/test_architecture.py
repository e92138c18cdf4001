"""The rules of the layout: what a stage depends on, who may import what, what must not be in Git."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.import_graph import ROOT, closure, imports, module_path, stage_dependencies

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PACKAGE = sorted(path.relative_to(ROOT) for path in (ROOT / "solarflare").rglob("*.py"))
ALLOWED = {  # a package, and the only places that may import it
    "tensorflow": ("solarflare/networks.py", "solarflare/training.py", "solarflare/backend.py"),
    "keras": ("solarflare/networks.py", "solarflare/training.py", "solarflare/backend.py"),
    "mlflow": ("solarflare/tracking/",),
    "yaml": ("solarflare/params.py",),
    "requests": ("solarflare/sources/",),
    "urllib": ("solarflare/sources/",),
    "ftplib": ("solarflare/sources/",),
    "socket": ("solarflare/sources/",),
    "selenium": ("solarflare/sources/",),
    "matplotlib": (
        "solarflare/plots.py",
        "solarflare/predict/picture.py",
        "solarflare/sources/simulated/",
        "solarflare/verification/plots.py",
    ),
    "dvc": ("solarflare/pipeline.py",),
    "jinja2": ("solarflare/report/",),
}


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_exactly_the_modules_that_it_imports(stage: str) -> None:
    listed = sorted(path for path in STAGES[stage]["deps"] if path.endswith(".py"))
    needed = stage_dependencies(stage)
    assert listed == needed, f"in dvc.yaml write what `python -m tests.import_graph {stage}` prints"


@pytest.mark.parametrize("package", ALLOWED)
def test_a_heavy_or_outward_package_is_imported_in_its_place_alone(package: str) -> None:
    users = {str(path) for path in PACKAGE if package in {name.partition(".")[0] for name in imports(path)}}
    assert not [path for path in users if not path.startswith(ALLOWED[package])]


def layers() -> dict[str, int]:
    """Return the layer of each module and folder of the package, as docs/architecture.md tells it, the ground first."""
    section = (ROOT / "docs/architecture.md").read_text().partition("## Layers")[2].partition("## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return {name: level for level, row in enumerate(rows) for name in re.findall(r"`(\w+/?)`", row[3])}


def layer_name(path: Path) -> str:
    return f"{path.parts[1]}/" if len(path.parts) > 2 else path.stem


def test_every_module_is_in_one_layer_of_the_architecture() -> None:
    assert sorted(layers()) == sorted({layer_name(path) for path in PACKAGE} - {"__init__"})


def test_no_module_imports_from_a_layer_below_its_own() -> None:
    level = layers()
    wrong = [
        f"{path} imports {module}"
        for path in PACKAGE
        for module in filter(None, map(module_path, sorted(imports(path))))
        if module.name != "__init__.py" and level[layer_name(path)] < level[layer_name(module)]
    ]
    assert not wrong


@pytest.mark.parametrize("stage", ["train_disk", "train_region"])
def test_no_edit_to_a_figure_retrains(stage: str) -> None:
    assert not [path for path in closure(Path(f"stages/{stage}.py")) if "matplotlib" in imports(path)]


def keys(group: Any) -> list[str]:
    return [key for name, value in group.items() for key in (name, *keys(value))] if isinstance(group, dict) else []


def test_no_parameter_has_a_name_that_dvcs_run_cache_ignores() -> None:
    """treeverse/dvc #10296: `size` and `nfiles` inside a group are ignored, and the old output is kept."""
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert not {"size", "nfiles"} & set(keys(parameters))


def test_every_parameter_is_explained_where_it_first_appears() -> None:
    text = (ROOT / "params.yaml").read_text()
    first = {name: line for line in reversed(text.splitlines()) if (name := line.partition(":")[0].strip())}
    groups = {name for name, line in first.items() if line.rstrip().endswith(":")}
    assert not [name for name, line in first.items() if "#" not in line and name not in groups]


def test_every_stage_is_a_page() -> None:
    assert {stage for stage in STAGES if len((ROOT / f"stages/{stage}.py").read_text().splitlines()) > 80} == set()


def test_nothing_in_git_names_a_machine_or_an_index() -> None:
    pattern = r"(^|[^A-Za-z0-9_.])/(home|root|work|farm|Users)/[a-z]|files\.pythonhosted|pypi\.org|deb\.debian\.org"
    found = git("grep", "-nIE", pattern, "--", ".", ":!*.svg", ":!tests/project/test_architecture.py")
    assert found == ""


def test_the_lock_file_names_no_host() -> None:
    assert not re.search(r"://|--index-url|--find-links", (ROOT / "requirements.lock").read_text())
