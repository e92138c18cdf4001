"""What several test modules share."""

import os
from pathlib import Path

import pytest

SHARED_SUN = Path(__file__).resolve().parents[2] / "shared" / "sun"


@pytest.fixture(scope="session")
def shared_sun() -> Path:
    """The folder of real images and catalogues, kept beside the checkout."""
    if not SHARED_SUN.is_dir():
        message = "needs the real archive in ../shared/sun, which is not there"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED_SUN
