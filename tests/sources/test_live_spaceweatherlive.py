"""SpaceWeatherLive's pages: real rows through pages of its form, as files and in a real browser."""

import datetime as dt
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium.common.exceptions import WebDriverException

from solarflare.core.errors import InputError
from solarflare.sources.live.http import browser
from solarflare.sources.live.http.fetch import Absent
from solarflare.sources.live.lists import spaceweatherlive
from solarflare.sources.live.lists.report import Flare, flare_table
from tests.archive_server import ArchiveServer, Fault, Page, pages
from tests.live_tables import END, FLARES, START, fetcher, same

DAY = dt.date(2014, 1, 30)
FORMS: tuple[pages.Form, ...] = ("plain", "bare", "leading table")


def page_of(rows: str) -> bytes:
    return pages.archive_page([]).replace("<tr><td>None</td><td></td><td></td><td></td><td></td></tr>", rows).encode()


def flares_of_2020(path: Path) -> pd.DataFrame:
    """Return the flares of a table that was read from the site, by its days, with classes and regions for its pages."""
    df = pd.read_csv(path)
    times = {
        name: pd.to_datetime(df["Date"] + " " + df[column])
        for name, column in (("start", "Start"), ("peak", "Maximum"), ("end", "End"))
    }
    number = np.arange(len(df))
    return pd.DataFrame(times).assign(
        goes_class=[f"{'ABCMX'[row % 5]}{1 + row % 9}.{row % 10}" for row in number],
        noaa_ar=pd.array([12_700 + row % 50 if row % 3 else None for row in number], dtype="Int64"),
    )


# Rows and days, and rows of which a time is before the start, counted in the tables.
@pytest.mark.parametrize(
    ("name", "rows", "days", "over_midnight"),
    [("", 277, 81, 2), ("2018", 287, 98, 0), ("2013", 1117, 200, 5)],
)
@pytest.mark.parametrize("form", FORMS)
def test_the_rows_of_2020_come_back_from_pages_of_its_form(
    name: str, rows: int, days: int, over_midnight: int, form: pages.Form, shared_sun: Path
) -> None:
    printed = flares_of_2020(shared_sun / f"samples/spaceweatherlive/SolarFlareDetailedData{name}.csv")
    by_day = printed.groupby(printed["start"].dt.date)
    found: list[Flare] = []
    for day, of_day in by_day:
        parsed = spaceweatherlive.parse(pages.archive_page(of_day.to_dict("records"), form).encode(), day)
        assert not parsed.gap
        found += parsed.rows
    assert (len(found), len(by_day)) == (rows, days)
    repaired = printed.copy()
    for column in ("peak", "end"):
        repaired[column] += pd.to_timedelta((printed[column] < printed["start"]).astype(int), unit="D")
    assert (repaired != printed).any(axis=1).sum() == over_midnight
    expected = repaired.sort_values("start", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(
        flare_table(found, "x")[list(expected.columns)], expected.astype({"goes_class": object}), check_dtype=False
    )


def test_a_day_without_flares_says_none() -> None:
    content = pages.archive_page([]).encode()
    assert spaceweatherlive.why_not_the_page(content) is None
    assert spaceweatherlive.parse(content, DAY).rows == []


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"<table><tr><th>Start</th></tr></table>", b"\0\xff<table", b"<!-- -->"]
)
def test_a_page_without_the_table_is_no_quiet_day(content: bytes) -> None:
    assert spaceweatherlive.why_not_the_page(content) == spaceweatherlive.NO_TABLE


def test_the_region_is_read_from_the_link_and_the_class_from_among_other_things() -> None:
    row = (
        '<tr><td><a href="/en/solar-activity/region/12732.html"><b>2</b></a></td><td><span class="x"><b>M1.5</b></span>'
        " <i>R1</i></td><td>10:00</td><td> 10:05 </td><td>-</td></tr>"
    )
    (found,) = spaceweatherlive.parse(page_of(row), DAY).rows
    assert found == Flare(dt.datetime(2014, 1, 30, 10), dt.datetime(2014, 1, 30, 10, 5), None, "M1.5", 12732)


@pytest.mark.parametrize("row", ["<tr><td>-</td><td>C1.0</td></tr>", "<tr><td>-<td>C1.0<td>25:00<td>x<td></tr>"])
def test_a_row_that_cannot_be_read_is_a_gap(row: str) -> None:
    parsed = spaceweatherlive.parse(page_of(row), DAY)
    assert (parsed.rows, len(parsed.unreadable)) == ([], 1)


needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, browser.PROGRAMS)) and os.environ.get("CI") != "true", reason="needs chromium"
)


def site(folder: Path, form: pages.Form, *faults: Fault) -> ArchiveServer:
    path = pages.PATHS["spaceweatherlive"]
    return ArchiveServer(folder, mounts={path: pages.spaceweatherlive(FLARES, form)}, faults=list(faults))


def collect(server: ArchiveServer, folder: Path, start: np.datetime64 = START, **live: object) -> pd.DataFrame:
    bases = [server.url + pages.PATHS["spaceweatherlive"]]
    found = spaceweatherlive.collect(fetcher(server.url, folder, **live), bases, start, END)
    assert set(found.coverage["status"]) == {"complete"}
    return found.rows


@needs_chromium
def test_a_browser_reads_a_table_that_a_script_draws_behind_a_consent_overlay(tmp_path: Path) -> None:
    with site(tmp_path, "script") as server:
        drawn = collect(server, tmp_path / "drawn")
        agents = {request.headers["user-agent"] for request in server.asked()}
        # Once without a browser, under either name of the first page; from then on with it.
        assert len(server.asked("xray")) == 2 + 4
    same(drawn, FLARES, "latitude", "longitude")
    assert all(agent.startswith("solarflare/") for agent in agents)
    with site(tmp_path, "plain") as server:
        plain = collect(server, tmp_path / "plain")
    pd.testing.assert_frame_equal(drawn, plain)


@needs_chromium
def test_a_page_drawn_once_is_not_asked_for_again(tmp_path: Path) -> None:
    start = END - np.timedelta64(1, "D")
    with site(tmp_path, "script") as server:
        first = collect(server, tmp_path / "cache", start)
        before = len(server.asked())
        second = collect(server, tmp_path / "cache", start)
        assert len(server.asked()) == before
    pd.testing.assert_frame_equal(first, second)


@needs_chromium
def test_a_browser_may_be_wanted_for_all_pages(tmp_path: Path) -> None:
    with site(tmp_path, "plain") as server:
        same(collect(server, tmp_path / "cache", browser="always"), FLARES, "latitude", "longitude")
        assert "Chrome" not in "".join(request.headers["user-agent"] for request in server.asked())
        assert server.asked("favicon")


@needs_chromium
def test_a_browser_reaches_no_other_host_and_takes_no_other_page_for_the_table(tmp_path: Path) -> None:
    with (
        ArchiveServer(tmp_path) as other,
        ArchiveServer(tmp_path, mounts={"/page": lambda *_: elsewhere(other.port)}) as server,
        browser.Browser([f"127.0.0.1:{server.port}"], "solarflare", 5, lambda page: b"never" in page) as reader,
    ):
        with pytest.raises(Absent, match="not what is wanted"):
            reader.read(f"{server.url}/page")
        assert server.asked("page")
        assert not other.requests


def elsewhere(port: int) -> Page:
    return Page(f"<script>fetch('http://localhost:{port}/')</script><button>Delete</button>".encode())


def test_without_a_browser_a_page_that_needs_one_is_a_gap(tmp_path: Path) -> None:
    with site(tmp_path, "script") as server:
        bases = [server.url + pages.PATHS["spaceweatherlive"]]
        asking = fetcher(server.url, tmp_path / "cache", browser="never")
        found = spaceweatherlive.collect(asking, bases, START, END)
    assert set(found.coverage["reason"]) == {spaceweatherlive.NO_TABLE}


def test_no_browser_gets_past_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.Browser, "read", None)
    with site(tmp_path, "script", Fault("xray", "forbidden")) as server:
        bases = [server.url + pages.PATHS["spaceweatherlive"]]
        found = spaceweatherlive.collect(fetcher(server.url, tmp_path / "cache"), bases, START, END)
        assert len(server.asked()) == 1
    assert set(found.coverage["reason"]) == {"403 Forbidden"}


def test_a_system_without_a_browser_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("selenium.webdriver.Chrome", no_driver)
    with (
        browser.Browser([], "solarflare", 1, lambda _: True) as reader,
        pytest.raises(InputError, match="install chromium and chromium-driver"),
    ):
        reader.read("http://127.0.0.1/")


def no_driver(*_: object) -> None:
    raise WebDriverException("Unable to obtain driver for chrome")
