"""What a live scrape would cost in requests, bytes and minutes: worked out from the cache alone, nothing is asked."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.files import main_checkout
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Fetcher, Read, Verify, host_manners
from solarflare.sources.live.images import plan
from solarflare.sources.live.lists import collect
from solarflare.sources.live.schema import Live, LiveParams
from solarflare.sources.live.scrape import CACHE
from solarflare.sun.images.instruments import Instrument

REPORT = 5e3
LISTING = {"bbso": 2e4, "gsfc": 1e6, "jsoc": 0.0, "helioviewer": 5e2}
"""Bytes of a daily report, and of what an archive is asked before an image; orders of magnitude."""

IMAGE = {512: 4e4, 1024: 2e5, 4096: 2.5e6}
GONG_IMAGE = 6.5e4
"""Bytes of an image of SDO by its side in pixels (measured at 512), and of GONG (59 to 76 kB)."""


class CacheOnly(Fetcher):
    """Answers from the cache, and counts what it would have to ask for by the host."""

    def __init__(self, live: Live) -> None:
        super().__init__(live, main_checkout() / CACHE)
        self.missing: dict[str, int] = {}

    def get(self, urls: Sequence[str], verify: Verify, *, keep: bool = True, read: Read | None = None) -> bytes:
        """Return a file that is in the cache; of any other say that it is absent, and count it."""
        for url in urls:
            if (content := self.cache.read(url)) is not None:
                return content
        host = addresses.authority(urls[0])
        self.missing[host] = self.missing.get(host, 0) + 1
        raise Absent("not asked yet")


def estimate(params: LiveParams) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Work out what a scrape would do, and what it would cost.

    Parameters
    ----------
    params : LiveParams
        As for `scrape`.

    Returns
    -------
    wanted : DataFrame
        In the form of `tables.PLAN`, as far as it is settled without asking anybody: which image an archive has near a
        time is not. Empty while reports are missing that images are matched by.
    cost : DataFrame
        For each host ``requests``, ``megabytes`` and ``minutes``: at most, of the images.
    """
    live = params.scrape.live
    asking = CacheOnly(live)
    with _silence():
        known = collect.collect(params, asking)
        reports = dict(asking.missing)
        wanted = [item for task in sorted(params.tasks) for item in _wanted(params, task, None if reports else known)]
    numbers = {host: (count, count * REPORT) for host, count in reports.items()}
    for task in sorted(params.tasks):
        instrument = params.instrument.of(task)
        source = getattr(live.sources, instrument)[0]
        count = _count(live, task, [item for item in wanted if item.task == task])
        host = addresses.authority(live.urls[source][0])
        before, size = numbers.get(host, (0, 0.0))
        asked = count * (1 + (LISTING[source] > 0))
        numbers[host] = before + asked, size + count * (LISTING[source] + _image(instrument, live))
    manners = host_manners(live)
    rows = [
        (host, requests, size / 1e6, requests * (manners[host].delay + manners[host].jitter / 2) / 60)
        for host, (requests, size) in sorted(numbers.items())
    ]
    return plan.table(wanted), pd.DataFrame(rows, columns=["host", "requests", "megabytes", "minutes"])


def render(wanted: pd.DataFrame, cost: pd.DataFrame) -> str:
    """Return a plan and its cost as text: the plan as a CSV table, if there is one yet, then what it costs."""
    if len(wanted):
        planned = wanted.to_csv(index=False, date_format=tables.TIME_FORMAT)
    else:
        planned = "The images are matched by reports that are not in the cache yet: which, is not known before.\n"
    total = pd.DataFrame([["together", *cost[["requests", "megabytes", "minutes"]].sum()]], columns=cost.columns)
    lines = pd.concat([cost, total]).astype({"requests": int}).round({"megabytes": 1, "minutes": 1})
    return f"{planned}\nAt most, at the pace of scrape.live.manners:\n{lines.to_string(index=False)}"


def _wanted(params: LiveParams, task: Task, known: matching.Catalogue | None) -> list[plan.Wanted]:
    """Return the times that a task wants, as far as they are settled."""
    live, instrument = params.scrape.live, params.instrument.of(task)
    if live.sampling == "cadence":
        return [plan.Wanted(task, instrument, time) for time in plan.regular_times(live)]
    if known is None:
        return []
    generator = np.random.default_rng(plan.seeds(params)[task])
    pairs = matching.matched(instrument, params.label.of(task), plan.sample(live, task), known, generator)
    rows = matching.numbered(pairs, task)
    times = rows["time"].to_numpy("datetime64[s]")
    return [plan.Wanted(task, instrument, time, name) for time, name in zip(times, rows["pair_id"], strict=True)]


def _count(live: Live, task: Task, wanted: list[plan.Wanted]) -> int:
    return len(wanted) or plan.sample(live, task).count


def _image(instrument: Instrument, live: Live) -> float:
    return GONG_IMAGE if instrument == "gong" else IMAGE[live.img_width]


@contextmanager
def _silence() -> Iterator[None]:
    """Say nothing of what is not in the cache."""
    log = logging.getLogger("solarflare")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
