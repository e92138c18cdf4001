"""The documentation's site on a phone: no page is wider than the screen, and the menu opens."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.import_graph import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture
def phone(chromium: "Chrome") -> Iterator["Chrome"]:
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_every_page_fits_a_phone(site: Path, phone: "Chrome") -> None:
    widths = {}
    for page in site.rglob("*.html"):
        if page.name != "404.html":  # its links are those of a server's root, so from disk it has no style
            phone.get(page.as_uri())
            width = "return Math.max(innerWidth, document.documentElement.scrollWidth)"
            widths[page.relative_to(site).as_posix()] = phone.execute_script(width)
    assert len(widths) > 10
    assert {name: width for name, width in widths.items() if width > PHONE["width"]} == {}


def test_the_menu_of_a_phone_is_behind_a_button(site: Path, phone: "Chrome") -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    phone.get((site / "index.html").as_uri())
    menu = phone.find_element("id", "navbar-collapse")
    assert not menu.is_displayed()
    phone.find_element("css selector", "[data-bs-target='#navbar-collapse']").click()
    # The menu unfolds in an animation.
    assert WebDriverWait(phone, 60).until(lambda _: menu.is_displayed())
