"""Find active regions in an image: places that are brighter than the quiet Sun, or have a stronger field."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import solar_radius, to_stonyhurst
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

WIDTH = 256
"""Width in pixels of the map that is searched, for images of any width; a pixel is about 9 arcsec."""

EDGE = 0.97
"""Distance from the disk's centre, in solar radii, up to which the map is searched."""

RINGS = 40
"""Rings per solar radius. Each has its own level of the quiet Sun, since the corona is brighter at the limb."""

CORE = 0.3
"""Radius of the innermost ring, in solar radii. A region could fill a smaller one and hide the quiet Sun."""

QUIET = 40
"""Percentile of a ring's pixels that is the quiet Sun's level, also where many regions cross the ring."""


@dataclass(frozen=True)
class Search:
    """The parameters of a search: for EUV chosen on images of 2010 to 2013, for magnetograms not tuned.

    ``benchmarks/predict/regions_found.py`` scores both.

    Attributes
    ----------
    smoothing : float
        Standard deviation of the smoothing in pixels of the map; it joins a region's loops, or its two polarities.
    level : float
        The least excess over the quiet Sun, in grey levels.
    area : float
        The least area, in pixels of the map at the disk's centre.
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
        The image; text that is printed on it is blanked.
    instrument : str
        The instrument that took it.
    disk : Disk
        Where the Sun is in it.
    time : Timestamp
        UTC.

    Returns
    -------
    DataFrame
        ``latitude`` and ``longitude`` of each region's centre, Stonyhurst degrees; the largest region comes first.
    """
    signal = imaging.disk_image(imaging.blank(grey, instrument, disk), instrument, disk, WIDTH).astype(np.float32)
    search = EUV
    if instrument in MAGNETOGRAPHS:
        search = MAGNETOGRAM
        signal = np.abs(signal - imaging.fill_value(instrument))
    radii_per_pixel = 2 * imaging.field_of_view(instrument) / WIDTH
    offset = (np.arange(WIDTH) - (WIDTH - 1) / 2) * radii_per_pixel
    rows, columns = _centres(signal, np.hypot(*np.meshgrid(offset, offset)), search)
    x, y = (np.interp(pixels, np.arange(WIDTH), offset) for pixels in (columns, rows))
    arcsec = float(solar_radius(np.array([time], dtype="datetime64[ns]"))[0])
    latitude, longitude = to_stonyhurst(x * arcsec, -y * arcsec, time)
    return pd.DataFrame({"latitude": latitude, "longitude": longitude})


def _centres(
    signal: npt.NDArray[np.float32], distance: npt.NDArray[np.float64], search: Search
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return row and column of the centre of each patch above the search's level, the largest patch first."""
    excess = ndimage.gaussian_filter(signal - _quiet(signal, distance), search.smoothing)
    labels, count = ndimage.label((excess > search.level) & (distance < EDGE))
    numbers = np.arange(1, count + 1)
    foreshortening = np.sqrt(np.maximum(1 - distance**2, 1 - EDGE**2))
    areas = ndimage.sum_labels(1 / foreshortening, labels, numbers)
    large = areas >= search.area
    by_area = numbers[large][np.argsort(-areas[large], kind="stable")]
    centres = np.array(ndimage.center_of_mass(excess, labels, by_area)).reshape(-1, 2)
    return centres[:, 0], centres[:, 1]


def _quiet(signal: npt.NDArray[np.float32], distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the level of the quiet Sun at each pixel; it depends on the distance from the disk's centre."""
    ring = (np.maximum(distance - CORE, 0) * RINGS).astype(int)
    levels = [np.percentile(signal[ring == number], QUIET) for number in range(ring.max() + 1)]
    return ndimage.gaussian_filter1d(np.array(levels), 2)[ring]
