"""Flares and regions from the lists that the parameters name, for the span and the windows of the questions."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.common.matching import Catalogue
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.lists import hek, merge
from solarflare.sources.live.schema import LiveParams

MARGIN = np.timedelta64(2, "D")
"""Lists are read for this much more than the windows reach: regions are placed by the reports on either side."""

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Merged(Catalogue):
    """What several lists know together, and where they disagree (`tables.DISAGREEMENTS`)."""

    disagreements: pd.DataFrame


def collect(params: LiveParams, fetcher: Fetcher) -> Merged:
    """Collect the lists.

    Parameters
    ----------
    params : LiveParams
        ``scrape.live`` names the lists and the span, ``label`` how far the windows reach.
    fetcher : Fetcher
        For the reports.

    Returns
    -------
    Merged
        The flares of all lists, those that several report once, with the region that they are near where none is
        named; regions; where each list is complete; and what the flare lists disagree on.
    """
    live = params.scrape.live
    reach = max(max(question.before, question.after) for question in (params.label.disk, params.label.region))
    margin = MARGIN + np.timedelta64(int(np.ceil(reach)), "h")
    start, end = np.datetime64(live.start, "s") - margin, np.datetime64(live.end, "s") + margin
    flares = [registry.FLARES[name](fetcher, live.urls[name], start, end) for name in live.flares]
    regions = [registry.REGIONS[name](fetcher, live.urls[name], start, end) for name in live.regions]
    for name, found in zip([*live.flares, *live.regions], [*flares, *regions], strict=True):
        log.info("%s: %d rows, %d gaps", name, len(found.rows), (found.coverage["status"] == "absent").sum())
    merged = merge.combine(flares, live.flares)
    if live.positions == "hek":
        merged = merge.locate(merged, hek.flares(fetcher, live.urls["hek"], start, end).rows)
    of_first = tables.concat([found.rows for found in regions], tables.REGIONS).drop_duplicates(["time", "noaa_ar"])
    reported = of_first.sort_values(["time", "noaa_ar"], ignore_index=True)
    return Merged(
        flares=merge.associate(merged, reported),
        regions=reported,
        coverage=tables.concat([found.coverage for found in [*flares, *regions]], tables.COVERAGE),
        disagreements=merge.disagreements(flares),
    )
