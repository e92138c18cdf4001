"""Flux elements: what the photospheric field is made of, and where the corona is rooted.

A region emerges as a bipole of many small concentrations and a few spots. The concentrations are carried apart by
supergranules and sheared by the differential rotation, and vanish one by one; the spots dissolve sooner. The quiet Sun
is a network of weaker ones, of both signs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solarflare.sources.simulated.regions import DAY, Regions, course

Values = npt.NDArray[np.float64]

ELEMENT_FLUX = 1.2e19
"""Mean flux of a concentration of plage, Mx (Parnell et al. 2009, ApJ 698, 75)."""

MOST_ELEMENTS = 3_000

SEPARATION = 6.5
"""Degrees between the polarities of a region of 1e22 Mx, growing with flux ** 0.4 (Wang & Sheeley 1989, SoPh
124, 81)."""

DIFFUSION = 250.0
"""km2/s by which supergranules spread the field (Wang, Nash & Sheeley 1989, Science 245, 712: 600; others 200)."""

MM_PER_DEGREE = 12.15

SPOT_FLUX = 3.04e16 * 1000.0
"""Mx of a millionth of the hemisphere of spot: its area in cm2 times its mean field in gauss (Solanki 2003)."""

SPOT_SHARE = 0.5
"""Largest share of a region's flux that is in its spots."""

NESTS = 36
NEST_SIZE = 0.35

SPOTS = 8
SPOT_ELEMENTS = 90
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))

DIFFERENTIAL = -2.9
"""Degrees a day by which the poles' rotation lags, times sin2 of the latitude (Howard, Harvey & Forgach 1990)."""

NETWORK_ELEMENTS = 7_000
NETWORK_FLUX = 9e18
"""Concentrations of the quiet Sun on a hemisphere and their mean flux, Mx: 3 to 5 G on average, as GONG sees it."""


@dataclass(frozen=True)
class Elements:
    """Concentrations of magnetic flux.

    Attributes
    ----------
    latitude, longitude : (n,) float64
        Stonyhurst, in radians.
    flux : (n,) float64
        Mx, with its sign.
    """

    latitude: Values
    longitude: Values
    flux: Values


def of_region(regions: Regions, region: int, time: np.datetime64, seed: int) -> Elements:
    """Return the elements of one region at a time; the same region always grows and decays in the same way."""
    generator = np.random.default_rng([seed, 11, int(regions.noaa_ar[region])])
    age = float((time - regions.born[region]) / DAY)
    rise, decay, complexity = regions.rise[region], regions.decay[region], float(regions.complexity[region])
    flux, area = (
        float(of_age(np.array([region]), np.array([age]))[0]) for of_age in (regions.flux_at, regions.area_at)
    )
    separation = SEPARATION * (regions.flux[region] / 1e22) ** 0.4
    opened = 0.35 + 0.65 * min(1.0, age / rise)
    spread = 0.30 * separation

    # Plage: half of each polarity, the following one wider; the rest of a complex region is misplaced.
    n = int(min(MOST_ELEMENTS, 40 + regions.flux[region] / ELEMENT_FLUX))
    side = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    width = np.where(side > 0, 0.8, 1.2) * spread
    # They gather where supergranules meet, in nests.
    nests = spread * generator.standard_normal((2, NESTS)) * np.array([[1.0], [0.7]])
    nest = generator.integers(NESTS // 2, size=n) * 2 + (side > 0)
    u = side * separation / 2 + width / spread * nests[0, nest] + NEST_SIZE * generator.standard_normal(n)
    v = width / spread * nests[1, nest] + NEST_SIZE * generator.standard_normal(n)
    sign = side.copy()
    misplaced = generator.uniform(size=n) < 0.45 * complexity
    # They come in a few clumps near the line between the polarities: there the gradients are steep.
    clumps = separation * np.column_stack([0.22 * generator.standard_normal(5), 0.16 * generator.standard_normal(5)])
    own = generator.integers(5, size=n)
    u[misplaced] = clumps[own, 0][misplaced] + 0.07 * separation * generator.standard_normal(misplaced.sum())
    v[misplaced] = clumps[own, 1][misplaced] + 0.07 * separation * generator.standard_normal(misplaced.sum())
    sign[misplaced] = np.where(own % 2 == 0, 1.0, -1.0)[misplaced]
    order = generator.uniform(size=n)
    weight = generator.exponential(1.0, n)
    walk = np.sqrt(2 * DIFFUSION * 86_400 * age) / 1e3 / MM_PER_DEGREE
    walked = walk * generator.standard_normal((2, n))
    present = order < course(np.array([age]), rise, decay)[0]

    # Spots: the leading one is the largest; a complex region has some inside the other polarity's.
    share = np.sort(generator.dirichlet(np.full(SPOTS, 0.7)))[::-1]
    spot_side = np.where(np.arange(SPOTS) % 2 == 0, 1.0, -1.0)
    spot_sign = np.where(generator.uniform(size=SPOTS) < 0.5 * complexity, -spot_side, spot_side)
    spot_sign[0] = 1.0
    reach = np.where(spot_sign == spot_side, 0.5, 0.18)
    spot_u = spot_side * reach * separation + 0.35 * spread * generator.standard_normal(SPOTS)
    spot_v = 0.5 * spread * generator.standard_normal(SPOTS)
    # A sunflower's seeds fill a disc evenly; the disc's radius is that of the spot's area, in degrees.
    seeds = np.arange(SPOT_ELEMENTS)
    radius = np.degrees(np.sqrt(2e-6 * area * share))[:, None] * np.sqrt((seeds + 0.5) / SPOT_ELEMENTS)
    in_spot_u = (spot_u[:, None] * opened + radius * np.cos(GOLDEN_ANGLE * seeds)).ravel()
    in_spot_v = (spot_v[:, None] * opened + radius * np.sin(GOLDEN_ANGLE * seeds)).ravel()
    in_spots = min(area * SPOT_FLUX, SPOT_SHARE * flux)
    spot_flux = np.repeat(spot_sign * share * in_spots / SPOT_ELEMENTS, SPOT_ELEMENTS)

    plage = np.where(present, sign * weight, 0)
    plage *= (flux - in_spots) / max(np.abs(plage).sum(), 1e-9)
    u = np.concatenate([u * opened + walked[0], in_spot_u])
    v = np.concatenate([v * opened + walked[1], in_spot_v])
    signed = np.concatenate([plage, spot_flux])
    u, v, signed = u[signed != 0], v[signed != 0], signed[signed != 0]

    hemisphere = np.sign(regions.latitude[region])
    angle = np.radians(regions.tilt[region]) * hemisphere
    # The leading polarity is the western one and, by Joy's law, the one nearer to the equator.
    u, v = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    latitude = np.radians(regions.latitude[region] + v)
    lag = DIFFERENTIAL * (np.sin(latitude) ** 2 - np.sin(np.radians(regions.latitude[region])) ** 2) * age
    longitude = regions.longitude_at(np.array([region]), np.array([age]))[0] + u / np.cos(latitude) + lag
    return Elements(latitude, np.radians(longitude), regions.leading[region] * signed)


def network(time: np.datetime64, seed: int) -> Elements:
    """Return the quiet Sun's elements on the side that faces the Earth: the same for a day, turning with the Sun."""
    day = int(time.astype("datetime64[D]").astype(np.int64))
    generator = np.random.default_rng([seed, 12, day])
    n = NETWORK_ELEMENTS
    hours = float((time - time.astype("datetime64[D]")) / np.timedelta64(1, "h"))
    sine = generator.uniform(-1, 1, n)
    longitude = generator.uniform(-1.8, 1.8, n)
    # Signs are alike over some supergranules, which gives the quiet Sun its larger pattern.
    waves = generator.normal(0, 9, (6, 2))
    bias = np.cos(waves[:, :1] * sine + waves[:, 1:] * longitude + generator.uniform(0, 6.28, (6, 1))).sum(axis=0)
    sign = np.where(0.5 * bias + generator.standard_normal(n) > 0, 1.0, -1.0)
    turned = longitude + np.radians(13.2 / 24) * (hours - 12)
    return Elements(np.arcsin(sine), turned, sign * NETWORK_FLUX * generator.exponential(1.0, n))


def together(parts: list[Elements]) -> Elements:
    """Return all elements of several groups."""
    return Elements(
        np.concatenate([part.latitude for part in parts]),
        np.concatenate([part.longitude for part in parts]),
        np.concatenate([part.flux for part in parts]),
    )
