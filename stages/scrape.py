"""Simulate, import or fetch the data, whichever ``scrape.origin`` names: ``data/raw/``."""

from solarflare.core import params, tables
from solarflare.core.console import log, run
from solarflare.core.files import atomic_directory
from solarflare.core.paths import RAW, RAW_IMAGES
from solarflare.core.tasks import OriginParams


def main() -> None:
    with atomic_directory(RAW) as raw:
        # Only the chosen origin is imported: sunpy, which the simulated Sun needs, takes seconds.
        match params.load(OriginParams).scrape.origin:
            case "simulated":
                from solarflare.sources.simulated import schema as simulated
                from solarflare.sources.simulated.scrape import scrape as simulate

                simulate(params.load(simulated.SimulatedParams), raw)
            case "archive":
                from solarflare.sources.archive import schema as archive
                from solarflare.sources.archive.scrape import scrape as import_archive

                import_archive(params.load(archive.ArchiveParams), raw)
            case "live":
                from solarflare.sources.live import schema as live
                from solarflare.sources.live.scrape import scrape as fetch

                fetch(params.load(live.LiveParams), raw)
        images = tables.read(raw / RAW_IMAGES.name, tables.IMAGES)
    counts = images["instrument"].value_counts().sort_index()
    log.info("%s: %s", RAW, ", ".join(f"{count} images of {instrument}" for instrument, count in counts.items()))


if __name__ == "__main__":
    run(main)
