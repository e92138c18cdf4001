"""How long ten years of reports take to read, from each source of flares and regions.

The pages are generated, in the form of each site, and lie in memory: what is timed is the checking and reading of them
and the making of the tables. Run it from the project's folder: ``python -m benchmarks.sources.label_sources``.
"""

import time
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Absent, Fetcher, Read, Verify
from tests import parameters
from tests.archive_server import pages
from tests.archive_server.server import Mount

START, END = np.datetime64("2007-01-01"), np.datetime64("2017-01-01")
DAYS = int((END - START) / np.timedelta64(1, "D"))
FLARES, REGIONS = 20_000, 5  # in all, and a day


class InMemory(Fetcher):
    """Answers from pages that are generated when they are first asked for."""

    def __init__(self, mounts: dict[str, Mount]) -> None:
        self.live, self.agent = parameters.load().scrape.live, "benchmark"
        self.hosts = {}
        self._mounts = mounts
        self._contents: dict[str, bytes] = {}

    def get(self, urls: Sequence[str], verify: Verify, *, keep: bool = True, read: Read | None = None) -> bytes:
        """Return a page, checked as every page is."""
        if urls[0] not in self._contents:
            parts = urlsplit(urls[0])
            prefix = max((prefix for prefix in self._mounts if parts.path.startswith(prefix)), key=len)
            page = self._mounts[prefix](parts.path.removeprefix(prefix), dict(parse_qsl(parts.query)))
            if page is None:
                raise Absent("404 Not Found")
            self._contents[urls[0]] = page.content
        if reason := verify(self._contents[urls[0]]):
            raise Absent(reason)
        return self._contents[urls[0]]


def main() -> None:
    """Print the seconds of each source, and of all."""
    flares, regions = flare_list(), region_reports()
    fetcher = InMemory(pages.mounts(flares, regions))
    total = 0.0
    for kind, sources in (("flares", registry.FLARES), ("regions", registry.REGIONS)):
        for name, collect in sources.items():
            bases = [f"http://127.0.0.1{pages.PATHS[name]}"]
            collect(fetcher, bases, START, END)
            begin = time.perf_counter()
            collected = collect(fetcher, bases, START, END)
            seconds = time.perf_counter() - begin
            total += seconds
            print(f"{name}: {len(collected.rows):,} {kind} in {seconds:.1f} s")
    print(f"all, ten years: {total:.1f} s")


def flare_list() -> pd.DataFrame:
    """Return flares at random times, half of them with a position."""
    generator = np.random.default_rng(1)
    start = pd.Timestamp(START) + pd.to_timedelta(np.sort(generator.integers(0, DAYS * 1440, FLARES)), unit="min")
    placed = generator.random(FLARES) < 0.5
    region = 10_940 + (start - start[0]).days // 2
    columns = {
        "start": start,
        "peak": start + pd.Timedelta(minutes=6),
        "end": start + pd.Timedelta(minutes=15),
        "goes_class": generator.choice(["B5.0", "C1.0", "C5.0", "M1.0"], FLARES),
        "noaa_ar": pd.Series(region, dtype="Int64").where(generator.random(FLARES) < 0.7),
        "latitude": np.where(placed, generator.integers(-30, -1, FLARES), np.nan),
        "longitude": np.where(placed, generator.integers(-80, 80, FLARES), np.nan),
        "list": "",
    }
    return tables.check(pd.DataFrame(columns), tables.FLARES, "flares")


def region_reports() -> pd.DataFrame:
    """Return the daily rows of regions that cross the disk one after the other."""
    day, number = np.divmod(np.arange((DAYS + 1) * REGIONS), REGIONS)
    columns = {
        "time": pd.Timestamp(START) + pd.to_timedelta(day, unit="D"),
        "noaa_ar": 10_940 + REGIONS * (day // 10) + number,
        "latitude": -10.0 + number,
        "longitude": -58.0 + 13 * (day % 10),
        "area": 100.0,
        "mcintosh": "Dao",
        "mag_type": "beta",
        "spots": 5,
    }
    return tables.check(pd.DataFrame(columns), tables.REGIONS, "regions")


if __name__ == "__main__":
    main()
