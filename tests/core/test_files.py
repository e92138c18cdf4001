"""Nothing is ever half-written, and what goes wrong is one sentence."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from solarflare.core import absent, files
from solarflare.core.errors import InputError
from tests.projects import TIMEOUT


def test_a_file_appears_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.txt"
    with files.atomic_path(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"


def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with suppress(RuntimeError), files.atomic_path(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_a_failure_keeps_the_old_folder_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with files.atomic_directory(path) as partial:
        (partial / "a").write_text("old")
    with suppress(RuntimeError), files.atomic_directory(path) as partial:
        (partial / "b").write_text("half")
        raise RuntimeError
    assert [p.name for p in path.iterdir()] == ["a"]
    with files.atomic_directory(path) as partial:
        (partial / "b").write_text("new")
    assert [p.name for p in path.iterdir()] == ["b"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["disk.json", "disk.csv", "disk"])
def test_an_absence_says_why(tmp_path: Path, name: str) -> None:
    assert absent.reason(tmp_path / name) is None
    absent.mark(tmp_path / name, "the task is off")
    assert absent.reason(tmp_path / name) == "the task is off"


def test_a_table_is_not_an_absence(tmp_path: Path) -> None:
    (tmp_path / "disk.csv").write_text("path,label\na,1\n")
    assert absent.reason(tmp_path / "disk.csv") is None


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("raise InputError('flares.csv, row 3: mend it')", "error: flares.csv, row 3: mend it"),
        ("raise KeyboardInterrupt", "error: interrupted"),
        ("os.kill(os.getpid(), signal.SIGINT)", "error: interrupted"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "error: interrupted"),
        ("Path('/dev/full').write_text('x')", "error: the disk is full"),
    ],
)
def test_a_command_ends_with_one_sentence_and_exit_code_1(trouble: str, sentence: str) -> None:
    program = f"""
import os, signal
from pathlib import Path
from solarflare.core.console import run
from solarflare.core.errors import InputError
from tests.projects import TIMEOUT
def main():
    {trouble}
run(main)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr


def test_an_interruption_during_a_finaliser_is_not_lost() -> None:
    program = """
import os, signal, time
from solarflare.core.console import run
class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
def main():
    held = Held()
    del held
    time.sleep(3600)
run(main)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 1
    assert done.stderr.startswith("error: interrupted")


@pytest.mark.parametrize("text", [None, "{"])
def test_a_missing_or_broken_result_names_the_stage_that_writes_it(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "audit.json").write_text(text)
    with pytest.raises(InputError, match=r"audit\.json is not there or is broken; make it with `dvc repro audit`"):
        files.read_json(tmp_path / "audit.json", "audit")
