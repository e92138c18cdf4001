"""Cuts all crops of a task once, in several processes, and stores them in monthly shards.

`cutter` decides where and how wide a crop is. `cache` keeps the crops for the next run, which cuts new images only.
`solarflare.dataset.shards` reads the shards. Crops do not depend on labels, so that a new question cuts nothing again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.compute import PROCESSES
from solarflare.core.console import log, progress
from solarflare.core.files import atomic_directory
from solarflare.core.paths import CUT_BEFORE
from solarflare.core.tasks import Task
from solarflare.core.workers import Pool, worker_pool
from solarflare.dataset.crops.cache import CropCache, CutImage, Known
from solarflare.dataset.crops.cutter import Cutter, places_of
from solarflare.dataset.shards.schema import Crop
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.instruments import Instrument

MOST_NAMED = 20  # images without a whole disk that the log names
AT_ONCE = 8  # images that a worker takes at a time
NEEDED = ("path", "time", "solar_radius", "x", "y")  # columns of places, by `Cutter`

T = TypeVar("T")


@dataclass(frozen=True)
class Month:
    """A month of crops that are being cut: its name, its rows of `places_of`, and the key of each image.

    `known` are the images that an earlier run cut. `new` yields the others, in the order of the keys.
    """

    name: str
    places: pd.DataFrame
    keys: list[str]
    known: Known
    new: Iterator[CutImage]

    def images(self) -> Iterator[tuple[str, CutImage]]:
        """Yield the key of each image, its disk and its crops."""
        for key in self.keys:
            yield key, self.known[key] if key in self.known else next(self.new)


def cut(
    task: Task,
    instrument: Instrument,
    images: pd.DataFrame,
    regions: pd.DataFrame,
    raw: Path,
    folder: Path,
    settings: Crop,
    scheduler: str = PROCESSES,
    kept: Path | None = None,
) -> None:
    """Cut the crops of a task into a folder, month by month.

    Parameters
    ----------
    task, instrument : str
        The task, and the instrument whose images are cut. ``"disk"`` is one grey crop per image, ``"region"`` one RGB
        crop per region on the disk.
    images, regions : DataFrame
        Tables with the columns of `tables.IMAGES` (images of other instruments are ignored) and of `tables.REGIONS`.
        Only the task ``"region"`` needs the regions.
    raw : Path
        The folder that the images' paths are relative to.
    folder : Path
        The folder of the crops. It is replaced as a whole once all crops are cut.
    settings : Crop
        The group ``crop`` of ``params.yaml``.
    scheduler : str
        Where the images are cut, as in `worker_pool`.
    kept : Path, optional
        The folder of a `CropCache`: what is known from there is not cut again, and the crops are kept there.

    Raises
    ------
    InputError
        If an image cannot be decoded.
    """
    images = images[images["instrument"] == instrument].sort_values(["time", "path"])
    months = images["time"].dt.strftime("%Y-%m")
    cut_image = Cutter(task, instrument, raw, settings)
    cache = CropCache(kept, cut_image)
    index, of_images, taken = [], 0, 0
    with atomic_directory(folder) as partial, worker_pool(scheduler) as pool:
        # A year at a time: for each month alone, most of the time would go into the table of regions.
        years = images.groupby(images["time"].dt.year)
        located = (places_of(task, of_year, regions) for _, of_year in years)
        by_month = (part for places in located for part in places.groupby(places["time"].dt.strftime("%Y-%m")))
        begun = (_begin(name, places, cut_image, cache, pool) for name, places in by_month)
        for month in progress(_one_ahead(begun), months.nunique(), f"months of images cut for {task}"):
            shard = f"{month.name}.npy"
            written = _write_shard(month, cut_image.shape, partial / shard)
            if set(month.keys) != month.known.keys():
                cache.keep(month.name, written, partial / shard)
            of_images += len(month.keys)
            taken += sum(key in month.known for key in month.keys)
            disks = pd.DataFrame([disk for _, disk, count in written for _ in range(count)])
            crops = month.places[["path", "noaa_ar"]].assign(shard=shard, row=range(len(disks)))
            index.append(pd.concat([crops.reset_index(drop=True), disks], axis=1))
        table = tables.concat(index, tables.CROPS).replace({"fitted": {True: "yes", False: "no"}})
        tables.write(table, partial / "index.csv", tables.CROPS)
    log.info("%s: %d crops, %d images cut, %d taken from %s", task, len(table), of_images - taken, taken, CUT_BEFORE)
    unfitted = table.loc[table["fitted"] == "no", "path"].unique()
    for path in unfitted[:MOST_NAMED]:
        log.warning("%s: no whole disk was found in %s: it was cut around a nominal disk", task, path)
    if len(unfitted) > MOST_NAMED:
        log.warning("%s: nor in %d others; index.csv names them (fitted: no)", task, len(unfitted) - MOST_NAMED)


def _begin(name: str, places: pd.DataFrame, cut_image: Cutter, cache: CropCache, pool: Pool) -> Month:
    """Begin to cut the images of a month that are not known."""
    images = _by_image(places)
    keys, known = [cache.key(image) for image in images], cache.read(name)
    new = [image for image, key in zip(images, keys, strict=True) if key not in known]
    return Month(name, places, keys, known, iter(pool.map(cut_image, new, chunksize=AT_ONCE) if new else ()))


def _write_shard(month: Month, shape: tuple[int, ...], path: Path) -> list[tuple[str, Disk, int]]:
    """Write the crops of a month, and return the key, the disk and the number of crops of each image."""
    written = []
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(month.places), *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for key, (disk, crops) in month.images():
            file.write(crops.tobytes())  # tofile would not say that the disk is full
            written.append((key, disk, len(crops)))
    return written


def _by_image(places: pd.DataFrame) -> list[dict[str, np.ndarray]]:
    """Return the columns that `Cutter` needs, for each image: arrays reach a worker sooner than tables."""
    columns = {name: places[name].to_numpy() for name in NEEDED if name in places}
    begins = np.flatnonzero(columns["path"][1:] != columns["path"][:-1]) + 1
    return [
        {name: column[begin:end] for name, column in columns.items()}
        for begin, end in pairwise([0, *begins, len(places)])
        if end > begin
    ]


def _one_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield each item once the next one has begun too, so that workers never wait for the end of a month."""
    ahead: list[T] = []
    for item in items:
        yield from ahead
        ahead = [item]
    yield from ahead
