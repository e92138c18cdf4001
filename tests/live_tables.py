"""A few days of flares and regions, and the sources that are to bring them back, for the tests of the label sources."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.sources.live.http.fetch import Fetcher
from tests import parameters
from tests.archive_server import observatories, pages
from tests.archive_server.world import choices

START, END = np.datetime64("2014-01-30T00:00:00"), np.datetime64("2014-02-03T00:00:00")

FLARES = tables.check(
    pd.DataFrame(
        [
            ("2014-01-30T10:00", "2014-01-30T10:10", "2014-01-30T10:30", "C2.0", 11967, -12, -20, "a"),
            ("2014-01-30T23:50", "2014-01-31T00:05", "2014-01-31T00:20", "M1.1", 11967, -13, -12, "a"),
            ("2014-02-01T04:00", "2014-02-01T04:05", "2014-02-01T04:10", "C1.5", None, None, None, "a"),
            ("2014-02-02T07:20", "2014-02-02T07:44", "2014-02-02T07:59", "X1.3", 11968, 14, 5, "a"),
        ],
        columns=list(tables.FLARES.columns),
        dtype=object,
    ),
    tables.FLARES,
    "flares",
)
"""One crosses midnight, one has neither region nor position; 31 January is quiet."""

REGIONS = tables.check(
    pd.DataFrame(
        [
            (day, noaa_ar, latitude, longitude + 13 * number, *rest)
            for number, day in enumerate(["2014-01-30", "2014-01-31", "2014-02-01", "2014-02-02", "2014-02-03"])
            for noaa_ar, latitude, longitude, *rest in (
                (11967, -12, -30, 1200, "Fkc", "beta-gamma-delta", 40),
                (11968, 14, -28, 250, "Eai", "beta-gamma", 12),
                (11970, 7, 20, 0, "", "", 0),
            )
        ],
        columns=list(tables.REGIONS.columns),
        dtype=object,
    ),
    tables.REGIONS,
    "regions",
)
"""Two with spots, and a plage."""


def fetcher(site: str, folder: Path, **live: Any) -> Fetcher:
    """Return what asks a site, fast, keeping what comes in a folder."""
    urls = observatories.urls(site) | pages.urls(site)
    return Fetcher(parameters.parse(choices(site, urls=urls, **live), Path("params.yaml")).scrape.live, folder)


def same(found: pd.DataFrame, expected: pd.DataFrame, *unknown: str) -> None:
    """Assert that two tables are alike, but for columns that a source does not know."""
    drop = [*unknown, *(["list"] if "list" in expected else [])]
    pd.testing.assert_frame_equal(found.drop(columns=drop), expected.drop(columns=drop))
