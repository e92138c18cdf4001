"""The whole pipeline, for real, on a tiny Sun: a second clone, git, dvc and every stage."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from solarflare.core import params
from tests import parameters

ROOT = Path(__file__).resolve().parents[2]
TINY: dict[str, dict[str, Any]] = {
    "scrape.simulated": {
        "start": "2010-06-01",
        "end": "2012-06-01",
        "disk_images": 60,
        "region_images": 60,
    },
    "split": {"block_days": 9},
    "crop.disk": {"img_width": 64},
    "crop.region": {"img_width": 32},
    "train_disk": {"epochs": 2},
    "train_region": {"epochs": 2},
    "audit": {"resamples": 100, "on_leak": "warn"},
    "evaluate": {"resamples": 100},
}


def shell(*command: str, cwd: Path) -> str:
    """Run a command in a project's folder and return what it printed; fail with its output if it fails."""
    bin_folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    for name in ("DVC_ROOT", "MLFLOW_TRACKING_URI"):
        environment.pop(name, None)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copy_of_the_project(folder: Path, chosen: dict[str, Any] = TINY) -> Path:
    """Copy what git tracks of this checkout, as it stands in the working tree, into a repository of its own."""
    for name in shell("git", "ls-files", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copy(parameters.FIXED, folder)
    choose(folder, chosen)
    (folder / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(folder / "metrics", ignore_errors=True)
    shell("git", "init", "-q", "-b", "main", cwd=folder)
    shell("git", "config", "user.name", "a user", cwd=folder)
    shell("git", "config", "user.email", "user@example.org", cwd=folder)
    commit(folder, "the project")
    return folder


def choose(project: Path, chosen: dict[str, Any]) -> None:
    """Change groups of parameters, by the dotted key of the group."""
    content = params.read_yaml(project / "params.yaml")
    for key, changes in chosen.items():
        group = content
        for name in filter(None, key.split(".")):
            group = group[name]
        group.update(changes)
    (project / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def commit(project: Path, message: str) -> None:
    shell("git", "add", "-A", cwd=project)
    shell("git", "commit", "-q", "-m", message, cwd=project)


def digests(project: Path) -> dict[str, Any]:
    """Return what dvc recorded of every output."""
    lock = yaml.safe_load((project / "dvc.lock").read_text())
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the pipeline has run on a tiny Sun."""
    folder = copy_of_the_project(tmp_path_factory.mktemp("project"))
    shell("dvc", "repro", cwd=folder)
    commit(folder, "the tiny Sun's results")
    return folder


@pytest.mark.parametrize("task", ["disk", "region"])
def test_each_task_is_scored_with_an_interval(project: Path, task: str) -> None:
    metrics = json.loads((project / f"metrics/details/{task}.json").read_text())
    roc_auc = metrics["roc_auc"]
    assert roc_auc["low"] <= roc_auc["value"] <= roc_auc["high"]
    predictions = pd.read_csv(project / f"metrics/predictions/{task}.csv")
    split = pd.read_csv(project / f"data/splits/{task}.csv")
    assert len(predictions) == metrics["n"] == (split["part"] == "test").sum()


def test_the_audit_gives_a_verdict_on_both_tasks(project: Path) -> None:
    audit = json.loads((project / "metrics/details/audit.json").read_text())
    assert {task: type(audit[task]["leak"]) for task in ("disk", "region")} == {"disk": bool, "region": bool}


def test_the_page_answers_both_questions(project: Path) -> None:
    page = (project / "reports/index.html").read_text()
    for task, question in (("disk", "Is the Sun active?"), ("region", "Is this region flaring?")):
        scores = json.loads((project / f"metrics/details/{task}.json").read_text())
        assert f'<h3 id="answer-{task}">{question}</h3>' in page
        assert f'<span class="number">{scores["roc_auc"]["value"]:.2f}</span>' in page
        assert 0 <= scores["attribution"]["inside_disk"]["mass"]["value"] <= 1


def test_runs_are_logged_once_with_their_test_scores(project: Path) -> None:
    shell("solarflare", "log", cwd=project)
    program = """
import json, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
whole = "tags.stage = 'pipeline'"
runs = {name: mlflow.search_runs(experiment_names=[name], filter_string=whole) for name in ("disk", "region")}
print(json.dumps({name: [len(table), table["metrics.roc_auc"].tolist()] for name, table in runs.items()}))
"""
    logged = json.loads(shell(sys.executable, "-c", program, cwd=project).splitlines()[-1])
    for task, (runs, roc_auc) in logged.items():
        assert runs == 1
        assert roc_auc == [json.loads((project / f"metrics/details/{task}.json").read_text())["roc_auc"]["value"]]


def test_a_second_run_has_nothing_to_do(project: Path) -> None:
    assert "up to date" in shell("dvc", "repro", cwd=project)
    assert shell("git", "status", "--porcelain", cwd=project) == ""


def test_nothing_that_git_shows_names_this_machine(project: Path) -> None:
    for name in shell("git", "ls-files", "metrics", "dvc.lock", cwd=project).splitlines():
        assert str(project) not in (project / name).read_text(errors="replace")


@pytest.mark.slow
def test_a_forced_rerun_gives_the_same_bytes(project: Path) -> None:
    before = digests(project)
    shell("dvc", "repro", "--force", "--no-run-cache", cwd=project)
    assert digests(project) == before
    assert shell("git", "status", "--porcelain", cwd=project) == ""


@pytest.mark.slow
def test_an_experiment_reruns_what_its_parameter_touches(project: Path) -> None:
    printed = shell("dvc", "exp", "run", "-n", "longer", "-S", "train_disk.epochs=3", cwd=project)
    ran = {line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")}
    assert ran == {"train_disk", "evaluate", "report"}
    assert "longer" in shell("dvc", "exp", "show", "--csv", cwd=project)
    commit(project, "a longer training")
    assert "roc_auc" in shell("dvc", "metrics", "diff", "HEAD~1", "--all", cwd=project)
    assert "index.html" in shell("dvc", "plots", "diff", "HEAD~1", "-o", "plots", cwd=project)


@pytest.mark.slow
def test_a_search_trains_its_trials_and_scores_none_on_the_test(project: Path) -> None:
    search = {"train_disk.learning_rate": {"low": 0.001, "high": 0.01, "log": True}}
    content = {"task": "disk", "trials": 2, "jobs": 2, "seed": 1, "search": search}
    content["overrides"] = {"train_disk": {"cross_fit": 2, "epochs": 1}}
    (project / "sweep.yaml").write_text(yaml.safe_dump(content))
    commit(project, "a search")
    printed = shell(sys.executable, "-m", "solarflare.cli", "sweep", cwd=project)
    assert re.match(r"best of 2 trials: sweep-disk-\w{7}-[01], validation ROC-AUC 0\.\d{3}, of which about", printed)
    assert shell("git", "status", "--porcelain", cwd=project) == ""


SHOWN_TO_USERS = ("README.md", "CONTRIBUTING.md", "docs/live.md", "docs/results.md", "docs/review.md")


def documented_commands() -> list[str]:
    """Return every command in the shell blocks of the README and of the pages that continue it, once."""
    blocks = [
        block
        for page in SHOWN_TO_USERS
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    ]
    commands = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [command for command in dict.fromkeys(commands) if command]


RUN_ELSEWHERE = {
    # how this checkout came to be
    "git clone ADDRESS solarflare",
    "cd solarflare",
    # by .ci/run
    "make",
    "make test",
    "make lint",
    "make docs",
    # by the Makefile's own set-up, word for word but for the folder of the executables
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install --require-hashes -r requirements.lock",
    "pip install --no-deps --no-build-isolation --editable .",
    # by tests/sources/test_live.py and tests/sources/test_live_cutouts.py, of observatories on the loopback
    "dvc exp run -n january-2019 -S scrape.origin=live -S scrape.live.start=2019-01-01 -S scrape.live.end=2019-02-01",
    "solarflare cutouts --wavelength 171 data/cutouts",
    # by tests/sources/test_live_manifest.py: simulated images are in no manifest
    "solarflare manifest manifests/mine.csv",
    # by tests/predict/test_predict.py, of observatories on the loopback
    "solarflare predict data/raw/images/gong/2020",
    # makes a folder of its own and takes minutes: before a release, by hand
    "make live-rehearsal",
    "python -m tests.profile_rehearsal sdo-euv test-2014",
    # by the fixture of this module, and on pipelines of a second by tests/project/test_cli.py and
    # tests/tracking/test_profiles.py
    "dvc repro",
    "solarflare log",
    "make experiment PROFILE=sdo-euv",
    "make experiment PROFILE=sdo-euv PLAN=1",
    "make experiment PROFILE=sdo-euv ARCHIVE=path/to/archive",
    "make experiment PROFILE=sdo-magnetogram ARCHIVE=path/to/archive",
    "make experiment PROFILE=forecast",
    # by tests/project/test_recipes.py, in a fresh clone
    "git switch -c slower",
    "dvc exp run -n slower -S train_disk.learning_rate=0.001",
    'git commit -am "Train the disk network at half the learning rate"',
    "dvc metrics diff HEAD~1",
    "dvc plots diff HEAD~1",
    "make review BASE=main",
    "git switch main",
    "dvc checkout",
    # by tests/project/test_merge.py, on a pipeline of a second
    "git merge other",
    'git commit -am "Merge other"',
    # the same with another name
    "git switch -c my-change",
    # a server that runs until it is stopped
    "make ui",
    # needs a program that is not everywhere: below
    "python -m benchmarks.sources.scrape",
}


@pytest.mark.slow
def test_the_documented_commands_run(project: Path) -> None:
    commands = [command for command in documented_commands() if command not in RUN_ELSEWHERE]
    assert commands
    for command in commands:
        shell(*shlex.split(command), cwd=project)


PAGES = ["docs/api.md", "docs/tutorials/data.md", "docs/tutorials/explain.md", "docs/tutorials/train.md"]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(project: Path, page: str) -> None:
    shell("python", "-m", "docs.run_pages", page, cwd=project)
    shell("git", "checkout", "-q", ".", cwd=project)


def test_all_tutorials_are_run() -> None:
    assert {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/tutorials/*.md")} < set(PAGES)


@pytest.mark.slow
@pytest.mark.usefixtures("aria2c")
def test_fetching_is_measured_beside_aria2c() -> None:
    assert "ratio" in shell("python", "-m", "benchmarks.sources.scrape", cwd=ROOT)


def test_without_aria2c_the_benchmark_says_what_to_install(tmp_path: Path) -> None:
    command, environment = [sys.executable, "-m", "benchmarks.sources.scrape"], {"PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "install it" in done.stderr
