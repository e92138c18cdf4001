"""The origin `live` against the observatories on the loopback: what is asked, what comes, what is absent and why."""

import datetime as dt
import errno
import hashlib
import itertools
import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import example, given
from hypothesis import strategies as st

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.paths import DOWNLOADS
from solarflare.report import scrape_cost
from solarflare.sources.live import download, estimate
from solarflare.sources.live.http.cache import Cache
from solarflare.sources.live.images import helioviewer
from tests import parameters
from tests.archive_server import Fault, Page
from tests.archive_server.faults import BROKEN, SLOW, TRANSIENT, Kind
from tests.archive_server.world import World, choices
from tests.projects import Project
from tests.sources.conftest import Scrape

TABLES = {"images": tables.IMAGES, "flares": tables.FLARES, "regions": tables.REGIONS, "coverage": tables.COVERAGE}

FIRST_ALONE = {"gong": ["bbso"], "hmi": ["gsfc"], "aia171": ["gsfc"], "aia193": ["gsfc"], "aia211": ["gsfc"]}
"""The archives of each instrument, without one that stands in."""


def contents(raw: Path) -> dict[str, str]:
    """Return the hash of every file."""
    files = sorted(path for path in raw.rglob("*") if path.is_file())
    return {path.relative_to(raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(raw: Path, name: str) -> pd.DataFrame:
    return tables.read(raw / f"{name}.csv", TABLES[name])


def dumped(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()


def absences(raw: Path) -> pd.DataFrame:
    return read(raw, "coverage").query("list == 'images'")


def test_it_ends_in_the_raw_contract(good: Path, world: World) -> None:
    pictures = read(good, "images")
    assert pictures["instrument"].value_counts().to_dict() == {"gong": 12, "aia211": 6}
    found = contents(good)
    assert [found[path] for path in pictures["path"]] == list(pictures["sha256"])
    assert len(read(good, "flares")) == 10
    assert set(read(good, "regions")["noaa_ar"]) == {11944, 11950}
    assert sorted(path.name for path in good.iterdir()) == [
        "coverage.csv",
        "disagreements.csv",
        "flares.csv",
        "images",
        "images.csv",
        "plan.csv",
        "regions.csv",
    ]


def test_each_pair_is_one_instrument_at_one_hour_of_the_day(good: Path) -> None:
    pairs = read(good, "images").groupby("pair_id")
    assert set(pairs["path"].count()) == {2}
    assert set(pairs["instrument"].nunique()) == {1}
    assert set(pairs["time"].agg(lambda times: times.dt.hour.nunique())) == {1}


def test_no_table_tells_which_mirror_served_a_file(good: Path) -> None:
    assert not [path for path in good.glob("*.csv") if "127.0.0.1" in path.read_text() or "http" in path.read_text()]
    assert read(good, "images")["origin"].str.match(r"(bbso|gsfc)/2014/01/\d\d/[\w.]+$").all()


def test_a_site_that_does_all_of_it_changes_nothing(good: Path, world: World, scrape: Scrape) -> None:
    faults = [Fault(rf"{number}.\.jpg$|/$|{number}SRS", kind, times=1) for number, kind in enumerate(BROKEN[:-1])]
    with world.serve(*faults) as site:
        assert contents(scrape(site.url)) == contents(good)


def test_the_mirror_that_serves_a_file_changes_nothing(good: Path, world: World, scrape: Scrape) -> None:
    with world.serve() as site, world.serve_ftp(Fault("jpg$", "crowded", times=1)) as ftp:
        site.faults = [Fault("^/pub/", "missing")]
        assert contents(scrape(site.url, ftp.url)) == contents(good)


def test_what_is_lost_for_good_is_lost_alone_and_with_its_reason(world: World, scrape: Scrape) -> None:
    # GONG's images are two hours apart, so none within the tolerance stands in.
    chosen: dict[str, Any] = {"sources": FIRST_ALONE, "tolerance": 59}
    reasons: dict[Kind, str] = {
        "missing": "404 Not Found",
        "html": "unreadable: not an image",
        "empty": "unreadable: not an image",
        "cut": "unreadable: truncated",
        "truncated": "truncated",
        "bomb": "unreadable: more pixels than any image of the Sun has",
        "huge": "larger than 5000000 bytes",
        "gzip": "encoded as gzip, which was not asked for",
    }
    with world.serve() as site:
        good = scrape(site.url, **chosen)
    before = read(good, "images")
    pairs = [tuple(pair["origin"]) for _, pair in before.groupby("pair_id")][: len(reasons)]
    faults = [Fault(lost.rpartition("/")[2], kind) for (lost, _), kind in zip(pairs, reasons, strict=True)]
    with world.serve(*faults) as site:
        raw = scrape(site.url, **chosen)
    gone = before["origin"].isin([origin for pair in pairs for origin in pair])
    assert read(raw, "images").equals(before[~gone].reset_index(drop=True))
    assert set(contents(good)) - set(contents(raw)) == set(before.loc[gone, "path"])
    expected = {f"{lost}: {reason}" for (lost, _), reason in zip(pairs, reasons.values(), strict=True)}
    new = set(absences(raw)["reason"]) - set(absences(good)["reason"])
    assert new == expected | {f"{other}: {download.PARTNER_LOST}" for _, other in pairs}


def test_a_report_that_is_absent_is_a_gap_and_no_quiet_day(world: World, scrape: Scrape) -> None:
    with world.serve(Fault("20140103events", "missing")) as site:
        raw = scrape(site.url)
    coverage = read(raw, "coverage").query("list == 'swpc_events' and status == 'absent'")
    assert list(coverage["start"]) == [pd.Timestamp("2014-01-03")]
    assert list(coverage["reason"]) == ["404 Not Found"]


def test_a_second_run_downloads_nothing(good: Path, world: World, scrape: Scrape) -> None:
    with world.serve() as site:
        scrape(site.url)
        site.requests.clear()
        assert contents(scrape(site.url)) == contents(good)
        assert site.asked() == []


def test_a_host_that_refuses_is_left_alone_and_what_is_there_is_kept(world: World, scrape: Scrape, good: Path) -> None:
    *_, last = sorted(read(good, "images").query("instrument == 'gong'")["path"])
    with world.serve(Fault(Path(last).name, "forbidden")) as site:
        live_manners = choices(site.url)["scrape"]["live"]["manners"] | {"concurrency": 1}
        # AIA's images are on another host, as they are in the world.
        with world.serve() as other:
            urls = choices(other.url)["scrape"]["live"]["urls"] | {"bbso": [site.url + "/pub/archive"]}
            raw = scrape(site.url, urls=urls, manners=live_manners)
    kept = read(raw, "images")
    assert set(kept["instrument"]) == {"gong", "aia211"}
    assert len(kept) == 16
    assert absences(raw)["reason"].str.contains("403 Forbidden").sum() == 1


def test_the_daily_cap_ends_the_run_and_the_next_one_continues(good: Path, world: World, scrape: Scrape) -> None:
    with world.serve() as site:
        manners = choices(site.url)["scrape"]["live"]["manners"]
        with pytest.raises(InputError, match="daily cap of 40 requests is reached"):
            scrape(site.url, manners=manners | {"daily_cap": 40})
        assert len(site.requests) == 40
        assert contents(scrape(site.url)) == contents(good)
        assert len({request.path for request in site.asked(".jpg")}) == len(site.asked(".jpg"))


def test_a_cable_that_is_pulled_ends_the_run_and_the_next_one_continues(
    good: Path, world: World, scrape: Scrape
) -> None:
    with world.serve() as site:
        port = site.port
    with pytest.raises(InputError, match="cannot be reached"):
        scrape(site.url)
    with world.serve(port=port) as site:
        assert contents(scrape(site.url)) == contents(good)


def test_a_full_disk_ends_the_run_and_the_next_one_continues(
    good: Path, world: World, scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Cache.write, itertools.count()

    def full(cache: Cache, url: str, content: bytes, headers: dict[str, str], *, final: bool) -> None:
        if next(written) == 70:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(cache, url, content, headers, final=final)

    with world.serve() as site:
        monkeypatch.setattr(Cache, "write", full)
        with pytest.raises(OSError, match="No space left"):
            scrape(site.url)
        monkeypatch.setattr(Cache, "write", write)
        assert contents(scrape(site.url)) == contents(good)


def test_the_next_archive_stands_in_where_the_first_has_nothing(world: World, scrape: Scrape) -> None:
    with world.serve(Fault("/browse/", "missing")) as site:
        raw = scrape(site.url, sampling="cadence", hour=0)
    origins = read(raw, "images").query("instrument == 'aia211'")["origin"]
    assert origins.str.match("helioviewer/").all()
    assert len(origins) == 20


def test_an_image_that_is_too_far_from_the_time_is_absent(world: World, scrape: Scrape) -> None:
    with world.serve() as site, pytest.raises(InputError, match="no image within 30 minutes"):
        scrape(site.url, sampling="cadence", hour=5, tolerance=30)


@pytest.mark.parametrize("identity", [34205701, "34205701"])
def test_helioviewer_gives_numbers_as_numbers_or_as_text(identity: int | str) -> None:
    answer = json.dumps({"id": identity, "date": "2014-01-02 00:00:02", "width": 4096})
    assert helioviewer.parse(answer.encode()) == (34205701, dt.datetime(2014, 1, 2, 0, 0, 2))


@given(st.binary() | st.dictionaries(st.sampled_from(["id", "date"]), st.text() | st.integers()).map(dumped))
@example(b"[" * 100_000)
@example(b'{"id": "1", "date": "2014-02-30 00:00:00"}')
def test_whatever_helioviewer_answers_is_an_image_or_one_sentence(content: bytes) -> None:
    if helioviewer.why_not_an_answer(content) is None:
        helioviewer.parse(content)


def test_a_stale_frame_is_dropped(world: World, scrape: Scrape, tmp_path: Path) -> None:
    with world.serve() as site:
        same = next(shot.content for shot in world.shots if shot.instrument == "gong")
        site.mounts["/pub/archive/2014/01/02/gong_magxx_fd_20140102_182103.jpg"] = lambda *_: Page(same)
        site.mounts["/pub/archive/2014/01/03/gong_magxx_fd_20140103_182103.jpg"] = lambda *_: Page(same)
        raw = scrape(site.url, sampling="cadence", hour=18)
    assert absences(raw)["reason"].str.contains("byte for byte the image before it").sum() == 1


def test_two_scrapes_at_once_are_refused(world: World, scrape: Scrape, tmp_path: Path) -> None:
    (tmp_path / DOWNLOADS).mkdir(parents=True)
    with (
        FileLock(tmp_path / DOWNLOADS / "scrape.lock"),
        pytest.raises(InputError, match="another scrape is running"),
    ):
        scrape("http://127.0.0.1:1")


def test_no_image_at_all_is_one_sentence(world: World, scrape: Scrape) -> None:
    with world.serve(Fault(r"\.jpg$", "missing")) as site, pytest.raises(InputError, match="404 Not Found"):
        scrape(site.url, sources=FIRST_ALONE)


def test_a_file_in_the_place_of_the_cache_is_one_sentence(tmp_path: Path) -> None:
    project = Project.make(tmp_path / "project", choices("http://127.0.0.1:1"))
    (project.folder / "data").mkdir()
    (project.folder / "data/cache").touch()
    done = project.run("scrape")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: data/cache cannot be used (File exists)")
    assert "Traceback" not in done.stderr


class TestCost:
    def test_nothing_is_asked_and_nothing_is_written(
        self, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DVC_ROOT", str(tmp_path))
        with world.serve() as site:
            _, table = estimate.estimate(parameters.parse(choices(site.url), Path("params.yaml")))
            assert site.requests == []
        assert list(tmp_path.iterdir()) == []
        assert table["requests"].sum() > 40

    def test_what_is_in_the_cache_costs_nothing(self, world: World, scrape: Scrape, good: Path) -> None:
        with world.serve() as site:
            scrape(site.url)
            wanted, table = estimate.estimate(parameters.parse(choices(site.url), Path("params.yaml")))
        assert len(wanted) == 18
        assert table["requests"].sum() == 36
        assert "together" in scrape_cost.render(wanted, table)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRANSIENT)
def test_what_passes_changes_nothing(good: Path, world: World, scrape: Scrape, kind: Kind) -> None:
    # A slow site is waited for once, everything else three times.
    pattern, times = (r"\.jpg$|SRS", 3) if kind != "slow" else (r"_2100.*jpg$|05SRS", 1)
    with world.serve(Fault(pattern, kind, times=times)) as site:
        assert contents(scrape(site.url, timeout=5 if kind == "slow" else 60)) == contents(good)


@pytest.mark.parametrize("kind", ["throttled", *SLOW])
def test_ctrl_c_ends_at_once_with_one_sentence_whatever_it_waits_for(world: World, tmp_path: Path, kind: Kind) -> None:
    with world.serve(Fault(r"jpg$", kind, retry_after=600)) as site:
        manners = choices(site.url)["scrape"]["live"]["manners"] | {"max_wait": 900, "timeout": 600}
        project = Project.make(tmp_path / "project", choices(site.url, manners=manners))
        done = project.interrupt(project.command("scrape"), lambda line: "region: 3 of 3 pairs" in line)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: interrupted")
    assert not (project.folder / "data/raw").exists()


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_in_the_same_bytes(good: Path, world: World, tmp_path: Path) -> None:
    numbers = random.Random(1)
    with world.serve() as site:
        project = Project.make(tmp_path / "project", choices(site.url))
        killed = 0
        for _ in range(12):
            until = len(site.requests) + numbers.randint(2, 40)
            with subprocess.Popen(
                project.command("scrape"), cwd=project.folder, env=project.environment(), stderr=subprocess.DEVNULL
            ) as process:
                while len(site.requests) < until and process.poll() is None:
                    time.sleep(0.0005)
                killed += process.poll() is None
                process.kill()
        assert killed
        done = project.run("scrape")
        fetched = [request.path for request in site.asked(".jpg") if request.status == 200]
    assert done.returncode == 0, done.stderr
    assert contents(project.folder / "data/raw") == contents(good)
    assert len(set(fetched)) == 18
