"""Crops that earlier runs kept: taken where all that decides their bytes is the same, and cut again otherwise."""

import os
import random
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.crops import cache, job
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.schema import Crop
from tests.dataset.test_crops import AIA_TIMES, REGIONS, SETTINGS, write

TIMES = [*AIA_TIMES, "2014-02-01T06:00:00"]
NEW = "2014-02-01T09:00:00"
FLIPS = 100


@dataclass
class Sun:
    """A folder like ``data/raw``, the crops that are cut from it, and those that are kept."""

    folder: Path
    log: pytest.LogCaptureFixture
    settings: Crop = SETTINGS
    task: Task = Task.REGION
    times: Sequence[str] = ()
    regions: Sequence[tuple[str, int, float, float]] = tuple(REGIONS)

    @property
    def kept(self) -> Path:
        return self.folder / "cache"

    def february(self) -> Path:
        """Return the file of what is kept of February."""
        return self.kept / self.task / "2014-02"

    def add(self, *times: str, seed: int = 0) -> None:
        """Take an image at each time, or replace it."""
        for time in times:
            write(self.folder / self.path(time), "aia211", pd.Timestamp(time), seed)
        self.times = sorted({*self.times, *times})

    def path(self, time: str) -> str:
        """Return the path of the image of a time."""
        return f"{time.replace(':', '')}.jpg"

    def cut(self, name: str = "crops", kept: bool = True) -> dict[str, bytes]:
        """Return the files of crops."""
        times, paths = pd.to_datetime(list(self.times)), map(self.path, self.times)
        images = pd.DataFrame({"time": times, "path": list(paths), "instrument": "aia211"})
        regions = pd.DataFrame(self.regions, columns=["time", "noaa_ar", "latitude", "longitude"])
        regions = regions.assign(area=100, mcintosh="DSO", mag_type="BETA", spots=4)
        regions = tables.check(regions, tables.REGIONS, "regions")
        where = self.folder, self.folder / name, self.settings, "threads", self.kept if kept else None
        self.log.set_level("INFO")
        job.cut(self.task, "aia211", images, regions, *where)
        return {path.name: path.read_bytes() for path in (self.folder / name).iterdir()}

    def counts(self) -> tuple[int, int]:
        """Return how many images the last run cut, and how many it took."""
        found = re.search(r"(\d+) images cut, (\d+) taken from data/cache/crops$", self.log.messages[-1])
        assert found is not None
        return int(found[1]), int(found[2])


@pytest.fixture
def sun(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Sun:
    """Five images of three months, four of which have regions, that were cut once."""
    made = Sun(tmp_path, caplog)
    made.add(*TIMES)
    made.cut()
    assert made.counts() == (4, 0)
    return made


@pytest.mark.parametrize("task", list(Task))
def test_a_second_run_cuts_nothing_and_writes_the_same_bytes(task: Task, sun: Sun) -> None:
    sun.task = task
    first = sun.cut("first", kept=False)
    assert sun.cut() == first
    written = sun.february().stat().st_mtime_ns
    assert sun.cut() == first
    assert sun.counts()[0] == 0
    assert sun.february().stat().st_mtime_ns == written


def test_only_the_file_of_a_month_with_a_new_image_is_written(sun: Sun) -> None:
    january = sun.kept / sun.task / "2014-01"
    before = january.stat().st_mtime_ns, sun.february().stat().st_mtime_ns
    sun.add(NEW, seed=9)
    sun.cut()
    assert january.stat().st_mtime_ns == before[0]
    assert sun.february().stat().st_mtime_ns > before[1]


def another_setting(sun: Sun) -> None:
    sun.settings = sun.settings.model_copy(update={"mask": False})


def another_field(sun: Sun) -> None:
    region = sun.settings.region.model_copy(update={"field": 200})
    sun.settings = sun.settings.model_copy(update={"region": region})


def another_width_of_the_disk(sun: Sun) -> None:
    disk = sun.settings.disk.model_copy(update={"img_width": 40})
    sun.settings = sun.settings.model_copy(update={"disk": disk})


def another_image_under_the_same_name(sun: Sun) -> None:
    sun.add(TIMES[1], seed=77)


def a_report_that_was_corrected(sun: Sun) -> None:
    (time, region, latitude, longitude), *others = REGIONS
    sun.regions = [(time, region, latitude, longitude + 1), *others]


def a_new_image(sun: Sun) -> None:
    sun.add(NEW, seed=9)


def a_day_less(sun: Sun) -> None:
    sun.times = TIMES[:2]


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (another_setting, (4, 0)),
        (another_field, (4, 0)),
        (another_width_of_the_disk, (0, 4)),
        (another_image_under_the_same_name, (1, 3)),
        (a_report_that_was_corrected, (4, 0)),
        (a_new_image, (1, 4)),
        (a_day_less, (0, 2)),
    ],
)
def test_after_a_change_what_it_concerns_is_cut_again(
    change: Callable[[Sun], None], counts: tuple[int, int], sun: Sun
) -> None:
    change(sun)
    taken = sun.cut()
    assert sun.counts() == counts
    assert taken == sun.cut("anew", kept=False)


def test_other_code_or_packages_cut_everything_again(sun: Sun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "identity", lambda *_: "another")
    sun.cut()
    assert sun.counts() == (4, 0)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def flipped(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def without_lines(path: Path) -> None:
    path.write_bytes(b"\xff" * 1000)


@pytest.mark.parametrize("damage", [cut_short, emptied, flipped, without_lines])
def test_a_damaged_file_is_one_line_and_is_made_again(damage: Callable[[Path], None], sun: Sun) -> None:
    good = sun.february().read_bytes()
    damage(sun.february())
    sun.log.clear()
    assert sun.cut() == sun.cut("anew", kept=False)
    assert sum("is damaged" in message for message in sun.log.messages) == 1
    assert sun.february().read_bytes() == good


def test_no_flipped_bit_is_overlooked(sun: Sun) -> None:
    reader = cache.CropCache(sun.kept, Cutter(sun.task, "aia211", sun.folder, sun.settings))
    good, numbers = sun.february().read_bytes(), random.Random(1)
    assert len(reader.read("2014-02")) == 3
    within_the_lines = range(good.index(b"\n", good.index(b"\n") + 1))
    for place in numbers.sample(within_the_lines, FLIPS) + numbers.sample(range(len(good)), FLIPS):
        flipped(sun.february(), place)
        assert reader.read("2014-02") == {}, place
        sun.february().write_bytes(good)


def test_two_runs_at_once_do_each_other_no_harm(sun: Sun) -> None:
    other = Sun(sun.folder, sun.log, sun.settings.model_copy(update={"mask": False}))
    other.times = sun.times
    runs = [(sun, "a"), (other, "b")] * 4
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(run.cut, f"{name}{number}") for number, (run, name) in enumerate(runs)]
    expected = [sun.cut("one", kept=False), other.cut("two", kept=False)]
    assert [files.result() for files in done] == expected * 4
    assert not [message for message in sun.log.messages if "damaged" in message]
    assert sorted(path.name for path in (sun.kept / sun.task).iterdir()) == ["2014-01", "2014-02"]


def test_where_nothing_can_be_kept_it_is_one_line_and_crops_are_cut(sun: Sun) -> None:
    shutil.rmtree(sun.kept)
    sun.kept.touch()
    sun.log.clear()
    assert sun.cut() == sun.cut("anew", kept=False)
    said = [message for message in sun.log.messages if "cannot be used" in message]
    assert said == [f"{sun.kept / sun.task} cannot be used (Not a directory): no crops are kept for the next run"]
