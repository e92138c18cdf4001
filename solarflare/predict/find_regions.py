"""Find active regions in an image: places that are brighter than the quiet Sun, or have a stronger field."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import solar_radius, to_stonyhurst
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

WIDTH = 256  # pixels of the map that is searched, for images of any width; a pixel is about 9 arcsec
EDGE = 0.97  # solar radii from the disk's centre: the map is searched up to there
RINGS = 40  # per solar radius; the quiet Sun has one level per ring, since the corona is brighter at the limb
CORE = 0.3  # radius of the innermost ring, in solar radii; a region could fill a smaller one and hide the quiet Sun
LEVELS = 256  # grey levels of an image
QUIET = 40  # percentile of a ring's pixels: the quiet Sun's level, even if many regions cross the ring

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """The parameters of a search. ``benchmarks/predict/regions_found.py`` scores `EUV` and `MAGNETOGRAM`."""

    smoothing: float  # standard deviation in pixels of the map; joins a region's loops, or its two polarities
    level: float  # the least excess over the quiet Sun, in grey levels
    area: float  # the least area, in pixels of the map at the disk's centre


EUV = Search(smoothing=2, level=75, area=50)  # chosen on images of 2010 to 2013
MAGNETOGRAM = Search(smoothing=3, level=8, area=20)  # not tuned


def find(grey: Pixels, instrument: Instrument, disk: Disk, time: pd.Timestamp) -> tuple[Values, Values]:
    """Return latitudes and longitudes, (n,) in Stonyhurst degrees, of the active regions in an image, (H, W) uint8.

    The largest region comes first. Text that is printed on the image is blanked before the search.
    """
    signal = imaging.disk_image(imaging.blank(grey, instrument, disk), instrument, disk, WIDTH)
    search = EUV
    if instrument in MAGNETOGRAPHS:
        search = MAGNETOGRAM
        signal = np.abs(signal.astype(np.int16) - imaging.fill_value(instrument)).astype(np.uint8)
    radii_per_pixel = 2 * imaging.field_of_view(instrument) / WIDTH
    offset = _offsets(radii_per_pixel)
    rows, columns = _centres(signal, radii_per_pixel, search)
    x, y = (np.interp(pixels, np.arange(WIDTH), offset) for pixels in (columns, rows))
    arcsec = float(solar_radius(np.array([time], dtype="datetime64[ns]"))[0])
    return to_stonyhurst(x * arcsec, -y * arcsec, time)


def _centres(signal: Pixels, radii_per_pixel: float, search: Search) -> tuple[Values, Values]:
    """Return row and column of the centre of each patch above the search's level, the largest patch first."""
    sun = _geometry(radii_per_pixel)
    excess = ndimage.gaussian_filter(signal - _quiet(signal, sun.ring), search.smoothing)
    labels, count = ndimage.label((excess > search.level) & sun.inside)
    rows, columns = np.nonzero(labels)
    patch, weight = labels[rows, columns], excess[rows, columns]
    area = np.bincount(patch, sun.area[rows, columns], count + 1)
    by_area = np.argsort(-area, kind="stable")
    chosen = by_area[area[by_area] >= search.area]
    total, row, column = (
        np.bincount(patch, values, count + 1)[chosen] for values in (weight, weight * rows, weight * columns)
    )
    return row / total, column / total


def _quiet(signal: Pixels, ring: npt.NDArray[np.int64]) -> Values:
    """Return the level of the quiet Sun at each pixel: a percentile of its ring, by the ring's histogram."""
    cumulative = np.bincount((LEVELS * ring + signal).ravel(), minlength=LEVELS * (ring.max() + 1))
    cumulative = cumulative.reshape(-1, LEVELS).cumsum(axis=1)
    place = (cumulative[:, -1] - 1) * QUIET / 100
    low = place.astype(np.int64)
    lower, upper = ((cumulative <= position[:, None]).sum(axis=1) for position in (low, np.ceil(place)))
    return ndimage.gaussian_filter1d(lower + (upper - lower) * (place - low), 2)[ring]


class _Geometry(NamedTuple):
    """What is the same for all images of an instrument, at each pixel of the map.

    `ring` is its ring, `inside` whether it is searched, and `area` how large its part of the Sun is, in pixels at the
    disk's centre.
    """

    ring: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]
    area: Values


@cache
def _geometry(radii_per_pixel: float) -> _Geometry:
    offset = _offsets(radii_per_pixel)
    distance = np.hypot(*np.meshgrid(offset, offset))
    ring = (np.maximum(distance - CORE, 0) * RINGS).astype(int)
    return _Geometry(ring, distance < EDGE, 1 / np.sqrt(np.maximum(1 - distance**2, 1 - EDGE**2)))


def _offsets(radii_per_pixel: float) -> Values:
    """Return how far each row or column is from the disk's centre, in solar radii."""
    return np.asarray((np.arange(WIDTH) - (WIDTH - 1) / 2) * radii_per_pixel, np.float64)
