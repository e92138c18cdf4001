"""The corona of active regions: loops along the field, moss at their feet, flares.

How brightly a region shines follows from its flux and from how tangled it is: a loop's heat grows with the field at its
foot and falls with its length (Schrijver et al. 2004, ApJ 615, 512), and where polarities mix, loops are short.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from solarflare.sources.simulated import corona, elements
from solarflare.sources.simulated.elements import Elements
from solarflare.sources.simulated.flares import Flares
from solarflare.sources.simulated.quiet_corona import SCALE_HEIGHT
from solarflare.sources.simulated.regions import DAY, Regions
from solarflare.sources.simulated.sphere import Floats, Values, View, splat

FARTHEST = 112.0
"""Degrees from the central meridian: the loops of regions behind the limb rise above it."""

SOURCES_PER_REGION = 10
QUIET_SOURCES = 44
QUIET_STRENGTH = 0.06
"""Point sources of the field; strengths in 1e22 Mx."""

LINES_PER_FLUX = 200
LINES = (40, 400)
"""Lines of a region of 1e22 Mx, and their fewest and most."""

LOOP = 22.0
PER_FOOT, PER_LENGTH = 0.5, -0.45
STRAND_SPREAD = 0.8
OPEN = 0.6
"""Emission of a loop, in quiet Suns a solar radius; how it goes with its foot's field and its length; the log-normal
spread of strands; and what a line that does not return shines of that."""

MOSS = 0.025
FLARE = 220.0
PER_CLASS = 0.7
"""Emission of a flare of C1.0, in quiet Suns a pixel, and how it goes with the X-ray flux."""

BETWEEN = 5  # points between two steps along a line, so that steps of several pixels leave no gaps


@dataclass(frozen=True)
class Emission:
    """What active regions add, in quiet Suns: sharp loops, moss and flares; and their unresolved haze."""

    sharp: Floats
    haze: Floats


@dataclass(frozen=True)
class _Region:
    """A region in an image: its index, its elements, and where they are in solar radii."""

    index: int
    elements: Elements
    space: Values

    @property
    def flux(self) -> float:
        """Unsigned, in 1e22 Mx."""
        return float(np.abs(self.elements.flux).sum() / 1e22)

    def draw(self, count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw elements in proportion to their flux."""
        weight = np.abs(self.elements.flux)
        return generator.choice(len(weight), count, p=weight / weight.sum())


class Magnetism:
    """The regions around an image, and the field that they and the quiet Sun make."""

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
        places = [quiet / np.linalg.norm(quiet, axis=1, keepdims=True) * (1 - 3 * corona.DEPTH)]
        strengths = [QUIET_STRENGTH * generator.standard_normal(QUIET_SOURCES)]
        for region in self.regions:
            drawn = region.draw(SOURCES_PER_REGION, generator)
            sign = np.sign(region.elements.flux[drawn])
            # Each polarity holds half the flux, however many of its elements were drawn.
            number = np.where(sign > 0, (sign > 0).sum(), (sign < 0).sum())
            places.append(region.space[drawn] * (1 - corona.DEPTH))
            strengths.append(sign * region.flux / 2 / number)
        self.sources = corona.Sources(
            np.concatenate(places).astype(np.float32), np.concatenate(strengths).astype(np.float32)
        )

    def shine(self, flares: Flares, time: np.datetime64, seed: int, generator: np.random.Generator) -> Emission:
        """Return what the regions add to an image at a time."""
        width = self.view.width
        if not self.regions:
            return Emission(*np.zeros((2, width, width), dtype=np.float32))
        loops = self._loops(generator)
        sharp = 0.35 * gaussian_filter(loops, 0.7) + self._moss() + self._flares(flares, time, seed)
        haze = 0.4 * gaussian_filter(loops, 2.5) + 0.9 * gaussian_filter(loops, 13)
        return Emission(sharp, haze)

    def _loops(self, generator: np.random.Generator) -> Floats:
        feet, outward = [], []
        for region in self.regions:
            count = int(np.clip(LINES_PER_FLUX * region.flux**0.6, *LINES))
            drawn = region.draw(count, generator)
            place = region.space[drawn] + 0.012 * generator.standard_normal((count, 3))
            feet.append(1.001 * place / np.linalg.norm(place, axis=1, keepdims=True))
            outward.append(np.sign(region.elements.flux[drawn]))
        lines = corona.trace(
            self.sources, np.concatenate(feet).astype(np.float32), np.concatenate(outward).astype(np.float32)
        )
        bright = LOOP * np.minimum(lines.foot, 4000) ** PER_FOOT * np.maximum(lines.length, 0.03) ** PER_LENGTH
        bright *= np.exp(STRAND_SPREAD * generator.standard_normal(len(bright))) * np.where(lines.closed, 1, OPEN)
        start, step = lines.place[:-1], np.diff(lines.place, axis=0)
        part = (np.arange(BETWEEN, dtype=np.float32) / BETWEEN)[:, None, None, None]
        place = start + part * step
        height = np.linalg.norm(place, axis=-1) - 1
        weight = np.linalg.norm(step, axis=-1) / BETWEEN * bright * np.exp(-height / SCALE_HEIGHT)
        # What is behind the disk is not seen.
        seen = lines.inside[:-1] & ((place[..., 2] > 0) | (place[..., 0] ** 2 + place[..., 1] ** 2 > 1))
        return splat(*self.view.pixels(place[seen]), weight[seen], self.view.width)

    def _moss(self) -> Floats:
        """Return the feet of hot loops: bright where flux is dense."""
        space = np.concatenate([region.space for region in self.regions])
        flux = np.concatenate([np.abs(region.elements.flux) for region in self.regions])
        seen = space[:, 2] > 0
        dense = splat(*self.view.pixels(1.004 * space[seen]), flux[seen] / 1e19, self.view.width)
        return MOSS * gaussian_filter(dense, 0.8) * np.sqrt(gaussian_filter(dense, 4))

    def _flares(self, flares: Flares, time: np.datetime64, seed: int) -> Floats:
        """Return short arcades across the line between the polarities, as bright as each flare is now."""
        width = self.view.width
        active = flares.in_progress(time)
        places, weights = [], []
        for region in self.regions:
            own = active[flares.region[active] == region.index]
            positive, negative = (np.flatnonzero(sign * region.elements.flux > 0) for sign in (1, -1))
            if len(own) == 0 or len(positive) == 0 or len(negative) == 0:
                continue
            distance, nearest = cKDTree(region.space[negative]).query(region.space[positive])
            weight = np.abs(region.elements.flux[positive]) / (distance + 0.005) ** 2
            for flare, now in zip(own, flares.flux_at(own, time), strict=True):
                generator = np.random.default_rng([seed, 41, int(flare)])
                foot = int(generator.choice(len(positive), p=weight / weight.sum()))
                one, other = region.space[positive[foot]], region.space[negative[nearest[foot]]]
                along = generator.uniform(0, 1, (12, 1))
                spread = 0.012 * (now / 1e-6) ** 0.2 * generator.standard_normal((12, 3))
                place = (one + along * (other - one) + spread) * (1.004 + 0.02 * along * (1 - along))
                heat = FLARE * (now / 1e-6) ** PER_CLASS * np.exp(0.4 * generator.standard_normal())
                places.append(place)
                weights.append(np.full(12, heat))
        if not places:
            return np.zeros((width, width), dtype=np.float32)
        place, heat = np.concatenate(places), np.concatenate(weights)
        seen = (place[:, 2] > 0) | (place[:, 0] ** 2 + place[:, 1] ** 2 > 1)
        bright = splat(*self.view.pixels(place[seen]), heat[seen], width)
        return 0.8 * gaussian_filter(bright, 0.8) + 0.2 * gaussian_filter(bright, 3)
