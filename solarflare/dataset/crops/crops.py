"""Crops: what the networks see, cut once from the raw images and kept in monthly shards.

A shard ``YYYY-MM.npy`` holds uint8 crops, N x H x W x C; ``index.csv`` (`tables.CROPS`) says which crop is which row of
which shard. Crops know nothing of labels, so a new question cuts nothing again.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log, progress
from solarflare.core.files import atomic_directory
from solarflare.core.tasks import Task
from solarflare.core.workers import worker_processes
from solarflare.dataset.shards.schema import Crop
from solarflare.sun.images import geometry, imaging
from solarflare.sun.images.geometry import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

OPEN_SHARDS = 256


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
        wanted = np.asarray(positions, dtype=np.int64)
        if wanted.size == 0:
            return np.empty((0, *self._open(self._shard[0]).shape[1:]), dtype=np.uint8)
        return np.stack([self._open(self._shard[place])[self._row[place]] for place in wanted])


@dataclass(frozen=True)
class Cutter:
    """What is cut from each image, however many images there are.

    Attributes
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    instrument : str
        Whose images.
    raw : Path
        The folder that the images' paths are relative to.
    settings : Crop
        How to cut.
    """

    task: Task
    instrument: Instrument
    raw: Path
    settings: Crop

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a crop."""
        if self.task == Task.DISK:
            return self.settings.disk.img_width, self.settings.disk.img_width, 1
        return self.settings.region.img_width, self.settings.region.img_width, 3

    def __call__(self, places: pd.DataFrame) -> tuple[Disk, Pixels]:
        """Decode one image once, find its disk, and cut all its crops.

        Parameters
        ----------
        places : DataFrame
            Of `places_of`, the rows of one image.

        Returns
        -------
        Disk
            Where the Sun is in the image.
        (n, H, W, C) uint8
            A crop a row.
        """
        first = places.iloc[0]
        image = imaging.decode(self.raw / first["path"], "L" if self.task == Task.DISK else "RGB")
        disk = find_disk(imaging.grey(image), self.instrument, first["time"])
        return disk, self.cut(image, disk, places)

    def cut(self, image: Pixels, disk: Disk, places: pd.DataFrame) -> Pixels:
        """Blank what is printed on an image, as the settings say, and cut its crops.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) uint8
            Grey for the task ``"disk"``, RGB for ``"region"``.
        disk : Disk
            Where the Sun is in the image.
        places : DataFrame
            Of `located`, the rows of one image.

        Returns
        -------
        (n, H, W, C) uint8
            A crop a row.
        """
        if self.settings.mask:
            image = imaging.blank(image, self.instrument, disk)
        return self.squares(image, disk, places).reshape(-1, *self.shape)

    def squares(self, image: Pixels, disk: Disk, places: pd.DataFrame) -> Pixels:
        """Cut an image, or a mask of one, where the crops are.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) uint8
            In the image's own pixels.
        disk : Disk
            Where the Sun is in the image.
        places : DataFrame
            Of `located`, the rows of one image.

        Returns
        -------
        (n, width, width) or (n, width, width, 3) uint8
            A crop a row.
        """
        if self.task == Task.DISK:
            return imaging.disk_image(image, self.instrument, disk, self.shape[0], self.settings.mask)[None]
        pixels_per_arcsec = disk.radius / places["solar_radius"].iloc[0]
        return np.stack(
            [
                imaging.square(
                    image,
                    disk.x + x * pixels_per_arcsec,
                    disk.y - y * pixels_per_arcsec,
                    self.settings.region.field / 2 * pixels_per_arcsec,
                    self.shape[0],
                    imaging.fill_value(self.instrument),
                )
                for x, y in zip(places["x"], places["y"], strict=True)
            ]
        )


def find_disk(grey: Pixels, instrument: Instrument, time: pd.Timestamp) -> Disk:
    """Find the Sun in an image, (H, W), without regard to what is printed on it."""
    return geometry.fit_disk(imaging.without_print(grey, instrument), instrument, time)


def cut(
    task: Task,
    instrument: Instrument,
    images: pd.DataFrame,
    regions: pd.DataFrame,
    raw: Path,
    folder: Path,
    settings: Crop,
) -> None:
    """Cut the crops of a task into a folder, month by month.

    Parameters
    ----------
    task : str
        ``"disk"``: one grey crop an image; ``"region"``: one RGB crop for each region on the disk of an image.
    instrument : str
        Whose images the task looks at.
    images : DataFrame
        Of `tables.IMAGES`; those of other instruments are left aside.
    regions : DataFrame
        Of `tables.REGIONS`; only the task ``"region"`` needs it.
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
    images = images[images["instrument"] == instrument].sort_values(["time", "path"])
    months = images.groupby(images["time"].dt.strftime("%Y-%m"))
    cut_image = Cutter(task, instrument, raw, settings)
    index = []
    with atomic_directory(folder) as partial, worker_processes() as pool:
        for month, of_month in progress(months, len(months), f"months of images cut for {task}"):
            places = places_of(task, of_month, regions)
            if places.empty:
                continue
            shard = f"{month}.npy"
            disks = []
            with (partial / shard).open("wb") as file:
                header = {"descr": "|u1", "fortran_order": False, "shape": (len(places), *cut_image.shape)}
                np.lib.format.write_array_header_1_0(file, header)
                of_image = [rows for _, rows in places.groupby("path", sort=False)]
                for disk, crops in pool.map(cut_image, of_image):
                    file.write(crops.tobytes())  # tofile would not say that the disk is full
                    disks += [disk] * len(crops)
            index.append(_index(places, shard, disks))
        table = tables.concat(index, tables.CROPS)
        tables.write(table, partial / "index.csv", tables.CROPS)
    unfitted = (table.drop_duplicates("path")["fitted"] == "no").sum()
    log.info(
        "%s: %d crops; the disk was not found in %d images, where the nominal one serves", task, len(table), unfitted
    )


def places_of(task: Task, images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return a row a crop, in the index's order: the image, the region, the Sun's radius and where to cut in arcsec."""
    if task == Task.DISK:
        return located(images[["path", "time"]].assign(noaa_ar=pd.Series(pd.NA, images.index, "Int64")))
    return located(geometry.regions_on_disk(images, regions))


def located(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what `Cutter.squares` needs to know of a row.

    Parameters
    ----------
    rows : DataFrame
        With ``time`` and, of regions, ``latitude`` and ``longitude``.

    Returns
    -------
    DataFrame
        With ``solar_radius`` and, of regions, their place ``x`` and ``y``, in arcsec.
    """
    places = rows.assign(solar_radius=geometry.solar_radius(rows["time"]))
    if "latitude" in rows:
        places["x"], places["y"] = geometry.to_arcsec(rows["latitude"], rows["longitude"], rows["time"])
    return places


def _index(places: pd.DataFrame, shard: str, disks: list[Disk]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "path": places["path"].to_numpy(),
            "noaa_ar": places["noaa_ar"].to_numpy(),
            "shard": shard,
            "row": range(len(places)),
            "x": [disk.x for disk in disks],
            "y": [disk.y for disk in disks],
            "radius": [disk.radius for disk in disks],
            "fitted": ["yes" if disk.fitted else "no" for disk in disks],
        }
    )
