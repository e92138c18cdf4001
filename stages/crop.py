"""Find the disk, blank what is printed on the image, cut, resize: ``data/crops/``."""

from pathlib import Path

from solarflare.core import absent, params, tables
from solarflare.core.console import log, run
from solarflare.core.files import atomic_directory
from solarflare.core.params import TASKS
from solarflare.dataset.crops import crops

RAW = Path("data/raw")


def main() -> None:
    chosen = params.load()
    images = tables.read(RAW / "images.csv", tables.IMAGES)
    regions = tables.read(RAW / "regions.csv", tables.REGIONS)
    with atomic_directory(Path("data/crops")) as folder:
        for task in TASKS:
            reason = None
            if task not in chosen.tasks:
                reason = f"{task} is not among the tasks in params.yaml"
            elif task == "region" and regions.empty:
                reason = "the origin has no region reports"
            if reason:
                absent.mark(folder / task, reason)
                log.info("%s: absent, %s", task, reason)
                continue
            crops.cut(task, getattr(chosen.instrument, task), images, regions, RAW, folder / task, chosen.crop)


if __name__ == "__main__":
    run(main)
