"""A page as a browser draws it: scripts run, a consent overlay answered. Fetched by the manners of all else.

The browser reaches the hosts that the parameters name and no other, loads no images, keeps nothing, and starts with
the first page that needs it.
"""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable
from typing import Literal, Self
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import (
    ElementNotInteractableException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from solarflare.core.errors import InputError
from solarflare.sources.live.http.outcomes import Absent, Temporary

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What the browser is called on the systems that have one; otherwise Selenium Manager looks for it."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--blink-settings=imagesEnabled=false",
)

CONSENT = ("agree", "accept", "accept all", "i agree", "consent")
"""What the button of a consent overlay says."""

POLL = 0.1
"""Seconds between two looks at a page that is not ready."""

log = logging.getLogger("solarflare")


class Browser:
    """Headless Chromium.

    Parameters
    ----------
    hosts : iterable of str
        The authorities that it may reach.
    agent : str
        Its User-Agent: who asks is not hidden.
    timeout : float
        Seconds that a page may take.
    ready : callable
        Tells of a page's HTML whether what is wanted is there.
    """

    def __init__(self, hosts: Iterable[str], agent: str, timeout: float, ready: Callable[[bytes], bool]) -> None:
        self._hosts, self._agent, self._timeout, self._ready = sorted(hosts), agent, timeout, ready
        self._open = contextlib.ExitStack()
        self._driver: webdriver.Chrome | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._driver = None
        self._open.close()

    @property
    def started(self) -> bool:
        """Whether a page has needed it."""
        return self._driver is not None

    def read(self, url: str) -> bytes:
        """Return the HTML of a page once what is wanted is there.

        Parameters
        ----------
        url : str
            Of a host that may be reached.

        Raises
        ------
        Absent
            If it never is.
        Temporary
            If the page cannot be loaded.
        InputError
            If there is no browser.
        """
        driver = self._driver = self._driver or self._start()
        try:
            driver.get(url)
            return WebDriverWait(driver, self._timeout, POLL).until(self._drawn)
        except TimeoutException:
            raise Absent("not what is wanted, even in a browser") from None
        except WebDriverException as error:
            raise Temporary(f"the browser cannot load it ({_first_line(error)})") from error

    def _drawn(self, driver: webdriver.Chrome) -> bytes | Literal[False]:
        """Return the page if it is ready; otherwise answer what may stand in front of it."""
        page = driver.page_source.encode(errors="replace")
        if self._ready(page):
            return page
        for button in driver.find_elements(By.CSS_SELECTOR, "button, [role=button]"):
            # A page that is being drawn may take away what it has just shown.
            with contextlib.suppress(StaleElementReferenceException, ElementNotInteractableException):
                if " ".join(button.text.split()).lower() in CONSENT:
                    button.click()
                    log.debug("a consent overlay was answered")
                    break
        return False

    def _start(self) -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        profile = self._open.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        allowed = (f"EXCLUDE {urlsplit(f'//{host}').hostname}" for host in self._hosts)
        for flag in (
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--user-agent={self._agent}",
            f"--host-resolver-rules={', '.join(['MAP * ~NOTFOUND', *allowed])}",
        ):
            options.add_argument(flag)
        if program := next(filter(None, map(shutil.which, PROGRAMS)), None):
            options.binary_location = program
        driver = shutil.which("chromedriver")
        try:
            started = webdriver.Chrome(options, webdriver.ChromeService(driver))
        except WebDriverException as error:
            raise InputError(
                f"no browser could be started ({_first_line(error)}); install chromium and chromium-driver (Debian) or "
                "Chrome, or set scrape.live.browser to never"
            ) from None
        self._open.callback(started.quit)
        started.set_page_load_timeout(self._timeout)
        return started


def _first_line(error: WebDriverException) -> str:
    return str(error.msg or "no reason given").splitlines()[0]
