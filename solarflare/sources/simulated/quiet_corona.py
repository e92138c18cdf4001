"""The quiet corona: emission by height, texture along the field, coronal holes, streamers.

The structures multiply. Each is a factor of the emission, or the natural logarithm of a factor.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from solarflare.sources.simulated import field_lines
from solarflare.sources.simulated.region_evolution import DAY, activity
from solarflare.sources.simulated.sphere import Floats, View, spectral_noise

SCALE_HEIGHT = 0.08
"""Scale height of the emission in solar radii (radial profiles of 28 AIA 211 images; hydrostatic at 1.8 MK: 0.06)."""

RING = 1.008
"""Radius in solar radii at which the corona is brightest, before blurring; 1.013 in real AIA 211 images."""

LIMB = 1.45
"""Emission just outside the limb, divided by that just inside. It is less than 2, because spicules absorb."""

MAXIMUM = 0.5
"""Relative increase of the emission from solar minimum to maximum."""

BELT_SINE, BELT_WIDTH = 0.3, 0.2
BELT_EXCESS, BELT_CONTRAST = 0.65, 0.75
"""The belts in which the remnants of old regions glow: sine of their latitude, and its spread; at solar maximum, the
increase of the logarithm of the emission there, and of the contrast of the broad texture."""

TILE = 768
BRIGHT_POINTS = 1200  # per tile; X-ray bright points number hundreds on the disk (Golub et al. 1974, ApJ 189, L93)
HOLE_EDGE = 0.04  # solar radii over which the emission falls into a coronal hole

HOLE_EPOCH = 81.0  # days: holes live for several rotations
HOLES, CHANNELS = 3, 4  # numbers of new ones per epoch; channels are the long dark lanes over filaments
HOLE_DEPTH = 2.4
CHANNEL_DEPTH = 0.45
ORIGIN = np.datetime64("2010-01-01")

STREAMER_DAYS = 5
ANGLES = 1440
COARSE = 8  # pixels between two points at which the direction of the field is computed
DOUBLINGS = 5  # the texture is smeared along the field over 2 ** DOUBLINGS pixels


class QuietCorona:
    """The quiet corona of one image; all arrays are (width, width) float32.

    ``grain`` and ``along_field`` are textures of unit variance, 0 outside of the disk. ``grain`` is isotropic,
    ``along_field`` is smeared along the field. ``emission`` is 1 at the centre of a featureless disk at solar minimum.
    """

    def __init__(
        self,
        view: View,
        time: np.datetime64,
        sources: field_lines.Sources,
        active: Floats,
        seed: int,
        generator: np.random.Generator,
    ) -> None:
        west, north = view.plane()
        distance = np.sqrt(west**2 + north**2)
        inside = np.minimum(distance, np.float32(0.998))
        toward = np.sqrt(1 - inside**2)
        level = float(activity(np.array([time]))[0])
        broad, grain, points = _on_sphere(view, west, north, inside, seed, generator)
        along_field = _smeared(grain, view, west, north, toward, sources)
        disk = distance < RING
        sine = north * np.cos(np.float32(view.tilt)) + toward * np.sin(np.float32(view.tilt))
        opened = _openness(view, west, north, sine, time, level, broad, seed)
        # The field of active regions is closed.
        opened *= np.exp(-gaussian_filter(active, 4))
        belts = level * np.exp(-(((np.abs(sine) - BELT_SINE) / BELT_WIDTH) ** 2))
        texture = (0.28 + BELT_CONTRAST * belts) * broad + BELT_EXCESS * belts
        texture += 0.11 * (grain + along_field) + points
        thickness = 1 / np.sqrt(toward**2 + SCALE_HEIGHT)
        rim = np.float32(LIMB / np.sqrt(SCALE_HEIGHT))
        beyond = rim * np.exp((RING - distance) / SCALE_HEIGHT) * _streamers(north, west, distance, time, level, seed)
        shell = np.where(disk, thickness * np.exp(texture - HOLE_DEPTH * opened), beyond)
        self.emission: Floats = ((1 + MAXIMUM * level) * shell).astype(np.float32)
        self.grain: Floats = np.where(disk, grain, 0)
        self.along_field: Floats = np.where(disk, along_field, 0)


def _on_sphere(
    view: View, west: Floats, north: Floats, inside: Floats, seed: int, generator: np.random.Generator
) -> list[Floats]:
    """Return three textures on the sphere: broad, fine, bright points. Each image uses another part of the tiles."""
    stretch = np.arcsin(inside) / np.maximum(inside, np.float32(1e-3)) * np.float32(view.radius)
    shift = generator.integers(TILE, size=2)
    rows = ((north * stretch).astype(np.int32) + shift[0]) % TILE
    columns = ((west * stretch).astype(np.int32) + shift[1]) % TILE
    pixel = rows * TILE + columns
    return [tile.ravel()[pixel] for tile in _tiles(seed)]


@lru_cache(1)
def _tiles(seed: int) -> tuple[Floats, Floats, Floats]:
    generator = np.random.default_rng([seed, 32])
    broad = spectral_noise(generator, TILE, 30, 2.4)
    grain = spectral_noise(generator, TILE, 17, 0.3)
    points = np.zeros((TILE, TILE), dtype=np.float32)
    points.ravel()[generator.integers(TILE * TILE, size=BRIGHT_POINTS)] = generator.exponential(1.0, BRIGHT_POINTS)
    points = 2.5 * gaussian_filter(points, 1.0, mode="wrap") + 11 * gaussian_filter(points, 2.5, mode="wrap")
    return broad, grain, points


def _smeared(
    noise: Floats, view: View, west: Floats, north: Floats, toward: Floats, sources: field_lines.Sources
) -> Floats:
    """Return noise smeared along the field above the surface, of unit variance.

    Line integral convolution (Cabral & Leedom 1993, doi:10.1145/166117.166151). Each pass doubles the length.
    """
    coarse = slice(COARSE // 2, None, COARSE)
    coarse_west, coarse_north = np.broadcast_arrays(west[:, coarse], north[coarse])
    space = np.stack([coarse_west, coarse_north, toward[coarse, coarse]], axis=-1)
    above = 1.04 * space / np.linalg.norm(space, axis=-1, keepdims=True)
    vector = field_lines.field(sources, above.reshape(-1, 3).astype(np.float32)).reshape(above.shape)
    across = vector[..., :2] / (np.linalg.norm(vector[..., :2], axis=-1, keepdims=True) + 1e-12)
    size = (view.width, view.width)
    flow_x, flow_y = (
        np.asarray(Image.fromarray(part.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
        for part in (across[..., 0], -across[..., 1])
    )
    rows, columns = np.mgrid[: view.width, : view.width].astype(np.float32)
    result = noise
    for _ in range(DOUBLINGS):
        x = np.clip(columns + flow_x + np.float32(0.5), 0, view.width - 1).astype(np.int32)
        y = np.clip(rows + flow_y + np.float32(0.5), 0, view.width - 1).astype(np.int32)
        pixel = y * view.width + x
        result = result + result.ravel()[pixel]
        flow_x, flow_y = flow_x + flow_x.ravel()[pixel], flow_y + flow_y.ravel()[pixel]
    return result / result[west**2 + north**2 < 0.9].std()


def _openness(
    view: View,
    west: Floats,
    north: Floats,
    sine: Floats,
    time: np.datetime64,
    level: float,
    broad: Floats,
    seed: int,
) -> Floats:
    """Return the openness of the field, 0 to 1: that of polar holes, largest at solar minimum, and of other holes."""
    days = float((time - ORIGIN) / DAY)
    ragged = 0.4 * broad
    result = 1 / (1 + np.exp(-16 * (np.abs(sine) - (0.86 + 0.2 * level) + 0.25 * ragged)))
    epoch = int(days // HOLE_EPOCH)
    for number in range(epoch - 2, epoch + 1):
        generator = np.random.default_rng([seed, 33, number + 1000])
        for kind in range(HOLES + CHANNELS):
            latitude, longitude = generator.uniform(-50, 50), generator.uniform(0, 360) + 13.2 * days
            born, life = (number + generator.uniform()) * HOLE_EPOCH, generator.uniform(60, 160)
            size, turn, shape = generator.uniform(7, 17), generator.uniform(0, np.pi), generator.uniform(0.35, 0.9)
            grown = np.sin(np.pi * np.clip((days - born) / life, 0, 1))
            centre = view.space(np.radians([latitude]), np.radians([longitude]))[0].astype(np.float32)
            if grown == 0 or centre[2] < 0:
                continue
            channel = kind >= HOLES
            shape, depth = (0.08, CHANNEL_DEPTH) if channel else (shape, 1.0)
            # Towards the limb a hole is foreshortened.
            x, y = (west - centre[0]) / max(0.25, centre[2]), north - centre[1]
            along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
            across = across + 0.05 * broad * channel
            reach = np.radians(size * (0.7 if channel else 1.0)) * np.sqrt(grown) * (1 + 1.4 * ragged)
            away = np.sqrt(along**2 * shape + across**2 / shape) - reach
            result = np.maximum(result, depth / (1 + np.exp(np.clip(away / HOLE_EDGE, -30, 30))))
    return result.astype(np.float32)


def _streamers(
    north: Floats, west: Floats, distance: Floats, time: np.datetime64, level: float, seed: int
) -> npt.NDArray[np.float32]:
    """Return the relative density of the corona around the limb. It shows streamers, which change within days."""
    day = int(time.astype("datetime64[D]").astype(np.int64))
    fraction = day / STREAMER_DAYS - day // STREAMER_DAYS
    before, after = (_profile(seed, number) for number in (day // STREAMER_DAYS, day // STREAMER_DAYS + 1))
    around = 2 * np.pi * np.arange(ANGLES) / ANGLES
    # At solar minimum there are streamers only above the equator.
    belt = 0.55 * np.cos(around) ** 2 * (1 - level)
    profile = (1 - fraction) * before + fraction * after + belt
    angle = ((np.arctan2(north, west) / (2 * np.pi) + 0.5) * ANGLES).astype(np.int32) % ANGLES
    height = np.clip((distance - 1) / 0.12, 0, 1.6)
    return np.exp(profile.astype(np.float32)[angle] * (0.5 + height) - np.float32(0.25))


@lru_cache(4)
def _profile(seed: int, number: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng([seed, 34, number])
    result = np.zeros(ANGLES)
    for width, amplitude in ((60, 0.36), (14, 0.12), (3, 0.05)):
        wave = gaussian_filter1d(generator.standard_normal(ANGLES), width, mode="wrap")
        result += amplitude * wave / wave.std()
    return result
