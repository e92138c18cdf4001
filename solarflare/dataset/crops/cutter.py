"""Cuts from one image what the networks see of it: the whole disk, or a square around each region.

The width of a cutout on the sky, in arcsec, is ``crop.region.field`` of ``params.yaml``. The width of a crop in pixels
is ``crop.disk.img_width`` or ``crop.region.img_width``. `places_of` says where the centres of the cutouts are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from solarflare.core.tasks import Task
from solarflare.dataset.shards.schema import Crop
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import regions_on_disk, with_positions
from solarflare.sun.images.disk import Disk, fit_disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

Places = pd.DataFrame | Mapping[str, Any]
"""The rows of one image in a table of places, or its columns as arrays: a table for each image would take longer."""


@dataclass(frozen=True)
class Cutter:
    """Cuts the crops of a task from one image after another.

    Attributes
    ----------
    task, instrument : str
        The task of the crops, ``"disk"`` or ``"region"``, and the instrument that took the images.
    raw : Path
        The folder that the images' paths are relative to.
    settings : Crop
        The group ``crop`` of ``params.yaml``.
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

    def __call__(self, places: Places) -> tuple[Disk, Pixels]:
        """Decode one image once, find its disk, and cut all its crops.

        Parameters
        ----------
        places : DataFrame or mapping
            The rows of one image in the table of `places_of`, or their columns as arrays (n,).

        Returns
        -------
        Disk
            Where the Sun is in the image.
        (n, H, W, C) uint8
            One crop per row of `places`.
        """
        path, time = self.raw / np.asarray(places["path"])[0], pd.Timestamp(np.asarray(places["time"])[0])
        mode = "L" if self.task == Task.DISK else "RGB"
        image = imaging.decode(path, mode, self.instrument, time, self.settings.saturation)
        disk = find_disk(imaging.grey(image), self.instrument, time)
        return disk, self.cut(image, disk, places)

    def cut(self, image: Pixels, disk: Disk, places: Places) -> Pixels:
        """Return the crops of an image, (n, H, W, C). With `settings.mask`, first blank what is printed on the image.

        The parameters are those of `cut_squares`.
        """
        if self.settings.mask:
            image = imaging.blank(image, self.instrument, disk)
        return self.cut_squares(image, disk, places).reshape(-1, *self.shape)

    def cut_squares(self, image: Pixels, disk: Disk, places: Places) -> Pixels:
        """Return the crops of an image, or of a mask, without blanking anything: one around each place.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) uint8
            The image at its full size, grey for the task ``"disk"`` and RGB for ``"region"``, or a mask of that size.
        disk : Disk
            Where the Sun is in the image.
        places : DataFrame or mapping
            The rows of one image in a table of `with_positions`, or their columns as arrays (n,).

        Returns
        -------
        (n, width, width) or (n, width, width, 3) uint8
            One crop per row of `places`.
        """
        if self.task == Task.DISK:
            return imaging.disk_image(image, self.instrument, disk, self.shape[0], self.settings.mask)[None]
        pixels_per_arcsec = disk.radius / np.asarray(places["solar_radius"])[0]
        half, fill = self.settings.region.field / 2 * pixels_per_arcsec, imaging.fill_value(self.instrument)
        centres = [
            (disk.x + x * pixels_per_arcsec, disk.y - y * pixels_per_arcsec)
            for x, y in zip(places["x"], places["y"], strict=True)
        ]
        picture = Image.fromarray(image)
        return np.stack([imaging.square(picture, x, y, half, self.shape[0], fill) for x, y in centres])


def find_disk(grey: Pixels, instrument: Instrument, time: pd.Timestamp) -> Disk:
    """Find the Sun in an image, (H, W). What is printed on the image is ignored."""
    return fit_disk(imaging.without_annotations(grey, instrument), instrument, time)


def places_of(task: Task, images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per crop, in the order of the index of crops.

    A row names the image and the region, and holds the Sun's radius and the centre of a cutout, both in arcsec.
    """
    if task == Task.DISK:
        return with_positions(images[["path", "time"]].assign(noaa_ar=pd.Series(pd.NA, images.index, "Int64")))
    return with_positions(regions_on_disk(images, regions))
