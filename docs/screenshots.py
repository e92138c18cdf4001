"""Take the pictures of MLflow and of the page in docs: ``python -m docs.screenshots`` after ``make``.

The two newest runs of the region are compared; ``dvc exp run --temp -n shorter -S train_region.epochs=8`` makes the
second. ``python -m docs.screenshots page`` takes the picture of the page alone and needs one run only.
"""

import io
import sys
import time
from pathlib import Path

from PIL import Image
from selenium import webdriver

from tests.chromium import chromium, programs
from tests.mlflow_ui import Ui, server

IMAGES = Path("docs/images")
COLOURS = 256  # enough for a page with little colour
TOP_OF_SCORES = "return document.getElementById('scores').getBoundingClientRect().top"
SETTLED = 2.0  # seconds, until what moves on a page has come to rest


def main() -> None:
    """Take the pictures in headless Chromium: all of them, or with the argument ``page`` only that of the page."""
    found = programs()
    if found is None:
        sys.exit("error: chromium or chromedriver is not there: install both (Debian: chromium and chromium-driver)")
    with chromium(*found, "hide-scrollbars") as browser:
        if sys.argv[1:] != ["page"]:
            with server("solarflare.cli", "ui", folder=Path(), ready="health") as address:
                take_mlflow(Ui(browser, address))
        browser.set_window_size(1040, 1900)
        browser.get(Path("reports/index.html").resolve().as_uri())
        save(browser, "page", browser.execute_script(TOP_OF_SCORES))


def take_mlflow(ui: Ui) -> None:
    """Take the list of runs, and the ROC curves of two of them beside each other."""
    ui.browser.set_window_size(1440, 620)
    ui.open_experiment("region")
    names = ui.run_names()[:2]
    save(ui.browser, "mlflow-runs")
    ui.select(*names)
    ui.browser.set_window_size(1440, 1330)
    ui.compare()
    ui.open_figure("roc.png", runs=2)
    ui.fold("Parameters", "Metrics")
    ui.browser.execute_script(
        "arguments[0].scrollIntoView({block: 'start'})",
        ui.find("//*[starts-with(normalize-space(text()), 'Comparing')]"),
    )
    save(ui.browser, "mlflow-compare")


def save(browser: webdriver.Chrome, name: str, height: float | None = None) -> None:
    """Save what is in the window, or its first rows."""
    time.sleep(SETTLED)
    with Image.open(io.BytesIO(browser.get_screenshot_as_png())) as taken:
        shown = taken.crop((0, 0, taken.width, round(height or taken.height)))
        shown.convert("RGB").quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
