"""Headless Chromium, for the tests of pages and for the pictures of them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium import webdriver

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def programs() -> tuple[str, str] | None:
    """Return where the browser and its driver are, or None where one of them is not."""
    browser = next(filter(None, map(shutil.which, PROGRAMS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium(browser: str, driver: str, *flags: str) -> Iterator["webdriver.Chrome"]:
    """Yield a browser that remembers what it asked for and what was written to its console.

    Parameters
    ----------
    browser, driver : str
        Of `programs`: named, or else selenium looks for them on the net.
    *flags : str
        Of the browser's command line, beside those that it needs anyhow.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        needed = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", f"user-data-dir={profile}")
        for flag in (*needed, *flags):
            options.add_argument(f"--{flag}")
        started = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield started
        finally:
            started.quit()
