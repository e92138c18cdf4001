"""What was on record before each image: flares and region reports, as numbers for forecasts made without any image.

Nothing counts that was not known at the time. A flare counts from its end, when its class and region are listed, and
`FLARES_KNOWN_AFTER` that; a region report `REPORTS_KNOWN_AFTER` the midnight that it is valid for. Where the question's
window reaches back before the image, records of flares end where it begins: they would be part of the answer.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.sun.events.active import spotted
from solarflare.sun.events.flares import Windows, clean, flux, keys, seconds, strongest
from solarflare.sun.events.questions import DiskLabel, FlareQuestion, RegionLabel
from solarflare.sun.images.coordinates import REPORT_REACH

FLARES_KNOWN_AFTER = pd.Timedelta(minutes=30)
"""NOAA's edited event lists say of themselves that they are updated every 30 minutes."""

REPORTS_KNOWN_AFTER = pd.Timedelta(minutes=40)
"""NOAA's Solar Region Summary is issued daily at 00:30 UTC and "usually on-line by 0040" (its README of 2008)."""

NOWCAST_WINDOW = 24.0
"""Hours that persistence looks back over where the question's own window has no length: a day, as forecasts use."""

HORIZONS = (24, 168)
"""Hours over which past flares are summed up."""

UNIT = 1e-6
"""W/m2: fluxes are counted in flares of class C1.0."""

MAGNETIC = ("alpha", "beta", "gamma", "delta")
"""Mount Wilson classes in the order of complexity (Hale et al. 1919, doi:10.1086/142452; delta: Kunzel 1960)."""

MCINTOSH = {"zurich": "AHBCDEF", "penumbra": "XRSAHK", "compactness": "XOIC"}
"""The three letters of McIntosh 1990 (doi:10.1007/BF00158405), each in the order of extent or complexity."""

NO_FLARES = "the origin lists no flare"
NO_ASSIGNED_FLARES = "the origin names no flare's region"
NO_REPORTS = "the origin has no region reports"
ANSWER_ITSELF = "the region reports are the answer itself"

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """What observatories wrote down.

    Attributes
    ----------
    flares : DataFrame
        As `flares.clean` returns them.
    regions : DataFrame
        Of `tables.REGIONS`.
    """

    flares: pd.DataFrame
    regions: pd.DataFrame


def read_records(raw: Path) -> Records:
    """Return the flares and the region reports of a folder of the raw contract.

    Raises
    ------
    InputError
        If a table is missing or broken.
    """
    flares, _ = clean(tables.read(raw / "flares.csv", tables.FLARES))
    return Records(flares, tables.read(raw / "regions.csv", tables.REGIONS))


def features(rows: pd.DataFrame, records: Records, question: DiskLabel | RegionLabel) -> dict[str, pd.DataFrame | str]:
    """Return what each forecast from records knows of each row, or why there is no such forecast.

    Parameters
    ----------
    rows : DataFrame
        With ``time`` and, if the question is about regions, ``noaa_ar``; any unique index.
    records : Records
        Of any time; what was not known at a row's time does not matter to it.
    question : DiskLabel or RegionLabel
        What is asked.

    Returns
    -------
    dict of DataFrame or str
        On the index of `rows`, numbers without NaN: ``persistence`` of `flared_before` or, where spots are asked for,
        `spotted_before`; ``history`` of `flare_history`; ``catalogue`` of `catalogue`.
    """
    of_regions = isinstance(question, RegionLabel)
    asks_for_spots = isinstance(question, DiskLabel) and question.target == "active_region"
    flares = records.flares[records.flares["noaa_ar"].notna()] if of_regions else records.flares
    no_flares = "" if len(flares) else NO_ASSIGNED_FLARES if of_regions else NO_FLARES
    no_reports = "" if len(records.regions) else NO_REPORTS
    return {
        "persistence": (no_reports or spotted_before(rows, records.regions))
        if asks_for_spots
        else (no_flares or flared_before(rows, flares, question)),
        "history": no_flares or flare_history(rows, flares, question),
        "catalogue": (ANSWER_ITSELF if asks_for_spots else no_reports) or catalogue(rows, records.regions),
    }


def flared_before(rows: pd.DataFrame, flares: pd.DataFrame, question: FlareQuestion) -> pd.DataFrame:
    """Tell of which rows such a flare as is asked for was on record in a window of equal length before.

    Parameters
    ----------
    rows : DataFrame
        With ``time``, and ``noaa_ar`` if only flares of that region count.
    flares : DataFrame
        As `flares.clean` returns them; if regions are asked about, each with one.
    question : FlareQuestion
        Its window's length, or `NOWCAST_WINDOW` if it has none, and its weakest class.

    Returns
    -------
    DataFrame
        ``before``: 1.0 if a flare that strong ended in the window, else 0.0.
    """
    windows = _windows(rows, question, question.before + question.after or NOWCAST_WINDOW)
    strong_enough = _strongest_flux(flares, windows) >= flux(pd.Series([question.min_class]))[0]
    return pd.DataFrame({"before": strong_enough.astype(float)}, rows.index)


def spotted_before(rows: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Tell at which times the report before the one that gives the answer named a region with spots.

    Parameters
    ----------
    rows : DataFrame
        With ``time``.
    regions : DataFrame
        Of `tables.REGIONS`. A report serves images up to `coordinates.REPORT_REACH` away, so the one before is the report
        of the 24 hours that end there.

    Returns
    -------
    DataFrame
        ``before``: 1.0 if it did, else 0.0.
    """
    reported = np.sort(seconds(regions.loc[spotted(regions).fillna(False), "time"]))
    last = seconds(rows["time"] - REPORT_REACH)
    first = last - 24 * 3600
    some = np.searchsorted(reported, last) > np.searchsorted(reported, first)
    return pd.DataFrame({"before": some.astype(float)}, rows.index)


def flare_history(rows: pd.DataFrame, flares: pd.DataFrame, question: FlareQuestion) -> pd.DataFrame:
    """Sum up the flares on record over each of `HORIZONS`.

    Parameters
    ----------
    rows, flares, question
        As of `flared_before`.

    Returns
    -------
    DataFrame
        For each horizon the number of flares, the sum of their peak fluxes and the strongest one's, in units of C1.0,
        each as log(1 + x): flares are distributed as a power law.
    """
    noaa_ar = flares["noaa_ar"].to_numpy(np.int64) if "noaa_ar" in rows else None
    known = keys(noaa_ar, seconds(flares["end"]))
    order = np.argsort(known, kind="stable")
    known = known[order]
    total = np.append(0, np.cumsum(np.nan_to_num(flux(flares["goes_class"]))[order] / UNIT))
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for hours in HORIZONS:
        windows = _windows(rows, question, hours)
        begin = np.searchsorted(known, keys(windows.noaa_ar, windows.first))
        end = np.searchsorted(known, keys(windows.noaa_ar, windows.last), side="right")
        columns[f"number_{hours}h"] = (end - begin).astype(float)
        columns[f"flux_{hours}h"] = np.maximum(total[end] - total[begin], 0)
        columns[f"strongest_{hours}h"] = _strongest_flux(flares, windows) / UNIT
    return pd.DataFrame({name: np.log1p(values) for name, values in columns.items()}, rows.index)


def catalogue(rows: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Describe the region of each row, or all regions on the disk, by the last report that was out.

    Parameters
    ----------
    rows : DataFrame
        With ``time``, and ``noaa_ar`` if that region alone is described.
    regions : DataFrame
        Of `tables.REGIONS`.

    Returns
    -------
    DataFrame
        ``reported`` (1.0), ``area`` in millionths of the hemisphere and number of ``spots``, both as log(1 + x),
        ``magnetic`` class and the three McIntosh letters as places in `MAGNETIC` and `MCINTOSH`, from 1. Of the disk
        the sum and the maximum of each. All 0 where no report of the last 24 hours was out, and where a blank stands.
    """
    reports, key = _described(regions), ["noaa_ar"] if "noaa_ar" in rows else []
    if not key:
        by_day = reports.groupby(reports["time"].dt.floor("D"))
        numbers = by_day[[name for name in reports if name not in ("time", "known", "noaa_ar")]]
        reports = pd.concat(
            [numbers.sum().add_suffix("_sum"), numbers.max().add_suffix("_max"), by_day["known"].max()], axis=1
        )
    asked = rows[["time", *key]].astype(dict.fromkeys(key, np.int64)).sort_values("time", kind="stable")
    found = pd.merge_asof(
        asked,
        reports.drop(columns="time", errors="ignore").sort_values("known", kind="stable"),
        left_on="time",
        right_on="known",
        by=key or None,
        tolerance=pd.Timedelta(hours=24),
    )
    found.index = asked.index
    described = found.drop(columns=["time", "known", *key]).fillna(0.0).reindex(rows.index)
    amounts = [name for name in described.columns if name.startswith(("area", "spots"))]
    return described.assign(**{name: np.log1p(described[name]) for name in amounts})


def _described(regions: pd.DataFrame) -> pd.DataFrame:
    """Return each report as numbers, with its time, when it was known, and its region."""
    magnetic = regions["mag_type"].str.lower()
    columns = {
        "time": regions["time"],
        "known": regions["time"] + REPORTS_KNOWN_AFTER,
        "noaa_ar": regions["noaa_ar"].astype(np.int64),
        "reported": 1.0,
        "area": regions["area"].fillna(0.0),
        "spots": regions["spots"].astype(float).fillna(0.0),
        "magnetic": np.max([place * magnetic.str.contains(name) for place, name in enumerate(MAGNETIC, 1)], axis=0),
    }
    for letter, (name, order) in enumerate(MCINTOSH.items()):
        places = {value: float(place) for place, value in enumerate(order, 1)}
        columns[name] = regions["mcintosh"].str.upper().str[letter].map(places).fillna(0.0)
    return pd.DataFrame(columns).reset_index(drop=True)


def _windows(rows: pd.DataFrame, question: FlareQuestion, hours: float) -> Windows:
    """Return the last hours of which flares were on record when the question's window began."""
    last = seconds(rows["time"] - FLARES_KNOWN_AFTER) - round(question.before * 3600)
    noaa_ar = rows["noaa_ar"].to_numpy(np.int64) if "noaa_ar" in rows else None
    return Windows(last - round(hours * 3600) + 1, last, noaa_ar)


def _strongest_flux(flares: pd.DataFrame, windows: Windows) -> npt.NDArray[np.float64]:
    """Return the peak flux, in W/m2, of the strongest flare that ended in each window; 0 where none did."""
    at_end = strongest(flares.assign(start=flares["end"]), windows, "start")
    return np.append(np.nan_to_num(flux(flares["goes_class"])), 0.0)[at_end]
