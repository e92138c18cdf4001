"""Drawn disks in the form of the instruments' images, with everything that can mislead a fit."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from solarflare.sun.images.disk import EDGE_RADIUS, Disk
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

Pixels = npt.NDArray[np.uint8]


def grey_sun(
    instrument: Instrument, width: int, disk: Disk, seed: int = 0, spot: tuple[float, float] | None = None
) -> Pixels:
    """Draw a Sun in grey with a caption, a ragged or bright limb and saturated regions, some of them across the limb.

    Parameters
    ----------
    instrument : str
        In whose form.
    width : int
        Pixels, of both sides.
    disk : Disk
        Where the Sun is.
    seed : int
        Another seed is another Sun.
    spot : (float, float), optional
        Where, in pixels, one bright spot is drawn in place of the regions.
    """
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:width, :width]
    distance = np.hypot(columns - disk.x, rows - disk.y) / disk.radius
    noise = generator.normal(size=(width, width))
    if instrument in MAGNETOGRAPHS:
        ragged = EDGE_RADIUS[instrument] + gaussian_filter(noise, 2) / disk.radius
        light = np.where(distance < ragged, 128 + 6 * noise, generator.integers(0, 19, (width, width)))
    else:
        corona = 170 * np.exp(-np.abs(distance - EDGE_RADIUS[instrument]) / 0.12)
        light = np.where(distance < 1, np.maximum(corona, 70), corona) + 25 * gaussian_filter(noise, 1.5)
    places = [spot] if spot else [_somewhere(disk, generator) for _ in range(6)]
    for x, y in places:
        size = disk.radius * (0.01 if spot else generator.uniform(0.02, 0.08))
        light += 400 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * size**2)) * (distance < 1.1)
    image = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    if instrument == "gong":
        draw.rectangle((10, 10, 88, 88), fill=255)
        draw.rectangle((10, 810, 251, 849), fill=255)
        draw.text((15, 815), f"2013/05/{seed % 28:02}", fill=0)
    else:
        draw.text((5, 0.965 * width), f"SDO 2013-05-{seed % 28:02} 07:59:50 UT", fill=255)
    return np.asarray(image)


def _somewhere(disk: Disk, generator: np.random.Generator) -> tuple[float, float]:
    angle, share = generator.uniform(0, 2 * np.pi), generator.uniform(0, 1.02)
    return disk.x + share * disk.radius * np.cos(angle), disk.y + share * disk.radius * np.sin(angle)
