"""The form of the parameters of the origin `archive`."""

from solarflare.core.params import Group
from solarflare.core.tasks import Origin, TaskParams
from solarflare.sun.images.instruments import InstrumentParams


class Archive(Group):
    """A folder of images and tables."""

    path: str | None
    digest: str | None


class ArchiveScrape(Origin):
    """What this origin reads of `scrape`."""

    archive: Archive


class ArchiveParams(TaskParams, InstrumentParams):
    """What this origin reads of `params.yaml`."""

    scrape: ArchiveScrape
