"""A live project, a day later: only what is new is asked for, cut and uploaded, and what is old stays as it was."""

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from solarflare.core import tables
from solarflare.sources.live.http.cache import SETTLED
from solarflare.sun.images.instruments import Instrument
from solarflare.sun.labels.labels import NO_COVERAGE
from tests.archive_server import Fault
from tests.archive_server.observatories import PRODUCTS, Shot, drawn
from tests.archive_server.server import ArchiveServer, Request
from tests.archive_server.world import DAY, World, choices
from tests.project.test_pipeline import choose, commit, copy_of_the_project, shell

pytestmark = pytest.mark.slow

STAGES = ("scrape", "label", "split", "crop")
START = dt.datetime(2014, 1, 1)
DAYS = 45
HOUR = dt.timedelta(hours=1)
HOURS = (0, 12)  # at which an image of each instrument is wanted
INSTRUMENTS: tuple[Instrument, ...] = ("hmi", "aia211")
LIFE = 5  # days for which a region is on the disk
AFTER = 24  # hours for which is forecast
TODAY, TOMORROW = dt.date(2014, 2, 9), dt.date(2014, 2, 10)
CLOCK = r"dt\.datetime\.now\(dt\.UTC\)\.date\(\)|dt\.date\(\d+, \d+, \d+\)"
TABLES = {
    *(f"raw/{name}.csv" for name in ("images", "regions", "coverage", "plan")),  # no flare began on the new day
    *(f"{folder}/{task}.csv" for folder in ("labels", "splits") for task in ("disk", "region")),
    *(f"crops/{task}/index.csv" for task in ("disk", "region")),
}


@dataclass(frozen=True)
class NewDay:
    """What the day brought: requests, the log of the stages, files that were pushed, and tables before and after it."""

    requests: list[Request]
    log: str
    pushed: list[str]
    before: dict[str, pd.DataFrame]
    after: dict[str, pd.DataFrame]

    def asked(self, images: bool) -> list[Request]:
        """Return the requests for images, or for listings and reports."""
        return [one for one in self.requests if one.path.endswith(".jpg") == images and one.path != "/robots.txt"]


def sun(site: Path) -> World:
    """Return a Sun with one region at a time, which flares on every second day."""
    days = [START + number * DAY for number in range(DAYS)]
    times = [day + hour * HOUR for day in days for hour in HOURS]
    shots = [Shot(name, time, drawn(name, 41 * number)) for name in INSTRUMENTS for number, time in enumerate(times)]
    regions = pd.DataFrame({"time": days, "latitude": 10, "area": 100, "spots": 3, "mcintosh": "Bxo"})
    regions = regions.assign(
        mag_type="beta",
        noaa_ar=[11940 + number // LIFE for number in range(DAYS)],
        longitude=[13 * (number % LIFE - LIFE // 2) for number in range(DAYS)],
    )
    flares = regions[["noaa_ar", "latitude", "longitude"]].assign(
        start=[day + 9 * HOUR for day in days],
        peak=[day + 10 * HOUR for day in days],
        end=[day + 11 * HOUR for day in days],
        goes_class="M1.0",
        list="swpc_events",
    )
    return World.make(
        site,
        shots,
        tables.check(flares[::2], tables.FLARES, "the flares"),
        tables.check(regions, tables.REGIONS, "the regions"),
    )


def until(today: dt.date, site: ArchiveServer) -> dict[str, Any]:
    """Return the groups of parameters of a project that has all days before this one."""
    times = {"sampling": "cadence", "cadence": 12, "hour": 0, "start": f"{START:%Y-%m-%d}", "end": f"{today}"}
    forecast = {"event": "start", "before": 0, "after": AFTER}
    parts = {"validation": 0.3, "test": 0.3}
    return {
        "instrument": {"disk": "hmi"},
        "scrape": {"origin": "live"},
        "scrape.live": choices(site.url)["scrape"]["live"] | times,
        "label.disk": forecast | {"target": "flare"},
        "label.region": forecast,
        "split.chronological": {"gap_days": 1, "test_start": "2014-01-26", "disk": parts, "region": parts},
    }


def run(project: Path, today: dt.date, site: ArchiveServer) -> str:
    """Run the stages on a day, push what they wrote, and return the log."""
    choose(project, until(today, site))
    # By this clock the project decides which lists may still change.
    module = project / "solarflare/sources/live/http/cache.py"
    code, found = re.subn(CLOCK, f"dt.date({today.year}, {today.month}, {today.day})", module.read_text())
    assert found == 1
    module.write_text(code)
    # A day's events are reported when it has ended, and its regions when it begins.
    coming = [today + number * DAY for number in range(5)]
    reports = [f"{day:%Y%m%d}events" for day in coming] + [f"{day:%Y%m%d}SRS" for day in coming[1:]]
    site.faults[:] = [Fault("|".join(reports), "missing")]
    site.requests.clear()
    log = shell("sh", "-c", "dvc repro 2>&1", cwd=project)
    commit(project, f"until {today}")
    shell("dvc", "push", cwd=project)
    return log


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> NewDay:
    """What happens when ``scrape.end`` moves by a day."""
    folder = tmp_path_factory.mktemp("incremental")
    project, remote = folder / "project", folder / "remote"
    project.mkdir()
    with sun(folder / "site").serve() as site:
        copy_of_the_project(project, until(TODAY, site))
        stages = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
        (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {name: stages[name] for name in STAGES}}))
        shell("dvc", "remote", "add", "--default", "backup", str(remote), cwd=project)
        run(project, TODAY, site)
        before, there = outputs(project), names(remote)
        log = run(project, TOMORROW, site)
        requests = list(site.requests)
    data = project / "data"
    files = {hashlib.md5(path.read_bytes()).hexdigest(): path for path in data.rglob("*") if path.is_file()}
    new = [files[name].relative_to(data).as_posix() if name in files else name[32:] for name in names(remote) - there]
    return NewDay(requests, log, new, before, outputs(project))


def outputs(project: Path) -> dict[str, pd.DataFrame]:
    """Return the labels and the splits of both tasks, with a row's path and region as its index."""
    found = {}
    for name in ("labels/disk", "labels/region", "splits/disk", "splits/region"):
        df = pd.read_csv(project / f"data/{name}.csv", dtype=str, keep_default_na=False)
        found[name] = df.set_index(["path", "noaa_ar"] if "noaa_ar" in df else ["path"])
    return found


def names(remote: Path) -> set[str]:
    """Return the MD5 of each file in a remote. That of a list of a folder's files ends with ``.dir``."""
    return {path.parent.name + path.name for path in remote.rglob("*") if path.is_file()}


def images_of(date: dt.date) -> set[str]:
    """Return the paths of a day's images at the observatory, from the folder of the year on."""
    folder, stem = f"{date:%Y/%m/%d}", f"{date:%Y%m%d}"
    shots = [(hour, name) for hour in HOURS for name in INSTRUMENTS]
    return {f"{folder}/{stem}_{hour:02d}0000_512_{PRODUCTS[name]}.jpg" for hour, name in shots}


def test_only_the_images_of_the_new_day_are_asked_for(day: NewDay) -> None:
    asked = [request.path.removeprefix("/assets/img/browse/") for request in day.asked(images=True)]
    assert sorted(asked) == sorted(images_of(TODAY))


def date_of(request: Request) -> dt.date:
    """Return the day of a report or of a listing."""
    found = re.search(r"/(\d{4})/?(\d\d)/?(\d\d)(events.txt|SRS.txt|/)$", request.path)
    assert found is not None, request.path
    return dt.date(*map(int, found.groups()[:3]))


def test_of_the_lists_only_those_are_asked_for_that_may_still_change(day: NewDay) -> None:
    dates: dict[int, Counter[dt.date]] = defaultdict(Counter)
    for request in day.asked(images=False):
        dates[request.status][date_of(request)] += 1
    # New: events and the listing of the day that has ended, and regions of the one that begins.
    assert dates.pop(200) == {TODAY: 2, TOMORROW: 1}
    # Open, and unchanged. A list is asked for once more when it has its final form.
    oldest = TOMORROW - SETTLED - DAY
    assert dates.pop(304) == {oldest + number * DAY: 3 for number in range(SETTLED.days)} | {TODAY: 1}
    # Not there yet.
    coming = dates.pop(404)
    assert (min(coming), coming.total()) == (TOMORROW, 6)
    assert not dates


def test_only_the_new_images_are_cut(day: NewDay) -> None:
    old = len(HOURS) * (TODAY - START.date()).days
    counts = f"crops, {len(HOURS)} images cut, {old} taken from data/cache/crops"
    assert re.findall(r"^(\w+): \d+ (.* images cut, .*)$", day.log, re.MULTILINE) == [
        ("disk", counts),
        ("region", counts),
    ]


def test_only_the_new_images_the_shards_of_the_month_and_the_tables_are_pushed(day: NewDay) -> None:
    images = {name for name in day.pushed if name.endswith(".jpg")}
    assert {name.split("/", 3)[-1] for name in images} == images_of(TODAY)
    assert {name for name in day.pushed if name.endswith(".npy")} == {
        "crops/disk/2014-02.npy",
        "crops/region/2014-02.npy",
    }
    assert {name for name in day.pushed if name.endswith(".csv")} == TABLES
    assert day.pushed.count(".dir") == len(STAGES)
    assert len(day.pushed) == 4 + 2 + len(TABLES) + 4


@pytest.mark.parametrize("task", ["disk", "region"])
def test_a_label_changes_only_if_its_window_was_still_open(day: NewDay, task: str) -> None:
    before, after = day.before[f"labels/{task}"], day.after[f"labels/{task}"]
    changed = before[(after.loc[before.index] != before).any(axis=1)]
    was_open = pd.to_datetime(before["time"]) + AFTER * HOUR >= pd.Timestamp(TODAY)
    assert list(changed.index) == list(before[was_open].index)
    assert len(changed) == len(HOURS)
    assert set(changed["reason"]) == {NO_COVERAGE}
    assert set(after.loc[changed.index, "reason"]) == {""}


@pytest.mark.parametrize("task", ["disk", "region"])
def test_no_old_row_changes_its_part(day: NewDay, task: str) -> None:
    before, after = day.before[f"splits/{task}"], day.after[f"splits/{task}"]
    assert after.loc[before.index].equals(before)
    assert set(before["part"]) >= {"train", "validation", "test"}
    assert set(after.drop(before.index)["part"]) == {"test"}
