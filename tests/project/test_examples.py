"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted(path.relative_to(ROOT) for path in (ROOT / "solarflare").rglob("*.py") if ">>>" in path.read_text())


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_examples_of_a_module_are_true(path: Path) -> None:
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    assert doctest.testmod(module).failed == 0
