"""What DVC knows of the stages, in a real DVC project whose stages are made up."""

import fcntl
import json
import os
import py_compile
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from solarflare.core.errors import InputError
from solarflare.tracking import dvc_lock, dvc_state
from tests.repositories import shell

ROOT = Path(__file__).resolve().parents[2]
PRINT = "import sys; from solarflare.tracking import dvc_state; print(dvc_state.inputs('train')['train'].fingerprint)"
STAGES = {
    "prepare": {"cmd": "mkdir -p data && cp code/prepare.py data/rows", "deps": ["code/prepare.py"], "outs": ["data"]},
    "train": {
        "cmd": f'{sys.executable} -c "{PRINT}" > model',
        "deps": ["code", "data/rows"],
        "params": ["epochs"],
        "outs": ["model"],
    },
    "other": {"cmd": "echo 1 > other", "outs": ["other"]},
}


def fingerprints() -> dict[str, str]:
    known = dvc_state.inputs("train")
    assert known is not None
    return {name: inputs.fingerprint for name, inputs in known.items()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DVC project with this project's .dvcignore, whose pipeline has run; the test runs in it."""
    folder = tmp_path / "project"
    (folder / "code").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("prepare", "train"):
        Path(f"code/{name}.py").write_text(f"print('{name}')\n")
    Path("params.yaml").write_text("epochs: 3\n")
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    shell("git", "init", "-q")
    shell(sys.executable, "-m", "dvc", "init", "-q")
    shutil.copy(ROOT / ".dvcignore", folder)
    shell(sys.executable, "-m", "dvc", "repro", "-q")
    return folder


def test_the_inputs_of_a_stage_are_those_of_the_stages_before_it_too(project: Path) -> None:
    known = dvc_state.inputs("train")
    assert known is not None
    assert sorted(known) == ["prepare", "train"]
    assert known["train"].params == {"epochs": 3}
    assert sorted(known["train"].contents) == ["code", "data/rows"]


def test_a_running_stage_has_the_fingerprint_that_it_has_afterwards(project: Path) -> None:
    assert Path("model").read_text().strip() == fingerprints()["train"]


def test_byte_compiled_files_do_not_change_a_fingerprint(project: Path) -> None:
    before = fingerprints()
    compiled = py_compile.compile("code/train.py", optimize=1)
    assert compiled is not None
    assert Path(compiled).parent == Path("code/__pycache__")
    assert fingerprints() == before
    assert dvc_state.outdated(["train"]) == []


def test_a_fingerprint_is_the_same_in_another_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprints()
    copy = project.parent / "elsewhere"
    # Without DVC's cache, and with other times of the files, as on another machine.
    shutil.copytree(project, copy, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("cache", "tmp"))
    shutil.rmtree(project)
    monkeypatch.chdir(copy)
    assert fingerprints() == before


@pytest.mark.parametrize(
    ("path", "content", "stages"),
    [
        ("code/train.py", "print('other')\n", {"train"}),
        ("code/new/module.py", "", {"train"}),
        ("code/prepare.py", "print('other')\n", {"prepare", "train"}),
        ("data/rows", "other rows", {"train"}),
        ("params.yaml", "epochs: 4\n", {"train"}),
        ("other", "2", set()),
    ],
)
def test_a_change_of_an_input_changes_the_fingerprint(project: Path, path: str, content: str, stages: set[str]) -> None:
    before = fingerprints()
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).unlink(missing_ok=True)
    Path(path).write_text(content)
    after = fingerprints()
    assert {name for name in before if before[name] != after[name]} == stages


def test_what_is_out_of_date_is_told_with_what_was_modified(project: Path) -> None:
    Path("code/train.py").write_text("print('other')\n")
    Path("other").unlink()
    assert dvc_state.outdated(["prepare", "train", "other"]) == ["train", "other"]
    assert dvc_state.modified() == {"train": ["code"]}


def test_outside_a_dvc_project_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dvc_state.inputs("train") is None
    assert dvc_state.modified() == {}


def test_a_missing_dependency_is_one_sentence(project: Path) -> None:
    Path("data/rows").unlink()
    with pytest.raises(InputError, match=r"^dvc\.yaml, stage train: .*data/rows.*; run `dvc repro`$"):
        dvc_state.inputs("train")


def test_another_dvc_command_is_waited_for(project: Path) -> None:
    lock = {"write": {str(project / "model"): {"pid": os.getpid(), "cmd": "dvc repro"}}, "read": {}}
    Path(".dvc/tmp/rwlock").write_text(json.dumps(lock))
    with pytest.raises(InputError, match=r"^`dvc status`: .*model.* is busy.*; wait for other DVC commands to end"):
        dvc_state.outdated(["train"])


def test_files_and_folders_have_the_hashes_of_dvc_lock(project: Path) -> None:
    stages = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    recorded = {entry["path"]: entry["md5"] for stage in stages.values() for entry in stage.get("deps", [])}
    contents = {path.name: path.read_bytes() for path in Path("code").iterdir()}
    assert dvc_state.folder_hash(contents) == recorded["code"]
    assert dvc_state.file_hash(contents["prepare.py"]) == recorded["code/prepare.py"]


@pytest.mark.usefixtures("project")
def test_a_list_of_locks_that_a_killed_dvc_left_half_written_is_deleted() -> None:
    lock = Path(".dvc/tmp/rwlock")
    for content in ("", '{"data": {"wri'):
        lock.write_text(content)
        assert dvc_state.outdated(["train"]) == []


@pytest.mark.usefixtures("project")
def test_a_list_of_locks_that_another_dvc_is_writing_stays() -> None:
    lock = Path(".dvc/tmp/rwlock")
    lock.write_text("")
    with lock.with_name("rwlock.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        dvc_lock.mend()
    assert lock.exists()


@pytest.mark.usefixtures("project")
def test_a_damaged_dvc_lock_is_refused_with_one_sentence() -> None:
    lock = Path("dvc.lock")
    whole = lock.read_text()
    dvc_lock.check()
    for damaged in ("", whole[: whole.index("md5: ") + 12], whole.replace("md5:", "md4:", 1), f"<<<<<<< HEAD\n{whole}"):
        lock.write_text(damaged)
        with pytest.raises(InputError, match=r"dvc\.lock.*`git checkout dvc\.lock`"):
            dvc_lock.check()
    lock.unlink()
    dvc_lock.check()
