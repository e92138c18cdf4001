"""Flares x images x regions -> labels: 1, 0, or blank with the reason why it is not known.

A question is a window around the image's time t: a flare of at least ``min_class`` counts if it is in progress at some
time in [t - ``before``, t + ``after``] (``event: overlap``), or if it begins in (t - ``before``, t + ``after``]
(``event: start``). What begins with the image is left out of a forecast, because it is not foretold.

Unknown is not negative:

* A flare question has an answer only if its whole window lies where a list is complete down to ``min_class``. Outside
  of that not even a listed flare makes a 1: positives that are kept where negatives are dropped would be a bias.
* A 0 in whose window a flare without a class occurred is left out: the flare may have been strong enough.
* So is, with ``unassigned: drop``, a region's 0 in whose window a flare without a region occurred, unless the list
  places that flare more than `active.NEAR` away from the region.

An active region is one with spots. A numbered plage is none: it makes no disk active, and as the question about regions
is whether an active one flares, it is left out there, whether it flares or not.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.active import any_flare, min_flux, near, spotted, strongest_class, windows
from solarflare.sun.events.flares import Windows, clean, flux, keys, seconds
from solarflare.sun.events.questions import DiskLabel, FlareQuestion, RegionLabel
from solarflare.sun.images.coordinates import regions_on_disk

NO_COVERAGE = "no flare list is complete in all of the window"
TOO_WEAK = "no flare list in the window reaches down to the class asked for"
NO_REPORT = "the region reports are not complete at this time"
SPOTS_UNKNOWN = "neither spots nor area are known of a region on the disk"
BEYOND = "too far from the central meridian"
NO_SPOTS = "a plage without spots"
UNCLASSED = "a flare without a class occurred in the window"
UNASSIGNED = "a flare without a region occurred in the window"

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


def label(
    images: pd.DataFrame,
    flares: pd.DataFrame,
    regions: pd.DataFrame,
    coverage: pd.DataFrame,
    truth: pd.DataFrame | None,
    question: DiskLabel | RegionLabel,
) -> pd.DataFrame:
    """Answer a task's question for its images: `label_disk` or `label_regions`, by the type of the question."""
    tables_of_the_sun = flares, regions, coverage, truth
    if isinstance(question, DiskLabel):
        return label_disk(images, *tables_of_the_sun, question)
    return label_regions(images, *tables_of_the_sun, question)


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
        in_windows = windows(df["time"], question)
        df["goes_class"] = strongest_class(flares, in_windows, question)
        positive = flux(df["goes_class"]) >= min_flux(question)
        unclassed = any_flare(flares[flares["goes_class"] == ""], in_windows, question)
        unknown = _uncovered(df["time"], coverage, question) | {UNCLASSED: ~positive & unclassed}
        if truth is not None and question.event == "start":
            df["true_probability"] = _true_probability(truth, in_windows, question)
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
    in_windows = windows(df["time"], question, df["noaa_ar"])
    df["goes_class"] = strongest_class(assigned, in_windows, question)
    positive = flux(df["goes_class"]) >= min_flux(question)
    unclassed = any_flare(assigned[assigned["goes_class"] == ""], in_windows, question)
    unknown = {
        BEYOND: (df["longitude"].abs() > question.max_longitude).to_numpy(),
        NO_SPOTS: (~spotted(df)).fillna(False).to_numpy(bool),
        **_uncovered(df["time"], coverage, question),
        UNCLASSED: ~positive & unclassed,
    }
    if question.unassigned == "drop":
        might_count = flares["noaa_ar"].isna() & ~(flux(flares["goes_class"]) < min_flux(question))
        unknown[UNASSIGNED] = ~positive & _suspected(flares[might_count], regions, df, question)
    if truth is not None and question.event == "start":
        df["true_probability"] = _true_probability(truth, in_windows, question)
    return tables.check(_decided(df, positive, unknown), tables.REGION_LABELS, "the labels of region")


def _decided(df: pd.DataFrame, positive: Mask, unknown: dict[str, Mask]) -> pd.DataFrame:
    """Add the label, or the first of the reasons that hold."""
    df["reason"] = np.select(list(unknown.values()), list(unknown), default="")
    df["label"] = np.where(df["reason"] == "", positive, np.nan)
    return df


def _uncovered(times: pd.Series, coverage: pd.DataFrame, question: FlareQuestion) -> dict[str, Mask]:
    """Tell for which times a flare question has no answer, and why."""
    first, last = (times + pd.Timedelta(hours=hours) for hours in (-question.before, question.after))
    lists = coverage[~coverage["list"].isin(["regions", "images"])]
    deep_enough = lists[flux(lists["min_class"]) <= min_flux(question)]
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
    nowhere = any_flare(unassigned[~placed], windows(df["time"], question), question)
    candidates = near(unassigned[placed].reset_index(drop=True), regions)
    return nowhere | any_flare(candidates, windows(df["time"], question, df["noaa_ar"]), question)


def _true_probability(truth: pd.DataFrame, spans: Windows, question: FlareQuestion) -> Values:
    """Return the probability that at least one flare begins in each window."""
    if spans.noaa_ar is not None:
        return 1 - np.exp(-_expected(truth, spans, question))
    # Each window is met with each region that lives in it.
    by_time = np.argsort(spans.first, kind="stable")
    life = truth.groupby("noaa_ar")["time"].agg(["min", "max"])
    begin = np.searchsorted(spans.last[by_time], seconds(life["min"]))
    count = np.searchsorted(spans.first[by_time], seconds(life["max"]), side="right") - begin
    row = by_time[np.arange(count.sum()) + np.repeat(begin - np.cumsum(count) + count, count)]
    met = Windows(spans.first[row], spans.last[row], np.repeat(life.index.to_numpy(np.int64), count))
    expected = np.bincount(row, _expected(truth, met, question), minlength=len(spans.first))
    return 1 - np.exp(-expected)


def _expected(truth: pd.DataFrame, spans: Windows, question: FlareQuestion) -> Values:
    """Return how many flares are expected of each window's region in it: the integral of the rate."""
    truth = truth.sort_values(["noaa_ar", "time"])
    noaa_ar = truth["noaa_ar"].to_numpy(np.int64)
    at = keys(noaa_ar, seconds(truth["time"]))
    rate = (truth["rate"] * (min_flux(question) / 1e-6) ** -truth["slope"]).to_numpy() / 86_400
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
        moment = keys(spans.noaa_ar, moments)
        row = np.searchsorted(at[1:], moment, side="right")
        elapsed = (moment - at[row]).astype(np.float64)
        return total[row] + level[row] * elapsed + slope[row] * elapsed**2 / 2

    # A window (t - before, t + after] begins with the second after t - before.
    return until(spans.last) - until(spans.first - 1)
