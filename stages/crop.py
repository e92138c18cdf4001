"""Find the disk, blank what is printed on the image, cut, resize: ``data/crops/``."""

from solarflare.core import absent, params, tables
from solarflare.core.compute import ComputeParams
from solarflare.core.console import log, run
from solarflare.core.files import atomic_directory, main_checkout
from solarflare.core.paths import CROPS, CUT_BEFORE, RAW, RAW_IMAGES, RAW_REGIONS
from solarflare.core.tasks import TASKS, Task, TaskParams
from solarflare.dataset.crops import job
from solarflare.dataset.shards.schema import CropParams
from solarflare.sun.images.instruments import InstrumentParams


class Chosen(TaskParams, InstrumentParams, CropParams, ComputeParams):
    """What the stage reads of params.yaml."""


def main() -> None:
    chosen = params.load(Chosen)
    images = tables.read(RAW_IMAGES, tables.IMAGES)
    regions = tables.read(RAW_REGIONS, tables.REGIONS)
    with atomic_directory(CROPS) as folder:
        for task in TASKS:
            reason = None
            if task not in chosen.tasks:
                reason = f"{task} is not among the tasks in params.yaml"
            elif task == Task.REGION and regions.empty:
                reason = "the origin has no region reports"
            if reason:
                absent.mark(folder / task, reason)
                log.info("%s: absent, %s", task, reason)
                continue
            how = chosen.crop, chosen.compute.scheduler, main_checkout() / CUT_BEFORE
            job.cut(task, chosen.instrument.of(task), images, regions, RAW, folder / task, *how)


if __name__ == "__main__":
    run(main)
