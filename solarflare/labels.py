"""Flares x images x regions -> labels: 1, 0, or blank with the reason why it is not known.

A question is a window around the image's time, from ``before`` hours earlier to ``after`` hours later. A flare counts
if its class is at least ``min_class`` and it is in progress at some time in the window (``event: overlap``), or begins
after the window's first moment and not after its last (``event: start``: a flare that is already visible is not
counted as foretold).

Unknown is not negative. A row has a label only if its whole window lies where a list is complete down to
``min_class``; and not even a flare that is listed makes a 1 outside of that, because positives that are kept where
negatives are dropped would bias the sample.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import tables
from solarflare.flares import FlareIndex, Windows, clean, flux, goes_class, seconds
from solarflare.geometry import regions_on_disk, rotate_longitude
from solarflare.params import DiskLabel, FlareQuestion, RegionLabel

NO_COVERAGE = "no list is complete at this time"
TOO_WEAK = "no list at this time reaches down to the class asked for"
NO_REPORT = "no region report within a day"
BEYOND = "too far from the central meridian"
NO_SPOTS = "a plage without spots"
UNASSIGNED = "a flare without a region occurred in the window"

NEAR = 10.0
"""Degrees: a flare with a position but no region is of a region that is nearer than this, if any."""

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def label_disk(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: DiskLabel,
) -> pd.DataFrame:
    """Answer the question for full-disk images.

    Parameters
    ----------
    images : DataFrame
        With ``path``, ``time`` and ``pair_id``.
    flares, regions, coverage : DataFrame
        Of `tables.FLARES`, `tables.REGIONS`, `tables.COVERAGE`.
    truth : DataFrame or None
        Of `tables.TRUTH`, where the origin knows it.
    question : DiskLabel
        ``target: active_region`` asks for a numbered region with spots on the disk, ``flare`` for a flare.

    Returns
    -------
    DataFrame
        Of `tables.DISK_LABELS`, in the order of time and path.
    """
    df = images[["path", "time", "pair_id"]].sort_values(["time", "path"], ignore_index=True)
    flares, _ = clean(flares)
    if question.target == "active_region":
        on_disk = regions_on_disk(df[["path", "time"]], regions)
        spotted = on_disk.loc[(on_disk["spots"].fillna(1) > 0), "path"]
        positive = df["path"].isin(spotted).to_numpy()
        reason = np.where(_covered(coverage[coverage["list"] == "regions"], df["time"], df["time"]), "", NO_REPORT)
        strongest = np.zeros(len(df))
    else:
        windows = _windows(df["time"], question)
        strongest = _strongest(FlareIndex(flares), windows, question)
        positive = strongest >= _threshold(question)
        reason = _unknown(df["time"], coverage, question)
    df["label"] = np.where(reason == "", positive, np.nan)
    df["reason"] = reason
    df["goes_class"] = goes_class(strongest)
    df["true_probability"] = np.nan
    if truth is not None and question.target == "flare" and question.event == "start":
        df["true_probability"] = 1 - np.exp(-_expected(truth, None, df["time"], question))
    return tables.check(df, tables.DISK_LABELS, "the labels of disk")


def label_regions(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: RegionLabel,
) -> pd.DataFrame:
    """Answer the question for each region on the disk of each image.

    Parameters
    ----------
    images : DataFrame
        With ``path``, ``time`` and ``pair_id``.
    flares, regions, coverage : DataFrame
        Of `tables.FLARES`, `tables.REGIONS`, `tables.COVERAGE`.
    truth : DataFrame or None
        Of `tables.TRUTH`, where the origin knows it.
    question : RegionLabel
        Which flares count, how far from the central meridian a region may be, and what becomes of a region in whose
        window a flare occurred that no region is named for.

    Returns
    -------
    DataFrame
        Of `tables.REGION_LABELS`, in the order of time, path and region.
    """
    df = regions_on_disk(images[["path", "time"]], regions)
    df = df.merge(images[["path", "pair_id"]], on="path", how="left")
    flares, _ = clean(flares)
    assigned = flares["noaa_ar"].notna()
    strongest = _strongest(
        FlareIndex(flares[assigned], flares.loc[assigned, "noaa_ar"].to_numpy(np.int64)),
        _windows(df["time"], question, df["noaa_ar"].to_numpy(np.int64)),
        question,
    )
    positive = strongest >= _threshold(question)
    reason = _unknown(df["time"], coverage, question)
    if question.unassigned == "drop":
        unassigned = flares[~assigned.to_numpy() & (flux(flares["goes_class"]) >= _threshold(question))]
        reason = np.where((reason == "") & ~positive & _could_be_its(unassigned, df, question), UNASSIGNED, reason)
    reason = np.where((df["spots"] == 0).fillna(False).to_numpy(bool), NO_SPOTS, reason)
    reason = np.where(df["longitude"].abs() > question.max_longitude, BEYOND, reason)
    df["label"] = np.where(reason == "", positive, np.nan)
    df["reason"] = reason
    df["goes_class"] = goes_class(strongest)
    df["true_probability"] = np.nan
    if truth is not None and question.event == "start":
        df["true_probability"] = 1 - np.exp(-_expected(truth, df["noaa_ar"], df["time"], question))
    return tables.check(df, tables.REGION_LABELS, "the labels of region")


def _threshold(question: FlareQuestion) -> float:
    return float(flux(pd.Series([question.min_class]))[0])


def _hours(hours: float) -> pd.Timedelta:
    return pd.Timedelta(hours=hours)


def _windows(times: pd.Series, question: FlareQuestion, group: npt.NDArray[np.int64] | None = None) -> Windows:
    at = seconds(times)
    # `start` leaves out the window's first moment: what begins with the image is already to be seen.
    first = at - round(question.before * 3600) + (question.event == "start")
    group = np.zeros(len(at), dtype=np.int64) if group is None else group
    return Windows(group, first, at + round(question.after * 3600))


def _strongest(index: FlareIndex, windows: Windows, question: FlareQuestion) -> Values:
    if question.event == "start":
        return index.strongest_beginning(windows)
    return index.strongest_in_progress(windows)


def _covered(coverage: pd.DataFrame, first: pd.Series, last: pd.Series) -> Mask:
    """Tell which spans lie inside the union of a list's complete rows."""
    complete = coverage[coverage["status"] == "complete"].sort_values("start")
    start, end = seconds(complete["start"]), np.maximum.accumulate(seconds(complete["end"]))
    opens = np.ones(len(start), dtype=bool)
    opens[1:] = start[1:] > end[:-1]
    run_start = start[opens]
    run_end = end[np.append(np.flatnonzero(opens)[1:] - 1, len(end) - 1)] if len(end) else end
    run = np.searchsorted(run_start, seconds(first), side="right") - 1
    return (run >= 0) & (seconds(last) <= np.append(run_end, 0)[run])


def _unknown(times: pd.Series, coverage: pd.DataFrame, question: FlareQuestion) -> npt.NDArray[np.object_]:
    """Return why a flare question has no answer at each time; blank where it has one."""
    first, last = times - _hours(question.before), times + _hours(question.after)
    lists = coverage[~coverage["list"].isin(["regions", "images"])]
    deep_enough = lists[np.nan_to_num(flux(lists["min_class"])) <= _threshold(question)]
    uncovered = np.where(_covered(lists, first, last), TOO_WEAK, NO_COVERAGE)
    return np.where(_covered(deep_enough, first, last), "", uncovered).astype(object)


def _could_be_its(unassigned: pd.DataFrame, df: pd.DataFrame, question: RegionLabel) -> Mask:
    """Tell for which regions a flare without a region lies in the window and not provably elsewhere on the disk."""
    placed = (unassigned["latitude"].notna() & unassigned["longitude"].notna()).to_numpy()
    windows = _windows(df["time"], question)
    suspect = _strongest(FlareIndex(unassigned[~placed]), windows, question) > 0
    known = unassigned[placed]
    positions = known[["latitude", "longitude"]].to_numpy(float)
    for place, (latitude, longitude) in enumerate(positions):
        flare = known.iloc[[place]]
        rows = np.flatnonzero(~suspect & (_strongest(FlareIndex(flare), windows, question) > 0))
        region = df.iloc[rows]
        days = (seconds(flare["start"]) - seconds(region["time"])) / 86_400
        region_latitude = region["latitude"].to_numpy()
        turned = rotate_longitude(region_latitude, region["longitude"].to_numpy(), days)
        east_west = (turned - longitude) * np.cos(np.radians(latitude))
        suspect[rows] = np.hypot(east_west, region_latitude - latitude) <= NEAR
    return suspect


def _expected(truth: pd.DataFrame, noaa_ar: pd.Series | None, times: pd.Series, question: FlareQuestion) -> Values:
    """Return the expected number of flares in each window: of its region, or of all of them."""
    windows = _windows(times, question)
    expected = np.zeros(len(times))
    order = np.argsort(windows.first, kind="stable")
    rows_of = {} if noaa_ar is None else dict(noaa_ar.reset_index(drop=True).groupby(noaa_ar.to_numpy()).indices)
    for region, rates in truth.groupby("noaa_ar"):
        at = seconds(rates["time"])
        if noaa_ar is None:
            low, high = np.searchsorted(windows.last[order], at[0]), np.searchsorted(windows.first[order], at[-1])
            rows = order[low:high]
        else:
            rows = np.asarray(rows_of.get(region, []), dtype=np.int64)
        scale = (_threshold(question) / 1e-6) ** -float(rates["slope"].iloc[0])
        expected[rows] += scale * (
            _integral(at, rates["rate"].to_numpy(), windows.last[rows])
            - _integral(at, rates["rate"].to_numpy(), windows.first[rows])
        )
    return expected


def _integral(at: npt.NDArray[np.int64], rate: Values, until: npt.NDArray[np.int64]) -> Values:
    """Integrate a rate a day, linear between its times and zero outside, from its first time until each of others."""
    days = (at - at[0]) / 86_400
    total = np.append(0, np.cumsum(np.diff(days) * (rate[1:] + rate[:-1]) / 2))
    x = np.clip((until - at[0]) / 86_400, 0, days[-1])
    left = np.clip(np.searchsorted(days, x, side="right") - 1, 0, max(len(days) - 2, 0))
    if len(days) == 1:
        return np.zeros(len(x))
    step = x - days[left]
    slope = (rate[left + 1] - rate[left]) / (days[left + 1] - days[left])
    return total[left] + rate[left] * step + slope * step**2 / 2
