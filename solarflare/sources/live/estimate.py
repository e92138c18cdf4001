"""Estimates what a live scrape would cost in requests, bytes and minutes. It reads the cache and sends no request."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from solarflare.core.files import main_checkout
from solarflare.core.paths import DOWNLOADS
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.live import collect, manifest, plan, registry
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Fetcher, Read, Verify, limits_by_host
from solarflare.sources.live.http.robots import Robots
from solarflare.sources.live.schema import Live, LiveParams

REPORT_BYTES = 5e3  # Order of magnitude of the size of one report of flares or regions


class CacheOnly(Fetcher):
    """A fetcher that only reads the cache. It counts, for each host, the requests that it would have to send."""

    def __init__(self, live: Live) -> None:
        super().__init__(live, main_checkout() / DOWNLOADS)
        self.missing: dict[str, int] = {}

    def get(self, urls: Sequence[str], verify: Verify, *, keep: bool = True, read: Read | None = None) -> bytes:
        """Return a file from the cache. If the file is not there, count a request and raise Absent."""
        for url in urls:
            if (content := self.cache.read(url)) is not None:
                return content
        host = addresses.authority(urls[0])
        self.missing[host] = self.missing.get(host, 0) + 1
        raise Absent("not in the cache")


def estimate(params: LiveParams) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate what a scrape would fetch, and its cost.

    Returns
    -------
    wanted : DataFrame
        The wanted images, as `tables.PLAN`. The frames are blank: only a request would tell which images an archive
        has. The table is empty if images are matched to reports and a report is not in the cache.
    cost : DataFrame
        Upper limits of ``requests``, ``megabytes`` and ``minutes`` for each host. The minutes are at the pace of the
        parameters, or at that of the host's robots.txt, if it is slower and an earlier run has read it.
    """
    live = params.scrape.live
    registry.check_sources(live)
    fetcher = CacheOnly(live)
    # No warnings about reports that are not in the cache.
    logging.disable(logging.WARNING)
    try:
        event_lists, _ = collect.collect(params, fetcher)
        reports = dict(fetcher.missing)
        wanted = {task: _wanted(params, task, None if reports else event_lists) for task in _tasks(params)}
    finally:
        logging.disable(logging.NOTSET)
    numbers = {host: (count, count * REPORT_BYTES) for host, count in reports.items()}
    for host, count, size in _of_images(params, wanted, fetcher):
        requests, before = numbers.get(host, (0, 0.0))
        numbers[host] = requests + count, before + size
    limits = limits_by_host(live)
    rows = [
        (host, requests, size / 1e6, requests * max(limits[host].mean_delay, _crawl_delay(fetcher, host)) / 60)
        for host, (requests, size) in sorted(numbers.items())
    ]
    all_wanted = [item for items in wanted.values() for item in items]
    return plan.table(all_wanted), pd.DataFrame(rows, columns=["host", "requests", "megabytes", "minutes"])


def _crawl_delay(fetcher: Fetcher, host: str) -> float:
    """Return the seconds between two requests that a host's robots.txt asks for, as an earlier run has read it."""
    files = [fetcher.robots_read.read(f"{scheme}://{host}/robots.txt") for scheme in ("http", "https")]
    return max(Robots(content or b"").delay for content in files)


def _tasks(params: LiveParams) -> list[Task]:
    """Return the tasks with images of their own: two of one instrument share them, unless they are matched."""
    tasks = sorted(params.tasks)
    if params.scrape.live.sampling == "matched":
        return tasks
    return sorted({params.instrument.of(task): task for task in reversed(tasks)}.values())


def _of_images(
    params: LiveParams, wanted: Mapping[Task, list[plan.Wanted]], fetcher: CacheOnly
) -> Iterator[tuple[str, int, float]]:
    """Yield a host, a number of requests, and the bytes of their answers, for the images of each task."""
    live = params.scrape.live
    if live.sampling == "manifest":
        for entry in manifest.chosen(params):
            archive, urls = registry.IMAGES[entry.archive], entry.frame(live).urls
            if not any(map(fetcher.cache.read, urls)):
                size = entry.bytes or archive.image_bytes[live.img_width]
                yield addresses.authority(urls[0]), 1 if archive.by_path else 2, size
        return
    counts = {task: len(items) or plan.sample(live, task).count for task, items in wanted.items()}
    for task, count in counts.items():
        source = live.sources.of(params.instrument.of(task))[0]
        archive = registry.IMAGES[source]
        size = count * (archive.listing_bytes + archive.image_bytes[live.img_width])
        yield addresses.authority(live.urls[source][0]), count * (1 + (archive.listing_bytes > 0)), size


def _wanted(params: LiveParams, task: Task, event_lists: matching.EventLists | None) -> list[plan.Wanted]:
    """Return the wanted images of a task; none if they are matched and `event_lists` is None (not known)."""
    live, instrument = params.scrape.live, params.instrument.of(task)
    if live.sampling == "cadence":
        return [plan.Wanted(task, instrument, time) for time in plan.regular_times(live)]
    if live.sampling == "manifest":
        entries = [entry for entry in manifest.chosen(params) if entry.instrument == instrument]
        return [plan.Wanted(task, instrument, entry.time) for entry in entries]
    if event_lists is None:
        return []
    generator = np.random.default_rng(plan.seeds(params)[task])
    pairs = matching.matched_pairs(instrument, params.label.of(task), plan.sample(live, task), event_lists, generator)
    return [plan.Wanted(task, instrument, time, name) for time, name in plan.with_ids(pairs, task)]
