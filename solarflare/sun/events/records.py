"""Flares and region reports that observatories had published before each image, as numbers for baselines.

Only what was known at the time counts. A flare is known `FLARES_KNOWN_AFTER` its end, when its class and its region are
listed. A region report is known `REPORTS_KNOWN_AFTER` the midnight for which it is valid. If the question's window
begins before the image, flares after the window's beginning are excluded: they would be part of the answer.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.active_regions import has_spots
from solarflare.sun.events.flares import Windows, clean, flux, min_flux, seconds, sort_keys, strongest
from solarflare.sun.events.magnetic import MOUNT_WILSON
from solarflare.sun.events.questions import DiskLabel, FlareQuestion, RegionLabel
from solarflare.sun.images.coordinates import REPORT_REACH

FLARES_KNOWN_AFTER = pd.Timedelta(minutes=30)
"""NOAA updates its edited event lists every 30 minutes, as their headers state."""

REPORTS_KNOWN_AFTER = pd.Timedelta(minutes=40)
"""NOAA's Solar Region Summary is issued daily at 00:30 UTC and "usually on-line by 0040" (its README of 2008)."""

NOWCAST_WINDOW = 24.0
"""Hours that the persistence baseline looks back if the question's window has no length: one day, as in forecasts."""

HORIZONS = (24, 168)
"""Hours over which past flares are counted and summed."""

C1_FLUX = 1e-6
"""Peak flux, in W/m2, of a flare of class C1.0. It is the unit of the sums of peak fluxes."""

MCINTOSH = {"zurich": "AHBCDEF", "penumbra": "XRSAHK", "compactness": "XOIC"}
"""Values of the three letters of McIntosh 1990 (doi:10.1007/BF00158405), in the order of size or complexity."""

NO_FLARES = "the origin lists no flare"
NO_ASSIGNED_FLARES = "the origin names no flare's region"
NO_REPORTS = "the origin has no region reports"
ANSWER_ITSELF = "the region reports are the answer itself"

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """Flares and region reports that observatories published.

    Attributes
    ----------
    flares : DataFrame
        The flares as `flares.clean` returns them.
    regions : DataFrame
        A table with the columns of `tables.REGIONS`.
    """

    flares: pd.DataFrame
    regions: pd.DataFrame


def read_records(raw: Path) -> Records:
    """Read the flares and the region reports of a folder in the form of ``data/raw/``.

    Raises
    ------
    InputError
        If a table is missing or broken.
    """
    flares, _ = clean(tables.read(raw / "flares.csv", tables.FLARES))
    return Records(flares, tables.read(raw / "regions.csv", tables.REGIONS))


def features(rows: pd.DataFrame, records: Records, question: DiskLabel | RegionLabel) -> dict[str, pd.DataFrame | str]:
    """Return the inputs of each baseline that uses records, or the reason why there are no inputs.

    Parameters
    ----------
    rows : DataFrame
        A table with ``time`` and, if the question is about regions, ``noaa_ar``. Its index is unique.
    records : Records
        They may reach beyond a row's time: what was not known at that time is ignored.
    question : DiskLabel or RegionLabel
        The question that the baselines answer.

    Returns
    -------
    dict of DataFrame or str
        Tables of numbers without NaN, on the index of `rows`. ``persistence``: from `flared_before`, or from
        `spots_before` if the question is about spots; ``history``: from `flare_history`; ``catalogue``: from
        `reported_regions`; ``records``: the columns of both.
    """
    of_regions = isinstance(question, RegionLabel)
    about_spots = isinstance(question, DiskLabel) and question.target == "active_region"
    flares = records.flares[records.flares["noaa_ar"].notna()] if of_regions else records.flares
    no_flares = "" if len(flares) else NO_ASSIGNED_FLARES if of_regions else NO_FLARES
    no_reports = "" if len(records.regions) else NO_REPORTS
    history = no_flares or flare_history(rows, flares, question)
    catalogue = (ANSWER_ITSELF if about_spots else no_reports) or reported_regions(rows, records.regions)
    missing = next((reason for reason in (catalogue, history) if isinstance(reason, str)), "")
    return {
        "persistence": (no_reports or spots_before(rows, records.regions))
        if about_spots
        else (no_flares or flared_before(rows, flares, question)),
        "history": history,
        "catalogue": catalogue,
        "records": missing or pd.concat([history, catalogue], axis=1),
    }


def flared_before(rows: pd.DataFrame, flares: pd.DataFrame, question: FlareQuestion) -> pd.DataFrame:
    """Return ``before``: 1.0 if a flare that the question counts ended shortly before the question's window, else 0.0.

    The time in which it ended is as long as the question's window, or `NOWCAST_WINDOW` if that has no length. It ends
    with the last flares that were known when the question's window began. If `rows` has ``noaa_ar``, only flares of
    that region count.
    """
    windows = _windows(rows, question, question.before + question.after or NOWCAST_WINDOW)
    strong_enough = _strongest_flux(flares, windows) >= min_flux(question)
    return pd.DataFrame({"before": strong_enough.astype(float)}, rows.index)


def spots_before(rows: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return ``before``: 1.0 if the report before the one that gives the answer listed a region with spots, else 0.0.

    A report gives the answer for images up to `coordinates.REPORT_REACH` away. So the report before it is looked for in
    the 24 hours that end `REPORT_REACH` before the image.
    """
    reported = np.sort(seconds(regions.loc[has_spots(regions).fillna(False), "time"]))
    last = seconds(rows["time"] - REPORT_REACH)
    first = last - 24 * 3600
    spots = np.searchsorted(reported, last) > np.searchsorted(reported, first)
    return pd.DataFrame({"before": spots.astype(float)}, rows.index)


def flare_history(rows: pd.DataFrame, flares: pd.DataFrame, question: FlareQuestion) -> pd.DataFrame:
    """Return for each of `HORIZONS` the ``number`` of known flares, and the sum and maximum of their peak fluxes.

    Fluxes are in units of C1.0. All values are log(1 + x), because flares follow a power law. The arguments are those
    of `flared_before`.
    """
    noaa_ar = flares["noaa_ar"].to_numpy(np.int64) if "noaa_ar" in rows else None
    ended = sort_keys(noaa_ar, seconds(flares["end"]))
    order = np.argsort(ended, kind="stable")
    ended = ended[order]
    total = np.append(0, np.cumsum(np.nan_to_num(flux(flares["goes_class"]))[order] / C1_FLUX))
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for hours in HORIZONS:
        windows = _windows(rows, question, hours)
        begin = np.searchsorted(ended, sort_keys(windows.noaa_ar, windows.first))
        end = np.searchsorted(ended, sort_keys(windows.noaa_ar, windows.last), side="right")
        columns[f"number_{hours}h"] = (end - begin).astype(float)
        columns[f"flux_{hours}h"] = np.maximum(total[end] - total[begin], 0)
        columns[f"strongest_{hours}h"] = _strongest_flux(flares, windows) / C1_FLUX
    return pd.DataFrame({name: np.log1p(values) for name, values in columns.items()}, rows.index)


def reported_regions(rows: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Describe the region of each row, or all regions on the disk, by the last report known at its time.

    The columns are ``reported`` (1.0), ``area`` in millionths of the hemisphere, the number of ``spots``, and the ranks
    ``magnetic``, ``zurich``, ``penumbra`` and ``compactness``. Area and spots are log(1 + x). Ranks are places, from 1,
    in `MOUNT_WILSON` and `MCINTOSH`. For the disk there are two columns for each of these: the sum and the maximum over
    all regions. Blank values are 0. All values are 0 if no report of the last 24 hours was known.
    """
    reports, by = _as_numbers(regions), ["noaa_ar"] if "noaa_ar" in rows else []
    if not by:
        by_day = reports.groupby(reports["time"].dt.floor("D"))
        numbers = by_day[[name for name in reports if name not in ("time", "known", "noaa_ar")]]
        reports = pd.concat(
            [numbers.sum().add_suffix("_sum"), numbers.max().add_suffix("_max"), by_day["known"].max()], axis=1
        )
    sorted_rows = rows[["time", *by]].astype(dict.fromkeys(by, np.int64)).sort_values("time", kind="stable")
    latest = pd.merge_asof(
        sorted_rows,
        reports.drop(columns="time", errors="ignore").sort_values("known", kind="stable"),
        left_on="time",
        right_on="known",
        by=by or None,
        tolerance=pd.Timedelta(hours=24),
    )
    latest.index = sorted_rows.index
    described = latest.drop(columns=["time", "known", *by]).fillna(0.0).reindex(rows.index)
    amounts = [name for name in described.columns if name.startswith(("area", "spots"))]
    return described.assign(**{name: np.log1p(described[name]) for name in amounts})


def _as_numbers(regions: pd.DataFrame) -> pd.DataFrame:
    """Return each report as numbers, with its time, the time from which it is ``known``, and its region."""
    magnetic = regions["mag_type"].str.lower()
    columns = {
        "time": regions["time"],
        "known": regions["time"] + REPORTS_KNOWN_AFTER,
        "noaa_ar": regions["noaa_ar"].astype(np.int64),
        "reported": 1.0,
        "area": regions["area"].fillna(0.0),
        "spots": regions["spots"].astype(float).fillna(0.0),
        "magnetic": np.max([rank * magnetic.str.contains(name) for rank, name in enumerate(MOUNT_WILSON, 1)], axis=0),
    }
    for letter, (name, order) in enumerate(MCINTOSH.items()):
        ranks = {value: float(rank) for rank, value in enumerate(order, 1)}
        columns[name] = regions["mcintosh"].str.upper().str[letter].map(ranks).fillna(0.0)
    return pd.DataFrame(columns).reset_index(drop=True)


def _windows(rows: pd.DataFrame, question: FlareQuestion, hours: float) -> Windows:
    """Return windows of some hours. They end with the last flares that were known when the question's window began."""
    last = seconds(rows["time"] - FLARES_KNOWN_AFTER) - round(question.before * 3600)
    noaa_ar = rows["noaa_ar"].to_numpy(np.int64) if "noaa_ar" in rows else None
    return Windows(last - round(hours * 3600) + 1, last, noaa_ar)


def _strongest_flux(flares: pd.DataFrame, windows: Windows) -> npt.NDArray[np.float64]:
    """Return the peak flux, in W/m2, of the strongest flare that ended in each window; 0 if none did."""
    at_end = strongest(flares.assign(start=flares["end"]), windows, "start")
    return np.append(np.nan_to_num(flux(flares["goes_class"])), 0.0)[at_end]
