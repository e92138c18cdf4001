"""Every option that takes a number refuses what no command can compute with."""

import inspect

import pytest
from typer.testing import CliRunner

from solarflare.cli import app

REQUIRED = {
    "base-rate": [],
    "score": ["forecasts.csv"],
    "forecast": ["forecasts.csv", "folder", "--method", "mine"],
}


def numeric() -> list[tuple[str, str]]:
    """Return each command with each of its options that takes a number with a fraction."""
    return [
        (registered.callback.__name__.replace("_", "-"), f"--{name.replace('_', '-')}")
        for registered in app.registered_commands
        if registered.callback
        for name, parameter in inspect.signature(registered.callback).parameters.items()
        if "float" in str(parameter.annotation)
    ]


@pytest.mark.parametrize("value", ["inf", "nan", "1e400"])
@pytest.mark.parametrize(("command", "option"), numeric())
def test_a_number_that_is_not_finite_is_refused(command: str, option: str, value: str) -> None:
    result = CliRunner().invoke(app, [command, *REQUIRED[command], option, value])
    assert f"Invalid value for '{option}'" in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(("command", "option"), [("score", "--block-days"), ("forecast", "--hours")])
def test_a_number_that_overflows_is_refused(command: str, option: str) -> None:
    result = CliRunner().invoke(app, [command, *REQUIRED[command], option, "1e308"])
    assert "less than or equal to" in result.output
