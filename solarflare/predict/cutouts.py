"""Where the regions of an answer are in its image: the squares that the network saw."""

from dataclasses import dataclass

import numpy as np

from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer
from solarflare.sun.images.coordinates import solar_radius, to_arcsec


@dataclass(frozen=True)
class Square:
    """A square in an image: its centre and half its side, in pixels."""

    x: float
    y: float
    half: float

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """The left, upper, right and lower end."""
        return self.x - self.half, self.y - self.half, self.x + self.half, self.y + self.half


def squares(answer: ImageAnswer, network: Network) -> list[Square]:
    """Return the cutout of each region of an answer, in the order of its regions."""
    disk, regions = answer.sun, answer.regions or []
    if disk is None or not regions:
        return []
    times = np.full(len(regions), answer.image.time, dtype="datetime64[ns]")
    latitudes, longitudes = ([getattr(region, name) for region in regions] for name in ("latitude", "longitude"))
    west, north = to_arcsec(latitudes, longitudes, times)
    scale = disk.radius / solar_radius(times)
    half = network.cutter.settings.region.field / 2 * scale
    ends = np.column_stack([disk.x + west * scale, disk.y - north * scale, half]).tolist()
    return [Square(*row) for row in ends]
