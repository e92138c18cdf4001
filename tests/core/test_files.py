"""Nothing is ever half-written, and what goes wrong is one sentence."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from solarflare.core import absent, console, files
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


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_a_killed_run_left_never_stops_the_next(kind: str, tmp_path: Path) -> None:
    path, former = tmp_path / "out", tmp_path / ".former-out"
    path.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    if kind == "folder":
        former.mkdir()
        (former / "a").touch()
    elif kind == "file":
        former.touch()
    else:
        former.symlink_to(tmp_path / "elsewhere")
    with files.atomic_directory(path) as partial:
        (partial / "b").touch()
    assert [p.name for p in path.iterdir()] == ["b"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "out"]
    assert (tmp_path / "elsewhere" / "kept").exists()


def test_a_run_that_was_killed_between_two_renames_leaves_the_former_folder(tmp_path: Path) -> None:
    path = tmp_path / "out"
    (tmp_path / ".former-out").mkdir()
    (tmp_path / ".former-out" / "a").touch()
    with suppress(RuntimeError), files.atomic_directory(path):
        raise RuntimeError
    assert [p.name for p in path.iterdir()] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


class TestOutputFolder:
    def write(self, path: Path, *names: str) -> None:
        with files.OutputFolder(path).replaced() as partial:
            for name in names:
                (partial / name).parent.mkdir(exist_ok=True)
                (partial / name).write_text("new")

    def names(self, path: Path) -> list[str]:
        return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file() and p.name != files.MADE)

    def test_its_files_are_replaced_and_a_file_of_the_users_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        self.write(path, "AR/1.png", "table.csv")
        (path / "notes.txt").write_text("precious")
        self.write(path, "AR/2.png", "table.csv")
        assert self.names(path) == ["AR/2.png", "notes.txt", "table.csv"]

    def test_a_file_of_the_users_in_it_is_not_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        self.write(path, "a")
        (path / "b").write_text("precious")
        with pytest.raises(InputError, match="b is there and no command of solarflare wrote it"):
            self.write(path, "a", "b")
        with pytest.raises(InputError, match="b is there"), files.OutputFolder(path).file("b"):
            pass
        assert (path / "b").read_text() == "precious"

    def test_a_failure_keeps_its_files_and_leaves_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        self.write(path, "a")
        for folder in (path, tmp_path / "new"):
            with suppress(RuntimeError), files.OutputFolder(folder).replaced() as partial:
                (partial / "b").touch()
                raise RuntimeError
        assert self.names(path) == ["a"]
        assert [p.name for p in tmp_path.iterdir()] == ["out"]

    def test_files_are_added_one_by_one(self, tmp_path: Path) -> None:
        for name in ("a", "b", "a"):
            with files.OutputFolder(tmp_path / "out").file(name) as partial:
                partial.write_text(name)
        assert self.names(tmp_path / "out") == ["a", "b"]

    def test_what_a_killed_command_left_does_not_stop_the_next(self, tmp_path: Path) -> None:
        (tmp_path / "out" / ".partial").mkdir(parents=True)
        (tmp_path / "out" / ".partial" / "a").touch()
        self.write(tmp_path / "out", "b")
        assert self.names(tmp_path / "out") == ["b"]

    def test_what_two_commands_at_once_listed_is_listed_once_after_the_next(self, tmp_path: Path) -> None:
        (tmp_path / files.MADE).write_text("a\na\n")
        (tmp_path / "a").touch()
        with files.OutputFolder(tmp_path).file("a") as partial:
            partial.touch()
        assert (tmp_path / files.MADE).read_text().splitlines() == ["a"]

    def test_a_list_that_names_files_elsewhere_deletes_none(self, tmp_path: Path) -> None:
        (tmp_path / "precious").touch()
        self.write(tmp_path / "out", "a")
        (tmp_path / "out" / files.MADE).write_text(f"a\n../precious\n{tmp_path / 'precious'}\n")
        self.write(tmp_path / "out", "b")
        assert (tmp_path / "precious").exists()

    def test_a_link_to_a_folder_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "out").symlink_to(tmp_path / "disk")
        self.write(tmp_path / "out", "a")
        self.write(tmp_path / "out", "b")
        assert self.names(tmp_path / "disk") == ["b"]


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
        ("raise PermissionError(13, 'Permission denied', 'cache')", "error: cache cannot be used (Permission denied)"),
        ("Path('/dev/null/cache').mkdir()", "error: /dev/null/cache cannot be used (Not a directory)"),
        ("Path('/dev/null').mkdir()", "error: /dev/null cannot be used (File exists)"),
        ("Path('/dev').write_text('x')", "error: /dev cannot be used (Is a directory)"),
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


@pytest.mark.parametrize("waiting", ["threading.Thread(target=stuck).start(); time.sleep(3600)", "stuck()"])
def test_a_command_ends_soon_whatever_its_threads_wait_for(waiting: str) -> None:
    # A system call that starts again after a signal, as the question to a name server does.
    program = f"""
import ctypes, os, signal, threading, time
from solarflare.core.console import ends_soon, run
def stuck():
    while True:
        ctypes.CDLL(None).sleep(3600)
def main():
    with ends_soon(lambda: print("stopped", flush=True)):
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
        {waiting}
run(main)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 1
    assert done.stdout == "stopped\n"
    assert done.stderr.splitlines() == [console.INTERRUPTED]


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


def test_a_folder_that_another_process_writes_is_one_sentence(tmp_path: Path) -> None:
    with files.atomic_directory(tmp_path / "out") as first:
        (first / "a").write_text("first")
        with (
            pytest.raises(InputError, match="is being written by another process"),
            files.atomic_directory(tmp_path / "out"),
        ):
            pass
    assert (tmp_path / "out/a").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
