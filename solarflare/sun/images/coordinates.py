"""Where an active region is on the Sun's disk at the time of an image."""

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
"""A region's daily position serves images up to this far from it: half-way to the reports before and after.

Farther, a region would be on the disk before it was first seen there.
"""

Values = npt.NDArray[np.float64]


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
