"""What is asked of Git, in a real repository."""

from pathlib import Path

import pytest

from solarflare.core.errors import InputError
from solarflare.tracking import git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of two files; the test runs in it."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for path in ("file", "folder/file"):
        Path(path).write_text("committed\r\n", newline="")
    git.output("init", "--quiet", "--initial-branch=main")
    git.output("config", "user.name", "a user")
    git.output("config", "user.email", "user@example.org")
    git.output("add", ".")
    git.output("commit", "--quiet", "--message", "files")
    return tmp_path


def test_output_keeps_the_space_that_begins_a_line_of_a_status(repository: Path) -> None:
    Path("file").write_text("changed")
    assert git.output("status", "--porcelain") == " M file\n"


def test_a_commit_has_its_hash_by_any_name(repository: Path) -> None:
    head = git.output("rev-parse", "HEAD").strip()
    assert [git.commit(name) for name in ("main", "HEAD", head, "other", "--all")] == [head, head, head, None, None]


def test_content_is_that_of_the_commit_byte_by_byte(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("changed")
    monkeypatch.chdir("folder")
    assert git.content("file", "HEAD") == b"committed\r\n"
    assert git.content("other", "HEAD") is None


def test_files_of_a_commit_are_listed_below_a_path(repository: Path) -> None:
    Path("folder/other").write_text("not committed")
    assert git.files("HEAD", "folder") == ["folder/file"]
    assert git.files("HEAD", "nothing") == []


def test_outside_a_repository_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert git.commit("HEAD") is None
    with pytest.raises(InputError, match=r"^`git status --porcelain`: fatal: not a git repository.*; run this"):
        git.output("status", "--porcelain")


def test_a_machine_without_git_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"^git is not installed: install it"):
        git.output("status")
