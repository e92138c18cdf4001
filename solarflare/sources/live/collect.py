"""Flares and regions from the lists that the parameters name, for the span of the images and the labels' windows."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.matching import EventLists
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import merge
from solarflare.sources.live.schema import LiveParams

MARGIN = np.timedelta64(2, "D")
"""Lists are read for so much longer than the windows: regions are placed by the reports before and after."""

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Merged(EventLists):
    """The merged lists, and where they disagree (`tables.DISAGREEMENTS`)."""

    disagreements: pd.DataFrame


def collect(params: LiveParams, fetcher: Fetcher) -> Merged:
    """Read the lists that ``scrape.live`` names, for its span and the windows of the labels.

    Returns the flares of all lists, each once, with the region that they are near where no list names one.
    """
    live = params.scrape.live
    reach = max(max(question.before, question.after) for question in (params.label.disk, params.label.region))
    margin = MARGIN + np.timedelta64(int(np.ceil(reach)), "h")
    start, end = np.datetime64(live.start, "s") - margin, np.datetime64(live.end, "s") + margin
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
    return Merged(
        flares=merge.associate(merged, reports),
        regions=reports,
        coverage=tables.concat([collected.coverage for collected in [*flares, *regions]], tables.COVERAGE),
        disagreements=merge.disagreements(flares),
    )
