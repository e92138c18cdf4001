"""How fast images are cut, beside plain Pillow decoding the same files, and how much memory n and 4 n images take.

Run it from the project's folder once ``data/raw`` is there: ``python -m benchmarks.dataset.crop``.
"""

import resource
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from solarflare.core import tables
from solarflare.core.workers import worker_pool
from solarflare.dataset.crops import job
from tests import parameters

RAW = Path("data/raw")


def main() -> None:
    """Print images a second and peak memory for each task."""
    chosen = parameters.load()
    images, regions = tables.read(RAW / "images.csv", tables.IMAGES), tables.read(RAW / "regions.csv", tables.REGIONS)
    for task in chosen.tasks:
        instrument = chosen.instrument.of(task)
        of_task = images[images["instrument"] == instrument]
        with TemporaryDirectory() as folder:
            cut = partial(job.cut, task, instrument, regions=regions, raw=RAW, settings=chosen.crop)
            for subset in (of_task.iloc[::4], of_task):
                start = time.perf_counter()
                cut(images=subset, folder=Path(folder) / task)
                seconds = time.perf_counter() - start
                own_peak, worker_peak = peak(resource.RUSAGE_SELF), peak(resource.RUSAGE_CHILDREN)
                memory = f"peak {own_peak:.0f} MB, of a worker {worker_peak:.0f} MB"
                print(f"{task}: {len(subset)} images of {instrument}, {memory}")
        decoded = decode_all(of_task["path"], "L" if task == "disk" else "RGB")
        rate, rate_of_pillow = len(of_task) / seconds, len(of_task) / decoded
        print(f"{task}: {rate:.0f} images a second; Pillow decodes {rate_of_pillow:.0f} a second")


def decode_all(paths: pd.Series, mode: str) -> float:
    """Return the seconds that as many processes take to decode the images and do nothing with them."""
    start = time.perf_counter()
    with worker_pool() as pool:
        total = sum(pool.map(partial(decode, mode=mode), [RAW / path for path in paths], chunksize=16))
    assert total
    return time.perf_counter() - start


def decode(path: Path, mode: str) -> int:
    """Decode an image with Pillow, and return its number of values."""
    with Image.open(path) as image:
        return np.asarray(image.convert(mode)).size


def peak(whose: int) -> float:
    """Return the peak memory so far of this process, or of its largest worker, in MB."""
    peak_memory = resource.getrusage(whose).ru_maxrss
    return peak_memory / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
