"""Magnetograms in the form of GONG's images from Big Bear: 860 x 860, grey, zero field at 128."""

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter1d

from solarflare.sources.simulated import elements
from solarflare.sources.simulated.region_evolution import Regions
from solarflare.sources.simulated.sphere import Floats, Values, View, blur, generator_of, patch, spectral_noise, splat
from solarflare.sources.simulated.typeface import typeface

Mask = npt.NDArray[np.bool_]

WIDTH = 860
CENTRE = (430.0, 415.5)
CENTRE_SPREAD = (4.5, 3.5)
SCALE = 2.533
"""Centre of the disk and its standard deviation, in pixels, and arcsec per pixel. Measured on seven GONG images of 2013
and 2019."""

MASK_RADIUS = 0.99
"""Solar radii beyond which the images are black. The ragged limb reaches half a pixel farther at most."""

RIM_DEPTH = 72
"""Pixels inside of the limb beyond which the rim, less than 1e-10 grey levels there, changes no bit of the image."""

GAUSS_PER_GREY = 2.0
CM_PER_RADIUS = 6.957e10

NOISE = 4.9
"""Standard deviation, in grey levels, of the instrument's noise and the Sun's oscillations.

Measured, like the magnetic network, on five images of 2019 with a total standard deviation of 5.6 to 7.1.
"""
NOISE_SCALE = 13.0
NOISE_TILE = 1_296
"""The ``scale`` of `spectral_noise`, and the side of the tile of noise in pixels."""

QUALITY = 75
"""JPEG quality. It gives the quantisation tables of the real images."""


def render(regions: Regions, time: np.datetime64, radius_arcsec: float, tilt: float, seed: int) -> bytes:
    """Return a magnetogram as a JPEG file.

    Parameters
    ----------
    regions : Regions
        All regions of the simulation.
    time : datetime64
        UTC.
    radius_arcsec : float
        The Sun's angular radius at that time.
    tilt : float
        Latitude of the disk's centre (B0) in radians.
    seed : int
        Seed of the simulation.
    """
    generator = generator_of(seed, 21, time.astype("datetime64[s]"))
    x, y = np.array(CENTRE) + np.array(CENTRE_SPREAD) * np.clip(generator.standard_normal(2), -2.2, 2.2)
    view = View(float(x), float(y), radius_arcsec / SCALE, tilt, WIDTH)
    west, north = view.plane()
    distance = np.sqrt(west**2 + north**2)
    # Only the visible pixels are computed, in arrays (n,).
    visible = distance < MASK_RADIUS + 1 / view.radius
    grey = blur(_field(regions, view, time, seed), generator.uniform(0.9, 1.6), truncate=3)[visible]
    grey *= _cloud(generator, visible)
    grey += _noise(generator, view, visible, distance[visible], seed)
    _add_limb(grey, view, visible, generator)
    pixels = np.zeros((WIDTH, WIDTH), np.uint8)
    pixels[visible] = np.clip(np.rint(grey), 0, 255)
    return _print(pixels, time)


def _field(regions: Regions, view: View, time: np.datetime64, seed: int) -> Floats:
    """Return the line-of-sight field in grey levels, without the effects of the atmosphere."""
    parts = [elements.of_region(regions, region, time, seed) for region in regions.alive(time)]
    sources = elements.concatenate([*parts, elements.network(time, seed)])
    space = view.space(sources.latitude, sources.longitude)
    towards_earth = space[:, 2]
    visible = towards_earth > 0
    # The field is radial: its line-of-sight component and its projected area both decrease towards the limb.
    pixel = (CM_PER_RADIUS / view.radius) ** 2
    weight = sources.flux[visible] * towards_earth[visible] ** 2 / pixel / GAUSS_PER_GREY
    return splat(*view.pixels(space[visible]), weight, WIDTH)


def _cloud(generator: np.random.Generator, visible: Mask) -> Floats:
    """Return the transmission of thin clouds, 0 to 1; it is close to 1 on most days."""
    depth = generator.choice([0.05, 0.3, 0.9], p=[0.75, 0.2, 0.05])
    return np.exp(-np.float32(depth) * np.abs(_smooth(generator, 5)[visible]))


def _noise(generator: np.random.Generator, view: View, visible: Mask, distance: Floats, seed: int) -> Values:
    """Return noise in grey levels: the instrument's is flat, that of the Sun's oscillations lies on the sphere."""
    level = NOISE * np.exp(0.15 * generator.standard_normal())
    solar_share = generator.uniform(0.3, 0.9)
    tile = _tile(seed)
    flat = tile[_window(generator)][visible]
    # Towards the limb the pattern on the sphere is foreshortened.
    r = np.minimum(distance, np.float32(0.995))
    stretch = np.arcsin(r) / np.maximum(r, np.float32(1e-3)) * np.float32(0.8)
    pixel = np.arange(WIDTH, dtype=np.float32)
    across = np.broadcast_to(pixel - np.float32(view.x), visible.shape)[visible] * stretch
    along = np.broadcast_to((pixel - np.float32(view.y))[:, None], visible.shape)[visible] * stretch
    shift = generator.integers(NOISE_TILE, size=2)
    on_sphere = patch(tile, shift, along.astype(np.int32), across.astype(np.int32))
    patches = _smooth(generator, 7)[visible] * generator.uniform(0.0, 1.6)
    return np.float32(level) * (np.sqrt(1 - solar_share) * flat + np.sqrt(solar_share) * on_sphere) + patches


def _window(generator: np.random.Generator) -> tuple[slice, slice]:
    top, left = generator.integers(NOISE_TILE - WIDTH, size=2)
    return slice(top, top + WIDTH), slice(left, left + WIDTH)


@lru_cache(1)
def _tile(seed: int) -> Floats:
    return spectral_noise(np.random.default_rng([seed, 22]), NOISE_TILE, NOISE_SCALE)


def _smooth(generator: np.random.Generator, knots: int) -> Floats:
    """Return a smooth random field, (WIDTH, WIDTH), of unit variance at its knots."""
    coarse = generator.standard_normal((knots, knots)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, WIDTH), Image.Resampling.BICUBIC))


def _add_limb(grey: Floats, view: View, visible: Mask, generator: np.random.Generator) -> None:
    """Add the level of zero field, and a ragged limb that has a bright and dark rim, to the grey levels."""
    steps = 1440
    notches = np.where(generator.uniform(size=steps) < 0.2, generator.uniform(-3, 0.5, steps), 0)
    ragged = gaussian_filter1d(notches, 1.2, mode="wrap")
    around = 2 * np.pi * np.arange(steps) / steps
    waves = sum(
        generator.standard_normal() / order * np.cos(order * around + generator.uniform(0, 2 * np.pi))
        for order in range(1, 5)
    )
    fine = gaussian_filter1d(generator.standard_normal(steps), 2, mode="wrap") * 3
    rim = 75 * np.clip(waves + 0.2, -0.7, 1.8) + 25 * fine

    west, north = view.plane_at(visible)
    distance = np.sqrt(west**2 + north**2)
    near = distance > MASK_RADIUS - RIM_DEPTH / view.radius
    angle = np.arctan2(north[near], west[near])
    step = ((angle / (2 * np.pi) + 0.5) * steps).astype(np.int32) % steps
    depth = (MASK_RADIUS - distance[near]) * view.radius + ragged.astype(np.float32)[step]
    rim_weight = np.exp(-np.maximum(depth, 0) / np.float32(2.2))
    grey += 128
    grey[near] = np.where(depth > 0, grey[near] + rim.astype(np.float32)[step] * rim_weight, 0)


def _print(pixels: npt.NDArray[np.uint8], time: np.datetime64) -> bytes:
    """Print the compass and the caption and encode the JPEG."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    draw.rectangle((10, 10, 88, 88), fill=255)
    for letter, position in (("N", (39, 24)), ("E", (14, 49)), ("W", (64, 49)), ("S", (39, 74))):
        draw.text(position, letter, fill=0, font=typeface(10))
    draw.rectangle((10, 810, 251, 849), fill=255)
    stamp = str(time.astype("datetime64[s]")).replace("-", "/")
    draw.text((15, 814), "BIG BEAR GONG / NSO", fill=0, font=typeface(10))
    draw.text((15, 834), f"{stamp[:10]}     {stamp[11:]}UT", fill=0, font=typeface(10))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
