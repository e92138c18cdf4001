"""The form of the group `scrape` in `params.yaml`. It consists of the forms of the three origins."""

from typing import Literal

from solarflare.core.params import Group, Part
from solarflare.sources.archive.schema import Archive
from solarflare.sources.live.schema import Live
from solarflare.sources.simulated.schema import Simulated


class Scrape(Group):
    """Where the data come from."""

    origin: Literal["simulated", "archive", "live"]
    simulated: Simulated
    archive: Archive
    live: Live


class ScrapeParams(Part):
    """Where the data come from."""

    scrape: Scrape
