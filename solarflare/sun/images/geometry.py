"""Where the disk is in an image, and where a region is on it (sunpy coordinates)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from astropy.utils import iers
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.optimize import least_squares
from sunpy.coordinates import HeliographicStonyhurst, Helioprojective, get_earth, sun
from sunpy.sun.models import differential_rotation

from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

iers.conf.auto_download = False  # there may be no network

REPORT_REACH = pd.Timedelta(hours=12)
"""A region's daily position serves images up to this far from it: half-way to the reports before and after.

Farther, a region would be on the disk before it was first seen there.
"""

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
    arcsec = float(sun.angular_radius(Time(time)).to_value(u.arcsec))
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


def rotate_longitude(latitude: npt.ArrayLike, longitude: npt.ArrayLike, days: npt.ArrayLike) -> Values:
    """Return Stonyhurst longitudes some days later, by the Sun's differential rotation as seen from Earth.

    Parameters
    ----------
    latitude, longitude : array of float
        Degrees, west positive.
    days : array of float
        May be negative.

    Returns
    -------
    ndarray of float64
        Degrees, not wrapped: beyond 90 the region is behind the limb.

    Notes
    -----
    Howard, Harvey & Forgach 1990, doi:10.1007/BF00156795, through sunpy.
    """
    # A day's worth, because sunpy wraps what turns backwards into 0 to 360 degrees.
    per_day = differential_rotation(1 * u.day, np.asarray(latitude) * u.deg, frame_time="synodic").to_value(u.deg)
    return np.asarray(np.asarray(longitude) + per_day * np.asarray(days), dtype=np.float64)


def to_arcsec(latitude: npt.ArrayLike, longitude: npt.ArrayLike, times: npt.ArrayLike) -> tuple[Values, Values]:
    """Return helioprojective coordinates of points on the Sun's surface as seen from Earth.

    Parameters
    ----------
    latitude, longitude : array of float, shape (n,)
        Stonyhurst degrees, west positive.
    times : array of datetime64, shape (n,)
        UTC.

    Returns
    -------
    x, y : ndarray of float64, shape (n,)
        Arcsec, west and north positive.
    """
    obstime = _obstime(times)
    if obstime.size == 0:  # sunpy cannot say where the Earth is at no time
        return np.empty(0), np.empty(0)
    place = SkyCoord(
        np.asarray(longitude) * u.deg, np.asarray(latitude) * u.deg, frame=HeliographicStonyhurst(obstime=obstime)
    ).transform_to(Helioprojective(observer=get_earth(obstime), obstime=obstime))
    return place.Tx.to_value(u.arcsec), place.Ty.to_value(u.arcsec)


def to_stonyhurst(x: npt.ArrayLike, y: npt.ArrayLike, time: pd.Timestamp) -> tuple[Values, Values]:
    """Return where on the Sun's surface points of its disk are as seen from Earth: `to_arcsec` backwards.

    Parameters
    ----------
    x, y : array of float, shape (n,)
        Helioprojective arcsec, west and north positive.
    time : Timestamp
        UTC.

    Returns
    -------
    latitude, longitude : ndarray of float64, shape (n,)
        Stonyhurst degrees, west positive.
    """
    obstime = Time(time)
    frame = Helioprojective(observer=get_earth(obstime), obstime=obstime)
    seen = SkyCoord(np.asarray(x) * u.arcsec, np.asarray(y) * u.arcsec, frame=frame)
    place = seen.transform_to(HeliographicStonyhurst(obstime=obstime))
    return place.lat.to_value(u.deg), place.lon.to_value(u.deg)


def solar_radius(times: npt.ArrayLike) -> Values:
    """Return the Sun's angular radius as seen from Earth, in arcsec, at each UTC time."""
    return np.asarray(sun.angular_radius(_obstime(times)).to_value(u.arcsec))


def _obstime(times: npt.ArrayLike) -> Time:
    return Time(np.asarray(times, dtype="datetime64[ns]"), format="datetime64")


def regions_on_disk(images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return the regions on the visible disk at each image's time.

    Parameters
    ----------
    images : DataFrame
        With ``path`` and ``time``.
    regions : DataFrame
        Of `tables.REGIONS`: daily rows.

    Returns
    -------
    DataFrame
        ``path, noaa_ar, time, latitude, longitude, area, mcintosh, mag_type, spots``, one row an image and region: the
        region's row nearest in time, `REPORT_REACH` away at most, its longitude rotated to the image's time and within
        90 degrees. In the order of time, path and region.
    """
    images = images.sort_values(["time", "path"], ignore_index=True)
    reports = regions.drop_duplicates(["noaa_ar", "time"], keep="last").sort_values(["noaa_ar", "time"])
    at, reported = _seconds(images["time"]), _seconds(reports["time"])
    first, last = _served(reported, reports["noaa_ar"].to_numpy(np.int64))
    first, last = np.searchsorted(at, first), np.searchsorted(at, last, side="right")
    count = np.maximum(last - first, 0)
    report = np.repeat(np.arange(len(reports)), count)
    image = np.arange(len(report)) + np.repeat(first - np.cumsum(count) + count, count)
    by_image = np.argsort(image, kind="stable")  # reports are in the order of regions already
    image, report = image[by_image], report[by_image]
    longitude = rotate_longitude(
        reports["latitude"].to_numpy()[report],
        reports["longitude"].to_numpy()[report],
        (at[image] - reported[report]) / 86_400,
    )
    visible = np.abs(longitude) < 90
    image, report = image[visible], report[visible]
    df = reports[["noaa_ar", "latitude", "area", "mcintosh", "mag_type", "spots"]].take(report)
    df.index = pd.RangeIndex(len(df))
    df.insert(0, "path", images["path"].to_numpy()[image])
    df.insert(2, "time", images["time"].to_numpy()[image])
    df.insert(4, "longitude", longitude[visible])
    return df


def located(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what `Cutter.squares` needs to know of a row.

    Parameters
    ----------
    rows : DataFrame
        With ``time`` and, of regions, ``latitude`` and ``longitude``.

    Returns
    -------
    DataFrame
        With ``solar_radius`` and, of regions, their place ``x`` and ``y``, in arcsec.
    """
    places = rows.assign(solar_radius=solar_radius(rows["time"]))
    if "latitude" in rows:
        places["x"], places["y"] = to_arcsec(rows["latitude"], rows["longitude"], rows["time"])
    return places


def _seconds(times: pd.Series) -> npt.NDArray[np.int64]:
    return times.to_numpy("datetime64[s]").astype(np.int64)


def _served(
    reported: npt.NDArray[np.int64], noaa_ar: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last second at which each report is its region's nearest and near enough.

    Halfway between two reports the earlier serves: it was known at the time.
    """
    reach = round(REPORT_REACH.total_seconds())
    same, halfway = noaa_ar[1:] == noaa_ar[:-1], (reported[1:] + reported[:-1]) // 2
    first, last = reported - reach, reported + reach
    first[1:] = np.where(same, np.maximum(first[1:], halfway + 1), first[1:])
    last[:-1] = np.where(same, np.minimum(last[:-1], halfway), last[:-1])
    return first, last
