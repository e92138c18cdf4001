"""Cuts from one image what the networks see of it: the whole disk, or a square around each region."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core.tasks import Task
from solarflare.dataset.shards.schema import Crop
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import regions_on_disk, with_positions
from solarflare.sun.images.disk import Disk, fit_disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument


@dataclass(frozen=True)
class Cutter:
    """What is cut from each image, however many images there are.

    Attributes
    ----------
    task, instrument : str
        Which crops, ``"disk"`` or ``"region"``, of whose images.
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
        crop, channels = (self.settings.disk, 1) if self.task == Task.DISK else (self.settings.region, 3)
        return crop.img_width, crop.img_width, channels

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
        """Blank what is printed on an image, as the settings say, and cut its crops, (n, H, W, C): see `squares`."""
        if self.settings.mask:
            image = imaging.blank(image, self.instrument, disk)
        return self.squares(image, disk, places).reshape(-1, *self.shape)

    def squares(self, image: Pixels, disk: Disk, places: pd.DataFrame) -> Pixels:
        """Cut an image, or a mask of one, where the crops are.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) uint8
            In its own pixels; grey for the task ``"disk"``, RGB for ``"region"``, or a mask.
        disk : Disk
            Where the Sun is in the image.
        places : DataFrame
            Of `with_positions`, the rows of one image.

        Returns
        -------
        (n, width, width) or (n, width, width, 3) uint8
            A crop a row.
        """
        if self.task == Task.DISK:
            return imaging.disk_image(image, self.instrument, disk, self.shape[0], self.settings.mask)[None]
        pixels_per_arcsec = disk.radius / places["solar_radius"].iloc[0]
        half, fill = self.settings.region.field / 2 * pixels_per_arcsec, imaging.fill_value(self.instrument)
        centres = [
            (disk.x + x * pixels_per_arcsec, disk.y - y * pixels_per_arcsec)
            for x, y in zip(places["x"], places["y"], strict=True)
        ]
        return np.stack([imaging.square(image, x, y, half, self.shape[0], fill) for x, y in centres])


def find_disk(grey: Pixels, instrument: Instrument, time: pd.Timestamp) -> Disk:
    """Find the Sun in an image, (H, W), without regard to what is printed on it."""
    return fit_disk(imaging.without_annotations(grey, instrument), instrument, time)


def places_of(task: Task, images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return a row a crop, in the index's order: the image, the region, the Sun's radius and where to cut in arcsec."""
    if task == Task.DISK:
        return with_positions(images[["path", "time"]].assign(noaa_ar=pd.Series(pd.NA, images.index, "Int64")))
    return with_positions(regions_on_disk(images, regions))
