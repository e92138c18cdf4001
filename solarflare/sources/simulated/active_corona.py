"""The corona of active regions: loops along field lines, moss at their foot points, and flares.

A region's emission follows from its flux and its complexity. The heating of a loop grows with the field at its foot
point and falls with its length (Schrijver et al. 2004, ApJ 615, 512); where polarities mix, loops are short.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from solarflare.sources.simulated import elements, field_lines
from solarflare.sources.simulated.elements import Elements
from solarflare.sources.simulated.flare_process import Flares
from solarflare.sources.simulated.quiet_corona import SCALE_HEIGHT
from solarflare.sources.simulated.region_evolution import DAY, Regions
from solarflare.sources.simulated.sphere import Floats, Values, View, blur, generator_of, splat

FARTHEST = 112.0
"""Degrees from the central meridian up to which regions are drawn: loops behind the limb rise above it."""

SOURCES_PER_REGION = 10
QUIET_SOURCES = 44
QUIET_STRENGTH = 0.06
"""Number of point sources of the field per region and of the quiet Sun; strength of the quiet ones in 1e22 Mx."""

LINES_PER_FLUX = 200
LINES = (40, 400)
"""Number of field lines of a region of 1e22 Mx, and the smallest and largest number of a region."""

LOOP = 18.0
FOOT_POWER, LENGTH_POWER, FLUX_POWER = 0.5, -0.65, -0.4
STRAND_SPREAD = 0.8
OPEN = 0.6
"""`LOOP`: emission of a loop, in quiet Suns per solar radius. Powers: exponents of the field at the foot point, of the
loop's length, and of the region's flux: the loops of strong regions are hotter than the 2 MK that the channel shows.
`STRAND_SPREAD`: log-normal spread of the strands. `OPEN`: factor for open field lines."""

MOSS = 0.025
FLARE = 220.0
FLARE_POWER = 0.7
"""`FLARE`: emission of a C1.0 flare, in quiet Suns per pixel. `FLARE_POWER`: exponent of the X-ray flux."""

POINTS_PER_STEP = 5  # a step along a field line is several pixels long


@dataclass(frozen=True)
class Emission:
    """Emission of active regions, in quiet Suns. `sharp`: loops, moss and flares. `haze`: unresolved loops."""

    sharp: Floats
    haze: Floats


@dataclass(frozen=True)
class _Region:
    """A region in an image: its index, its flux elements, and their positions in solar radii."""

    index: int
    elements: Elements
    space: Values

    @property
    def flux(self) -> float:
        """Unsigned flux in 1e22 Mx."""
        return float(np.abs(self.elements.flux).sum() / 1e22)

    def draw(self, count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw elements in proportion to their flux."""
        weight = np.abs(self.elements.flux)
        return generator.choice(len(weight), count, p=weight / weight.sum())


class Magnetism:
    """The regions of an image, and the magnetic sources of these regions and of the quiet Sun."""

    def __init__(
        self, regions: Regions, view: View, time: np.datetime64, seed: int, generator: np.random.Generator
    ) -> None:
        alive = regions.alive(time)
        longitude = regions.longitude_at(alive, (time - regions.born[alive]) / DAY)
        self.view = view
        self.regions = []
        for index in alive[np.abs(longitude) < FARTHEST]:
            own = elements.of_region(regions, int(index), time, seed)
            if len(own.flux):
                self.regions.append(_Region(int(index), own, view.space(own.latitude, own.longitude)))
        quiet = np.abs(generator.standard_normal((QUIET_SOURCES, 3))) * generator.choice([-1, 1], (QUIET_SOURCES, 3))
        quiet[:, 2] = np.abs(quiet[:, 2])
        positions = [quiet / np.linalg.norm(quiet, axis=1, keepdims=True) * (1 - 3 * field_lines.DEPTH)]
        strengths = [QUIET_STRENGTH * generator.standard_normal(QUIET_SOURCES)]
        for region in self.regions:
            drawn = region.draw(SOURCES_PER_REGION, generator)
            sign = np.sign(region.elements.flux[drawn])
            # Each polarity holds half the flux, however many of its elements were drawn.
            number = np.where(sign > 0, (sign > 0).sum(), (sign < 0).sum())
            positions.append(region.space[drawn] * (1 - field_lines.DEPTH))
            strengths.append(sign * region.flux / 2 / number)
        self.sources = field_lines.Sources(
            np.concatenate(positions).astype(np.float32), np.concatenate(strengths).astype(np.float32)
        )

    def emission(self, flares: Flares, time: np.datetime64, seed: int, generator: np.random.Generator) -> Emission:
        """Return the emission of the regions at a time."""
        width = self.view.width
        if not self.regions:
            return Emission(*np.zeros((2, width, width), dtype=np.float32))
        loops = self._loops(generator)
        sharp = 0.45 * blur(loops, 0.9) + self._moss() + self._flares(flares, time, seed)
        haze = 0.55 * blur(loops, 2.5) + 0.45 * blur(loops, 11)
        return Emission(sharp, haze)

    def _loops(self, generator: np.random.Generator) -> Floats:
        feet, outward, strength = [], [], []
        for region in self.regions:
            count = int(np.clip(LINES_PER_FLUX * region.flux**0.6, *LINES))
            drawn = region.draw(count, generator)
            position = region.space[drawn] + 0.012 * generator.standard_normal((count, 3))
            feet.append(1.001 * position / np.linalg.norm(position, axis=1, keepdims=True))
            outward.append(np.sign(region.elements.flux[drawn]))
            strength.append(np.full(count, LOOP * region.flux**FLUX_POWER, dtype=np.float32))
        lines = field_lines.trace(
            self.sources, np.concatenate(feet).astype(np.float32), np.concatenate(outward).astype(np.float32)
        )
        bright = np.minimum(lines.foot_field, 4000) ** FOOT_POWER * np.maximum(lines.length, 0.03) ** LENGTH_POWER
        bright *= np.concatenate(strength)
        bright *= np.exp(STRAND_SPREAD * generator.standard_normal(len(bright))) * np.where(lines.closed, 1, OPEN)
        # Each axis is an array of its own: sums over the last axis, of three numbers, would take long.
        goes_on = lines.active[:-1]
        start, end = (np.ascontiguousarray(part[goes_on].T) for part in (lines.points[:-1], lines.points[1:]))
        step = end - start
        fraction = (np.arange(POINTS_PER_STEP, dtype=np.float32) / POINTS_PER_STEP)[:, None]
        points = start[:, None] + fraction * step[:, None]
        height = _length(points) - 1
        weight = _length(step) / POINTS_PER_STEP * np.broadcast_to(bright, goes_on.shape)[goes_on]
        weight = weight * np.exp(-height / SCALE_HEIGHT)
        visible = _in_front(np.moveaxis(points, 0, -1))
        return splat(*self.view.pixels(points[:, visible].T), weight[visible], self.view.width)

    def _moss(self) -> Floats:
        """Return the emission at the foot points of hot loops. It grows with the flux density."""
        space = np.concatenate([region.space for region in self.regions])
        flux = np.concatenate([np.abs(region.elements.flux) for region in self.regions])
        visible = space[:, 2] > 0
        density = splat(*self.view.pixels(1.004 * space[visible]), flux[visible] / 1e19, self.view.width)
        return MOSS * blur(density, 0.8) * np.sqrt(blur(density, 4))

    def _flares(self, flares: Flares, time: np.datetime64, seed: int) -> Floats:
        """Return the emission of flares: short arcades across the polarity inversion line."""
        width = self.view.width
        in_progress = flares.in_progress(time)
        positions, weights = [], []
        for region in self.regions:
            own = in_progress[flares.region[in_progress] == region.index]
            positive, negative = (np.flatnonzero(sign * region.elements.flux > 0) for sign in (1, -1))
            if len(own) == 0 or len(positive) == 0 or len(negative) == 0:
                continue
            distance, nearest = cKDTree(region.space[negative]).query(region.space[positive])
            weight = np.abs(region.elements.flux[positive]) / (distance + 0.005) ** 2
            for flare, flux in zip(own, flares.flux_at(own, time), strict=True):
                generator = generator_of(seed, 41, int(flare))
                foot = int(generator.choice(len(positive), p=weight / weight.sum()))
                start, end = region.space[positive[foot]], region.space[negative[nearest[foot]]]
                along = generator.uniform(0, 1, (12, 1))
                spread = 0.012 * (flux / 1e-6) ** 0.2 * generator.standard_normal((12, 3))
                position = (start + along * (end - start) + spread) * (1.004 + 0.02 * along * (1 - along))
                emission = FLARE * (flux / 1e-6) ** FLARE_POWER * np.exp(0.4 * generator.standard_normal())
                positions.append(position)
                weights.append(np.full(12, emission))
        if not positions:
            return np.zeros((width, width), dtype=np.float32)
        points, weight = np.concatenate(positions), np.concatenate(weights)
        visible = _in_front(points)
        bright = splat(*self.view.pixels(points[visible]), weight[visible], width)
        return 0.8 * blur(bright, 0.8) + 0.2 * blur(bright, 3)


def _length(vectors: Floats) -> Floats:
    """Return the lengths, (...), of vectors (3, ...)."""
    x, y, z = vectors
    return np.sqrt(x * x + y * y + z * z)


def _in_front(points: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which points are not hidden behind the disk; `points` are (..., 3) in solar radii."""
    return (points[..., 2] > 0) | (points[..., 0] ** 2 + points[..., 1] ** 2 > 1)
