"""Reads the flares and regions from the lists that the parameters name."""

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log
from solarflare.sources.common.matching import EventLists
from solarflare.sources.live import manifest, registry
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import merge
from solarflare.sources.live.schema import LiveParams
from solarflare.sun.events.records import HORIZONS

# The lists are read for this much longer at both ends: a region is placed by the reports before and after a time.
MARGIN = np.timedelta64(2, "D")
# At the start also for so long as the baselines look back.
HISTORY = np.timedelta64(max(HORIZONS), "h")


def collect(params: LiveParams, fetcher: Fetcher) -> tuple[EventLists, pd.DataFrame]:
    """Read the lists that ``scrape.live`` names, for its span and the windows of the labels.

    Returns two things. The first is the flares of all lists (each flare once), the regions, and where each list is
    complete. If no list names a flare's region, the flare gets the region that it is near. The second is where the
    flare lists disagree (`tables.DISAGREEMENTS`).
    """
    live = params.scrape.live
    reach = max(max(question.before, question.after) for question in (params.label.disk, params.label.region))
    margin = MARGIN + np.timedelta64(int(np.ceil(reach)), "h")
    first, last = span(params)
    start, end = first - margin - HISTORY, last + margin
    flares = [registry.FLARES[name](fetcher, live.urls[name], start, end) for name in live.flares]
    regions = [registry.REGIONS[name](fetcher, live.urls[name], start, end) for name in live.regions]
    for name, collected in zip([*live.flares, *live.regions], [*flares, *regions], strict=True):
        gaps = (collected.coverage["status"] == "absent").sum()
        log.info("%s: %d rows, %d gaps", name, len(collected.rows), gaps)
    merged = merge.combine(flares, live.flares)
    if live.positions != "none":
        observed = registry.FLARES[live.positions](fetcher, live.urls[live.positions], start, end)
        merged = merge.locate(merged, observed.rows)
    reports = tables.concat([collected.rows for collected in regions], tables.REGIONS)
    reports = reports.drop_duplicates(["time", "noaa_ar"]).sort_values(["time", "noaa_ar"], ignore_index=True)
    coverage = tables.concat([collected.coverage for collected in [*flares, *regions]], tables.COVERAGE)
    return EventLists(merge.associate(merged, reports), reports, coverage), merge.disagreements(flares)


def span(params: LiveParams) -> tuple[np.datetime64, np.datetime64]:
    """Return from when to when images are wanted (UTC): the parameters' span, or that of their manifest's images."""
    live = params.scrape.live
    if live.sampling == "manifest":
        times = [entry.time for entry in manifest.chosen(params)]
        return min(times), max(times)
    return np.datetime64(live.start, "s"), np.datetime64(live.end, "s")
