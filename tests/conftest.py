"""What several test modules share."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _shared(name: str, what: str) -> Path:
    """Return a folder kept beside the checkout; skip where it is absent, fail in CI."""
    folder = SHARED / name
    if not folder.is_dir():
        message = f"needs {what} in ../shared/{name}, which is not there"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def shared_sun() -> Path:
    """The folder of real images and catalogues, kept beside the checkout."""
    return _shared("sun", "the real archive")


@pytest.fixture(scope="session")
def shared_published() -> Path:
    """The folder of test predictions that others published, kept beside the checkout."""
    return _shared("published", "published predictions")
