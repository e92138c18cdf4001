"""How fast images are cut, beside plain Pillow decoding the same files.

Run it from the project's folder once ``data/raw`` is there: ``python -m benchmarks.dataset.crop``.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.ratios import Ratio, in_turns
from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.core.workers import worker_pool
from solarflare.dataset.crops import job
from tests import parameters

RAW = Path("data/raw")
ROUNDS = 3
MODES = {Task.DISK: "L", Task.REGION: "RGB"}


def ratios() -> Iterator[Ratio]:
    """Yield the ratio of each task, in seconds."""
    chosen = parameters.load()
    images, regions = tables.read(RAW / "images.csv", tables.IMAGES), tables.read(RAW / "regions.csv", tables.REGIONS)
    for task in chosen.tasks:
        instrument = chosen.instrument.of(task)
        of_task = images[images["instrument"] == instrument]
        with TemporaryDirectory() as name:
            folder = Path(name) / task
            cut = partial(job.cut, task, instrument, of_task, regions, RAW, folder, chosen.crop)
            cutting, decoding = in_turns(ROUNDS, cut, partial(decode_all, of_task["path"], MODES[task]))
        rates = f"{len(of_task) / cutting:.0f} and {len(of_task) / decoding:.0f} images of {instrument} a second"
        yield Ratio(f"crop, {task}", "decoding the same JPEGs with Pillow", cutting / decoding, 1.5, rates)


def decode_all(paths: pd.Series, mode: str) -> None:
    """Decode the images in as many processes, and do nothing with them."""
    with worker_pool() as pool:
        assert sum(pool.map(partial(decode, mode=mode), [RAW / path for path in paths], chunksize=16))


def decode(path: Path, mode: str) -> int:
    """Decode an image with Pillow, and return its number of values."""
    with Image.open(path) as image:
        return np.asarray(image.convert(mode)).size


if __name__ == "__main__":
    print(*ratios(), sep="\n")
