"""Magnetic flux elements of the photosphere: the sources of the magnetograms and of the coronal field.

A region emerges as a bipole of many small concentrations and a few spots. Supergranules spread the concentrations, the
differential rotation shears them, and they vanish one by one; the spots dissolve sooner. The quiet Sun is a network of
weaker concentrations of both polarities.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from solarflare.sources.simulated.region_evolution import DAY, Regions, relative_flux
from solarflare.sources.simulated.sphere import generator_of

Values = npt.NDArray[np.float64]

ELEMENT_FLUX = 1.2e19
"""Mean flux of a concentration in plage, Mx (Parnell et al. 2009, ApJ 698, 75)."""

MOST_ELEMENTS = 3_000

SEPARATION = 6.5
"""Degrees between the polarities of a region of 1e22 Mx. It grows as flux ** 0.4 (Wang & Sheeley 1989, SoPh 124,
81)."""

DIFFUSION = 250.0
"""Diffusion coefficient of the field by supergranules, km2/s (Wang, Nash & Sheeley 1989, Science 245, 712: 600; others
200)."""

MM_PER_DEGREE = 12.15

SPOT_FLUX = 3.04e16 * 1000.0
"""Mx per millionth of the hemisphere of spot area: area in cm2 times mean field in gauss (Solanki 2003)."""

MAX_SPOT_FRACTION = 0.5
"""The spots of a region hold at most this fraction of its flux."""

NESTS = 36
NEST_SIZE = 0.35

SPOTS = 8
SPOT_ELEMENTS = 90
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))

DIFFERENTIAL = -2.9
"""Rotation relative to the equator: degrees per day, times sin2 of the latitude (Howard, Harvey & Forgach 1990)."""

NETWORK_ELEMENTS = 7_000
NETWORK_FLUX = 9e18
"""Number of concentrations of the quiet Sun on a hemisphere, and their mean flux in Mx. The mean field is 3 to 5 G, as
in GONG's images."""


@dataclass(frozen=True)
class Elements:
    """n concentrations of magnetic flux: Stonyhurst latitude and longitude in radians, signed flux in Mx."""

    latitude: Values
    longitude: Values
    flux: Values


@dataclass(frozen=True)
class _Drawn:
    """The random numbers of a region, which stay the same all its life.

    ``u``, ``v``: position of the n elements of its plage along and across its axis, in degrees, when it is fully
    opened. ``flux``: their signed flux, in any unit. ``order``: an element lives until the region's flux, divided by
    its maximum, is below it. ``walk``, (2, n): their random walk along and across the axis, in standard deviations. The
    spots have ``spot_u``, ``spot_v``, ``spot_sign`` and ``spot_share``, a spot's share of the area.
    """

    u: Values
    v: Values
    flux: Values
    order: Values
    walk: Values
    spot_u: Values
    spot_v: Values
    spot_sign: Values
    spot_share: Values


def of_region(regions: Regions, region: int, time: np.datetime64, seed: int) -> Elements:
    """Return the elements of one region at a time. Each call gives the same evolution of the region."""
    largest, complexity = float(regions.flux[region]), float(regions.complexity[region])
    drawn = _drawn(seed, int(regions.noaa_ar[region]), largest, complexity)
    age = float((time - regions.born[region]) / DAY)
    rise, decay = regions.rise[region], regions.decay[region]
    flux, area = (
        float(of_age(np.array([region]), np.array([age]))[0]) for of_age in (regions.flux_at, regions.area_at)
    )
    opened = 0.35 + 0.65 * min(1.0, age / rise)

    # A sunflower pattern fills the spot evenly; the spot's radius, in degrees, follows from its area.
    index = np.arange(SPOT_ELEMENTS)
    radius = np.degrees(np.sqrt(2e-6 * area * drawn.spot_share))[:, None] * np.sqrt((index + 0.5) / SPOT_ELEMENTS)
    in_spot_u = (drawn.spot_u[:, None] * opened + radius * np.cos(GOLDEN_ANGLE * index)).ravel()
    in_spot_v = (drawn.spot_v[:, None] * opened + radius * np.sin(GOLDEN_ANGLE * index)).ravel()
    in_spots = min(area * SPOT_FLUX, MAX_SPOT_FRACTION * flux)
    spot_flux = np.repeat(drawn.spot_sign * drawn.spot_share * in_spots / SPOT_ELEMENTS, SPOT_ELEMENTS)

    present = drawn.order < relative_flux(np.array([age]), rise, decay)[0]
    plage = np.where(present, drawn.flux, 0)
    plage *= (flux - in_spots) / max(np.abs(plage).sum(), 1e-9)
    walk = np.sqrt(2 * DIFFUSION * 86_400 * age) / 1e3 / MM_PER_DEGREE
    u, v = (
        np.concatenate([at[present] * opened + walk * steps[present], in_spot])
        for at, steps, in_spot in ((drawn.u, drawn.walk[0], in_spot_u), (drawn.v, drawn.walk[1], in_spot_v))
    )
    signed = np.concatenate([plage[present], spot_flux])
    u, v, signed = u[signed != 0], v[signed != 0], signed[signed != 0]

    hemisphere = np.sign(regions.latitude[region])
    angle = np.radians(regions.tilt[region]) * hemisphere
    # The leading polarity is in the west and, by Joy's law, nearer to the equator.
    u, v = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    latitude = np.radians(regions.latitude[region] + v)
    lag = DIFFERENTIAL * (np.sin(latitude) ** 2 - np.sin(np.radians(regions.latitude[region])) ** 2) * age
    longitude = regions.longitude_at(np.array([region]), np.array([age]))[0] + u / np.cos(latitude) + lag
    return Elements(latitude, np.radians(longitude), regions.leading[region] * signed)


@lru_cache(64)  # a region is in many images
def _drawn(seed: int, number: int, flux: float, complexity: float) -> _Drawn:
    """Draw the elements of a region, by its number, its largest flux in Mx, and its complexity."""
    generator = generator_of(seed, 11, number)
    separation = SEPARATION * (flux / 1e22) ** 0.4
    spread = 0.30 * separation

    # Plage: half of the elements have each polarity; the following polarity is wider.
    n = int(min(MOST_ELEMENTS, 40 + flux / ELEMENT_FLUX))
    side = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    width = np.where(side > 0, 0.8, 1.2) * spread
    # Elements gather in nests, where supergranules meet.
    nests = spread * generator.standard_normal((2, NESTS)) * np.array([[1.0], [0.7]])
    nest = generator.integers(NESTS // 2, size=n) * 2 + (side > 0)
    u = side * separation / 2 + width / spread * nests[0, nest] + NEST_SIZE * generator.standard_normal(n)
    v = width / spread * nests[1, nest] + NEST_SIZE * generator.standard_normal(n)
    sign = side.copy()
    misplaced = generator.uniform(size=n) < 0.45 * complexity
    # In a complex region some elements form clumps near the polarity inversion line, where gradients become steep.
    clumps = separation * np.column_stack([0.22 * generator.standard_normal(5), 0.16 * generator.standard_normal(5)])
    own = generator.integers(5, size=n)
    u[misplaced] = clumps[own, 0][misplaced] + 0.07 * separation * generator.standard_normal(misplaced.sum())
    v[misplaced] = clumps[own, 1][misplaced] + 0.07 * separation * generator.standard_normal(misplaced.sum())
    sign[misplaced] = np.where(own % 2 == 0, 1.0, -1.0)[misplaced]
    order = generator.uniform(size=n)
    weight = generator.exponential(1.0, n)
    walk = generator.standard_normal((2, n))

    # Spots: the leading spot is the largest; in a complex region some spots lie in the opposite polarity.
    share = np.sort(generator.dirichlet(np.full(SPOTS, 0.7)))[::-1]
    spot_side = np.where(np.arange(SPOTS) % 2 == 0, 1.0, -1.0)
    spot_sign = np.where(generator.uniform(size=SPOTS) < 0.5 * complexity, -spot_side, spot_side)
    spot_sign[0] = 1.0
    reach = np.where(spot_sign == spot_side, 0.5, 0.18)
    spot_u = spot_side * reach * separation + 0.35 * spread * generator.standard_normal(SPOTS)
    spot_v = 0.5 * spread * generator.standard_normal(SPOTS)
    return _Drawn(u, v, sign * weight, order, walk, spot_u, spot_v, spot_sign, share)


def network(time: np.datetime64, seed: int) -> Elements:
    """Return the elements of the quiet Sun on the side towards the Earth. They are new each day, and rotate."""
    generator = generator_of(seed, 12, time.astype("datetime64[D]"))
    n = NETWORK_ELEMENTS
    hours = float((time - time.astype("datetime64[D]")) / np.timedelta64(1, "h"))
    sine = generator.uniform(-1, 1, n)
    longitude = generator.uniform(-1.8, 1.8, n)
    # Neighbouring supergranules tend to have the same sign, which gives the quiet Sun its large-scale pattern.
    waves = generator.normal(0, 9, (6, 2))
    bias = np.cos(waves[:, :1] * sine + waves[:, 1:] * longitude + generator.uniform(0, 6.28, (6, 1))).sum(axis=0)
    sign = np.where(0.5 * bias + generator.standard_normal(n) > 0, 1.0, -1.0)
    rotated = longitude + np.radians(13.2 / 24) * (hours - 12)
    return Elements(np.arcsin(sine), rotated, sign * NETWORK_FLUX * generator.exponential(1.0, n))


def concatenate(parts: list[Elements]) -> Elements:
    """Join several groups of elements."""
    return Elements(
        np.concatenate([part.latitude for part in parts]),
        np.concatenate([part.longitude for part in parts]),
        np.concatenate([part.flux for part in parts]),
    )
