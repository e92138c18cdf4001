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
from solarflare.sources.simulated.sphere import Floats, View, blur, generator_of, patch, spectral_noise

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
MARGIN = 2**DOUBLINGS + DOUBLINGS + 2  # pixels around the disk that its texture may depend on: steps are rounded
INSIDE = 0.998  # solar radii: pixels farther out get the texture of the sphere at this distance


class QuietCorona:
    """The quiet corona of one image, in float32.

    ``emission``, (width, width), is 1 at the centre of a featureless disk at solar minimum. ``disk``, (width, width)
    bool, are the n pixels of the disk, out to the brightest ring. ``grain`` and ``along_field``, (n,), are textures of
    unit variance on them. ``grain`` is isotropic, ``along_field`` is smeared along the field.
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
        level = float(activity(np.array([time]))[0])
        self.disk = distance < RING
        toward = np.sqrt(1 - np.minimum(distance, np.float32(INSIDE)) ** 2)
        broad, self.grain, points, self.along_field = self._textures(view, distance, toward, sources, seed, generator)
        self.emission: Floats = np.empty_like(distance)
        self.emission[self.disk] = self._on_disk(view, toward[self.disk], time, level, broad, points, active, seed)
        self.emission[~self.disk] = _beyond(*view.plane_at(~self.disk), distance[~self.disk], time, level, seed)
        self.emission *= 1 + MAXIMUM * level

    def _textures(
        self,
        view: View,
        distance: Floats,
        toward: Floats,
        sources: field_lines.Sources,
        seed: int,
        generator: np.random.Generator,
    ) -> list[Floats]:
        """Return the textures of the disk, (n,): broad, grain, bright points, and the grain smeared along the field.

        Each image uses another part of the tiles.
        """
        box = view.around_disk(MARGIN)
        west, north = view.plane()
        inside = np.minimum(distance[box], np.float32(INSIDE))
        stretch = np.arcsin(inside) / np.maximum(inside, np.float32(1e-3)) * np.float32(view.radius)
        rows, columns = (north[box[0]] * stretch).astype(np.int32), (west[:, box[1]] * stretch).astype(np.int32)
        disk, shift = self.disk[box], generator.integers(TILE, size=2)
        broad, grain, points = _tiles(seed)
        grain = patch(grain, shift, rows, columns)
        along_field = _smeared(grain, box, view, toward, sources)
        rows, columns = rows[disk], columns[disk]
        return [patch(broad, shift, rows, columns), grain[disk], patch(points, shift, rows, columns), along_field[disk]]

    def _on_disk(
        self,
        view: View,
        toward: Floats,
        time: np.datetime64,
        level: float,
        broad: Floats,
        points: Floats,
        active: Floats,
        seed: int,
    ) -> Floats:
        """Return the emission of the disk's pixels, (n,)."""
        west, north = view.plane_at(self.disk)
        sine = north * np.cos(np.float32(view.tilt)) + toward * np.sin(np.float32(view.tilt))
        opened = _openness(view, west, north, sine, time, level, broad, seed)
        # The field of active regions is closed.
        opened *= np.exp(-blur(active, 4)[self.disk])
        belts = level * np.exp(-(((np.abs(sine) - BELT_SINE) / BELT_WIDTH) ** 2))
        texture = (0.28 + BELT_CONTRAST * belts) * broad + BELT_EXCESS * belts
        texture += 0.11 * (self.grain + self.along_field) + points
        thickness = 1 / np.sqrt(toward**2 + SCALE_HEIGHT)
        return thickness * np.exp(texture - HOLE_DEPTH * opened)


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
    noise: Floats, box: tuple[slice, slice], view: View, toward: Floats, sources: field_lines.Sources
) -> Floats:
    """Return the noise in a box around the disk, smeared along the field above the surface, of unit variance.

    Line integral convolution (Cabral & Leedom 1993, doi:10.1145/166117.166151). Each pass doubles the length.
    """
    west, north = view.plane()
    coarse = slice(COARSE // 2, None, COARSE)
    coarse_west, coarse_north = np.broadcast_arrays(west[:, coarse], north[coarse])
    space = np.stack([coarse_west, coarse_north, toward[coarse, coarse]], axis=-1)
    above = 1.04 * space / np.linalg.norm(space, axis=-1, keepdims=True)
    vector = field_lines.field(sources, above.reshape(-1, 3).astype(np.float32)).reshape(above.shape)
    across = vector[..., :2] / (np.linalg.norm(vector[..., :2], axis=-1, keepdims=True) + 1e-12)
    size = (view.width, view.width)
    flow = np.empty(noise.shape, np.complex64)  # the direction: columns + i rows
    flow.real, flow.imag = (
        np.asarray(Image.fromarray(part.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))[box]
        for part in (across[..., 0], -across[..., 1])
    )
    pixel = np.arange(view.width, dtype=np.float32)
    rows, columns = pixel[box[0], None], pixel[box[1]]
    result = noise
    for doubling in range(DOUBLINGS):
        y, x = (
            np.clip(at + step + np.float32(0.5), at.flat[0], at.flat[-1]).astype(np.int32) - int(at.flat[0])
            for at, step in ((rows, flow.imag), (columns, flow.real))
        )
        target = y * noise.shape[1] + x
        result = result + result.ravel()[target]
        if doubling < DOUBLINGS - 1:
            flow += flow.ravel()[target]
    return result / result[west[:, box[1]] ** 2 + north[box[0]] ** 2 < 0.9].std()


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
    """Return the openness of the field of n pixels, 0 to 1: that of polar holes, and of other holes.

    Polar holes are largest at solar minimum. The pixels have their place, the sine of their latitude, and the texture
    `broad`.
    """
    days = float((time - ORIGIN) / DAY)
    ragged = 0.4 * broad
    ragged_reach = 1 + 1.4 * ragged
    result = 1 / (1 + np.exp(-16 * (np.abs(sine) - (0.86 + 0.2 * level) + 0.25 * ragged)))
    farthest = 1e-3 - np.log(result)  # a hole beyond it, in edges, opens a pixel less than the poles do
    epoch = int(days // HOLE_EPOCH)
    for number in range(epoch - 2, epoch + 1):
        generator = generator_of(seed, 33, number + 1000)
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
            if channel:
                across += 0.05 * broad
            reach = np.radians(size * (0.7 if channel else 1.0)) * np.sqrt(grown)
            away = (np.sqrt(along**2 * shape + across**2 / shape) - reach * ragged_reach) / HOLE_EDGE
            near = away < farthest
            inside = depth / (1 + np.exp(np.clip(away[near], -30, 30)))
            result[near] = np.maximum(result[near], inside)
    return result.astype(np.float32)


def _beyond(
    west: Floats, north: Floats, distance: Floats, time: np.datetime64, level: float, seed: int
) -> npt.NDArray[np.float32]:
    """Return the emission of pixels beyond the disk, (n,): it falls with height, and shows streamers."""
    rim = np.float32(LIMB / np.sqrt(SCALE_HEIGHT))
    streamers = _streamers(north, west, distance, time, level, seed)
    return rim * np.exp((RING - distance) / SCALE_HEIGHT) * streamers


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
    generator = generator_of(seed, 34, number)
    result = np.zeros(ANGLES)
    for width, amplitude in ((60, 0.36), (14, 0.12), (3, 0.05)):
        wave = gaussian_filter1d(generator.standard_normal(ANGLES), width, mode="wrap")
        result += amplitude * wave / wave.std()
    return result
