"""Several lists of the Sun's flares: made one, compared, and completed by where somebody saw each flare."""

import itertools
import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.sources.common import event_tables
from solarflare.sources.live.lists import hek, ncei_science
from solarflare.sources.live.lists.collected import Collected
from solarflare.sun.events import active
from solarflare.sun.events.flares import flux

COMPARED = ("start", "peak", "end", "goes_class", "noaa_ar")

log = logging.getLogger("solarflare")


def combine(lists: Sequence[Collected], names: Sequence[str]) -> pd.DataFrame:
    """Make one list of several.

    Parameters
    ----------
    lists : sequence of Collected
        With rows of `tables.FLARES`.
    names : sequence of str
        What they are called, the one that decides first.

    Returns
    -------
    DataFrame
        In the form of `tables.FLARES`, by start; see `event_tables.merge_lists`.

    Raises
    ------
    InputError
        If the science list is one of several: its classes are of other fluxes.
    """
    if ncei_science.NAME in names and len(names) > 1:
        raise InputError(
            f"params.yaml: key scrape.live.flares names {ncei_science.NAME} among {', '.join(names)}; its classes are "
            "by true irradiance, those of operational lists by 0.7 of it until GOES-15: use it alone, or leave it out"
        )
    return event_tables.merge_lists(tables.concat([found.rows for found in lists], tables.FLARES), names)


def disagreements(lists: Sequence[Collected]) -> pd.DataFrame:
    """Compare lists with each other.

    Parameters
    ----------
    lists : sequence of Collected
        With rows of `tables.FLARES`, each of one list.

    Returns
    -------
    DataFrame
        In the form of `tables.DISAGREEMENTS`, by start, and for each pair of lists. A flare is missing only where the
        other list is complete, and down to its class.
    """
    found = [_compared(one, other) for one, other in itertools.combinations(lists, 2)]
    return tables.concat(found, tables.DISAGREEMENTS).sort_values(
        ["start", "list", "other", "column"], kind="stable", ignore_index=True
    )


def _compared(one: Collected, other: Collected) -> pd.DataFrame:
    """Return what two lists disagree on."""
    flares = tables.concat([one.rows, other.rows], tables.FLARES)
    flares = flares.sort_values(["start", "list"], kind="stable", ignore_index=True)
    flare = np.array(event_tables.same_flare(flares), dtype=int)
    left, right = (flares.set_index(flare)[flares["list"].to_numpy() == _name(found)] for found in (one, other))
    both = left.join(right, how="inner", rsuffix="_of_other")
    parts = [_rows(both["start"], one, other, column, both[column], both[f"{column}_of_other"]) for column in COMPARED]
    differ = [
        part[(part["value"] != part["other_value"]) & (part[["value", "other_value"]] != "").all(axis=1)]
        for part in parts
    ]
    for has, lacks, rows, others in ((one, other, left, right), (other, one, right, left)):
        alone = rows[~rows.index.isin(others.index)]
        due = alone.loc[_expected(alone, lacks.coverage), "start"]
        differ.append(_rows(due, has, lacks, "start", due, due.mask(due.notna())))
    return tables.check(pd.concat(differ), tables.DISAGREEMENTS, "the disagreements")


def _name(found: Collected) -> str:
    return str(found.coverage["list"].iloc[0])


def _rows(
    start: pd.Series, one: Collected, other: Collected, column: str, value: pd.Series, other_value: pd.Series
) -> pd.DataFrame:
    texts = (_text(value), _text(other_value))
    columns = (start, _name(one), _name(other), column, *texts)
    return pd.DataFrame(dict(zip(tables.DISAGREEMENTS.columns, columns, strict=True)), index=start.index)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_dtype(values):
        values = values.dt.strftime(tables.TIME_FORMAT)
    return values.astype(object).where(values.notna(), "").astype(str)


def _expected(flares: pd.DataFrame, coverage: pd.DataFrame) -> np.ndarray:
    """Tell which flares a list should have by what it says of itself."""
    expected = np.zeros(len(flares), dtype=bool)
    strength = flux(flares["goes_class"])
    for row in coverage[coverage["status"] == "complete"].itertuples():
        within = (flares["start"] >= row.start) & (flares["start"] < row.end)
        expected |= within.to_numpy() & (strength >= flux(pd.Series([row.min_class]))[0])
    return expected


def locate(flares: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Give flares without a position, or without a region, those that somebody saw at the same time.

    Parameters
    ----------
    flares : DataFrame
        In the form of `tables.FLARES`.
    seen : DataFrame
        In the same form, such as HEK's.

    Returns
    -------
    DataFrame
        The same flares, by start. What was known stays; the two peak (or, where no peak is known, begin) within
        `hek.SAME_PEAK`, and nobody names another region.
    """
    flares, seen = (_by_peak(df) for df in (flares, seen))
    columns = ["noaa_ar", "latitude", "longitude"]
    near = pd.merge_asof(
        flares[["at"]], seen[["at", *columns]], on="at", direction="nearest", tolerance=pd.Timedelta(hek.SAME_PEAK)
    )
    same = (flares["noaa_ar"] == near["noaa_ar"]).fillna(True).astype(bool)
    unplaced, unnamed = same & flares["latitude"].isna(), same & flares["noaa_ar"].isna()
    for column, blank in zip(columns, (unnamed, unplaced, unplaced), strict=True):
        flares[column] = flares[column].mask(blank, near[column])
    log.info("positions: %d of %d flares placed by others", (unplaced & near["latitude"].notna()).sum(), len(flares))
    return tables.check(flares[list(tables.FLARES.columns)], tables.FLARES, "the located flares").sort_values(
        ["start", "list", "goes_class"], kind="stable", ignore_index=True
    )


def _by_peak(flares: pd.DataFrame) -> pd.DataFrame:
    return flares.assign(at=flares["peak"].fillna(flares["start"])).sort_values("at", kind="stable", ignore_index=True)


def associate(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Name the region of flares that have a position alone.

    Parameters
    ----------
    flares : DataFrame
        In the form of `tables.FLARES`.
    regions : DataFrame
        In the form of `tables.REGIONS`.

    Returns
    -------
    DataFrame
        The same flares in the same order. One that is near (`active.NEAR`) to one region alone, where the Sun's
        rotation has brought it by then, is that region's; near to two, it is left without.
    """
    unnamed = flares[flares["noaa_ar"].isna() & flares["latitude"].notna() & flares["longitude"].notna()]
    near = active.near(unnamed, regions).drop_duplicates("path", keep=False)
    named = flares.copy()
    named.loc[near["path"].to_numpy(int), "noaa_ar"] = near["noaa_ar"].to_numpy()
    log.info("regions: %d of %d flares with a position alone are near one region", len(near), len(unnamed))
    return named
