"""Labels of images and regions, from flares and region reports: 1, 0, or blank with the reason why it is unknown.

A question defines a window around the image's time t. A flare of at least ``min_class`` counts if it is in progress at
some time in [t - ``before``, t + ``after``] (``event: overlap``), or if it begins in (t - ``before``, t + ``after``]
(``event: start``). With ``before: 0``, a flare that begins exactly at t does not count: it would not be a forecast.

Unknown is not negative:

* A question about flares has an answer only if a flare list is complete, down to ``min_class``, in the whole window. If
  no list is, the label is unknown, even if a list has a flare. Otherwise the positives of such a window would be kept
  and its negatives dropped, which would be a bias.
* A 0 is left out if a flare without a class occurred in its window: the flare may have been strong enough.
* With ``unassigned: drop``, a region's 0 is left out if a flare without a region occurred in its window, unless the
  flare's position is more than `active_regions.NEAR` away from the region.

An active region is a region with spots. A plage is a numbered region without spots: it does not make a disk active. The
question about regions is whether an active region flares, so a plage is left out of the regions, even if it flares.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.active_regions import flares_near_regions, has_spots
from solarflare.sun.events.flares import (
    Windows,
    any_flare,
    clean,
    flux,
    min_flux,
    question_windows,
    seconds,
    sort_keys,
    strongest_class,
)
from solarflare.sun.events.questions import DiskLabel, FlareQuestion, RegionLabel
from solarflare.sun.images.coordinates import regions_on_disk

NO_COVERAGE = "no flare list is complete in all of the window"
TOO_WEAK = "no flare list in the window reaches down to the class asked for"
NO_REPORT = "the region reports are not complete at this time"
SPOTS_UNKNOWN = "neither spots nor area are known of a region on the disk"
TOO_FAR = "too far from the central meridian"
NO_SPOTS = "a plage without spots"
UNCLASSED = "a flare without a class occurred in the window"
UNASSIGNED = "a flare without a region occurred in the window"

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def label_images(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: DiskLabel | RegionLabel,
) -> pd.DataFrame:
    """Return the labels of a task's images, by `label_disk` or `label_regions`, by the type of the question."""
    events = flares, regions, coverage, truth
    if isinstance(question, DiskLabel):
        return label_disk(images, *events, question)
    return label_regions(images, *events, question)


def label_disk(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: DiskLabel,
) -> pd.DataFrame:
    """Return the labels of full-disk images: a table with the columns of `tables.DISK_LABELS`, sorted by time and path.

    With ``target: active_region`` the label is 1 if a numbered region with spots is on the disk. With ``target: flare``
    it is 1 if a flare counts. `truth` is None if the origin does not know the true flare rates.
    """
    df = images[["path", "time", "pair_id"]].sort_values(["time", "path"], ignore_index=True)
    df["goes_class"], df["true_probability"] = "", np.nan
    if question.target == "active_region":
        on_disk = regions_on_disk(df[["path", "time"]], regions)
        with_spots = has_spots(on_disk)
        positive = df["path"].isin(on_disk.loc[with_spots.fillna(False), "path"]).to_numpy()
        maybe_spots = df["path"].isin(on_disk.loc[with_spots.isna(), "path"]).to_numpy()
        reports = coverage[coverage["list"] == "regions"]
        unknown = {NO_REPORT: ~_covered(reports, df["time"], df["time"]), SPOTS_UNKNOWN: ~positive & maybe_spots}
    else:
        flares, _ = clean(flares)
        windows = question_windows(df["time"], question)
        df["goes_class"] = strongest_class(flares, windows, question)
        positive = flux(df["goes_class"]) >= min_flux(question)
        unclassed = any_flare(flares[flares["goes_class"] == ""], windows, question)
        unknown = _uncovered(df["time"], coverage, question) | {UNCLASSED: ~positive & unclassed}
        if truth is not None and question.event == "start":
            df["true_probability"] = _true_probability(truth, windows, question)
    return tables.check(_with_labels(df, positive, unknown), tables.DISK_LABELS, "the labels of disk")


def label_regions(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: RegionLabel,
) -> pd.DataFrame:
    """Return the labels of the regions on the disk of each image, sorted by time, path and region.

    The table has the columns of `tables.REGION_LABELS`. The question says which flares count, how far from the central
    meridian a region may be, and whether a flare without a region makes the labels of regions unknown.
    """
    df = regions_on_disk(images[["path", "time"]], regions)
    df = df.merge(images[["path", "pair_id"]], on="path", how="left")
    df["true_probability"] = np.nan
    flares, _ = clean(flares)
    assigned = flares[flares["noaa_ar"].notna()]
    windows = question_windows(df["time"], question, df["noaa_ar"])
    df["goes_class"] = strongest_class(assigned, windows, question)
    positive = flux(df["goes_class"]) >= min_flux(question)
    unclassed = any_flare(assigned[assigned["goes_class"] == ""], windows, question)
    unknown = {
        TOO_FAR: (df["longitude"].abs() > question.max_longitude).to_numpy(),
        NO_SPOTS: (~has_spots(df)).fillna(False).to_numpy(bool),
        **_uncovered(df["time"], coverage, question),
        UNCLASSED: ~positive & unclassed,
    }
    if question.unassigned == "drop":
        might_count = flares["noaa_ar"].isna() & ~(flux(flares["goes_class"]) < min_flux(question))
        unknown[UNASSIGNED] = ~positive & _maybe_of_region(flares[might_count], regions, df, question)
    if truth is not None and question.event == "start":
        df["true_probability"] = _true_probability(truth, windows, question)
    return tables.check(_with_labels(df, positive, unknown), tables.REGION_LABELS, "the labels of region")


def _with_labels(df: pd.DataFrame, positive: Mask, unknown: dict[str, Mask]) -> pd.DataFrame:
    """Add the column ``label``, and the column ``reason`` with the first reason for an unknown label."""
    df["reason"] = np.select(list(unknown.values()), list(unknown), default="")
    df["label"] = np.where(df["reason"] == "", positive, np.nan)
    return df


def _uncovered(times: pd.Series, coverage: pd.DataFrame, question: FlareQuestion) -> dict[str, Mask]:
    """Return, for each reason, a mask of the times at which a question about flares has no answer."""
    first, last = (times + pd.Timedelta(hours=hours) for hours in (-question.before, question.after))
    lists = coverage[~coverage["list"].isin(["regions", "images"])]
    deep_enough = lists[flux(lists["min_class"]) <= min_flux(question)]
    return {NO_COVERAGE: ~_covered(lists, first, last), TOO_WEAK: ~_covered(deep_enough, first, last)}


def _covered(coverage: pd.DataFrame, first: pd.Series, last: pd.Series) -> Mask:
    """Return which time spans, `first` to `last`, lie inside the union of the complete rows; a row is [start, end)."""
    complete = coverage[coverage["status"] == "complete"].sort_values("start")
    start, end = seconds(complete["start"]), np.maximum.accumulate(seconds(complete["end"]))
    opens = np.append(True, start[1:] > end[:-1])[: len(start)]
    # A covered interval ends with the last row before the next interval opens.
    interval_end = end[np.append(opens[1:], True)[: len(end)]]
    interval = np.searchsorted(start[opens], seconds(first), side="right") - 1
    return (interval >= 0) & (seconds(last) < np.append(interval_end, 0)[interval])


def _maybe_of_region(unassigned: pd.DataFrame, regions: pd.DataFrame, df: pd.DataFrame, question: RegionLabel) -> Mask:
    """Return which rows' windows hold a flare without a region that is near the row's region or has no position."""
    located = unassigned[["latitude", "longitude"]].notna().all(axis=1)
    without_position = any_flare(unassigned[~located], question_windows(df["time"], question), question)
    near_regions = flares_near_regions(unassigned[located].reset_index(drop=True), regions)
    return without_position | any_flare(near_regions, question_windows(df["time"], question, df["noaa_ar"]), question)


def _true_probability(truth: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Values:
    """Return the probability that at least one flare begins in each window."""
    if windows.noaa_ar is not None:
        return _at_least_one(_expected_flares(truth, windows, question))
    # Each window of the whole Sun becomes one window for each region that exists in it.
    by_time = np.argsort(windows.first, kind="stable")
    life = truth.groupby("noaa_ar")["time"].agg(["min", "max"])
    begin = np.searchsorted(windows.last[by_time], seconds(life["min"]))
    count = np.searchsorted(windows.first[by_time], seconds(life["max"]), side="right") - begin
    row = by_time[np.arange(count.sum()) + np.repeat(begin - np.cumsum(count) + count, count)]
    of_regions = Windows(windows.first[row], windows.last[row], np.repeat(life.index.to_numpy(np.int64), count))
    expected = np.bincount(row, _expected_flares(truth, of_regions, question), minlength=len(windows.first))
    return _at_least_one(expected.astype(np.float64))


def _at_least_one(expected: Values) -> Values:
    """Return the Poisson probability of one or more flares; `expected`, their number, may be rounded to below 0."""
    return np.maximum(1 - np.exp(-expected), 0)


def _expected_flares(truth: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Values:
    """Return the expected number of flares in each window, from the window's region: the integral of the rate."""
    truth = truth.sort_values(["noaa_ar", "time"])
    noaa_ar = truth["noaa_ar"].to_numpy(np.int64)
    times = sort_keys(noaa_ar, seconds(truth["time"]))
    rate = (truth["rate"] * (min_flux(question) / 1e-6) ** -truth["slope"]).to_numpy() / 86_400
    # Between one region's last row and the next region's first row the rate is zero.
    same_region = np.diff(noaa_ar) == 0
    length = np.where(same_region, np.diff(times), 1)
    total = np.cumsum(np.where(same_region, (rate[1:] + rate[:-1]) / 2 * length, 0))
    level = np.where(same_region, rate[:-1], 0)
    slope = np.where(same_region, np.diff(rate) / length, 0)
    # One more element for the time before the first row, and one for the time after the last row.
    times, total = np.append(0, times), np.concatenate([[0, 0], total])
    level, slope = np.pad(level, 1), np.pad(slope, 1)

    def integral_until(moments: Integers) -> Values:
        moment = sort_keys(windows.noaa_ar, moments)
        row = np.searchsorted(times[1:], moment, side="right")
        elapsed = (moment - times[row]).astype(np.float64)
        return total[row] + level[row] * elapsed + slope[row] * elapsed**2 / 2

    # ``windows.first`` is the second after t - before.
    return integral_until(windows.last) - integral_until(windows.first - 1)
