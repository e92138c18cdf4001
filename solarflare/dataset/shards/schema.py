"""The form of the parameters of the crops: their sizes in pixels and on the sky."""

from pydantic import Field

from solarflare.core.params import Group, Part
from solarflare.sun.images.brightness import SATURATION


class DiskCrop(Group):
    """The full-disk image as the network sees it."""

    img_width: int = Field(ge=16, le=1024)


class RegionCrop(DiskCrop):
    """A cutout as the network sees it. Its width on the sky is `field`, in arcsec."""

    field: float = Field(ge=50, le=2000)


class Crop(Group):
    """How images are cut. `saturation` is in gauss; parameters of older networks do not name it."""

    mask: bool
    saturation: float = Field(default=SATURATION, ge=10, le=5000)
    disk: DiskCrop
    region: RegionCrop


class CropParams(Part):
    """How images are cut."""

    crop: Crop
