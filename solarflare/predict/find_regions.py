"""Find active regions in an image: places that are brighter than the quiet Sun, or have a stronger field."""

from dataclasses import dataclass
from functools import cache

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
QUIET = 40  # percentile of a ring's pixels: the quiet Sun's level, even if many regions cross the ring


@dataclass(frozen=True)
class Search:
    """The parameters of a search. ``benchmarks/predict/regions_found.py`` scores `EUV` and `MAGNETOGRAM`."""

    smoothing: float  # standard deviation in pixels of the map; joins a region's loops, or its two polarities
    level: float  # the least excess over the quiet Sun, in grey levels
    area: float  # the least area, in pixels of the map at the disk's centre


EUV = Search(smoothing=2, level=75, area=50)  # chosen on images of 2010 to 2013
MAGNETOGRAM = Search(smoothing=3, level=8, area=20)  # not tuned


def find(grey: Pixels, instrument: Instrument, disk: Disk, time: pd.Timestamp) -> pd.DataFrame:
    """Return ``latitude`` and ``longitude``, Stonyhurst degrees, of the active regions in an image, (H, W) uint8.

    The largest region comes first. Text that is printed on the image is blanked before the search.
    """
    signal = imaging.disk_image(imaging.blank(grey, instrument, disk), instrument, disk, WIDTH).astype(np.float32)
    search = EUV
    if instrument in MAGNETOGRAPHS:
        search = MAGNETOGRAM
        signal = np.abs(signal - imaging.fill_value(instrument))
    radii_per_pixel = 2 * imaging.field_of_view(instrument) / WIDTH
    offset = _offsets(radii_per_pixel)
    rows, columns = _centres(signal, radii_per_pixel, search)
    x, y = (np.interp(pixels, np.arange(WIDTH), offset) for pixels in (columns, rows))
    arcsec = float(solar_radius(np.array([time], dtype="datetime64[ns]"))[0])
    latitude, longitude = to_stonyhurst(x * arcsec, -y * arcsec, time)
    return pd.DataFrame({"latitude": latitude, "longitude": longitude})


def _centres(
    signal: npt.NDArray[np.float32], radii_per_pixel: float, search: Search
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return row and column of the centre of each patch above the search's level, the largest patch first."""
    distance = _geometry(radii_per_pixel)[0]
    excess = ndimage.gaussian_filter(signal - _quiet(signal, radii_per_pixel), search.smoothing)
    labels, count = ndimage.label((excess > search.level) & (distance < EDGE))
    numbers = np.arange(1, count + 1)
    foreshortening = np.sqrt(np.maximum(1 - distance**2, 1 - EDGE**2))
    areas = np.bincount(labels.ravel(), (1 / foreshortening).ravel(), count + 1)[1:]
    large = areas >= search.area
    by_area = numbers[large][np.argsort(-areas[large], kind="stable")]
    centres = np.array(ndimage.center_of_mass(excess, labels, by_area)).reshape(-1, 2)
    return centres[:, 0], centres[:, 1]


def _quiet(signal: npt.NDArray[np.float32], radii_per_pixel: float) -> npt.NDArray[np.float64]:
    """Return the level of the quiet Sun at each pixel; it depends on the distance from the disk's centre."""
    _, ring, order, ends = _geometry(radii_per_pixel)
    levels = [_percentile(values, QUIET) for values in np.split(signal.ravel()[order], ends)]
    return ndimage.gaussian_filter1d(np.array(levels), 2)[ring]


@cache
def _geometry(
    radii_per_pixel: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return what is the same for all images of an instrument.

    It is each pixel's distance from the disk's centre in solar radii, its ring, the pixels sorted by ring, and where in
    this order a ring ends.
    """
    offset = _offsets(radii_per_pixel)
    distance = np.hypot(*np.meshgrid(offset, offset))
    ring = (np.maximum(distance - CORE, 0) * RINGS).astype(int)
    return distance, ring, np.argsort(ring, axis=None, kind="stable"), np.cumsum(np.bincount(ring.ravel()))[:-1]


def _offsets(radii_per_pixel: float) -> npt.NDArray[np.float64]:
    """Return how far each row or column is from the disk's centre, in solar radii."""
    return np.asarray((np.arange(WIDTH) - (WIDTH - 1) / 2) * radii_per_pixel, np.float64)


def _percentile(values: npt.NDArray[np.float32], percent: float) -> float:
    """Return a percentile, as ``np.percentile`` but without its start, which takes longer for a few values."""
    place = (len(values) - 1) * percent / 100
    low, high = int(place), min(int(place) + 1, len(values) - 1)
    lower, upper = np.partition(values, (low, high))[[low, high]].tolist()
    return lower + (upper - lower) * (place - low)
