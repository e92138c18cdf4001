"""Where the Sun's disk is in an image: from the instrument's design, and from a circle fitted to the disk's edge."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

GONG_CENTRE = (430.0, 416.0)
"""Pixels: mean centre of the disk in seven GONG images of 2013 and 2019. The centre varies by 9 px around it."""

WIDTH = {
    "gong": (860 * 2.533,),
    "hmi": (4096 * 0.6, 4096 * 0.504),
    "mdi": (1024 * 1.986 / 1.01,),
    "aia171": (4096 * 0.6,),
    "aia193": (4096 * 0.6,),
    "aia211": (4096 * 0.6,),
}
"""Width of an image in arcsec, for each pixel scale that an instrument's images come in.

GONG: the FITS header of the 860 x 860 product gives 385.2 px for 975.9 arcsec (sunpy's test data). AIA: Lemen et al.
2012, doi:10.1007/s11207-011-9776-8. HMI: Helioviewer resamples to AIA's scale, JSOC keeps HMI's own (Schou et al. 2012,
doi:10.1007/s11207-011-9842-2). MDI: 1.986 arcsec a pixel (CDELT1 of its headers), seen from SOHO, which is 1 % nearer
to the Sun than the Earth.
"""

EDGE_RADIUS = {"gong": 1 / 1.01, "hmi": 1.0, "mdi": 1.0, "aia171": 1.013, "aia193": 1.013, "aia211": 1.013}
"""Radius of the visible edge in solar radii. GONG's images end at 0.99. The corona is brightest above the limb.

Measured on five GONG images of 2019 and 338 AIA 211 images of 2010-2014.
"""

EDGE_LEVEL = 40
"""Grey level between the black sky, with JPEG ringing up to 19, and the zero field of a magnetogram, which is 128."""

RADII = {True: np.linspace(0.85, 1.15, 200), False: np.linspace(0.93, 1.07, 160)}
"""Search range along a ray, in nominal radii: True for magnetograms, False for EUV images."""

SMOOTHING = 4
"""Standard deviation, in steps of `RADII`, of the filter that smooths the grains of the corona at the limb."""

ANGLES = np.radians(np.arange(0, 360, 1.5))
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)])
CENTRE_TOLERANCE, RADIUS_TOLERANCE = 0.06, 0.02
"""Largest accepted difference between the fitted and the nominal disk, in nominal radii. The nominal radius follows
from the Earth's distance: on 343 real images the fitted radius is within 0.4 % of it."""

FEWEST_EDGES = len(ANGLES) // 2
WORST_RESIDUAL = 0.02
"""Largest accepted median distance of the edge points from the circle, in radii. It is at most 0.0025 on 343 real
images, and 0.035 where the edge points are noise."""

PRECISION = 1e-5
"""Pixels: the fit ends with a step that is shorter."""

MOST_STEPS = 100

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Disk:
    """The Sun's disk in an image.

    Centre and radius are rounded to hundredths of a pixel, so that the table of crops holds exactly these values.

    Attributes
    ----------
    x, y : float
        The disk's centre in pixels, 0-based from the centre of the top left pixel.
    radius : float
        The radius of the photosphere in pixels, not that of the visible edge.
    fitted : bool
        True if the disk was fitted to the image, False if it is the instrument's nominal disk.
    """

    x: float
    y: float
    radius: float
    fitted: bool


def nominal_disks(instrument: Instrument, time: pd.Timestamp, shape: tuple[int, ...]) -> list[Disk]:
    """Return the disk that the instrument's design and the Earth's distance predict.

    Parameters
    ----------
    instrument : str
        Instrument of the image.
    time : Timestamp
        UTC.
    shape : tuple of int
        Height and width of the image, in pixels.

    Returns
    -------
    list of Disk
        One for each pixel scale of the instrument's images, with ``fitted`` False.

    Examples
    --------
    >>> nominal_disks("aia211", pd.Timestamp("2014-01-03"), (512, 512))
    [Disk(x=255.5, y=255.5, radius=203.23, fitted=False)]
    """
    height, width = shape[:2]
    x, y = GONG_CENTRE if instrument == "gong" else ((width - 1) / 2, (height - 1) / 2)
    arcsec = float(solar_radius(np.array([time], dtype="datetime64[ns]"))[0])
    return [Disk(x, y, round(arcsec * width / span, 2), fitted=False) for span in WIDTH[instrument]]


def fit_disk(grey: npt.NDArray[np.uint8], instrument: Instrument, time: pd.Timestamp) -> Disk:
    """Fit a circle to the edge of the disk in an image.

    The edge is searched along rays from the nominal centre. In a magnetogram it is the outermost bright pixel, in an
    EUV image the bright ring at the limb. The circle is fitted by robust least squares: captions, prominences and
    flares on a few rays have little effect.

    Parameters
    ----------
    grey : (H, W) uint8
        The image with its annotations blanked.
    instrument : str
        Instrument of the image.
    time : Timestamp
        UTC.

    Returns
    -------
    Disk
        The fitted disk or, if the fit is not plausible, the nominal disk with ``fitted`` False.
    """
    bright_area = np.count_nonzero(grey > EDGE_LEVEL)
    nominal = min(nominal_disks(instrument, time, grey.shape), key=lambda d: abs(np.pi * d.radius**2 - bright_area))
    edge_x, edge_y = _edges(grey, nominal, magnetogram=instrument in MAGNETOGRAPHS)
    if len(edge_x) < FEWEST_EDGES:
        return nominal
    x, y, edge_radius = fit_circle(edge_x, edge_y, nominal).tolist()
    disk = Disk(round(x, 2), round(y, 2), round(edge_radius / EDGE_RADIUS[instrument], 2), fitted=True)
    residual = np.median(np.abs(np.hypot(edge_x - x, edge_y - y) - edge_radius))
    plausible = (
        np.hypot(x - nominal.x, y - nominal.y) <= CENTRE_TOLERANCE * nominal.radius
        and abs(disk.radius - nominal.radius) <= RADIUS_TOLERANCE * nominal.radius
        and residual <= WORST_RESIDUAL * nominal.radius
    )
    return disk if plausible else nominal


def fit_circle(edge_x: Values, edge_y: Values, start: Disk) -> Values:
    """Fit a circle by robust least squares.

    Parameters
    ----------
    edge_x, edge_y : (n,) float64
        Points near the circle, in pixels.
    start : Disk
        Where the search begins. A point counts little if it is more than 1/300 of this radius away from the circle.

    Returns
    -------
    (3,) float64
        Centre and radius: x, y, radius in pixels.

    Notes
    -----
    It minimises the sum of ``sqrt(1 + (distance / scale)**2) - 1``, the loss ``soft_l1`` of SciPy's ``least_squares``,
    whose overhead took most of the time. A Gauss-Newton step with the second-order weights of Triggs et al. 2000
    (doi:10.1007/3-540-44480-7_21, eq. 11) converges fast near the minimum. Far from it, such a step may raise the cost;
    then a step of iteratively reweighted least squares, which lowers it, is taken instead.
    """
    circle, scale = np.array([start.x, start.y, start.radius]), start.radius / 300
    residual, jacobian, stretch, cost = _state(circle, edge_x, edge_y, scale)
    for _ in range(MOST_STEPS):
        gradient = jacobian @ (residual / stretch)
        for power in (3, 1):
            step = -np.linalg.solve(jacobian * stretch**-power @ jacobian.T, gradient)
            state = _state(circle + step, edge_x, edge_y, scale)
            if state[-1] < cost:
                break
        else:
            return circle
        circle = circle + step
        residual, jacobian, stretch, cost = state
        if np.linalg.norm(step) < PRECISION:
            break
    return circle


def _state(circle: Values, edge_x: Values, edge_y: Values, scale: float) -> tuple[Values, Values, Values, float]:
    """Return how far points, (n,), are outside of a circle, and what a step to a better circle needs.

    That is how this changes with the circle, (3, n), the square root of ``1 + (distance / scale)**2``, and the cost.
    """
    x, y, radius = circle.tolist()
    dx, dy = x - edge_x, y - edge_y
    distance = np.sqrt(dx * dx + dy * dy)
    residual = distance - radius
    stretch = np.sqrt(1 + (residual / scale) ** 2)
    return (
        residual,
        np.stack([dx / distance, dy / distance, np.full(len(edge_x), -1.0)]),
        stretch,
        float((stretch - 1).sum()),
    )


def _edges(grey: npt.NDArray[np.uint8], nominal: Disk, magnetogram: bool) -> tuple[Values, Values]:
    """Return x and y, in pixels, of the edge on each ray on which it is visible."""
    radii = nominal.radius * RADII[magnetogram]
    # A few rays at a time: numpy gets larger arrays from the operating system, and that takes longer than the sums.
    parts = np.array_split(DIRECTIONS, 6, axis=1)
    places = [(nominal.x + np.outer(dx, radii), nominal.y + np.outer(dy, radii)) for dx, dy in parts]
    rays = np.concatenate([_between_pixels(grey, x, y) for x, y in places])
    if magnetogram:
        bright = rays > EDGE_LEVEL
        visible = bright.any(axis=1) & ~bright[:, -1]
        edge = bright.shape[1] - 1 - np.argmax(bright[:, ::-1], axis=1)
    else:
        edge = np.argmax(gaussian_filter1d(rays, SMOOTHING, axis=1), axis=1)
        visible = (edge > 0) & (edge < rays.shape[1] - 1)
    ray = np.flatnonzero(visible)
    x, y = DIRECTIONS[:, ray] * radii[edge[ray]]
    return nominal.x + x, nominal.y + y


def _between_pixels(grey: npt.NDArray[np.uint8], x: Values, y: Values) -> npt.NDArray[np.float32]:
    """Return the grey levels at places between pixels, bilinear; beyond the image they are 0.

    SciPy's ``map_coordinates`` of order 1 returns the same bits and takes more than twice as long.
    """
    height, width = grey.shape
    left, top = x.astype(np.int32), y.astype(np.int32)
    right_share, low_share = x - left, y - top
    left_share, high_share = 1 - right_share, 1 - low_share
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    pixel = np.where(inside, top * width + left, 0)
    result = np.zeros(x.shape)
    for step, vertical, horizontal in (
        (0, high_share, left_share),
        (1, high_share, right_share),
        (width, low_share, left_share),
        (width + 1, low_share, right_share),
    ):
        # A neighbour beyond the last pixel has the share 0.
        result += grey.ravel().take(pixel + step, mode="clip") * vertical * horizontal
    return np.where(inside, result, 0).astype(np.float32)
