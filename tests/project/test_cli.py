"""The commands as a user runs them: as processes, in a DVC project whose stages are made up."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from solarflare.core import paths
from solarflare.core.tasks import TASKS
from tests import parameters

ROOT = Path(__file__).resolve().parents[2]
METRICS = ("disk", "region", "audit")
STAGES: dict[str, Any] = {
    **{
        f"train_{task}": {"cmd": f"cp -r made/models models/{task}", "deps": ["made"], "outs": [f"models/{task}"]}
        for task in TASKS
    },
    "evaluate": {
        "cmd": "cp made/metrics/details/*.json metrics/details",
        "deps": ["models/disk", "made"],
        "params": ["evaluate"],
        "metrics": [{f"metrics/details/{name}.json": {"cache": False}} for name in METRICS],
    },
    "report": {"cmd": "mkdir reports", "deps": ["metrics/details/disk.json"], "outs": ["reports"]},
}


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "MLFLOW_TRACKING_URI")}
    environment = inherited | {"PYTHONPATH": str(ROOT)} | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def solarflare(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this checkout, wherever the test is."""
    return run(sys.executable, "-m", "solarflare.cli", *arguments, **variables)


def dvc(*arguments: str) -> None:
    done = run(sys.executable, "-m", "dvc", *arguments)
    assert done.returncode == 0, done.stderr


def assert_refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    """One sentence with exit code 1."""
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"error: {sentence}"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's parameters, in which the test runs."""
    shutil.copy(parameters.FIXED, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(folder: Path) -> Path:
    """The same as a DVC project with the manifests, whose pipeline has run; both tasks are absent."""
    shutil.copytree(ROOT / "manifests", "manifests")
    for path in ("made/models/absent.json", *(f"made/metrics/details/{name}.json" for name in METRICS)):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text('{"absent": "no such task"}\n')
    Path("models").mkdir()
    Path("metrics/details").mkdir(parents=True)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    run("git", "init", "-q")
    dvc("init", "-q")
    dvc("repro", "-q")
    return folder


def test_a_store_is_made_once_and_kept(folder: Path) -> None:
    for _ in range(2):
        assert solarflare("store").returncode == 0
    assert Path("mlflow.db").exists()


def test_a_store_that_does_not_answer_is_one_sentence(folder: Path) -> None:
    done = solarflare("store", MLFLOW_TRACKING_URI="nonsense://x")
    assert done.returncode == 1
    assert done.stderr.startswith("error: MLflow at nonsense://x: ")
    assert len(done.stderr.splitlines()) == 1


def test_the_digest_of_a_folder_that_is_not_there_is_one_sentence(folder: Path) -> None:
    assert_refused(solarflare("digest", "sun"), "sun is not a folder; name one with images, flares.csv and regions.csv")


def test_an_unknown_profile_is_one_sentence(folder: Path) -> None:
    assert_refused(solarflare("experiment", "x"), "profiles/x.yaml is not there; the profiles here are none")


def test_results_are_written_and_checked(folder: Path) -> None:
    Path("docs/results").mkdir(parents=True)
    Path("docs/results/x.json").write_text(json.dumps({"profile": "x", "variants": {}}))
    Path("README.md").write_text("nothing to fill in\n")
    Path("docs/x.md").write_text("<!-- results:x -->\n<!-- /results:x -->\n")
    sentence = "docs/x.md: a table is out of step with docs/results/; write it with `solarflare results`"
    assert_refused(solarflare("results", "--check"), sentence)
    assert solarflare("results").returncode == 0
    assert solarflare("results", "--check").returncode == 0


def test_results_that_are_out_of_date_are_not_logged(project: Path) -> None:
    text = paths.PARAMS.read_text()
    paths.PARAMS.write_text(text.replace("resamples: 2000", "resamples: 500"))
    assert_refused(solarflare("log"), "the results of evaluate are out of date; run `dvc repro` first")


def test_a_pipeline_without_a_stage_is_one_sentence(project: Path) -> None:
    stages = {name: stage for name, stage in STAGES.items() if name != "evaluate"}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    done = solarflare("log")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(
        "error: `dvc status`: 'evaluate' does not exist as an output or a stage name in 'dvc.yaml'"
    )
    assert sentence.endswith("or restore the file with `git checkout dvc.yaml`")


def test_where_there_is_nothing_to_log_it_says_where_to_look(project: Path) -> None:
    done = solarflare("log")
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert all(place in line for place in ("reports/index.html", "make ui"))


def make(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run this checkout's ``make`` without an installation."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return run("make", "--file", str(ROOT / "Makefile"), "--old-file=setup", PATH=path, **variables)


@pytest.mark.parametrize("runs", [True, False])
def test_make_prints_the_scores_whether_or_not_a_stage_ran(project: Path, runs: bool) -> None:
    """In this project both tasks are absent."""
    if runs:
        stages = STAGES | {"report": STAGES["report"] | {"cmd": "mkdir reports; echo the report"}}
        Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    done = make()
    assert done.returncode == 0, done.stderr
    assert ("the report" in done.stdout.splitlines()) == runs
    assert done.stdout.splitlines().count("disk: absent, no such task") == 1
    assert "reports/index.html" in done.stdout


def test_make_fails_if_a_stage_fails(project: Path) -> None:
    shutil.rmtree("made/metrics")
    assert make().returncode != 0


def test_a_mistake_in_the_parameters_deletes_nothing(project: Path) -> None:
    text = paths.PARAMS.read_text()
    paths.PARAMS.write_text(text.replace("resamples: 2000", "resample: 2000"))
    done = make()
    assert done.returncode != 0
    assert "error: params.yaml: key evaluate.resample" in done.stderr
    assert Path("metrics/details/disk.json").exists()
    assert Path("reports").is_dir()


def test_the_version_is_that_of_the_package(folder: Path) -> None:
    assert solarflare("--version").stdout == f"solarflare {version('solarflare')}\n"


@pytest.mark.parametrize(("on_leak", "code"), [("fail", 1), ("warn", 0)])
def test_a_leak_fails_unless_it_is_to_warn(project: Path, on_leak: str, code: int) -> None:
    Path("made/metrics/details/audit.json").write_text(json.dumps({"disk": {"leak": True}, "region": {"leak": False}}))
    paths.PARAMS.write_text(paths.PARAMS.read_text().replace("on_leak: fail", f"on_leak: {on_leak}"))
    dvc("repro", "-q")
    done = solarflare("log")
    assert done.returncode == code
    assert ("error: the audit found a leak in disk: " in done.stderr) == (on_leak == "fail")


def test_a_plan_is_printed_with_its_cost_and_touches_nothing(folder: Path) -> None:
    done = solarflare("scrape", "--plan")
    assert done.returncode == 0, done.stderr
    assert "together" in done.stdout
    assert [path.name for path in folder.iterdir()] == ["params.yaml"]


def test_scrape_without_plan_names_the_command_that_fetches(folder: Path) -> None:
    assert_refused(
        solarflare("scrape"), "`dvc repro scrape` fetches the data; `solarflare scrape --plan` says what that costs"
    )
