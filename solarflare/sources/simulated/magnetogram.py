"""Magnetograms in the form of GONG's at Big Bear: 860 x 860, grey, zero field at 128."""

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from solarflare.sources.simulated.regions import Regions
from solarflare.sources.simulated.sphere import Blobs, Floats, View, blobs, smooth_noise

WIDTH = 860
CENTRE = (430.0, 415.5)
CENTRE_SPREAD = (4.5, 3.5)
SCALE = 2.533
"""Pixels: where the disk is and how it wanders; arcsec a pixel. Measured on seven GONG images of 2013 and 2019."""

VISIBLE = 0.99
"""Solar radii at which the images are masked."""

GAUSS_PER_GREY = 3.2
"""So that the quiet Sun spreads by 5 to 7 grey levels and a spot saturates, as measured on the same images."""

QUALITY = 75
"""Of the JPEG: its quantisation tables are those of the real images."""

NETWORK_SHAPE = (900, 1800)
NETWORK_POINTS = 26_000


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
        Of the simulation.
    """
    generator = np.random.default_rng([seed, 21, int(time.astype("datetime64[s]").astype(np.int64))])
    x, y = np.array(CENTRE) + np.array(CENTRE_SPREAD) * np.clip(generator.standard_normal(2), -2.2, 2.2)
    view = View(float(x), float(y), radius_arcsec / SCALE, tilt, WIDTH)
    west, north = view.plane()
    latitude, longitude, toward = view.heliographic(west, north)
    field = _network(latitude, longitude, time, seed)
    for region in regions.visible(time):
        _add(field, view, latitude, longitude, blobs(regions, region, time, seed))
    # The instrument sees the part along the line of sight of a field that stands upright.
    grey = field * toward / GAUSS_PER_GREY
    grey = gaussian_filter(grey, generator.uniform(0.6, 1.5))
    grey *= _clouds(generator)
    grey += _noise(generator)
    return _print(_masked(grey, view, west, north, generator), time)


def _add(field: Floats, view: View, latitude: Floats, longitude: Floats, region: Blobs) -> None:
    """Add a region's concentrations to the field, on the pixels near them alone."""
    x, y, toward = view.project(region.latitude, region.longitude)
    reach = 4 * region.sigma * view.radius + 2
    for place in np.flatnonzero((toward > -0.05) & (np.abs(region.field) > 1)):
        rows = slice(max(0, int(y[place] - reach[place])), max(0, int(y[place] + reach[place]) + 1))
        columns = slice(max(0, int(x[place] - reach[place])), max(0, int(x[place] + reach[place]) + 1))
        across = (longitude[rows, columns] - np.float32(region.longitude[place])) * np.float32(
            np.cos(region.latitude[place])
        )
        along = latitude[rows, columns] - np.float32(region.latitude[place])
        distance = (across**2 + along**2) / np.float32(2 * region.sigma[place] ** 2)
        field[rows, columns] += np.float32(region.field[place]) * np.exp(-distance)


def _network(latitude: Floats, longitude: Floats, time: np.datetime64, seed: int) -> Floats:
    """Return the quiet Sun's network, in gauss: the same for hours, another one the next day, turning with the Sun."""
    day = int(time.astype("datetime64[D]").astype(np.int64))
    hour = (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")
    turn = np.random.default_rng([seed, 22, day]).integers(NETWORK_SHAPE[1]) - int(hour * 13.2 / 24 * 5)
    rows = ((latitude + np.float32(np.pi / 2)) * np.float32(NETWORK_SHAPE[0] / np.pi)).astype(np.int32)
    columns = ((longitude + np.float32(np.pi)) * np.float32(NETWORK_SHAPE[1] / 2 / np.pi)).astype(np.int32)
    return _network_map(seed)[np.minimum(rows, NETWORK_SHAPE[0] - 1), (columns + turn) % NETWORK_SHAPE[1]]


@lru_cache(1)
def _network_map(seed: int) -> Floats:
    """Return a map of small concentrations of both signs that sit where supergranules meet."""
    generator = np.random.default_rng([seed, 23])
    cells = gaussian_filter(generator.standard_normal(NETWORK_SHAPE).astype(np.float32), 5, mode="wrap")
    edges = np.abs(cells) < 0.25 * cells.std()
    places = np.flatnonzero(edges)
    chosen = places[generator.integers(len(places), size=NETWORK_POINTS)]
    result = np.zeros(NETWORK_SHAPE[0] * NETWORK_SHAPE[1], dtype=np.float32)
    # Signs are alike over some cells, which gives the quiet Sun its larger pattern.
    bias = gaussian_filter(generator.standard_normal(NETWORK_SHAPE).astype(np.float32), 25, mode="wrap").ravel()
    sign = np.where(bias[chosen] / bias.std() + 1.5 * generator.standard_normal(len(chosen)) > 0, 1, -1)
    np.add.at(result, chosen, (sign * generator.exponential(210, len(chosen))).astype(np.float32))
    return gaussian_filter(result.reshape(NETWORK_SHAPE), 0.8, mode="wrap")


def _clouds(generator: np.random.Generator) -> Floats:
    """Return what thin cloud leaves of the signal, 0 to 1: all of it on most days."""
    depth = generator.choice([0.0, 0.25, 0.6], p=[0.6, 0.25, 0.15])
    return np.exp(-depth * np.abs(smooth_noise(generator, WIDTH, 5)))


def _noise(generator: np.random.Generator) -> Floats:
    """Return the instrument's and the granulation's noise in grey levels, with the measured correlation of pixels."""
    level = 4.4 * np.exp(0.18 * generator.standard_normal())
    fine = gaussian_filter(generator.standard_normal((WIDTH, WIDTH), dtype=np.float32), 1.05)
    coarse = smooth_noise(generator, WIDTH, 160)
    ripple = smooth_noise(generator, WIDTH, 12) * generator.uniform(0, 0.35)
    return np.float32(level) * (0.85 * fine / np.float32(0.27) + 0.45 * coarse + ripple)


def _masked(
    grey: Floats, view: View, west: Floats, north: Floats, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return grey levels, black beyond a ragged limb with its bright and dark rim."""
    distance = np.hypot(west, north)
    angle = ((np.arctan2(north, west) / (2 * np.pi) + 0.5) * 720).astype(np.int32) % 720
    ragged = 0.6 * gaussian_filter(generator.standard_normal(720), 1, mode="wrap") / view.radius
    rim = 260 * gaussian_filter(generator.standard_normal(720), 18, mode="wrap")
    inside = VISIBLE + ragged[angle] - distance
    depth = inside * view.radius
    result = 128 + grey + rim[angle] * np.exp(-np.maximum(depth, 0) / 1.1)
    return np.where(inside > 0, np.clip(np.rint(result), 0, 255), 0).astype(np.uint8)


def _print(pixels: npt.NDArray[np.uint8], time: np.datetime64) -> bytes:
    """Print the compass and the caption, and encode."""
    image = Image.fromarray(pixels)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default_imagefont()
    draw.rectangle((10, 10, 88, 88), fill=255)
    for text, place in (("N", (39, 23)), ("E", (14, 48)), ("W", (65, 48)), ("S", (39, 73))):
        draw.text(place, text, fill=0, font=font)
    draw.rectangle((10, 810, 251, 849), fill=255)
    stamp = str(time.astype("datetime64[s]")).replace("-", "/")
    draw.text((15, 814), "BIG BEAR GONG / NSO", fill=0, font=font)
    draw.text((15, 834), f"{stamp[:10]}     {stamp[11:]}UT", fill=0, font=font)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
