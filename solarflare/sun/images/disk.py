"""Where the Sun's disk is in an image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.optimize import least_squares

from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

GONG_CENTRE = (430.0, 416.0)
"""Pixels: the middle of where the disk is seen in seven images of 2013 and 2019; it wanders by 9 px around it."""

WIDTH = {
    "gong": (860 * 2.533,),
    "hmi": (4096 * 0.6, 4096 * 0.504),
    "aia171": (4096 * 0.6,),
    "aia193": (4096 * 0.6,),
    "aia211": (4096 * 0.6,),
}
"""Arcsec that the width of an image spans, for each scale that an instrument's images come in.

GONG: the FITS header of the 860 x 860 product gives 385.2 px for 975.9 arcsec (sunpy's test data). AIA: Lemen et al.
2012, doi:10.1007/s11207-011-9776-8. HMI: Helioviewer resamples to AIA's scale, JSOC keeps its own (Schou et al. 2012,
doi:10.1007/s11207-011-9842-2).
"""

EDGE_RADIUS = {"gong": 1 / 1.01, "hmi": 1.0, "aia171": 1.013, "aia193": 1.013, "aia211": 1.013}
"""Solar radii at which the edge is seen: GONG's images are masked at 0.99, the corona is brightest above the limb.

Measured on five GONG images of 2019 and 338 AIA 211 images of 2010-2014.
"""

EDGE_LEVEL = 40
"""Grey level between the black sky (JPEG ringing up to 19) and the magnetogram's zero field of 128."""

RADII = {True: np.linspace(0.85, 1.15, 200), False: np.linspace(0.93, 1.07, 160)}
"""Where the edge is looked for along a ray, in radii of the first guess: of a magnetogram, of an EUV image."""

SMOOTHING = 4
"""Standard deviation, in steps of `RADII`, that joins the grains of the corona at the limb into one ring."""

ANGLES = np.radians(np.arange(0, 360, 1.5))
CENTRE_TOLERANCE, RADIUS_TOLERANCE = 0.06, 0.02
"""Shares of the nominal radius: how far from the nominal disk a fit is believed. The radius is known from the Earth's
distance: on 343 real images the fitted one is within 0.4 % of it."""

FEWEST_EDGES = len(ANGLES) // 2
WORST_RESIDUAL = 0.02
"""Median distance of the edges from a fitted circle, in radii, above which the fit is not believed: 0.0025 at most on
343 real images, 0.035 where the edges are noise."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Disk:
    """The Sun's disk in an image.

    Centre and radius are whole hundredths of a pixel, so that the index of crops holds just what was used.

    Attributes
    ----------
    x, y : float
        Its centre in pixels, 0-based from the centre of the top left pixel.
    radius : float
        The solar radius in pixels: of the photosphere, not of the visible edge.
    fitted : bool
        Whether it was found in the image; else the instrument's nominal geometry serves.
    """

    x: float
    y: float
    radius: float
    fitted: bool


def nominal_disks(instrument: Instrument, time: pd.Timestamp, shape: tuple[int, ...]) -> list[Disk]:
    """Return where the disk should be by the instrument's design and the Earth's distance.

    Parameters
    ----------
    instrument : str
        Of the image.
    time : Timestamp
        UTC.
    shape : tuple of int
        Height and width of the image, in pixels.

    Returns
    -------
    list of Disk
        One for each scale that the instrument's images come in, ``fitted`` False.
    """
    height, width = shape[:2]
    x, y = GONG_CENTRE if instrument == "gong" else ((width - 1) / 2, (height - 1) / 2)
    arcsec = float(solar_radius([time])[0])
    return [Disk(x, y, round(arcsec * width / span, 2), fitted=False) for span in WIDTH[instrument]]


def fit_disk(grey: npt.NDArray[np.uint8], instrument: Instrument, time: pd.Timestamp) -> Disk:
    """Find the disk in an image.

    The edge is looked for along rays from where the centre should be: the outermost bright pixel of a magnetogram, the
    bright ring at the limb of an EUV image. A circle is fitted to the edges by robust least squares,
    so that boxes, captions, prominences and flares on some rays do not count.

    Parameters
    ----------
    grey : (H, W) uint8
        The image; what is printed on it is best blanked before.
    instrument : str
        Of the image.
    time : Timestamp
        UTC.

    Returns
    -------
    Disk
        The nominal one, with ``fitted`` False, if nothing like the Sun's disk is found.
    """
    bright_area = np.count_nonzero(grey > EDGE_LEVEL)
    nominal = min(nominal_disks(instrument, time, grey.shape), key=lambda d: abs(np.pi * d.radius**2 - bright_area))
    edge_x, edge_y = _edges(grey, nominal, magnetogram=instrument in MAGNETOGRAPHS)
    if len(edge_x) < FEWEST_EDGES:
        return nominal
    fit = least_squares(
        lambda p: np.hypot(edge_x - p[0], edge_y - p[1]) - p[2],
        x0=[nominal.x, nominal.y, nominal.radius],
        loss="soft_l1",
        f_scale=nominal.radius / 300,
    )
    x, y, edge_radius = (float(value) for value in fit.x)
    disk = Disk(round(x, 2), round(y, 2), round(edge_radius / EDGE_RADIUS[instrument], 2), fitted=True)
    residual = np.median(np.abs(np.hypot(edge_x - x, edge_y - y) - edge_radius))
    plausible = (
        np.hypot(x - nominal.x, y - nominal.y) <= CENTRE_TOLERANCE * nominal.radius
        and abs(disk.radius - nominal.radius) <= RADIUS_TOLERANCE * nominal.radius
        and residual <= WORST_RESIDUAL * nominal.radius
    )
    return disk if plausible else nominal


def _edges(grey: npt.NDArray[np.uint8], near: Disk, magnetogram: bool) -> tuple[Values, Values]:
    """Return x and y of the disk's edge on the rays on which it is seen."""
    radii = near.radius * RADII[magnetogram]
    x = near.x + np.outer(np.cos(ANGLES), radii)
    y = near.y + np.outer(np.sin(ANGLES), radii)
    rays = map_coordinates(grey.astype(np.float32), [y, x], order=1, cval=0)
    if magnetogram:
        bright = rays > EDGE_LEVEL
        seen = bright.any(axis=1) & ~bright[:, -1]
        place = bright.shape[1] - 1 - np.argmax(bright[:, ::-1], axis=1)
    else:
        place = np.argmax(gaussian_filter1d(rays, SMOOTHING, axis=1), axis=1)
        seen = (place > 0) & (place < rays.shape[1] - 1)
    ray = np.flatnonzero(seen)
    return x[ray, place[ray]], y[ray, place[ray]]
