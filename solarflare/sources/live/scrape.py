"""The origin `live`: fetches images and lists from the observatories' sites and writes the raw contract."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from solarflare.core import tables
from solarflare.core.console import ends_soon, log
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.core.paths import DOWNLOADS
from solarflare.sources.common import left_out
from solarflare.sources.live import collect, download, listed, pending, plan, registry
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.schema import Live, LiveParams


def scrape(params: LiveParams, raw: Path) -> None:
    """Fetch what the parameters ask for.

    Parameters
    ----------
    params : LiveParams
        ``scrape.live`` names the sources and the span. ``label`` has the questions by which images are matched.
    raw : Path
        An empty folder, filled with the raw contract, ``plan.csv``, and ``disagreements.csv`` of the flare lists. What
        the network lost is also listed by `pending`.

    Raises
    ------
    InputError
        If a source is not known, a question has no pair of images, no image at all was fetched, the host of a list is
        down, or a host may get no more requests now. The fetched files stay in the cache, and the next run continues
        from there.
    """
    live = params.scrape.live
    with fetching(live) as fetcher:
        event_lists, disagreements = collect.collect(params, fetcher)
        lost = dict(fetcher.lost)
        manifest = live.sampling == "manifest"
        wanted = listed.make(params, fetcher) if manifest else plan.make(params, event_lists, fetcher)
        plan_file = main_checkout() / DOWNLOADS / "plan.csv"
        tables.write(plan.table(wanted), plan_file, tables.PLAN)
        fetched = download.fetch(wanted, fetcher, raw)
        shutil.copyfile(plan_file, raw / "plan.csv")
    _summary(fetched)
    coverage = tables.concat([event_lists.coverage, _differing(wanted, fetched)], tables.COVERAGE)
    left_out.write(fetched, event_lists.flares, event_lists.regions, coverage, raw)
    tables.write(disagreements, raw / "disagreements.csv", tables.DISAGREEMENTS)
    images = fetched[fetched["lost"] & (fetched["reason"] != "")]
    names = [f"{row.instrument} {row.time:%Y-%m-%d %H:%M:%S}" for row in images.itertuples()]
    pending.keep(params, lost | dict(zip(names, images["reason"], strict=True)))


@contextmanager
def fetching(live: Live) -> Iterator[Fetcher]:
    """Yield a fetcher, and lock the cache: two processes together would exceed the limits of a host.

    Raises
    ------
    InputError
        If a source in the parameters is not known, or another process has locked the cache.
    """
    registry.check_sources(live)
    cache = main_checkout() / DOWNLOADS
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(cache / "scrape.lock", timeout=0):
            fetcher = Fetcher(live, cache)
            with ends_soon(fetcher.stop):
                yield fetcher
    except Timeout:
        raise InputError(f"another scrape is running in this project ({DOWNLOADS}); wait until it has ended") from None


def _differing(wanted: list[plan.Wanted], fetched: pd.DataFrame) -> pd.DataFrame:
    """Return the images of the manifest in whose place another one was fetched, as `tables.COVERAGE`."""
    kept = set(fetched.loc[fetched["reason"] == "", "origin"])
    rows = [(item.place, item.time, item.reason) for item in wanted if item.frame and item.frame.origin in kept]
    return left_out.absent(pd.DataFrame(rows, columns=["file", "time", "reason"]).astype({"time": "datetime64[ns]"}))


def _summary(fetched: pd.DataFrame) -> None:
    """Log how many images were fetched, and why the others were not; raise an InputError if none was."""
    for instrument, rows in fetched.groupby("instrument"):
        log.info("%s: %d of %d images", instrument, (rows["reason"] == "").sum(), len(rows))
    left_out.report(fetched)
    if not (fetched["reason"] == "").any():
        first = f"; the first because of: {fetched['reason'].iloc[0]}" if len(fetched) else ""
        raise InputError(f"params.yaml: scrape.live yields no image: all {len(fetched)} wanted are absent{first}")
