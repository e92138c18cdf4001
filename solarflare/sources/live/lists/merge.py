"""Combines several lists of flares, compares them, and fills in missing positions and regions."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.sources.common import event_tables
from solarflare.sources.live.lists import hek, ncei_science
from solarflare.sources.live.source import Collected
from solarflare.sun.events import active_regions
from solarflare.sun.events.flares import flux

COMPARED = ("start", "peak", "end", "goes_class", "noaa_ar")


def combine(lists: Sequence[Collected], names: Sequence[str]) -> pd.DataFrame:
    """Make one list of several lists of flares; see `event_tables.merge_lists`.

    `names` are the names of the lists, the most trusted first. Raises an InputError if one of several lists is the
    science list: the same class means another flux there.
    """
    if ncei_science.NAME in names and len(names) > 1:
        raise InputError(
            f"params.yaml: key scrape.live.flares names {ncei_science.NAME} among {', '.join(names)}; its classes are "
            "by true irradiance, those of operational lists by 0.7 of it until GOES-15: use it alone, or leave it out"
        )
    return event_tables.merge_lists(tables.concat([collected.rows for collected in lists], tables.FLARES), names)


def disagreements(lists: Sequence[Collected]) -> pd.DataFrame:
    """Compare each pair of lists of flares, and return a table like `tables.DISAGREEMENTS`, sorted by start.

    A flare counts as missing from a list only if that list is complete at that time and down to the flare's class.
    """
    parts = [_compare(first, second) for first, second in itertools.combinations(lists, 2)]
    order = ["start", "list", "other", "column"]
    return tables.concat(parts, tables.DISAGREEMENTS).sort_values(order, kind="stable", ignore_index=True)


def _compare(first: Collected, second: Collected) -> pd.DataFrame:
    """Return the disagreements of two lists."""
    flares = tables.concat([first.rows, second.rows], tables.FLARES)
    flares = flares.sort_values(["start", "list"], kind="stable", ignore_index=True)
    flare = np.array(event_tables.same_flare(flares), dtype=int)
    lists = flares["list"].to_numpy()
    left, right = (flares.set_index(flare)[lists == _name(collected)] for collected in (first, second))
    both = left.join(right, how="inner", rsuffix="_of_other")
    names = _name(first), _name(second)
    parts = []
    for column in COMPARED:
        rows = _rows(both["start"], names, column, both[column], both[f"{column}_of_other"])
        value, other = rows["value"], rows["other_value"]
        parts.append(rows[(value != other) & (value != "") & (other != "")])
    for has, lacks, rows, others in ((first, second, left, right), (second, first, right, left)):
        unmatched = rows[~rows.index.isin(others.index)]
        missing = unmatched.loc[_expected(unmatched, lacks.coverage), "start"]
        parts.append(_rows(missing, (_name(has), _name(lacks)), "start", missing, missing.mask(missing.notna())))
    return tables.check(pd.concat(parts), tables.DISAGREEMENTS, "the disagreements")


def _name(collected: Collected) -> str:
    return str(collected.coverage["list"].iloc[0])


def _rows(start: pd.Series, names: tuple[str, str], column: str, value: pd.Series, other: pd.Series) -> pd.DataFrame:
    columns = (start, *names, column, _text(value), _text(other))
    return pd.DataFrame(dict(zip(tables.DISAGREEMENTS.columns, columns, strict=True)), index=start.index)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_dtype(values):
        values = values.dt.strftime(tables.TIME_FORMAT)
    return values.astype(object).where(values.notna(), "").astype(str)


def _expected(flares: pd.DataFrame, coverage: pd.DataFrame) -> np.ndarray:
    """Return for each flare whether a list with this coverage should have it, (n,) bool."""
    expected = np.zeros(len(flares), dtype=bool)
    peak_flux = flux(flares["goes_class"])
    for row in coverage[coverage["status"] == "complete"].itertuples():
        within = (flares["start"] >= row.start) & (flares["start"] < row.end)
        expected |= within.to_numpy() & (peak_flux >= flux(pd.Series([row.min_class]))[0])
    return expected


def locate(flares: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Fill unknown positions and regions of flares from another list, such as HEK's.

    Both tables have the columns of `tables.FLARES`. A row of `observed` belongs to a flare if their peaks are within
    `hek.SAME_PEAK` and they do not name different regions. If a peak is not known, the start replaces it. Returns the
    same flares, sorted by start. Known values stay.
    """
    flares, observed = (
        df.assign(at=df["peak"].fillna(df["start"])).sort_values("at", kind="stable", ignore_index=True)
        for df in (flares, observed)
    )
    columns = ["noaa_ar", "latitude", "longitude"]
    within = pd.Timedelta(hek.SAME_PEAK)
    near = pd.merge_asof(flares[["at"]], observed[["at", *columns]], on="at", direction="nearest", tolerance=within)
    same = (flares["noaa_ar"] == near["noaa_ar"]).fillna(True).astype(bool)
    unplaced, unnamed = same & flares["latitude"].isna(), same & flares["noaa_ar"].isna()
    for column, blank in zip(columns, (unnamed, unplaced, unplaced), strict=True):
        flares[column] = flares[column].mask(blank, near[column])
    log.info("positions: %d of %d flares placed by others", (unplaced & near["latitude"].notna()).sum(), len(flares))
    flares = tables.check(flares[list(tables.FLARES.columns)], tables.FLARES, "the located flares")
    return flares.sort_values(["start", "list", "goes_class"], kind="stable", ignore_index=True)


def associate(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Fill the region of flares that have only a position; return the same flares in the same order.

    A flare belongs to a region if it is within `active_regions.NEAR` of the region's rotated position. If it is near
    two regions, its region stays unknown.
    """
    unnamed = flares[flares["noaa_ar"].isna() & flares["latitude"].notna() & flares["longitude"].notna()]
    near = active_regions.flares_near_regions(unnamed, regions).drop_duplicates("path", keep=False)
    named = flares.copy()
    named.loc[near["path"].to_numpy(int), "noaa_ar"] = near["noaa_ar"].to_numpy()
    log.info("regions: %d of %d flares with a position alone are near one region", len(near), len(unnamed))
    return named
