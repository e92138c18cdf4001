"""What public sites do that looks right and is not: rules for robots, lists that end early, cells, clocks, images."""

import datetime as dt
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from solarflare.core.paths import DOWNLOADS
from solarflare.sources.live import estimate, registry
from solarflare.sources.live.http.fetch import Absent, Interrupted, Refused, TooManyRequests
from solarflare.sources.live.http.transport import retry_after
from solarflare.sources.live.lists import ngdc_xrs, spaceweatherlive, srs
from solarflare.sources.live.source import Collected
from solarflare.sun.images import usable
from tests import parameters
from tests.archive_server import ArchiveServer, Fault, observatories, pages
from tests.archive_server.world import choices
from tests.live_tables import END, FLARES, REGIONS, START, fetcher
from tests.sources.test_live_spaceweatherlive import needs_chromium, page_of


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ArchiveServer]:
    with ArchiveServer(tmp_path / "site", mounts=pages.mounts(FLARES, REGIONS)) as server:
        yield server


def anything(_: bytes) -> None:
    """Accept all that comes."""


GROUPS = "User-agent: other\nUser-agent: solarflare\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\n"
ROBOTS = [
    ("User-agent: *\nDisallow: /*.jpg\n", {"/x/a.jpg": False, "/x/a.jpg?b": False, "/x/a.gif": True}),
    ("User-agent: *\nDisallow: /*.jpg$\n", {"/x/a.jpg": False, "/x/a.jpg?b": True, "/x/a.jpgs": True}),
    ("User-agent: *\nDisallow: /a/*/c\n", {"/a/b/c": False, "/a/b/b/cd": False, "/a/c": True}),
    ("User-agent: *\nDisallow: /pub\nAllow: /pub/archive\n", {"/pub/x": False, "/pub/archive/x": True}),
    ("User-agent: *\nAllow: /pub/archive\nDisallow: /pub\n", {"/pub/x": False, "/pub/archive/x": True}),
    ("User-agent: *\nAllow: /pub\nDisallow: /pub/archive\n", {"/pub/x": True, "/pub/archive/x": False}),
    ("User-agent: *\nDisallow: /a\nAllow: /a\n", {"/a": True}),
    ("User-agent: *\nDisallow:\n", {"/a": True}),
    ("User-agent: *\nDisallow: /*?*page=\n", {"/a?page=2": False, "/a?b=1&page=2": False, "/a": True}),
    ("User-agent: *\nDisallow: /%7Ea\n", {"/~a": False, "/a": True}),
    ("\ufeffUser-agent: *\nDisallow: /\n", {"/a": False}),
    ("User-agent: *\r\nDisallow: /a\r\n", {"/a": False, "/b": True}),
    (GROUPS + "User-agent: SolarFlare/9.9\nDisallow: /b\n", {"/a": False, "/b": False, "/c": True}),
    ("User-agent: solar\nAllow: /\n\nUser-agent: *\nDisallow: /\n", {"/a": False}),
    ("User-agent: solar\nDisallow: /\n\nUser-agent: *\nAllow: /\n", {"/a": True}),
    ("User-agent: solarflares\nDisallow: /\n", {"/a": True}),
    ("User-agent: *\nUser-agent: solarflare\nDisallow: /a\n", {"/a": False, "/b": True}),
    ("User-agent: *\nSitemap: http://x/\nDisallow: /a # no\n", {"/a": False, "/b": True}),
]


@pytest.mark.parametrize(("robots", "paths"), ROBOTS)
def test_robots_txt_is_obeyed_as_the_standard_says(
    robots: str, paths: dict[str, bool], site: ArchiveServer, tmp_path: Path
) -> None:
    site.robots = robots
    client = fetcher(site.url, tmp_path / "cache")
    for path, allowed in paths.items():
        with pytest.raises(Absent if allowed else Refused, match="404" if allowed else r"robots\.txt"):
            client.get([site.url + path], anything)
    assert [request.path for request in site.asked()] == [path for path, allowed in paths.items() if allowed]


def test_a_crawl_delay_may_be_a_fraction_and_begins_with_robots_txt(site: ArchiveServer, tmp_path: Path) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 0.5\n"
    client = fetcher(site.url, tmp_path / "cache")
    for name in "ab":
        with pytest.raises(Absent):
            client.get([f"{site.url}/{name}"], anything)
    times = [request.time for request in site.requests]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.4


def test_a_crawl_delay_that_is_longer_than_the_longest_wait_ends_the_run(site: ArchiveServer, tmp_path: Path) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 7200\n"
    client = fetcher(site.url, tmp_path / "cache")
    for _ in range(2):
        with pytest.raises(
            Interrupted, match=r"asks for 7200 s between two requests, and max_wait .* is 30 s; raise it"
        ):
            client.get([f"{site.url}/a"], anything)
    assert [request.path for request in site.requests] == ["/robots.txt"]


def test_the_plan_knows_the_crawl_delay_that_a_run_has_read(
    site: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    chosen = parameters.parse(choices(site.url, sampling="cadence", cadence=24))

    def minutes_a_request() -> float:
        _, cost = estimate.estimate(chosen)
        of_host = cost[cost["host"] == site.url.removeprefix("http://")]
        return float(of_host["minutes"].sum() / of_host["requests"].sum())

    assert minutes_a_request() == 0
    site.robots = "User-agent: *\nCrawl-delay: 12\n"
    with pytest.raises(Absent):
        fetcher(site.url, tmp_path / DOWNLOADS, manners=chosen.scrape.live.manners.model_dump()).get(
            [f"{site.url}/robots.txt.html"], anything
        )
    assert minutes_a_request() == pytest.approx(0.2)


# A flare every 1.5 days, all year. Their number is odd, so that half of a list ends within a line.
YEAR = pd.DataFrame({"start": pd.date_range("2014-01-02 15:00", "2014-12-31 21:00", freq="36h")})
YEAR = YEAR.assign(
    peak=YEAR["start"] + pd.Timedelta("5min"),
    end=YEAR["start"] + pd.Timedelta("9min"),
    goes_class="C1.0",
    noaa_ar=np.nan,
    latitude=np.nan,
    longitude=np.nan,
    list="a",
)
YEARLY = {"ngdc_xrs": "goes-xrs-report_2014", "ncei_science": "y2014"}


def collect_year(name: str, folder: Path, flares: pd.DataFrame, *faults: Fault) -> Collected:
    with ArchiveServer(folder / "site", mounts=pages.mounts(flares, REGIONS), faults=list(faults)) as server:
        span = np.datetime64("2014-01-01"), np.datetime64("2015-01-01")
        return registry.FLARES[name](fetcher(server.url, folder), [server.url + pages.PATHS[name]], *span)


@pytest.mark.parametrize("name", YEARLY)
def test_a_yearly_list_that_reaches_the_end_of_its_year_is_complete(name: str, tmp_path: Path) -> None:
    coverage = collect_year(name, tmp_path, YEAR).coverage
    assert coverage[["start", "end", "status"]].to_numpy().tolist() == [
        [pd.Timestamp("2014-01-01"), pd.Timestamp("2015-01-01"), "complete"]
    ]


@pytest.mark.parametrize("name", YEARLY)
def test_a_yearly_list_that_ends_early_is_complete_until_its_last_flare(name: str, tmp_path: Path) -> None:
    collected = collect_year(name, tmp_path, YEAR, Fault(YEARLY[name], "ends_early"))
    last = collected.rows["start"].max()
    assert last < pd.Timestamp("2014-07-05")
    assert collected.coverage[["end", "status"]].to_numpy().tolist() == [
        [last, "complete"],
        [pd.Timestamp("2015-01-01"), "absent"],
    ]


@pytest.mark.parametrize("name", YEARLY)
def test_a_yearly_list_with_half_a_line_is_absent(name: str, tmp_path: Path) -> None:
    collected = collect_year(name, tmp_path, YEAR, Fault(YEARLY[name], "cut"))
    assert set(collected.coverage["status"]) == {"absent"}
    assert collected.coverage["reason"].str.contains("half").all()


def test_a_yearly_list_of_a_few_weeks_is_not_complete_for_its_year(tmp_path: Path) -> None:
    collected = collect_year("ngdc_xrs", tmp_path, YEAR.head(20))
    assert collected.coverage["end"].iloc[0] == YEAR["start"].iloc[19]


ROW = "<tr><td>-</td><td>{}</td><td>{}</td><td>10:05</td><td>10:09</td></tr>"


@pytest.mark.parametrize(
    "cell",
    ["<span>C1.0</span><span>24</span>", "C1.0<small>24</small>", "<b><i>C1.0</i>24</b>", "<!-- X9 --> C1.0 <i>24</i>"],
)
def test_a_class_is_the_first_text_of_its_cell(cell: str) -> None:
    (flare,) = spaceweatherlive.parse(page_of(ROW.format(cell, "10:00")), dt.date(2014, 1, 30)).rows
    assert flare.goes_class == "C1.0"


def test_a_time_is_the_first_text_of_its_cell() -> None:
    row = ROW.format("C1.0", "<span>10:00</span><sup>1</sup>")
    (flare,) = spaceweatherlive.parse(page_of(row), dt.date(2014, 1, 30)).rows
    assert flare.start == dt.datetime(2014, 1, 30, 10)


@pytest.mark.parametrize("retry_after", [0, 3600])
def test_spaceweatherlive_is_given_up_when_it_gets_too_many_requests(
    retry_after: int, site: ArchiveServer, tmp_path: Path
) -> None:
    site.faults = [Fault("2014/0(1/31|2/0)", "throttled", retry_after=retry_after)]
    client = fetcher(site.url, tmp_path / "cache")
    collected = registry.FLARES["spaceweatherlive"](client, [site.url + pages.PATHS["spaceweatherlive"]], START, END)
    assert collected.coverage["status"].tolist() == ["complete", "absent"]
    assert "429" in collected.coverage["reason"].iloc[1]
    retries = client.live.manners.retries if retry_after == 0 else 0
    assert len(site.asked("01/31")) == 1 + retries
    assert not site.asked("02/")


def test_another_source_that_gets_too_many_requests_ends_the_run(site: ArchiveServer, tmp_path: Path) -> None:
    site.faults = [Fault("20140131", "throttled")]
    client = fetcher(site.url, tmp_path / "cache")
    with pytest.raises(TooManyRequests, match=r"429 Too Many Requests, after all retries; .* run again later"):
        registry.FLARES["swpc_events"](client, [site.url + pages.PATHS["swpc_events"]], START, END)


@needs_chromium
def test_a_browser_does_not_ask_on_after_too_many_requests(tmp_path: Path) -> None:
    path = pages.PATHS["spaceweatherlive"]
    faults = [Fault("2014/0(1/31|2/0)", "throttled")]
    mounts = {path: pages.spaceweatherlive(FLARES, "script")}
    with ArchiveServer(tmp_path / "site", mounts=mounts, faults=faults) as server:
        client = fetcher(server.url, tmp_path / "cache")
        collected = registry.FLARES["spaceweatherlive"](client, [server.url + path], START, END)
        assert not server.asked("02/")
    assert collected.coverage["status"].tolist() == ["complete", "absent"]
    assert "429" in collected.coverage["reason"].iloc[1]


SRS = (
    ":Issued: 2022 Jan 05 0030 UTC\nI.  Regions with Sunspots.  Locations Valid at 04/2400Z\n"
    "{}2924 S32E48   042  0030 Cro  01   02 Beta\n"
    "{}II. Regions Due to Return 06 Sep to 08 Sep\nNone\n"
)


@pytest.mark.parametrize("blank", [" ", "   ", "\t"])
def test_a_row_with_a_leading_blank_is_a_row(blank: str) -> None:
    content, day = SRS.format(blank, blank).encode(), dt.date(2022, 1, 5)
    assert srs.why_not_the_report(content, day) is None
    assert srs.parse(content, day) == srs.parse(SRS.format("", "").encode(), day)
    assert [region.noaa_ar for region in srs.parse(content, day).rows] == [12924]


@pytest.mark.parametrize("section", [r"I\.", r"II\."])
def test_a_summary_without_a_section_is_not_a_quiet_day(section: str) -> None:
    content = re.sub(rf"^{section}.*\n", "", SRS.format("", ""), flags=re.MULTILINE).encode()
    assert srs.why_not_the_report(content, dt.date(2022, 1, 5)) == "half a region summary"


def test_a_yearly_row_with_a_leading_blank_is_a_row() -> None:
    row = "31777150101  0457 0517 0507 S07E50                         C 21    G15  1.9E-03 12253 150104.9\n"
    assert ngdc_xrs.parse(f" {row}".encode()) == ngdc_xrs.parse(row.encode())


@pytest.mark.parametrize("ahead", [-7200, 0, 7200])
def test_a_date_to_retry_after_is_by_the_clock_of_the_server(ahead: int) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=ahead)
    date, until = (f"{time:%a, %d %b %Y %H:%M:%S} GMT" for time in (now, now + dt.timedelta(seconds=20)))
    assert retry_after(until, date) == 20


@pytest.mark.parametrize(("value", "seconds"), [("17", 17), ("0", 0), ("-3", None), ("soon", None), ("9" * 200, 1e9)])
def test_seconds_to_retry_after_are_a_number_of_seconds(value: str, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_a_server_whose_clock_is_ahead_is_waited_for(site: ArchiveServer, tmp_path: Path) -> None:
    site.faults = [Fault("SRS", "throttled_ahead", times=1, retry_after=1)]
    client = fetcher(site.url, tmp_path / "cache")
    registry.REGIONS["swpc_srs"](client, [site.url + pages.PATHS["swpc_srs"]], START, START + np.timedelta64(1, "D"))
    assert [request.status for request in site.asked("20140130SRS")] == [429, 200]


def image(seed: int, mode: str = "L") -> bytes:
    """Return a JPEG with much detail."""
    shape = (860, 860) if mode == "L" else (512, 512, 3)
    pixels = np.random.default_rng(seed).integers(90, 170, shape).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=60)
    return content.getvalue()


@pytest.mark.parametrize(("mode", "instrument"), [("L", "gong"), ("RGB", "aia193")])
@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("filled", [False, True])
def test_an_image_with_a_hole_is_broken(mode: str, instrument: str, place: float, filled: bool) -> None:
    content = image(1, mode)
    hole = round(place * len(content))
    holed = content[:hole] + bytes(4096 * filled) + content[hole + 4096 :]
    assert usable.refusal(io.BytesIO(content), instrument) is None  # type: ignore[arg-type]
    assert usable.refusal(io.BytesIO(holed), instrument) is not None  # type: ignore[arg-type]


def test_an_image_with_a_hole_is_absent(tmp_path: Path) -> None:
    shot = observatories.Shot("gong", dt.datetime(2014, 1, 30, 18, 22, 3), image(2))
    observatories.lay_out([shot], tmp_path / "site")
    with ArchiveServer(tmp_path / "site", faults=[Fault("gong_magxx", "holed")]) as server:
        client = fetcher(server.url, tmp_path / "cache")
        with pytest.raises(Absent, match="unreadable"):
            client.get(
                [f"{server.url}/{shot.file}"], lambda content: usable.refusal(io.BytesIO(content), shot.instrument)
            )
