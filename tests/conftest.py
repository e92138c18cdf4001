"""What several test modules share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import HealthCheck, settings

import solarflare  # noqa: F401 - it pins the processor's instructions before a test imports NumPy
from tests import chromium as browsers

if TYPE_CHECKING:
    from selenium import webdriver

# A busy machine is slow, and its tests are right all the same.
settings.register_profile("without-a-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without-a-clock")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _shared(name: str, what: str) -> Path:
    """Return a folder kept beside the checkout; skip where it is absent, fail in CI."""
    folder = SHARED / name
    if not folder.is_dir():
        _go_without(f"needs {what} in ../shared/{name}, which is not there")
    return folder


def _go_without(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_sun() -> Path:
    """The folder of real images and catalogues, kept beside the checkout."""
    return _shared("sun", "the real archive")


@pytest.fixture(scope="session")
def shared_published() -> Path:
    """The folder of test predictions that others published, kept beside the checkout."""
    return _shared("published", "published predictions")


@pytest.fixture(scope="session")
def chromium() -> Iterator["webdriver.Chrome"]:
    """Headless Chromium, which remembers what it asked for and what was written to its console."""
    if (found := browsers.programs()) is None:
        _go_without("needs chromium and chromedriver, which are not there")
    with browsers.chromium(*found) as driver:
        yield driver


@pytest.fixture(scope="session")
def aria2c() -> None:
    """Aria2c, which another fetcher is measured against."""
    if shutil.which("aria2c") is None:
        _go_without("needs aria2c, which is not there")
