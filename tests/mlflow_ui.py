"""The MLflow UI as people use it: the real server on the loopback, driven in a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.error import URLError

from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")
PATIENCE = 300  # seconds, for a page that loads and for a server that starts on a busy machine


def free_port() -> int:
    """Return a port of the loopback on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def server(*command: str, folder: Path, ready: str, output: Path = Path(os.devnull)) -> Iterator[str]:
    """Yield the address of a server of MLflow, once it answers.

    Parameters
    ----------
    *command : str
        A module and its arguments, without the port.
    folder : Path
        Where it runs.
    ready : str
        The path of a page that answers when it is ready.
    output : Path, optional
        The file for all that it prints.
    """
    port = free_port()
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with output.open("w") as file:
        started = subprocess.Popen(
            [sys.executable, "-m", *command, "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await_server(f"{address}/{ready}", started)
        yield address
    finally:
        started.terminate()
        started.wait()


class Ui:
    """What a person does in the UI; every step fails where the page lacks what it looks for.

    Parameters
    ----------
    browser : Chrome
        A browser.
    address : str
        Of the server.
    """

    def __init__(self, browser: "Chrome", address: str) -> None:
        self.browser, self.address = browser, address
        # Else an assistant covers a quarter of the first page.
        self._remember({"panelOpen_v1": "false", "fab.autoOpenedOnFirstLoad_v1": "true"})

    def open_assistant(self) -> None:
        """Have MLflow's assistant open, as it is on the first visit."""
        self._remember({"panelOpen_v1": "true"})

    def _remember(self, settings: dict[str, str]) -> None:
        self.browser.get(f"{self.address}/health")  # not a page of the UI: that would set them back
        for key, value in settings.items():
            self.browser.execute_script("localStorage.setItem(...arguments)", f"mlflow.assistant.{key}", value)

    def wait(self, condition: Callable[["Chrome"], T | Literal[False]], failure: str) -> T:
        """Return what a condition gives, as soon as it is neither false nor empty."""
        # The page may replace an element between the search for it and the look at it.
        changing = [StaleElementReferenceException, ElementClickInterceptedException]
        patient = WebDriverWait(self.browser, PATIENCE, 0.1, changing)
        return patient.until(condition, failure)

    def find(self, xpath: str) -> "WebElement":
        """Return an element that is displayed, as soon as it is."""

        def displayed(browser: "Chrome") -> "WebElement | Literal[False]":
            return next((one for one in browser.find_elements(By.XPATH, xpath) if one.is_displayed()), False)

        return self.wait(displayed, f"the page has no {xpath}")

    def click(self, xpath: str) -> None:
        """Click on an element, even if it moves or something floats above it."""

        def clicked(browser: "Chrome") -> bool:
            displayed = [one for one in browser.find_elements(By.XPATH, xpath) if one.is_displayed()]
            for one in displayed[:1]:
                browser.execute_script("arguments[0].click()", one)
            return bool(displayed)

        self.wait(clicked, f"the page has no {xpath}")

    def open_tab(self, name: str) -> None:
        """Press a tab of a run with the mouse, until it is open: these tabs ignore the click of a script."""

        def opened(browser: "Chrome") -> bool:
            tabs = browser.find_elements(By.XPATH, f"//*[@role='tab'][normalize-space()='{name}']")
            for tab in [tab for tab in tabs if tab.is_displayed() and tab.get_attribute("aria-selected") != "true"]:
                tab.click()
            return any(tab.get_attribute("aria-selected") == "true" for tab in tabs)

        self.wait(opened, f"the page has no tab {name}")

    def open_experiment(self, name: str) -> None:
        """Open the list of experiments, one of them, and the link in its description."""
        self.browser.get(f"{self.address}/#/experiments")
        self.click(f"//a[normalize-space()='{name}']")
        self.follow("Runs and verdicts")
        self.find(test_id("sort-header-verdict"))

    def follow(self, name: str) -> None:
        """Follow a link."""

        def address(browser: "Chrome") -> str | Literal[False]:
            links = browser.find_elements(By.XPATH, f"//a[normalize-space()='{name}']")
            return next((str(link.get_attribute("href")) for link in links if link.is_displayed()), False)

        link = self.wait(address, f"the page has no link {name}")
        self.browser.get("about:blank")  # MLflow opens those of a description in another tab
        self.browser.get(link)

    def headings(self) -> list[str]:
        """Return the headings of the table of runs, from left to right."""
        cells = self.browser.find_elements(By.CSS_SELECTOR, ".ag-header-cell")
        return [cell.text for cell in sorted(cells, key=lambda cell: cell.location["x"]) if cell.text]

    def texts(self, xpath: str) -> list[str]:
        """Return the texts of all elements of an XPath."""
        return [element.text for element in self.browser.find_elements(By.XPATH, xpath)]

    def run_names(self) -> list[str]:
        """Return the names of the runs in the table, from top to bottom."""
        self.find(test_id("experiment-view-table-run-color"))
        names = "//*[@role='row']//*[@col-id='attributes.`Run Name`']//a"
        return [one.text for one in self.browser.find_elements(By.XPATH, names)]

    def select(self, *names: str) -> None:
        """Tick runs."""
        for name in names:
            row = self.find(f"//*[@role='row'][.//a[normalize-space()='{name}']]").get_attribute("row-index")
            # A box that is drawn is no box for the browser: it is never displayed.
            box = (By.XPATH, f"//*[@row-index='{row}']//input[@type='checkbox']")
            found = self.wait(presence_of_element_located(box), f"the page has no {box[1]}")
            self.browser.execute_script("arguments[0].click()", found)

    def compare(self) -> None:
        """Press Compare; fold the first chart away, and hide the parameters, metrics and tags that are the same."""
        self.click(test_id("runs-compare-button"))
        self.fold("Visualizations")
        for part in range(1, 4):
            self.click(f"(//label[normalize-space()='Show diff only'])[{part}]")

    def fold(self, *parts: str) -> None:
        """Fold parts of the comparison away."""
        for part in parts:
            self.click(f"//*[self::button or @role='button'][normalize-space()='{part}']")

    def compared(self, name: str) -> list[str]:
        """Return the values of a parameter or a tag in the runs that are compared, as they are shown."""
        self.find(row := f"//tr[th[normalize-space()='{name}']]")
        return [one.text for one in self.browser.find_elements(By.XPATH, f"{row}/td")]

    def metric(self, name: str) -> list[str]:
        """Return the values of a metric in the two runs that are compared; it has to be one of the first."""
        self.find(f"//*[@role='rowgroup']//a[normalize-space()='{name}']")
        parts = self.browser.find_elements(By.XPATH, "//*[@role='rowgroup']")
        names, values = ([one.text for one in part.find_elements(By.XPATH, "./*")] for part in parts[:2])
        row = names.index(name)
        return values[2 * row : 2 * row + 2]

    def open_figure(self, name: str, runs: int) -> None:
        """Open a figure of the runs that are compared, until it is drawn as each of them has it."""
        self.click(f"//*[@data-testid='artifact-tree-node'][@artifact-name='{name}']")
        self.await_figure(name, runs)

    def await_figure(self, name: str, runs: int = 1) -> None:
        """Wait until a figure is drawn as each of some runs has it."""
        drawn = "return [...document.images].filter(one => one.alt == arguments[0] && one.naturalWidth).length"
        self.wait(lambda browser: browser.execute_script(drawn, name) == runs, f"{name} is not drawn {runs} times")


def test_id(name: str) -> str:
    """Return the XPath of what MLflow's own tests find under a name."""
    return f"//*[@data-testid='{name}']"


def await_server(url: str, started: "subprocess.Popen[bytes]") -> None:
    for _ in range(PATIENCE * 10):
        if started.poll() is not None:
            raise RuntimeError(f"{started.args!r} ended with {started.returncode}")
        try:
            urllib.request.urlopen(url).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)
