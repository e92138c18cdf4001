"""The Sun's sphere as the Earth sees it: pixels to heliographic places and back, and what a region is made of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solarflare.sources.simulated.regions import Regions

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """An image's pixels on the sphere, seen from far away (orthographic), solar north up, west right.

    Attributes
    ----------
    x, y : float
        The disk's centre in pixels.
    radius : float
        The solar radius in pixels.
    tilt : float
        Latitude of the disk's centre (B0) in radians.
    width : int
        Side of the image in pixels.
    """

    x: float
    y: float
    radius: float
    tilt: float
    width: int

    def plane(self) -> tuple[Floats, Floats]:
        """Return each pixel's place in solar radii: west and north of the centre, both (width, width)."""
        along = np.arange(self.width, dtype=np.float32)
        west, south = np.meshgrid((along - self.x) / self.radius, (along - self.y) / self.radius)
        return west, -south

    def project(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike, height: npt.ArrayLike = 1.0) -> tuple:
        """Return pixels x, y and the part towards the Earth, in radii, of places in radians at a height in radii."""
        latitude, longitude, height = np.asarray(latitude), np.asarray(longitude), np.asarray(height)
        west = height * np.cos(latitude) * np.sin(longitude)
        inward = np.cos(latitude) * np.cos(longitude)
        north = height * (np.sin(latitude) * np.cos(self.tilt) - inward * np.sin(self.tilt))
        toward = height * (np.sin(latitude) * np.sin(self.tilt) + inward * np.cos(self.tilt))
        return self.x + west * self.radius, self.y - north * self.radius, toward

    def heliographic(self, west: Floats, north: Floats) -> tuple[Floats, Floats, Floats]:
        """Return latitude and longitude in radians and the cosine of the angle to the line of sight, on the disk."""
        toward = np.sqrt(np.maximum(1 - west**2 - north**2, 0))
        sine = np.clip(north * np.cos(self.tilt) + toward * np.sin(self.tilt), -1, 1)
        longitude = np.arctan2(west, toward * np.cos(self.tilt) - north * np.sin(self.tilt))
        return np.arcsin(sine), longitude, toward


@dataclass(frozen=True)
class Blobs:
    """What a region's field is made of: Gaussian concentrations.

    Attributes
    ----------
    latitude, longitude : (k,) float64
        Radians.
    sigma : (k,) float64
        Radians.
    field : (k,) float64
        Gauss at the centre, with its sign.
    """

    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    field: npt.NDArray[np.float64]


PLAGE_BLOBS = 22  # of each polarity
PARASITES = 7  # of a region of complexity 1
PLAGE_FIELD = 420.0  # gauss at the centre of a concentration (Wang & Sheeley 1989: mean fields of 100 to 200)
SPOT_FIELD = 1700.0  # gauss (Solanki 2003, A&ARv 11, 153)


def blobs(regions: Regions, region: int, time: np.datetime64, seed: int) -> Blobs:
    """Return the concentrations of one region at a time; the same region always grows the same way."""
    generator = np.random.default_rng([seed, 11, int(regions.noaa_ar[region])])
    which = np.array([region])
    age = regions.age(time)[which]
    flux = float(regions.flux_at(which, age)[0])
    area = float(regions.area_at(which, age)[0])
    days, complexity = float(age[0]), float(regions.complexity[region])
    relative = regions.flux[region] / 1e22
    grown = min(1.0, days / regions.rise[region])
    separation = (1.4 + 3.8 * relative**0.4) * (0.4 + 0.6 * grown)
    spread = (0.5 + 1.3 * relative**0.4) * (1 + 0.06 * days)
    # Half the flux is in each polarity; the concentrations of a small or an old region are weaker, not fewer.
    strength = np.sqrt(flux / regions.flux[region]) * min(1.0, 0.6 + 0.4 * relative**0.3)
    leading = regions.leading[region]
    east_west, north_south, sigma, field = [], [], [], []
    for polarity in (1, -1):
        scale = 0.8 if polarity == 1 else 1.2
        east_west.append(polarity * separation / 2 + scale * spread * generator.standard_normal(PLAGE_BLOBS))
        north_south.append(scale * spread * 0.7 * generator.standard_normal(PLAGE_BLOBS))
        sigma.append(generator.uniform(0.25, 0.5, PLAGE_BLOBS) * (0.8 + 0.4 * relative**0.3))
        field.append(polarity * leading * PLAGE_FIELD * strength * generator.exponential(0.6, PLAGE_BLOBS))
    n = PARASITES
    turned = generator.uniform(size=n) < 0.5 + 0.5 * complexity
    side = np.sign(generator.uniform(-1, 1, n))
    east_west.append(side * separation / 3 + 0.4 * spread * generator.standard_normal(n))
    north_south.append(0.5 * spread * generator.standard_normal(n))
    sigma.append(generator.uniform(0.3, 0.55, n) * (0.7 + 0.5 * relative**0.3))
    present = np.clip(complexity * n - np.arange(n), 0, 1)
    field.append(np.where(turned, -side, side) * leading * 1100 * strength * present)
    if area > 0:
        share = np.array([0.55, 0.2, 0.15, 0.1])
        side = np.array([1, -1, -1, 1])
        east_west.append(side * separation / 2 + 0.25 * spread * generator.standard_normal(4))
        north_south.append(0.25 * spread * generator.standard_normal(4))
        # A disk of this area, in degrees: a millionth of the hemisphere is 2 pi 1e-6 steradian.
        sigma.append(np.degrees(np.sqrt(2e-6 * area * share)) * 0.7)
        # A pore's field does not fill a pixel.
        field.append(side * leading * SPOT_FIELD * np.minimum(1, 0.35 + (area * share / 60) ** 0.5))
    u, v = np.concatenate(east_west), np.concatenate(north_south)
    latitude = regions.latitude[region]
    angle = np.radians(regions.tilt[region]) * np.sign(latitude)
    # The leading polarity is the western one and, by Joy's law, the one nearer to the equator.
    u, v = u * np.cos(angle) + v * np.sin(angle), -u * np.sin(angle) + v * np.cos(angle)
    longitude = regions.longitude_at(which, time)[0] + u / np.cos(np.radians(latitude))
    return Blobs(
        np.radians(latitude + v), np.radians(longitude), np.radians(np.concatenate(sigma)), np.concatenate(field)
    )


def smooth_noise(generator: np.random.Generator, width: int, knots: int) -> Floats:
    """Return a smooth random field, (width, width), of unit variance at its knots, with that many knots a side."""
    from PIL import Image

    coarse = generator.standard_normal((knots, knots)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((width, width), Image.Resampling.BICUBIC))
