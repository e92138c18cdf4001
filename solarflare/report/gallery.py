"""The gallery: test images chosen by `shown`, each next to a map of what the network's answer rests on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

from solarflare.report import figures
from solarflare.report.figures import Picture
from solarflare.sun.images import imaging
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

GROUPS = {"best": "Most right", "worst": "Most wrong", "uncertain": "Least certain"}
"""Headings of the groups that `shown.choose` returns."""

Maps = npt.NDArray[np.float32]
FOR, AGAINST = (240, 130, 60), (80, 160, 255)
"""Colours of pixels that speak for label 1 and against it. The colour-blind can tell orange from blue too."""

CONTRAST = 4  # factor for a magnetogram, so that the eye sees it: without spots its field is a few greys strong
BLUR = 0.02  # width of a map's smoothing, as a share of the crop: a map has a finer grain than the image's features
STRONGEST = 0.995  # this quantile of a map's own absolute values gets the full colour
BEHIND = 0.45  # factor that darkens the image behind a map


def legible(pictures: Sequence[Picture], instrument: Instrument) -> list[Picture]:
    """Return crops that the eye can read: a magnetogram gets `CONTRAST` times its contrast."""
    if instrument not in MAGNETOGRAPHS:
        return [*pictures]
    zero = imaging.fill_value(instrument)
    return [replace(picture, image=_strengthen(picture.image, zero)) for picture in pictures]


def _strengthen(image: Pixels, zero: int) -> Pixels:
    return np.clip(zero + CONTRAST * (image.astype(np.int16) - zero), 0, 255).astype(np.uint8)


def overlay(image: Pixels, attribution: Maps) -> Pixels:
    """Return an image, (H, W, C) uint8, darkened below its attribution, (H, W), in colours, as (H, W, 3) uint8."""
    smooth = gaussian_filter(attribution, BLUR * len(attribution))
    strongest = max(np.quantile(np.abs(smooth), STRONGEST), np.finfo(np.float32).tiny)
    strength = np.minimum(1, np.abs(smooth) / strongest)[..., None]
    colour = np.where(smooth[..., None] > 0, FOR, AGAINST)
    behind = BEHIND * imaging.grey(image.squeeze())[..., None]
    return (behind * (1 - strength) + colour * strength).astype(np.uint8)


def write(
    folder: Path, title: str, rows: pd.DataFrame, pictures: Sequence[Picture], maps: Maps, instrument: Instrument
) -> None:
    """Write ``gallery.png``, and for the page the folder ``gallery/`` with each image and its map.

    `rows` and `maps`, (n, H, W), come from `shown.read`. `pictures` are the crops of the rows.
    """
    images = legible(pictures, instrument)
    overlays = [Picture(overlay(image.image, attribution), "") for image, attribution in zip(images, maps, strict=True)]
    sheet: dict[str, list[Picture]] = {heading: [] for heading in GROUPS.values()}
    (folder / "gallery").mkdir()
    for number, (group, *pair) in enumerate(zip(rows["group"], images, overlays, strict=True)):
        sheet[GROUPS[group]] += pair
        for kind, picture in zip(("image", "map"), pair, strict=True):
            jpeg = Image.fromarray(picture.image.squeeze())
            jpeg.save(folder / "gallery" / f"{number:02}-{kind}.jpg", quality=88, subsampling=0)
    figures.save(figures.contact_sheet(sheet, title), folder / "gallery.png")
