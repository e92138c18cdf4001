"""A command that needs the project says so outside of it, and writes nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError
from solarflare.tracking import dvc_state

COMMANDS = ("accept", "exps", "log", "plots-page", "reproduced", "restore", "results", "store", "summary", "ui")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_outside_of_the_project_is_one_sentence(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [command])
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("params.yaml is not there: run in the project's folder")
    assert not list(tmp_path.iterdir())


def test_parameters_outside_of_a_repository_are_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^\.dvc is not there: run in the project's folder"):
        dvc_state.outdated(["evaluate"])
