"""Flares x images x regions -> labels: 1, 0, or blank with the reason why it is not known.

A question is a window around the image's time t: a flare of at least ``min_class`` counts if it is in progress at some
time in [t - ``before``, t + ``after``] (``event: overlap``), or if it begins in (t - ``before``, t + ``after``]
(``event: start``). What begins with the image is left out of a forecast, because it is not foretold.

Unknown is not negative:

* A flare question has an answer only if its whole window lies where a list is complete down to ``min_class``. Outside
  of that not even a listed flare makes a 1: positives that are kept where negatives are dropped would be a bias.
* A 0 in whose window a flare without a class occurred is left out: the flare may have been strong enough.
* So is, with ``unassigned: drop``, a region's 0 in whose window a flare without a region occurred, unless the list
  places that flare more than `NEAR` away from the region.

An active region is one with spots. A numbered plage is none: it makes no disk active, and as the question about regions
is whether an active one flares, it is left out there, whether it flares or not.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.params import DiskLabel, FlareQuestion, RegionLabel
from solarflare.sun.events.flares import Windows, clean, flux, keys, seconds, strongest
from solarflare.sun.images.geometry import regions_on_disk

NO_COVERAGE = "no flare list is complete in all of the window"
TOO_WEAK = "no flare list in the window reaches down to the class asked for"
NO_REPORT = "the region reports are not complete at this time"
SPOTS_UNKNOWN = "neither spots nor area are known of a region on the disk"
BEYOND = "too far from the central meridian"
NO_SPOTS = "a plage without spots"
UNCLASSED = "a flare without a class occurred in the window"
UNASSIGNED = "a flare without a region occurred in the window"

NEAR = 10.0
"""Degrees: how far from a region a flare may be placed that could be the region's."""

Integers = npt.NDArray[np.int64]
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
    df["goes_class"], df["true_probability"] = "", np.nan
    if question.target == "active_region":
        on_disk = regions_on_disk(df[["path", "time"]], regions)
        with_spots = spotted(on_disk)
        positive = df["path"].isin(on_disk.loc[with_spots.fillna(False), "path"]).to_numpy()
        doubtful = df["path"].isin(on_disk.loc[with_spots.isna(), "path"]).to_numpy()
        reports = coverage[coverage["list"] == "regions"]
        unknown = {NO_REPORT: ~_covered(reports, df["time"], df["time"]), SPOTS_UNKNOWN: ~positive & doubtful}
    else:
        flares, _ = clean(flares)
        windows = _windows(df["time"], question)
        df["goes_class"] = _strongest_class(flares, windows, question)
        positive = flux(df["goes_class"]) >= _threshold(question)
        unclassed = _any(flares[flares["goes_class"] == ""], windows, question)
        unknown = _uncovered(df["time"], coverage, question) | {UNCLASSED: ~positive & unclassed}
        if truth is not None and question.event == "start":
            df["true_probability"] = _true_probability(truth, windows, question)
    return tables.check(_decided(df, positive, unknown), tables.DISK_LABELS, "the labels of disk")


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
    images, flares, regions, coverage, truth : DataFrame
        As of `label_disk`.
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
    df["true_probability"] = np.nan
    flares, _ = clean(flares)
    assigned = flares[flares["noaa_ar"].notna()]
    windows = _windows(df["time"], question, df["noaa_ar"])
    df["goes_class"] = _strongest_class(assigned, windows, question)
    positive = flux(df["goes_class"]) >= _threshold(question)
    unclassed = _any(assigned[assigned["goes_class"] == ""], windows, question)
    unknown = {
        BEYOND: (df["longitude"].abs() > question.max_longitude).to_numpy(),
        NO_SPOTS: (~spotted(df)).fillna(False).to_numpy(bool),
        **_uncovered(df["time"], coverage, question),
        UNCLASSED: ~positive & unclassed,
    }
    if question.unassigned == "drop":
        might_count = flares["noaa_ar"].isna() & ~(flux(flares["goes_class"]) < _threshold(question))
        unknown[UNASSIGNED] = ~positive & _suspected(flares[might_count], regions, df, question)
    if truth is not None and question.event == "start":
        df["true_probability"] = _true_probability(truth, windows, question)
    return tables.check(_decided(df, positive, unknown), tables.REGION_LABELS, "the labels of region")


def active_regions(
    images: pd.DataFrame, flares: pd.DataFrame, regions: pd.DataFrame, question: DiskLabel
) -> pd.DataFrame:
    """Return the regions that make the answer yes for a full disk.

    Parameters
    ----------
    images : DataFrame
        With ``path`` and ``time``.
    flares : DataFrame
        As `flares.clean` returns them.
    regions : DataFrame
        Of `tables.REGIONS`.
    question : DiskLabel
        With ``target: active_region`` these have spots, with ``flare`` such a flare is assigned to them.

    Returns
    -------
    DataFrame
        As `geometry.regions_on_disk` does.
    """
    on_disk = regions_on_disk(images, regions)
    if question.target == "active_region":
        return on_disk[spotted(on_disk).fillna(False)]
    windows = _windows(on_disk["time"], question, on_disk["noaa_ar"])
    goes_class = _strongest_class(flares[flares["noaa_ar"].notna()], windows, question)
    return on_disk[flux(pd.Series(goes_class)) >= _threshold(question)]


def spotted(regions: pd.DataFrame) -> pd.Series:
    """Tell which regions have spots, by their number or else their area.

    Parameters
    ----------
    regions : DataFrame
        With ``area`` and ``spots``.

    Returns
    -------
    Series of boolean
        ``<NA>`` where neither is known.
    """
    by_area = (regions["area"] > 0).astype("boolean").mask(regions["area"].isna())
    return (regions["spots"] > 0).astype("boolean").fillna(by_area)


def _decided(df: pd.DataFrame, positive: Mask, unknown: dict[str, Mask]) -> pd.DataFrame:
    """Add the label, or the first of the reasons that hold."""
    df["reason"] = np.select(list(unknown.values()), list(unknown), default="")
    df["label"] = np.where(df["reason"] == "", positive, np.nan)
    return df


def _threshold(question: FlareQuestion) -> float:
    return float(flux(pd.Series([question.min_class]))[0])


def _windows(times: pd.Series, question: FlareQuestion, noaa_ar: pd.Series | None = None) -> Windows:
    at = seconds(times)
    first = at - round(question.before * 3600) + (question.event == "start")
    last = at + round(question.after * 3600)
    return Windows(first, last, None if noaa_ar is None else noaa_ar.to_numpy(np.int64))


def _strongest_class(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> npt.NDArray[np.object_]:
    return np.append(flares["goes_class"].to_numpy(object), "")[strongest(flares, windows, question.event)]


def _any(flares: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Mask:
    return strongest(flares, windows, question.event) >= 0


def _uncovered(times: pd.Series, coverage: pd.DataFrame, question: FlareQuestion) -> dict[str, Mask]:
    """Tell for which times a flare question has no answer, and why."""
    first, last = (times + pd.Timedelta(hours=hours) for hours in (-question.before, question.after))
    lists = coverage[~coverage["list"].isin(["regions", "images"])]
    deep_enough = lists[flux(lists["min_class"]) <= _threshold(question)]
    return {NO_COVERAGE: ~_covered(lists, first, last), TOO_WEAK: ~_covered(deep_enough, first, last)}


def _covered(coverage: pd.DataFrame, first: pd.Series, last: pd.Series) -> Mask:
    """Tell which spans lie inside the union of the complete rows, each of which is [start, end)."""
    complete = coverage[coverage["status"] == "complete"].sort_values("start")
    start, end = seconds(complete["start"]), np.maximum.accumulate(seconds(complete["end"]))
    opens = np.append(True, start[1:] > end[:-1])[: len(start)]
    # The end of each stretch is that of the row before the next one opens.
    stretch_end = end[np.append(opens[1:], True)[: len(end)]]
    stretch = np.searchsorted(start[opens], seconds(first), side="right") - 1
    return (stretch >= 0) & (seconds(last) < np.append(stretch_end, 0)[stretch])


def _suspected(unassigned: pd.DataFrame, regions: pd.DataFrame, df: pd.DataFrame, question: RegionLabel) -> Mask:
    """Tell in whose window a flare without a region lies that could be the region's: placed near it, or nowhere."""
    placed = unassigned[["latitude", "longitude"]].notna().all(axis=1)
    nowhere = _any(unassigned[~placed], _windows(df["time"], question), question)
    candidates = near(unassigned[placed].reset_index(drop=True), regions)
    return nowhere | _any(candidates, _windows(df["time"], question, df["noaa_ar"]), question)


def near(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return each flare once for each region that it is placed near to at its start, with that region's number."""
    moments = pd.DataFrame({"path": flares.index, "time": flares["start"]})
    on_disk = regions_on_disk(moments, regions)
    pairs = flares.drop(columns="noaa_ar").merge(
        on_disk[["path", "noaa_ar", "latitude", "longitude"]],
        left_index=True,
        right_on="path",
        suffixes=("", "_of_region"),
    )
    north = pairs["latitude"] - pairs["latitude_of_region"]
    west = (pairs["longitude"] - pairs["longitude_of_region"]) * np.cos(np.radians(pairs["latitude"]))
    return pairs[np.hypot(north, west) <= NEAR]


def _true_probability(truth: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Values:
    """Return the probability that at least one flare begins in each window."""
    if windows.noaa_ar is not None:
        return 1 - np.exp(-_expected(truth, windows, question))
    # Each window is met with each region that lives in it.
    by_time = np.argsort(windows.first, kind="stable")
    life = truth.groupby("noaa_ar")["time"].agg(["min", "max"])
    begin = np.searchsorted(windows.last[by_time], seconds(life["min"]))
    count = np.searchsorted(windows.first[by_time], seconds(life["max"]), side="right") - begin
    row = by_time[np.arange(count.sum()) + np.repeat(begin - np.cumsum(count) + count, count)]
    met = Windows(windows.first[row], windows.last[row], np.repeat(life.index.to_numpy(np.int64), count))
    expected = np.bincount(row, _expected(truth, met, question), minlength=len(windows.first))
    return 1 - np.exp(-expected)


def _expected(truth: pd.DataFrame, windows: Windows, question: FlareQuestion) -> Values:
    """Return how many flares are expected of each window's region in it: the integral of the rate."""
    truth = truth.sort_values(["noaa_ar", "time"])
    noaa_ar = truth["noaa_ar"].to_numpy(np.int64)
    at = keys(noaa_ar, seconds(truth["time"]))
    rate = (truth["rate"] * (_threshold(question) / 1e-6) ** -truth["slope"]).to_numpy() / 86_400
    # From one region's last row to the next region's first the rate is zero.
    within = np.diff(noaa_ar) == 0
    length = np.where(within, np.diff(at), 1)
    total = np.cumsum(np.where(within, (rate[1:] + rate[:-1]) / 2 * length, 0))
    level = np.where(within, rate[:-1], 0)
    slope = np.where(within, np.diff(rate) / length, 0)
    # One element in front for what comes before the first row, and one for what comes after the last.
    at, total = np.append(0, at), np.concatenate([[0, 0], total])
    level, slope = np.pad(level, 1), np.pad(slope, 1)

    def until(moments: Integers) -> Values:
        moment = keys(windows.noaa_ar, moments)
        row = np.searchsorted(at[1:], moment, side="right")
        elapsed = (moment - at[row]).astype(np.float64)
        return total[row] + level[row] * elapsed + slope[row] * elapsed**2 / 2

    # A window (t - before, t + after] begins with the second after t - before.
    return until(windows.last) - until(windows.first - 1)
