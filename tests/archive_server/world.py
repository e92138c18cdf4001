"""A Sun as all its observers report it: images, flares and regions, served as their sites do."""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, tables
from solarflare.sources.common import event_tables, filenames
from tests import parameters
from tests.archive_server import observatories, pages
from tests.archive_server.faults import Fault
from tests.archive_server.ftp import FtpServer
from tests.archive_server.observatories import Shot, drawn
from tests.archive_server.server import ArchiveServer

START, DAYS = dt.datetime(2014, 1, 1), 20
DAY = dt.timedelta(days=1)

ON_DISK = {11944: range(0, 6), 11950: range(10, 15)}
"""The small Sun's regions, and the days on which each is on the disk."""

FLARING = [(day, hour) for day in (0, 2, 4, 10, 12) for hour in (9, 17)]
"""Day and hour at which the region that is there begins a flare of four hours."""


@dataclass(frozen=True)
class World:
    """Images, laid out in the folder of a site, and tables of flares and regions."""

    site: Path
    shots: list[Shot]
    flares: pd.DataFrame
    regions: pd.DataFrame

    @classmethod
    def make(cls, site: Path, shots: Iterable[Shot], flares: pd.DataFrame, regions: pd.DataFrame) -> "World":
        """Lay out the images."""
        shots = sorted(shots, key=lambda shot: (shot.time, shot.instrument))
        observatories.lay_out(shots, site)
        return cls(site, shots, flares, regions)

    @classmethod
    def small(cls, site: Path) -> "World":
        """Return twenty days with two regions and quiet days between: GONG by day, AIA and HMI all day."""
        days = [START + number * DAY for number in range(DAYS)]
        hours = [day + dt.timedelta(hours=hour) for day in days for hour in range(0, 24, 2)]
        slots = [day + dt.timedelta(hours=hour, minutes=21, seconds=3) for day in days for hour in range(14, 24, 2)]
        shots = [Shot("gong", time, drawn("gong", number)) for number, time in enumerate(slots)]
        shots += [Shot("aia211", time, drawn("aia211", number)) for number, time in enumerate(hours)]
        shots += [Shot("hmi", time, drawn("hmi", number)) for number, time in enumerate(hours[::6])]
        return cls.make(site, shots, _flares(), _regions())

    @classmethod
    def imported(cls, site: Path, archive: Path) -> "World":
        """Return the Sun of a folder of images with its flares.csv and regions.csv."""
        files = sorted(archive.rglob("*.jpg"))
        stamps = [filenames.parse(file.name) for file in files]
        shots = [
            Shot(stamp.instrument, stamp.time, file.read_bytes())
            for file, stamp in zip(files, stamps, strict=True)
            if stamp
        ]
        flares = event_tables.read_flares(archive / "flares.csv")
        return cls.make(site, shots, flares, event_tables.read_regions(archive / "regions.csv"))

    @contextmanager
    def serve(self, *faults: Fault, **options: Any) -> Iterator[ArchiveServer]:
        """Serve it over HTTP."""
        mounts = observatories.mounts(self.shots, self.site) | pages.mounts(self.flares, self.regions)
        with ArchiveServer(self.site, mounts=mounts, faults=list(faults), **options) as server:
            yield server

    @contextmanager
    def serve_ftp(self, *faults: Fault) -> Iterator[FtpServer]:
        """Serve its files over FTP."""
        with FtpServer(self.site, faults=list(faults)) as server:
            yield server


def choices(*sites: str, timeout: float = 60, **live: Any) -> dict[str, Any]:
    """Return the project's parameters, with the origin `live` asking some sites, fast, about the small Sun."""
    content: dict[str, Any] = params.read_yaml(parameters.FIXED)
    manners = {"delay": 0, "jitter": 0, "concurrency": 2, "daily_cap": 100_000, "timeout": timeout, "retries": 5}
    content["scrape"]["origin"] = "live"
    content["scrape"]["live"] |= {
        "start": f"{START:%Y-%m-%d}",
        "end": f"{START + DAYS * DAY:%Y-%m-%d}",
        "disk_images": 12,
        "region_images": 6,
        "tolerance": 60,
        "urls": observatories.urls(*sites) | pages.urls(*sites),
        "manners": manners | {"backoff": 0.001, "max_wait": 30, "max_bytes": 5_000_000},
        "slower": {},
    } | live
    return content


def _flares() -> pd.DataFrame:
    rows = []
    for day, hour in FLARING:
        start = START + day * DAY + dt.timedelta(hours=hour)
        region = next(name for name, days in ON_DISK.items() if day in days)
        peak, end = start + dt.timedelta(hours=1), start + dt.timedelta(hours=4)
        rows.append((start, peak, end, "M1.0", region, None, None, "swpc_events"))
    return tables.check(pd.DataFrame(rows, columns=list(tables.FLARES.columns)), tables.FLARES, "the small Sun")


def _regions() -> pd.DataFrame:
    rows = [
        (START + day * DAY, name, 10, 13 * (day - days[len(days) // 2]), 100, "Bxo", "beta", 3)
        for name, days in ON_DISK.items()
        for day in days
    ]
    return tables.check(pd.DataFrame(rows, columns=list(tables.REGIONS.columns)), tables.REGIONS, "the small Sun")
