"""The statistics of a crop by which `input_range` tells whether it looks like the crops of a training.

Levels and differences of levels are logarithms, so that a sum of them states a ratio: the corona above the limb is
darker than the limb by a factor that depends on the wavelength. Coronal holes change none of them much.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from solarflare.sun.images.imaging import Pixels

Values = npt.NDArray[np.float64]

LEVEL, DETAIL = 10.0, 1.0
"""Grey levels that are added before the logarithm of a level and of a difference: JPEG's noise in a black sky."""

INSIDE, LIMB, OUTSIDE = (0.74, 0.82), (0.86, 0.90), (0.94, 1.0)
"""Rings of a full disk, in half-widths of the crop. In an EUV image, whose crop reaches 1.15 solar radii, they are at
0.85 to 0.94, 0.99 to 1.035 and 1.08 to 1.15 radii. The brightest ring of the corona is at 1.013."""

SECTORS = 12  # of the limb: the Moon or a gap in the data darkens one; a polar coronal hole does so by less than half
CENTRE = 0.75  # half-widths of the crop: differences of neighbours are taken within them
QUANTILES = {"dark parts": 0.25, "middle brightness": 0.5, "bright parts": 0.9}
STEPS = {"fine detail": 1, "coarse detail": 2}
"""Pixels between the neighbours whose difference is taken."""

DISK_NAMES = ("brightness inside the limb", "brightness of the limb", "brightness outside the limb", "darkest limb")
NAMES = {1: (*DISK_NAMES, *STEPS), 3: (*QUANTILES, *STEPS)}
"""The names of the statistics of a grey disk (one channel) and of a coloured cutout (three)."""

FLOORS = dict.fromkeys((*DISK_NAMES, *QUANTILES, *STEPS), 0.03) | {"darkest limb": 0.2}
"""Standard deviation of each logarithm that is added to that of the training: 3 % of a level. Around the minimum of the
cycle, the holes at the poles are larger than in a training of other years; the Moon is darker still."""

BINS = 16  # of brightness, for the colours of each


Indices = npt.NDArray[np.intp]  # of pixels in an image that is flattened by rows


@dataclass(frozen=True)
class _Places:
    """Where the statistics of a crop look."""

    rings: list[Indices]  # inside the limb, the limb, outside the limb
    sectors: list[Indices]  # of the limb
    neighbours: list[tuple[Indices, Indices]]  # right and left ones, for each of `STEPS`

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, side: int) -> "_Places":
        """Return the places in crops of (side, side) pixels."""
        place = np.linspace(-1, 1, 2 * side + 1)[1::2]
        east, south = np.meshgrid(place, place)
        distance, angle = np.hypot(east, south), np.arctan2(south, east)
        rings = []
        for low, high in (INSIDE, LIMB, OUTSIDE):
            widened = max(1 / side - (high - low) / 2, 0)  # to a pixel, where crops are small
            rings.append((low - widened <= distance) & (distance < high + widened))
        sector = np.floor(angle / (2 * np.pi) * SECTORS).astype(int) % SECTORS
        near, neighbours = distance < CENTRE, []
        for step in STEPS.values():
            rows, columns = np.nonzero(near[:, step:] & near[:, :-step])
            neighbours.append((rows * side + columns + step, rows * side + columns))
        return cls(
            list(map(np.flatnonzero, rings)),
            [np.flatnonzero(rings[1] & (sector == part)) for part in range(SECTORS)],
            neighbours,
        )


def statistics(crops: Pixels) -> Values:
    """Return the logarithms of k statistics, (N, k) float64, of square crops (N, H, H, C); see `NAMES`."""
    pixels = crops.reshape(len(crops), -1, crops.shape[-1]).mean(axis=-1, dtype=np.float32)
    places = _Places.of(crops.shape[1])
    levels = _cutout_levels(pixels) if crops.shape[-1] == 3 else _disk_levels(pixels, places)
    details = [
        np.abs(np.take(pixels, right, axis=1) - np.take(pixels, left, axis=1)).mean(axis=1)
        for right, left in places.neighbours
    ]
    return np.column_stack([np.log(LEVEL + levels), np.log(DETAIL + np.column_stack(details))]).astype(np.float64)


def _disk_levels(pixels: npt.NDArray[np.float32], places: _Places) -> npt.NDArray[np.float32]:
    darkest = np.min([np.take(pixels, sector, axis=1).mean(axis=1) for sector in places.sectors], axis=0)
    rings = [np.median(np.take(pixels, ring, axis=1), axis=1) for ring in places.rings]
    return np.column_stack([*rings, darkest])


def _cutout_levels(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.quantile(pixels, list(QUANTILES.values()), axis=1).T


def shown(values: Values) -> Values:
    """Return statistics (..., k) in grey levels instead of logarithms."""
    softening = np.r_[np.full(values.shape[-1] - len(STEPS), LEVEL), np.full(len(STEPS), DETAIL)]
    return np.clip(np.exp(np.minimum(values, 6)) - softening, 0, 255)


def colour_sums(crops: Pixels) -> Values:
    """Return for each crop of (N, H, W, 3), and each bin of brightness, pixels and sums of red, green and blue.

    Returns
    -------
    (N, BINS, 4) float64
        The bins are of equal width in the mean of the three channels.
    """
    count = len(crops)
    channels = crops.reshape(-1, 3).T
    brightness = channels.sum(axis=0, dtype=np.intp) * BINS // (3 * 256)
    place = brightness + np.repeat(np.arange(count) * BINS, brightness.size // count)
    sums = [np.bincount(place, of, count * BINS) for of in (None, *channels)]
    return np.stack(sums, axis=1, dtype=np.float64).reshape(count, BINS, 4)


def colours(sums: Values) -> Values:
    """Return the mean red, green and blue, (m, 3), of the m bins that have pixels in sums of `colour_sums`."""
    total = sums.sum(axis=0)
    return total[total[:, 0] > 0, 1:] / total[total[:, 0] > 0, :1]


def colour_difference(sums: Values, known: Values) -> Values:
    """Return by how many grey levels the colours of crops differ, (N,), from known colours at the same brightness.

    Parameters
    ----------
    sums : (N, BINS, 4) float64
        What `colour_sums` returned.
    known : (m, 3) float64
        What `colours` returned. It is interpolated; pixels that are darker or brighter than all of it do not count.
    """
    pixels = sums[..., 0]
    means = sums[..., 1:] / np.maximum(pixels, 1)[..., None]
    brightness, bins = means.mean(axis=-1), known.mean(axis=1)
    expected = np.stack([np.interp(brightness, bins, of) for of in known.T], axis=-1)
    pixels = np.where((bins.min() <= brightness) & (brightness <= bins.max()), pixels, 0)
    return (np.abs(means - expected).mean(axis=-1) * pixels).sum(axis=1) / np.maximum(pixels.sum(axis=1), 1)
