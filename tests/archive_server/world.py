"""A small Sun as the observatories and NOAA report it: twenty days of January 2014, with two regions and quiet days."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.archive_server import observatories
from tests.archive_server.faults import Fault
from tests.archive_server.ftp import FtpServer
from tests.archive_server.observatories import Shot, drawn
from tests.archive_server.server import ArchiveServer

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"
START, DAYS = dt.datetime(2014, 1, 1), 20
MARGIN = 5
DAY = dt.timedelta(days=1)
EVENTS = "stp/solar_event_reports"
SUMMARIES = "stp/solar_region_summaries"

REGIONS = {11944: range(0, 6), 11950: range(10, 15)}
"""The days on which each region is on the disk."""

FLARES = [(day, hour) for day in (0, 2, 4, 10, 12) for hour in (9, 17)]
"""Day and hour at which a flare of four hours begins, of the region that is there."""


@dataclass(frozen=True)
class World:
    """A site's folder, and the images that lie in it."""

    site: Path
    shots: list[Shot]

    @classmethod
    def make(cls, site: Path) -> "World":
        """Lay out images of GONG by day, and of AIA and HMI all day; reports of every day."""
        days = [START + number * DAY for number in range(DAYS)]
        hours = [day + dt.timedelta(hours=hour) for day in days for hour in range(0, 24, 2)]
        slots = [day + dt.timedelta(hours=hour, minutes=21, seconds=3) for day in days for hour in range(14, 24, 2)]
        shots = [Shot("gong", time, drawn("gong", number)) for number, time in enumerate(slots)]
        shots += [Shot("aia211", time, drawn("aia211", number)) for number, time in enumerate(hours)]
        shots += [Shot("hmi", time, drawn("hmi", number)) for number, time in enumerate(hours[::6])]
        observatories.lay_out(shots, site)
        for number in range(-MARGIN, DAYS + MARGIN):
            day = START + number * DAY
            for folder, name, text in (
                (EVENTS, f"{day:%Y%m%d}events.txt", event_report(day, number)),
                (SUMMARIES, f"{day:%Y%m%d}SRS.txt", region_summary(day, number)),
            ):
                path = site / folder / f"{day:%Y/%m}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return cls(site, shots)

    @contextmanager
    def serve(self, *faults: Fault, **options: Any) -> Iterator[ArchiveServer]:
        """Serve it over HTTP."""
        mounts = observatories.mounts(self.shots, self.site)
        with ArchiveServer(self.site, mounts=mounts, faults=list(faults), **options) as server:
            yield server

    @contextmanager
    def serve_ftp(self, *faults: Fault) -> Iterator[FtpServer]:
        """Serve it over FTP."""
        with FtpServer(self.site, faults=list(faults)) as server:
            yield server


def choices(*sites: str, **live: Any) -> dict[str, Any]:
    """Return the project's parameters, with the origin `live` asking some sites, fast."""
    content: dict[str, Any] = yaml.safe_load(PARAMS.read_text())
    web = [site for site in sites if site.startswith("http")]
    manners = {"delay": 0, "jitter": 0, "concurrency": 2, "daily_cap": 100_000, "timeout": 2, "retries": 5}
    content["scrape"]["origin"] = "live"
    content["scrape"]["live"] |= {
        "start": f"{START:%Y-%m-%d}",
        "end": f"{START + DAYS * DAY:%Y-%m-%d}",
        "disk_images": 12,
        "region_images": 6,
        "tolerance": 60,
        "urls": observatories.urls(*sites)
        | {"swpc_events": [f"{site}/{EVENTS}" for site in web], "swpc_srs": [f"{site}/{SUMMARIES}" for site in web]},
        "manners": manners | {"backoff": 0.001, "max_wait": 30, "max_bytes": 5_000_000},
        "slower": {},
    } | live
    return content


def event_report(day: dt.datetime, number: int) -> str:
    """Return NOAA's event report of a day."""
    lines = [
        f":Product: {day:%Y%m%d}events.txt",
        f":Date: {day:%Y %m %d}",
        "#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#",
        "#-------------------------------------------------------------------------------",
    ]
    for event, (_, hour) in enumerate((flare for flare in FLARES if flare[0] == number), start=1):
        region = next(name for name, days in REGIONS.items() if number in days) - 10_000
        lines.append(
            f"{event:04d}       {hour:02d}00   {hour + 1:02d}00      {hour + 4:02d}00  G15  5   XRA  1-8A      "
            f"M1.0    1.9E-03   {region}"
        )
    return "\n".join(lines if len(lines) > 4 else [*lines[:2], "NO EVENT REPORTS."]) + "\n"


def region_summary(day: dt.datetime, number: int) -> str:
    """Return NOAA's region summary that is issued on a day."""
    rows = []
    for name, days in REGIONS.items():
        if number in days:
            west = 13 * (number - days[len(days) // 2])
            side = "W" if west >= 0 else "E"
            rows.append(f"{name - 10_000} N10{side}{abs(west):02d}   019  0100 Bxo  02   03 Beta")
    return "\n".join(
        [
            f":Product: {day:%m%d}SRS.txt",
            f":Issued: {day:%Y %b} {day:%d} 0030 UTC",
            f"I.  Regions with Sunspots.  Locations Valid at {day - DAY:%d}/2400Z",
            "Nmbr Location  Lo  Area  Z   LL   NN Mag Type",
            *(rows or ["None"]),
            f"IA. H-alpha Plages without Spots.  Locations Valid at {day - DAY:%d}/2400Z {day:%b}",
            "Nmbr  Location  Lo",
            "None",
            "II. Regions Due to Return",
            "Nmbr Lat    Lo",
            "None",
            "",
        ]
    )
