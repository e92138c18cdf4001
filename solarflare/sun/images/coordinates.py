"""Where an active region is on the Sun: solar coordinates, differential rotation, and the regions of an image.

The Earth's place comes from ERFA, on which astropy and sunpy build. The rest is geometry. sunpy itself takes longer to
import than an answer for an image may take. A test holds that both agree.
"""

import warnings

import erfa
import numpy as np
import numpy.typing as npt
import pandas as pd

REPORT_REACH = pd.Timedelta(hours=12)
"""Largest time between an image and the daily region report that is used for it: half the time between two reports.

If it were longer, a region would be on the disk before it was first observed there.
"""

SOLAR_RADIUS = 695_700.0
"""Of the photosphere, in km: IAU 2015 Resolution B3."""

NORTH_POLE = np.deg2rad([286.13, 63.87])
"""Right ascension and declination of the Sun's axis: Archinal et al. 2018, doi:10.1007/s10569-017-9805-5."""

KM_PER_AU = 149_597_870.7  # IAU 2012 Resolution B2
J2000 = np.datetime64("2000-01-01T12:00:00", "ns")
J2000_JULIAN_DAY = 2_451_545.0
NANOSECONDS_PER_DAY = 86_400e9
ARCSEC_PER_RADIAN = np.rad2deg(1) * 3600

ROTATION = (2.894, -0.428, -0.370)
"""Sidereal rotation in microradians per second: at the equator, and factors of the sine of the latitude, squared and to
the fourth (Howard, Harvey & Forgach 1990, doi:10.1007/BF00156795)."""

EARTH_MOTION = 0.9856  # degrees per day of the Earth around the Sun, as in sunpy
DEGREES_PER_DAY = 1e-6 * 86_400 * 180 / np.pi  # in a microradian per second

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

    Examples
    --------
    >>> rotate_longitude([0.0, 40.0], [-30.0, -30.0], 1).round(1).tolist()
    [-16.7, -17.8]
    """
    sine = np.sin(np.deg2rad(np.asarray(latitude, dtype=np.float64))) ** 2
    sidereal = ROTATION[0] + ROTATION[1] * sine + ROTATION[2] * sine**2
    # In the order in which sunpy computes it, so that each bit is the same.
    per_day = (sidereal - EARTH_MOTION * (1 / DEGREES_PER_DAY)) * DEGREES_PER_DAY
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

    Notes
    -----
    Thompson 2006, doi:10.1051/0004-6361:20054262, eqs. 11 and 16.

    Examples
    --------
    A region at N10 W21, in helioprojective arcsec:

    >>> x, y = to_arcsec([10.0], [21.0], ["2019-01-02"])
    >>> round(x[0]), round(y[0])
    (346, 218)
    """
    distance, tilt = _earth(times)
    north, west = np.deg2rad(np.asarray(latitude, np.float64)), np.deg2rad(np.asarray(longitude, np.float64))
    x = SOLAR_RADIUS * np.cos(north) * np.sin(west)
    y = SOLAR_RADIUS * (np.sin(north) * np.cos(tilt) - np.cos(north) * np.cos(west) * np.sin(tilt))
    z = SOLAR_RADIUS * (np.sin(north) * np.sin(tilt) + np.cos(north) * np.cos(west) * np.cos(tilt))
    angles = np.arctan2(x, distance - z), np.arctan2(y, np.hypot(x, distance - z))
    return angles[0] * ARCSEC_PER_RADIAN, angles[1] * ARCSEC_PER_RADIAN


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
        Stonyhurst degrees, west positive. NaN beside the disk.
    """
    (distance,), (tilt,) = _earth(np.array([time], dtype="datetime64[ns]"))
    west, north = np.asarray(x, np.float64) / ARCSEC_PER_RADIAN, np.asarray(y, np.float64) / ARCSEC_PER_RADIAN
    towards = np.cos(north) * np.cos(west)
    # The line of sight meets the sphere twice; the nearer point is seen.
    with np.errstate(invalid="ignore"):
        length = distance * towards - np.sqrt((distance * towards) ** 2 - distance**2 + SOLAR_RADIUS**2)
    right, up, near = (length * np.cos(north) * np.sin(west), length * np.sin(north), distance - length * towards)
    latitude = np.arcsin((up * np.cos(tilt) + near * np.sin(tilt)) / SOLAR_RADIUS)
    longitude = np.arctan2(right, near * np.cos(tilt) - up * np.sin(tilt))
    return np.rad2deg(latitude), np.rad2deg(longitude)


def solar_radius(times: npt.ArrayLike) -> Values:
    """Return the Sun's angular radius as seen from Earth, in arcsec, at each UTC time.

    Examples
    --------
    The Earth is closest to the Sun in January:

    >>> solar_radius(["2014-01-04", "2014-07-04"]).round(1).tolist()
    [975.5, 943.5]
    """
    distance, _ = _earth(times)
    return np.asarray(np.arcsin(SOLAR_RADIUS / distance) * ARCSEC_PER_RADIAN)


def _earth(times: npt.ArrayLike) -> tuple[Values, Values]:
    """Return the Earth's distance from the Sun in km, and its Stonyhurst latitude in radians, at each UTC time."""
    utc = np.asarray(times, dtype="datetime64[ns]")
    days = (utc - J2000).astype(np.int64) / NANOSECONDS_PER_DAY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # leap seconds of the future are not known
        terrestrial = erfa.taitt(*erfa.utctai(J2000_JULIAN_DAY, days))
    heliocentric, _ = erfa.epv00(*terrestrial)
    position = heliocentric["p"]
    distance = np.linalg.norm(position, axis=-1)
    latitude = np.arcsin(position @ erfa.s2c(*NORTH_POLE) / distance)
    return distance * KM_PER_AU, latitude


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


def places_at(time: pd.Timestamp, latitude: Values, longitude: Values) -> dict[str, Values]:
    """Return the columns that `with_positions` adds, for regions at one time; a table takes longer than the geometry.

    Parameters
    ----------
    time : Timestamp
        UTC.
    latitude, longitude : (n,) float64
        Stonyhurst degrees, west positive.

    Returns
    -------
    dict of ndarray
        ``solar_radius``, (1,), ``x`` and ``y``, (n,), in arcsec.
    """
    times = np.array([time], dtype="datetime64[ns]")
    x, y = to_arcsec(latitude, longitude, times)
    return {"solar_radius": solar_radius(times), "x": x, "y": y}


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
