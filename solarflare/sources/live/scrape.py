"""The origin `live`: the observatories' own sites, asked politely, into the raw contract.

`registry` names the sources, a module each. `fetch` asks for files: `addresses` says which may be asked for, `manners`
when, `transport` how, `cache` keeps them. `catalogue` collects flares and regions, `plan` settles which images are
wanted, `images` fetches them.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout
from solarflare.sources.common import left_out
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.images import download, plan
from solarflare.sources.live.lists import collect
from solarflare.sources.live.schema import Live, LiveParams

CACHE = Path("data/cache")
"""Seen from the main checkout: all that was ever fetched, and the last plan."""

log = logging.getLogger("solarflare")


def scrape(params: LiveParams, raw: Path) -> None:
    """Fetch what the parameters ask for.

    Parameters
    ----------
    params : LiveParams
        ``scrape.live`` says what to ask whom, ``label`` which questions the images are matched for.
    raw : Path
        An empty folder, filled with the raw contract, ``plan.csv``, and ``disagreements.csv`` of the flare lists.

    Raises
    ------
    InputError
        If a question has no pair of images, no image at all could be had, or an archive cannot be asked to the end
        now; what was fetched is in the cache, and the next run continues from there.
    """
    live = params.scrape.live
    with fetching(live) as fetcher:
        known = collect.collect(params, fetcher)
        wanted = plan.make(params, known, plan.Archives(live, fetcher))
        settled = main_checkout() / CACHE / "plan.csv"
        tables.write(plan.table(wanted), settled, tables.PLAN)
        fetched = download.fetch(wanted, fetcher, raw)
        shutil.copyfile(settled, raw / "plan.csv")
    _summary(fetched)
    kept = fetched[fetched["reason"] == ""]
    tables.write(kept[list(tables.IMAGES.columns)], raw / "images.csv", tables.IMAGES)
    tables.write(known.flares, raw / "flares.csv", tables.FLARES)
    tables.write(known.regions, raw / "regions.csv", tables.REGIONS)
    tables.write(known.disagreements, raw / "disagreements.csv", tables.DISAGREEMENTS)
    coverage = tables.concat([known.coverage, left_out.absent(fetched)], tables.COVERAGE)
    tables.write(coverage, raw / "coverage.csv", tables.COVERAGE)


@contextmanager
def fetching(live: Live) -> Iterator[Fetcher]:
    """Yield what fetches, and hold the cache: two at once would be two streams to a host that was promised one.

    Parameters
    ----------
    live : Live
        Which hosts may be asked, and how.

    Raises
    ------
    InputError
        If another process holds it.
    """
    cache = main_checkout() / CACHE
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(cache / "scrape.lock", timeout=0):
            yield Fetcher(live, cache)
    except Timeout:
        raise InputError(f"another scrape is running in this project ({CACHE}); wait until it has ended") from None


def _summary(fetched: pd.DataFrame) -> None:
    """Say what came, what did not, and why."""
    for instrument, rows in fetched.groupby("instrument"):
        log.info("%s: %d of %d images", instrument, (rows["reason"] == "").sum(), len(rows))
    left_out.report(fetched)
    if not (fetched["reason"] == "").any():
        first = f"; the first because of: {fetched['reason'].iloc[0]}" if len(fetched) else ""
        raise InputError(f"params.yaml: scrape.live yields no image: all {len(fetched)} wanted are absent{first}")
