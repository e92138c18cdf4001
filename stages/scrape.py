"""Fill data/raw/ from the origin that the parameters name."""

import logging
from pathlib import Path

from solarflare.core import params, tables
from solarflare.core.console import run
from solarflare.core.files import atomic_directory

RAW = Path("data/raw")

log = logging.getLogger("solarflare")


def main() -> None:
    chosen = params.load()
    # Only the chosen origin is imported: sunpy, which the simulated Sun needs, takes seconds.
    match chosen.scrape.origin:
        case "simulated":
            from solarflare.sources.simulated.scrape import scrape
        case "archive":
            from solarflare.sources.archive.scrape import scrape
        case "live":
            from solarflare.sources.live.scrape import scrape
    with atomic_directory(RAW) as raw:
        scrape(chosen, raw)
        images = tables.read(raw / "images.csv", tables.IMAGES)
    counts = images["instrument"].value_counts().sort_index()
    log.info("%s: %s", RAW, ", ".join(f"{count} images of {instrument}" for instrument, count in counts.items()))


if __name__ == "__main__":
    run(main)
