"""Active regions found in an image: what is brighter, or has a stronger field, than the quiet Sun around it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from solarflare.sun.images import geometry, imaging
from solarflare.sun.images.geometry import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

WIDTH = 256
"""Pixels of the map that is searched: about 9 arcsec each, whatever the image's own."""

EDGE = 0.97
"""Solar radii to which it is searched."""

RINGS = 40
"""To a solar radius: in each, the quiet Sun has a brightness of its own, since the corona is brighter at the limb."""

CORE = 0.3
"""Solar radii from the centre that are one ring: a region fills smaller ones, and would be their quiet Sun."""

QUIET = 40
"""Percentile of a ring that is quiet Sun, even where the belts of activity cross it."""


@dataclass(frozen=True)
class Search:
    """How regions are searched for: in EUV chosen on 2010 to 2013, in magnetograms not tuned.

    ``benchmarks/predict/regions_found.py`` scores both.

    Attributes
    ----------
    smoothing : float
        Standard deviation in pixels of the map: loops and poles become one region.
    level : float
        Grey levels above the quiet Sun.
    area : float
        The least, in pixels of the map at the disk's centre.
    """

    smoothing: float
    level: float
    area: float


EUV = Search(smoothing=2, level=75, area=50)
MAGNETOGRAM = Search(smoothing=3, level=8, area=20)


def find(grey: Pixels, instrument: Instrument, disk: Disk, time: pd.Timestamp) -> pd.DataFrame:
    """Find the active regions of an image.

    Parameters
    ----------
    grey : (H, W) uint8
        The image; what is printed on it does not count.
    instrument : str
        Whose it is.
    disk : Disk
        Where the Sun is in it.
    time : Timestamp
        UTC.

    Returns
    -------
    DataFrame
        ``latitude`` and ``longitude``, Stonyhurst degrees, of the centre of each, the largest first.
    """
    shown = imaging.disk_image(imaging.blank(grey, instrument, disk), instrument, disk, WIDTH)
    if instrument in MAGNETOGRAPHS:
        search = MAGNETOGRAM
        signal = np.abs(shown.astype(np.float32) - imaging.fill_value(instrument))
    else:
        search = EUV
        signal = shown.astype(np.float32)
    centre = (WIDTH - 1) / 2
    place = (np.arange(WIDTH) - centre) * 2 * imaging.field_of_view(instrument) / WIDTH
    distance = np.hypot(*np.meshgrid(place, place))
    rows, columns = _centres(signal, distance, search)
    arcsec = float(geometry.solar_radius(np.array([time], dtype="datetime64[ns]"))[0])
    across = np.interp(columns, np.arange(WIDTH), place), np.interp(rows, np.arange(WIDTH), place)
    latitude, longitude = geometry.to_stonyhurst(across[0] * arcsec, -across[1] * arcsec, time)
    return pd.DataFrame({"latitude": latitude, "longitude": longitude})


def _centres(
    signal: npt.NDArray[np.float32], distance: npt.NDArray[np.float64], search: Search
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return row and column of the centre of each patch that stands out, the largest first."""
    excess = ndimage.gaussian_filter(signal - _quiet(signal, distance), search.smoothing)
    labels, count = ndimage.label((excess > search.level) & (distance < EDGE))
    numbers = np.arange(1, count + 1)
    foreshortening = np.sqrt(np.maximum(1 - distance**2, 1 - EDGE**2))
    areas = ndimage.sum_labels(1 / foreshortening, labels, numbers)
    chosen = numbers[areas >= search.area][np.argsort(-areas[areas >= search.area], kind="stable")]
    centres = np.array(ndimage.center_of_mass(excess, labels, chosen)).reshape(-1, 2)
    return centres[:, 0], centres[:, 1]


def _quiet(signal: npt.NDArray[np.float32], distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the brightness of the quiet Sun at each pixel, by its distance from the disk's centre."""
    ring = (np.maximum(distance - CORE, 0) * RINGS).astype(int)
    levels = [np.percentile(signal[ring == number], QUIET) for number in range(ring.max() + 1)]
    return ndimage.gaussian_filter1d(np.array(levels), 2)[ring]
