"""Where an active region is on the Sun: solar coordinates, differential rotation, and the regions of an image."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from astropy.utils import iers
from sunpy.coordinates import HeliographicStonyhurst, Helioprojective, get_earth, sun
from sunpy.sun.models import differential_rotation

iers.conf.auto_download = False  # there may be no network

REPORT_REACH = pd.Timedelta(hours=12)
"""Largest time between an image and the daily region report that is used for it: half the time between two reports.

If it were longer, a region would be on the disk before it was first observed there.
"""

Values = npt.NDArray[np.float64]


def rotate_longitude(latitude: npt.ArrayLike, longitude: npt.ArrayLike, days: npt.ArrayLike) -> Values:
    """Return Stonyhurst longitudes after some days of the Sun's differential rotation, as seen from Earth.

    Parameters
    ----------
    latitude, longitude : array of float
        Degrees, west positive.
    days : array of float
        May be negative.

    Returns
    -------
    ndarray of float64
        Degrees, not wrapped: a region above 90 or below -90 is behind the limb.

    Notes
    -----
    Howard, Harvey & Forgach 1990, doi:10.1007/BF00156795, as implemented in sunpy.

    Examples
    --------
    >>> rotate_longitude([0.0, 40.0], [-30.0, -30.0], 1).round(1).tolist()
    [-16.7, -17.8]
    """
    # Computed for one day and multiplied, because sunpy wraps a backward rotation into 0 to 360 degrees.
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

    Examples
    --------
    A region at N10 W21, in helioprojective arcsec:

    >>> x, y = to_arcsec([10.0], [21.0], ["2019-01-02"])
    >>> round(x[0]), round(y[0])
    (346, 218)
    """
    obstime = _obstime(times)
    if obstime.size == 0:  # sunpy's get_earth fails on an empty array of times
        return np.empty(0), np.empty(0)
    stonyhurst = SkyCoord(
        np.asarray(longitude) * u.deg, np.asarray(latitude) * u.deg, frame=HeliographicStonyhurst(obstime=obstime)
    )
    projected = stonyhurst.transform_to(Helioprojective(observer=get_earth(obstime), obstime=obstime))
    return projected.Tx.to_value(u.arcsec), projected.Ty.to_value(u.arcsec)


def to_stonyhurst(x: npt.ArrayLike, y: npt.ArrayLike, time: pd.Timestamp) -> tuple[Values, Values]:
    """Return the points of the Sun's surface that are seen from Earth at helioprojective coordinates.

    It is the inverse of `to_arcsec`.

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
    projected = SkyCoord(np.asarray(x) * u.arcsec, np.asarray(y) * u.arcsec, frame=frame)
    stonyhurst = projected.transform_to(HeliographicStonyhurst(obstime=obstime))
    return stonyhurst.lat.to_value(u.deg), stonyhurst.lon.to_value(u.deg)


def solar_radius(times: npt.ArrayLike) -> Values:
    """Return the Sun's angular radius as seen from Earth, in arcsec, at each UTC time.

    Examples
    --------
    The Earth is closest to the Sun in January:

    >>> solar_radius(["2014-01-04", "2014-07-04"]).round(1).tolist()
    [975.5, 943.5]
    """
    return np.asarray(sun.angular_radius(_obstime(times)).to_value(u.arcsec))


def _obstime(times: npt.ArrayLike) -> Time:
    return Time(np.asarray(times, dtype="datetime64[ns]"), format="datetime64")


def regions_on_disk(images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return the regions on the visible disk at each image's time.

    Parameters
    ----------
    images : DataFrame
        A table with ``path`` and ``time``.
    regions : DataFrame
        A table with the columns of `tables.REGIONS`, which has daily rows.

    Returns
    -------
    DataFrame
        ``path, noaa_ar, time, latitude, longitude, area, mcintosh, mag_type, spots``, one row for each image and
        region, sorted by time, path and region. The values come from the region's report that is nearest in time and
        at most `REPORT_REACH` away. The longitude is rotated to the image's time and lies within 90 degrees.
    """
    images = images.sort_values(["time", "path"], ignore_index=True)
    reports = regions.drop_duplicates(["noaa_ar", "time"], keep="last").sort_values(["noaa_ar", "time"])
    image_times, report_times = _seconds(images["time"]), _seconds(reports["time"])
    first, last = _validity(report_times, reports["noaa_ar"].to_numpy(np.int64))
    first, last = np.searchsorted(image_times, first), np.searchsorted(image_times, last, side="right")
    count = np.maximum(last - first, 0)
    report = np.repeat(np.arange(len(reports)), count)
    image = np.arange(len(report)) + np.repeat(first - np.cumsum(count) + count, count)
    by_image = np.argsort(image, kind="stable")  # the reports are already sorted by region
    image, report = image[by_image], report[by_image]
    longitude = rotate_longitude(
        reports["latitude"].to_numpy()[report],
        reports["longitude"].to_numpy()[report],
        (image_times[image] - report_times[report]) / 86_400,
    )
    visible = np.abs(longitude) < 90
    image, report = image[visible], report[visible]
    df = reports[["noaa_ar", "latitude", "area", "mcintosh", "mag_type", "spots"]].take(report)
    df.index = pd.RangeIndex(len(df))
    df.insert(0, "path", images["path"].to_numpy()[image])
    df.insert(2, "time", images["time"].to_numpy()[image])
    df.insert(4, "longitude", longitude[visible])
    return df


def with_positions(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the Sun's angular radius and each region's position on the disk, in arcsec.

    Parameters
    ----------
    rows : DataFrame
        A table with ``time`` and, for regions, Stonyhurst ``latitude`` and ``longitude``.

    Returns
    -------
    DataFrame
        `rows` with ``solar_radius`` and, for regions, helioprojective ``x`` and ``y``, in arcsec.
    """
    df = rows.assign(solar_radius=solar_radius(rows["time"]))
    if "latitude" in rows:
        df["x"], df["y"] = to_arcsec(rows["latitude"], rows["longitude"], rows["time"])
    return df


def _seconds(times: pd.Series) -> npt.NDArray[np.int64]:
    return times.to_numpy("datetime64[s]").astype(np.int64)


def _validity(
    report_times: npt.NDArray[np.int64], noaa_ar: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last second at which each report is its region's nearest, within `REPORT_REACH`.

    Exactly halfway between two reports the earlier one is used, because it was known at that time.
    """
    reach = round(REPORT_REACH.total_seconds())
    same_region, halfway = noaa_ar[1:] == noaa_ar[:-1], (report_times[1:] + report_times[:-1]) // 2
    first, last = report_times - reach, report_times + reach
    first[1:] = np.where(same_region, np.maximum(first[1:], halfway + 1), first[1:])
    last[:-1] = np.where(same_region, np.minimum(last[:-1], halfway), last[:-1])
    return first, last
