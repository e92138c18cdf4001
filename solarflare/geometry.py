"""Where the disk is, and where a region is on it."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from astropy import units as u
from astropy.utils import iers
from sunpy.sun.models import differential_rotation

iers.conf.auto_download = False

REACH = pd.Timedelta(hours=24)


def rotate_longitude(latitude: npt.NDArray, longitude: npt.NDArray, days: npt.NDArray) -> npt.NDArray[np.float64]:
    """Return the Stonyhurst longitude some days later."""
    # A day's worth, because sunpy wraps what turns backwards into 0 to 360 degrees.
    degrees_a_day = differential_rotation(1 * u.day, latitude * u.deg, frame_time="synodic").to_value(u.deg)
    return np.asarray(longitude + degrees_a_day * days, dtype=np.float64)


def regions_on_disk(images: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return the regions on the visible disk at each image's time."""
    columns = ["path", "noaa_ar", "time", "latitude", "longitude", "area", "mcintosh", "mag_type", "spots"]
    reports = regions.sort_values(["time", "noaa_ar"], ignore_index=True)
    at = images["time"].to_numpy("datetime64[s]").astype(np.int64)
    when = reports["time"].to_numpy("datetime64[s]").astype(np.int64)
    reach = int(REACH.total_seconds())
    first, last = np.searchsorted(when, at - reach), np.searchsorted(when, at + reach, side="right")
    count = last - first
    row = np.repeat(np.arange(len(at)), count)
    report = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    df = reports.iloc[report].reset_index(drop=True)
    days = (at[row] - when[report]) / 86_400
    df["path"], df["time"] = images["path"].to_numpy()[row], images["time"].to_numpy()[row]
    df["longitude"] = rotate_longitude(df["latitude"].to_numpy(), df["longitude"].to_numpy(), days)
    df["away"] = np.abs(days)
    df = df.sort_values(["time", "path", "noaa_ar", "away"], kind="stable").drop_duplicates(["path", "noaa_ar"])
    return df.loc[df["longitude"].abs() < 90, columns].reset_index(drop=True)
