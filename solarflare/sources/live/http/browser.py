"""Loads a page in headless Chromium, for pages whose tables are made by a script."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from typing import Literal
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common import exceptions
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.sources.live.http.outcomes import Absent, Temporary
from solarflare.sources.live.http.transport import check_status

# Names of the browser's program. If none is installed, Selenium Manager looks for a browser.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --blink-settings=imagesEnabled=false"
)
CONSENT = ("agree", "accept", "accept all", "i agree", "consent")  # Texts on the button of a consent overlay
STATUS = "return performance.getEntriesByType('navigation')[0]?.responseStatus"  # The status of HTTP of the page
POLL = 0.1  # Seconds between two checks of a page that is not ready
# The errors of a button that a script has just removed.
VANISHED = (exceptions.StaleElementReferenceException, exceptions.ElementNotInteractableException)


class Browser(contextlib.ExitStack):
    """Headless Chromium. The first page that needs it starts it; until then `driver` is None.

    It reaches only the authorities in `hosts`, loads no images, and keeps nothing after its end. A page may take
    `timeout` seconds. `ready` returns whether the HTML of a page has what is needed.
    """

    def __init__(self, hosts: Iterable[str], agent: str, timeout: float, ready: Callable[[bytes], bool]) -> None:
        super().__init__()
        self._hosts, self._agent, self._timeout, self._ready = sorted(hosts), agent, timeout, ready
        self.driver: webdriver.Chrome | None = None

    def read(self, url: str) -> bytes:
        """Return the HTML of a page as soon as the page is ready.

        Raises Absent if the page is not ready in time, Temporary if it cannot be loaded, Refused or Overloaded if the
        host answers so, InputError without a browser.
        """
        driver = self.driver = self.driver or self._start()
        try:
            driver.get(url)
            status = int(driver.execute_script(STATUS) or 0)  # 0 is not known
            if status >= 400:
                check_status(status, f"{status} in a browser")
            return WebDriverWait(driver, self._timeout, POLL).until(self._html)
        except exceptions.TimeoutException:
            raise Absent("not what is wanted, even in a browser") from None
        except exceptions.WebDriverException as error:
            raise Temporary(f"the browser cannot load it ({_first_line(error)})") from error

    def _html(self, driver: webdriver.Chrome) -> bytes | Literal[False]:
        """Return the page if it is ready; otherwise click away a consent overlay."""
        page = driver.page_source.encode(errors="replace")
        if self._ready(page):
            return page
        for button in driver.find_elements(By.CSS_SELECTOR, "button, [role=button]"):
            with contextlib.suppress(*VANISHED):
                if " ".join(button.text.split()).lower() in CONSENT:
                    button.click()
                    log.debug("a consent overlay was answered")
                    break
        return False

    def _start(self) -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        profile = self.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        reachable = (f"EXCLUDE {urlsplit(f'//{host}').hostname}" for host in self._hosts)
        rules = ", ".join(["MAP * ~NOTFOUND", *reachable])
        own = (f"--user-data-dir={profile}", f"--user-agent={self._agent}", f"--host-resolver-rules={rules}")
        for flag in (*FLAGS.split(), *own):
            options.add_argument(flag)
        if program := next(filter(None, map(shutil.which, PROGRAMS)), None):
            options.binary_location = program
        try:
            driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        except exceptions.WebDriverException as error:
            raise InputError(
                f"no browser could be started ({_first_line(error)}); install chromium and chromium-driver (Debian) or "
                "Chrome, or set scrape.live.browser to never"
            ) from None
        self.callback(driver.quit)
        driver.set_page_load_timeout(self._timeout)
        return driver


def _first_line(error: exceptions.WebDriverException) -> str:
    return str(error.msg or "no reason given").splitlines()[0]
