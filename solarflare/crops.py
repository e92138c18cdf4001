"""Crops: what the networks see, cut once from the raw images and kept in monthly shards.

A shard ``YYYY-MM.npy`` holds uint8 crops, N x H x W x C; ``index.csv`` (`tables.CROPS`) says which crop is which row of
which shard. Crops know nothing of labels, so a new question cuts nothing again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import geometry, imaging, tables
from solarflare.console import log, progress
from solarflare.files import atomic_directory
from solarflare.geometry import Disk
from solarflare.params import Crop, Instrument, Task
from solarflare.workers import worker_processes

OPEN_SHARDS = 256
AT_ONCE = 16  # images that a worker takes at a time


class Crops:
    """The crops of a task, read from memory-mapped shards.

    Parameters
    ----------
    folder : Path
        Such as ``data/crops/disk``.

    Attributes
    ----------
    index : DataFrame
        Of `tables.CROPS`; a crop's position is its row.

    Raises
    ------
    InputError
        If the index is missing or broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = tables.read(folder / "index.csv", tables.CROPS)
        self._shard = self.index["shard"].to_numpy()
        self._row = self.index["row"].to_numpy(np.int64)
        self._open = lru_cache(OPEN_SHARDS)(lambda shard: np.load(folder / shard, mmap_mode="r"))

    def take(self, positions: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return crops.

        Parameters
        ----------
        positions : (n,) array of int
            Rows of `index`, in any order.

        Returns
        -------
        (n, H, W, C) uint8
        """
        return np.stack([self._open(self._shard[place])[self._row[place]] for place in np.asarray(positions)])


@dataclass(frozen=True)
class _Job:
    """One image and what is cut from it: the full disk if ``x`` is None, else places in arcsec."""

    path: Path
    instrument: Instrument
    time: pd.Timestamp
    arcsec: float
    x: npt.NDArray[np.float64] | None
    y: npt.NDArray[np.float64] | None
    mask: bool
    width: int
    field: float


def cut(task: Task, images: pd.DataFrame, regions: pd.DataFrame, raw: Path, folder: Path, settings: Crop) -> None:
    """Cut the crops of a task into a folder.

    Parameters
    ----------
    task : str
        ``"disk"``: one grey crop an image; ``"region"``: one RGB crop for each region on the disk of an image.
    images : DataFrame
        Of `tables.IMAGES`, those of the task's instrument.
    regions : DataFrame
        Of `tables.REGIONS`; only `region` needs it.
    raw : Path
        The folder that the images' paths are relative to.
    folder : Path
        Replaced as a whole once all is cut.
    settings : Crop
        How to cut.

    Raises
    ------
    InputError
        If an image cannot be decoded.
    """
    rows = _places(task, images, regions)
    instrument_of = images.set_index("path")["instrument"]
    index = []
    with atomic_directory(folder) as partial, worker_processes() as pool:
        months = rows.groupby(rows["time"].dt.strftime("%Y-%m"))
        for month, of_month in progress(months, len(months), f"months of images cut for {task}"):
            jobs = list(_jobs(task, of_month, instrument_of, raw, settings))
            shard = np.lib.format.open_memmap(
                partial / f"{month}.npy", mode="w+", dtype=np.uint8, shape=(len(of_month), *_shape(task, settings))
            )
            done, disks = 0, []
            for disk, crops in pool.map(_cut, jobs, chunksize=AT_ONCE):
                shard[done : done + len(crops)] = crops
                done += len(crops)
                disks += [disk] * len(crops)
            shard.flush()
            index.append(_index(of_month, f"{month}.npy", disks))
        table = tables.concat(index, tables.CROPS)
        tables.write(table, partial / "index.csv", tables.CROPS)
    unfitted = (table.drop_duplicates("path")["fitted"] == "no").sum()
    log.info(
        "%s: %d crops; the disk was not found in %d images, where the nominal one serves", task, len(table), unfitted
    )


def _places(task: Task, images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return a row a crop, in the order of the index, with the Sun's radius and the place to cut in arcsec."""
    if task == "disk":
        rows = images[["path", "time"]].sort_values(["time", "path"], ignore_index=True)
        rows["noaa_ar"] = pd.array([pd.NA] * len(rows), dtype="Int64")
    else:
        rows = geometry.regions_on_disk(images, regions)
        rows["x"], rows["y"] = geometry.to_arcsec(rows["latitude"], rows["longitude"], rows["time"])
    rows["arcsec"] = geometry.solar_radius(rows["time"])
    return rows


def _jobs(task: Task, rows: pd.DataFrame, instrument_of: pd.Series, raw: Path, settings: Crop) -> Iterator[_Job]:
    chosen = settings.disk if task == "disk" else settings.region
    for path, of_image in rows.groupby("path", sort=False):
        x, y = (None, None) if task == "disk" else (of_image["x"].to_numpy(), of_image["y"].to_numpy())
        yield _Job(
            raw / str(path),
            instrument_of[path],
            of_image["time"].iloc[0],
            of_image["arcsec"].iloc[0],
            x,
            y,
            settings.mask,
            chosen.img_width,
            settings.region.field,
        )


def _cut(job: _Job) -> tuple[Disk, npt.NDArray[np.uint8]]:
    """Decode one image once, find its disk, and cut all its crops."""
    whole = job.x is None
    image = imaging.decode(job.path, "L" if whole else "RGB")
    grey = image if whole else imaging.grey(image)
    disk = geometry.fit_disk(imaging.without_print(grey, job.instrument), job.instrument, job.time)
    if job.mask:
        image = imaging.blank(image, job.instrument, disk)
    if job.x is None or job.y is None:
        return disk, imaging.disk_image(image, job.instrument, disk, job.width)[None, :, :, None]
    scale = job.arcsec / disk.radius
    fill, half = imaging.fill_value(job.instrument), job.field / 2 / scale
    squares = [
        imaging.square(image, disk.x + x / scale, disk.y - y / scale, half, job.width, fill)
        for x, y in zip(job.x, job.y, strict=True)
    ]
    return disk, np.stack(squares)


def _shape(task: Task, settings: Crop) -> tuple[int, int, int]:
    width = settings.disk.img_width if task == "disk" else settings.region.img_width
    return width, width, 1 if task == "disk" else 3


def _index(rows: pd.DataFrame, shard: str, disks: list[Disk]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": rows["path"].to_numpy(),
            "noaa_ar": rows["noaa_ar"].to_numpy(),
            "shard": shard,
            "row": range(len(rows)),
            "x": [round(disk.x, 2) for disk in disks],
            "y": [round(disk.y, 2) for disk in disks],
            "radius": [round(disk.radius, 2) for disk in disks],
            "fitted": ["yes" if disk.fitted else "no" for disk in disks],
        }
    )
