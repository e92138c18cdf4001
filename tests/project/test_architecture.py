"""The rules of the layout: what a stage depends on, who may import what, what must not be in Git."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import solarflare
from solarflare import api
from solarflare.core import params
from tests.import_graph import ORIGINS, ROOMS, ROOT, STAGES, closure, code, imports, module_path, rerun_table

PACKAGE = sorted(path.relative_to(ROOT) for path in (ROOT / "solarflare").rglob("*.py"))
STAGE_SCRIPTS = [Path(f"stages/{stage}.py") for stage in STAGES]
ALLOWED = {  # a package, and the only places that may import it
    "tensorflow": ("solarflare/networks/",),
    "keras": ("solarflare/networks/",),
    "ai_edge_litert": ("solarflare/networks/litert.py",),
    "distributed": ("solarflare/core/cluster.py",),
    "mlflow": ("solarflare/tracking/mlflow/",),
    "optuna": ("solarflare/tracking/sweep.py",),
    "yaml": ("solarflare/core/params.py",),
    "requests": ("solarflare/sources/live/",),
    "urllib": ("solarflare/sources/live/",),
    "ftplib": ("solarflare/sources/live/http/",),
    "socket": ("solarflare/sources/live/http/",),
    "selenium": ("solarflare/sources/live/http/",),
    "matplotlib": (
        "solarflare/report/",
        "solarflare/predict/picture.py",
        "solarflare/predict/leaderboard/figures.py",
        "solarflare/sources/simulated/",
    ),
    "dvc": ("solarflare/tracking/dvc_state.py",),
    "dvc_data": ("solarflare/tracking/dvc_state.py",),
    "sqlite3": ("solarflare/tracking/mlflow/sqlite_store.py",),
    "jinja2": ("solarflare/report/page/", "solarflare/predict/leaderboard/page.py"),
    "vl_convert": ("solarflare/tracking/plots_page.py",),
}
PARAMETERS = params.dotted(params.read_yaml(ROOT / "params.yaml"))
MOST_LINES = 350
MOST_LINES_OF_DVC_YAML = 190


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


def within(path: Path, folders: list[str]) -> bool:
    return any(path == Path(folder) or Path(folder) in path.parents for folder in folders)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_the_folders_of_all_that_it_imports(stage: str) -> None:
    outside = [
        str(path)
        for path in closure(Path(f"stages/{stage}.py"))
        if not within(path, code(stage)) and path.name != "__init__.py"
    ]
    assert not outside, f"dvc.yaml, {stage}: add the folders of these to deps, or do not import them"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_no_folder_that_it_does_not_import(stage: str) -> None:
    reached = closure(Path(f"stages/{stage}.py"))
    assert not [folder for folder in code(stage) if not any(within(path, [folder]) for path in reached)]


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_imports_nothing_of_another_one(origin: str) -> None:
    others = [f"solarflare/sources/{other}" for other in ORIGINS if other != origin]
    assert not [path for path in closure(Path(f"solarflare/sources/{origin}/scrape.py")) if within(path, others)]


def test_an_init_that_no_stage_lists_holds_only_a_docstring() -> None:
    """Otherwise an edit there would be missed."""
    for path in (path for path in PACKAGE if path.name == "__init__.py" and path.parts[:-1] != ("solarflare",)):
        body = ast.parse((ROOT / path).read_text()).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_the_page_says_which_edit_reruns_what() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    shown = text.partition("<!-- reruns -->")[2].partition("<!-- /reruns -->")[0].strip()
    assert shown == rerun_table(), "paste what `python -m tests.import_graph` prints into docs/architecture.md"


@pytest.mark.parametrize("package", ALLOWED)
def test_a_heavy_or_outward_package_is_imported_in_its_place_alone(package: str) -> None:
    users = {str(path) for path in PACKAGE if package in {name.partition(".")[0] for name in imports(path)}}
    assert not [path for path in users if not path.startswith(ALLOWED[package])]


def rooms_of_the_page() -> dict[str, list[str]]:
    """Return the rooms and their folders as docs/architecture.md lists them, in the order of its table."""
    section = (ROOT / "docs/architecture.md").read_text().partition("## Rooms")[2].partition("## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return {row[1].strip(" `"): re.findall(r"`(\w+)`", row[3]) for row in rows}


def test_the_page_lists_the_rooms_and_their_folders() -> None:
    there = {
        room: sorted(path.name for path in (ROOT / "solarflare" / room).iterdir() if (path / "__init__.py").is_file())
        for room in ROOMS
    }
    assert {room: sorted(folders) for room, folders in rooms_of_the_page().items()} == there
    assert tuple(rooms_of_the_page()) == ROOMS
    top = {path.parts[1] for path in PACKAGE}
    assert top == {*ROOMS, "__init__.py", "api.py", "cli.py"}


def test_no_module_imports_the_api() -> None:
    assert not [path for path in (*PACKAGE, *STAGE_SCRIPTS) if {"solarflare", "solarflare.api"} & imports(path)]


def test_the_package_imports_its_api_with_the_first_use_alone() -> None:
    program = """
import sys, solarflare
early = {"solarflare.api", "solarflare.predict", "numpy", "pandas"} & set(sys.modules)
assert not early, early
solarflare.load_model
assert "solarflare.api" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_offers_the_names_of_its_api() -> None:
    assert vars(solarflare)["__all__"] == api.__all__
    stub = (ROOT / "solarflare/__init__.pyi").read_text()
    assert re.findall(r" as (\w+)", stub) == api.__all__


def test_no_module_imports_from_a_later_room() -> None:
    wrong = [
        f"{path} imports {module}"
        for path in PACKAGE
        if path.parts[1] in ROOMS
        for module in filter(None, map(module_path, sorted(imports(path))))
        if len(module.parts) > 2 and ROOMS.index(path.parts[1]) < ROOMS.index(module.parts[1])
    ]
    assert not wrong


def test_every_file_is_short_enough_to_read() -> None:
    assert not [path for path in PACKAGE if len((ROOT / path).read_text().splitlines()) > MOST_LINES]
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= MOST_LINES_OF_DVC_YAML


def test_text_files_are_in_utf8_whatever_the_locale_is() -> None:
    without = [
        f"{path}:{call.lineno}"
        for path in PACKAGE
        for call in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("read_text", "write_text")
        and "encoding" not in [word.arg for word in call.keywords]
    ]
    assert not without


@pytest.mark.parametrize("stage", ["train_disk", "train_region", "evaluate"])
def test_no_edit_to_a_figure_reruns_a_network(stage: str) -> None:
    assert not [path for path in closure(Path(f"stages/{stage}.py")) if "matplotlib" in imports(path)]


def test_no_parameter_has_a_name_that_dvcs_run_cache_ignores() -> None:
    """treeverse/dvc #10296: `size` and `nfiles` inside a group are ignored, and the old output is kept."""
    assert not {"size", "nfiles"} & {name for key in PARAMETERS for name in key.split(".")}


def test_every_parameter_is_explained_where_it_first_appears() -> None:
    lines = reversed((ROOT / "params.yaml").read_text().splitlines())
    first = {line.partition(":")[0].strip(): line for line in lines}
    names = {key.rpartition(".")[2] for key in PARAMETERS} & first.keys()
    assert not [name for name in names if "#" not in first[name]]


def test_every_stage_is_a_page() -> None:
    assert {stage for stage in STAGES if len((ROOT / f"stages/{stage}.py").read_text().splitlines()) > 80} == set()


def test_nothing_in_git_names_a_machine_or_an_index() -> None:
    pattern = r"(^|[^A-Za-z0-9_.])/(home|root|work|farm|Users)/[a-z]|files\.pythonhosted|pypi\.org|deb\.debian\.org"
    found = git("grep", "-nIE", pattern, "--", ".", ":!*.svg", ":!tests/project/test_architecture.py")
    assert found == ""


def test_the_lock_file_names_no_host() -> None:
    assert not re.search(r"://|--index-url|--find-links", (ROOT / "requirements.lock").read_text())
