"""No command deletes or replaces what no command made, wherever its user sends the output."""

import inspect
from pathlib import Path

import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.tracking import commands as tracking

FOLDERS = {
    "cutouts": ["{output}"],
    "score": ["forecasts.csv", "--figures", "{output}"],
    "forecast": ["forecasts.csv", "{output}", "--method", "ours"],
    "predict": ["sun.jpg", "--figures", "{output}"],
    "now": ["--figures", "{output}"],
    "export": ["{output}"],
    "review": ["--page", "{output}.md"],
}
"""The arguments with which each command writes into a folder."""

FILES = {
    "now": ["--forecast", "{output}"],
    "review": ["--page", "{output}"],
    "manifest": ["{output}"],
    "score": ["forecasts.csv", "more.csv", "--page", "{output}"],
    "scoreboard": ["predictions.csv", "{output}"],
}
"""The arguments with which each command writes a file."""

INPUTS = {"check", "digest", "score", "forecast", "predict", "experiment", "pretrain", "sweep"}
"""Commands that read a path."""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def refused(command: str, arguments: list[str], output: str, sentence: str) -> None:
    """Run a command, and assert that it says one sentence and changes nothing."""
    before = contents(Path())
    result = CliRunner().invoke(app, [command, *(argument.format(output=output) for argument in arguments)])
    assert sentence in str(result.exception)
    assert contents(Path()) == before


@pytest.mark.parametrize("command", FOLDERS)
def test_a_folder_of_the_users_is_refused(command: str) -> None:
    (Path("data") / "raw").mkdir(parents=True)
    (Path("data") / "raw" / "images.csv").write_text("precious")
    refused(command, FOLDERS[command], "data", "data is not empty and no command of solarflare made it")


@pytest.mark.parametrize("command", [name for name in FOLDERS if name != "review"])
def test_a_file_is_not_turned_into_a_folder(command: str) -> None:
    Path("params.yaml").write_text("tasks: []")
    refused(command, FOLDERS[command], "params.yaml", "params.yaml is a file and the output needs a folder")


@pytest.mark.parametrize("command", FILES)
def test_a_file_of_the_users_is_refused(command: str) -> None:
    Path("notes.md").write_text("# Precious")
    refused(command, FILES[command], "notes.md", "notes.md is there and this command did not write it")


@pytest.mark.parametrize("command", FILES)
def test_a_folder_is_not_turned_into_a_file(command: str) -> None:
    Path("notes.md").mkdir()
    refused(command, FILES[command], "notes.md", "notes.md is a folder and the output is a file")


def test_a_page_that_is_no_markdown_is_refused() -> None:
    # Its folder of figures would have the page's own name.
    refused("review", FILES["review"], "notes", "name a file that ends in .md")


def test_every_command_with_a_path_is_in_a_list_above() -> None:
    commands = {
        registered.name or str(registered.callback.__name__).replace("_", "-"): inspect.signature(registered.callback)
        for registered in [*app.registered_commands, *tracking.app.registered_commands]
        if registered.callback
    }
    with_path = {name for name, signature in commands.items() if "Path" in str(signature)}
    assert with_path == {*FOLDERS, *FILES, *INPUTS}
