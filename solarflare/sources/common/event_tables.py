"""Reads tables of flares, regions and coverage in many spellings, and merges lists of flares."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from solarflare.core import csv_text, tables
from solarflare.core.cells import BadCell, refusal
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.sources.common import region_column, region_rows, spellings, zones
from solarflare.sun.events.flares import LONGEST, five_digits, flux, without_wrong_times

DEFAULT_LIST = "archive"  # The name of the flare list in a table without one
SAME_START = pd.Timedelta(minutes=5)
"""The start of one flare may differ by this much between two lists. NOAA's edited events and LMSAL's latest events of
14-19 February 2026 agree to the minute on all 21 flares that both report."""

SAME_FLUX = 2.0
"""The peak flux of one flare may differ by this factor between two lists. Operational GOES fluxes before 2020 are 0.7
times the science-quality ones (NOAA NCEI, GOES X-ray Sensor user's guide), and both are rounded."""


def read_flares(path: Path) -> pd.DataFrame:
    """Read a flare table.

    The columns are `start` and `goes_class`, and optionally `peak`, `end`, `noaa_ar`, `latitude` and `longitude` (or
    `location`, such as N15E28) and `list`. Other columns are ignored. Blanks stay blank. A region 0 means no region,
    and region numbers with four digits get five. A peak or end that `without_wrong_times` blanks is counted in a
    warning. Returns `tables.FLARES`, in the order of the file. Raises an InputError, with the bad cells, if the file is
    missing or not a table, a column is missing, or a cell cannot be read.
    """
    df, bad = _read(path, tables.FLARES, ["start", "goes_class"])
    df["list"] = df["list"].replace("", DEFAULT_LIST)
    listed = tables.check(df, tables.FLARES, str(path), bad)
    flares, _ = without_wrong_times(listed)
    for column in ("peak", "end"):
        blanked = np.flatnonzero(flares[column].isna() & listed[column].notna())
        if len(blanked):
            counts = f"{column} is blanked in {len(blanked):,} of {len(df):,} rows"
            why = f"it is before the start or more than {LONGEST // pd.Timedelta(hours=1)} h after it"
            row = int(blanked[0])
            first = f"row {row + 1}, {df[column].iloc[row]} for the start {df['start'].iloc[row]}"
            log.warning("warning: %s: %s, because %s; the first is %s", path, counts, why, first)
    return flares.assign(noaa_ar=five_digits(flares["noaa_ar"], flares["start"]))


def read_regions(path: Path) -> pd.DataFrame:
    """Read a table of daily region summaries.

    Parameters
    ----------
    path : Path
        A CSV file with the columns `time`, `noaa_ar`, `latitude` and `longitude` (or `location`, such as N15E28),
        and optionally `area`, `mcintosh`, `mag_type` and `spots`. Other columns are ignored.
        Rows without a region number or a position are left out, with a warning. If a region is reported twice for one
        time, the last row stays. Classes get the spelling Fkc and beta-gamma.

    Returns
    -------
    DataFrame
        In the form of `tables.REGIONS`, in the order of the file.

    Raises
    ------
    InputError
        With the row, if the file is missing or not a table, a column is missing, or a cell cannot be read; also if two
        reports of a region for one time contradict each other, or the positions look like radians.
    """
    df, bad = _read(path, tables.REGIONS, ["time", "noaa_ar", "latitude", "longitude"])
    may_be_blank = {name: {"nullable": True} for name in region_rows.PLACE}
    checked = tables.check(df, tables.REGIONS.update_columns(may_be_blank), str(path), bad)
    regions = region_rows.placed(checked, path)
    regions["noaa_ar"] = five_digits(regions["noaa_ar"], regions["time"])
    region_rows.check_repeats(regions, path)
    region_rows.check_degrees(regions, path)
    regions = tables.check(regions, tables.REGIONS, str(path))
    return regions.drop_duplicates(["time", "noaa_ar"], keep="last", ignore_index=True)


def read_coverage(path: Path) -> pd.DataFrame:
    """Read a table of where each list is complete, as `tables.COVERAGE`, in the order of the file.

    The columns are `list`, `start` and `end`, and optionally `min_class`, `status` (`complete` where blank) and
    `reason`. Raises an InputError as `read_flares` does, or if a row ends before it starts.
    """
    df, bad = _read(path, tables.COVERAGE, ["list", "start", "end"])
    df["status"] = df["status"].str.lower().replace("", "complete")
    coverage = tables.check(df, tables.COVERAGE, str(path), bad)
    backward = np.flatnonzero(coverage["end"] < coverage["start"])
    if len(backward):
        expected = "a time that is not before start {} (or swap them)"
        pairs = zip(backward.tolist(), df["end"][backward], df["start"][backward], strict=True)
        raise refusal(str(path), [BadCell(row, "end", end, expected.format(start)) for row, end, start in pairs])
    return coverage


def merge_lists(flares: pd.DataFrame, order: Sequence[str] = ()) -> pd.DataFrame:
    """Merge the rows that report the same flare in several lists; return `tables.FLARES`, sorted by start time.

    Two rows are one flare if they are of different lists, start within `SAME_START` of each other, have peak fluxes
    within a factor `SAME_FLUX`, and do not name different regions (five digits). The closest starts are joined first.
    Of a flare's rows, the one whose list comes first in `order` (names, the most trusted first) is kept. If `order`
    does not decide, the row with the fewest blanks is kept. Its blanks are filled from the other rows.
    """
    flares = flares.sort_values(["start", "list", "goes_class"], kind="stable", ignore_index=True)
    known = flares.replace("", pd.NA)
    flare = same_flare(flares)
    rank = flares["list"].map({name: number for number, name in enumerate(order)}).fillna(len(order))
    rows = pd.DataFrame({"flare": flare, "rank": rank, "blanks": known.isna().sum(axis=1)})
    rows = rows.sort_values(["flare", "rank", "blanks"], kind="stable")
    merged = known.loc[rows.index].groupby(rows["flare"], sort=False).first()
    merged = merged.sort_values(["start", "list", "goes_class"], kind="stable")
    return tables.check(merged, tables.FLARES, "the merged flare lists")


def same_flare(flares: pd.DataFrame) -> list[int]:
    """Return for each row the number of its flare, by the rule of `merge_lists`. `flares` are sorted by start."""
    start, lists = flares["start"].to_numpy(), flares["list"].to_numpy()
    peak = flux(flares["goes_class"])
    region = flares["noaa_ar"].fillna(0).to_numpy(dtype=int)
    pairs: list[tuple[int, int, int]] = []
    for step in itertools.count(1):
        apart = start[step:] - start[:-step]
        near = apart <= SAME_START.to_timedelta64()
        if not near.any():
            break
        similar = near & (lists[step:] != lists[:-step])
        similar &= (peak[step:] <= SAME_FLUX * peak[:-step]) & (peak[:-step] <= SAME_FLUX * peak[step:])
        pairs += [(int(apart[row]), row, row + step) for row in np.flatnonzero(similar).tolist()]
    flare = list(range(len(flares)))
    members = {row: [row] for row in flare}
    for _, first, second in sorted(pairs):
        kept, merged = sorted((flare[first], flare[second]))
        rows = [*members[kept], *members[merged]]
        one_row_per_list = len({lists[row] for row in rows}) == len(rows)
        if one_row_per_list and len({region[row] for row in rows} - {0}) <= 1:
            members[kept] = rows
            for row in members.pop(merged):
                flare[row] = kept
    return flare


def _read(path: Path, schema: pa.DataFrameSchema, required: list[str]) -> tuple[pd.DataFrame, list[BadCell]]:
    """Read the columns of a schema as text, in the schema's spelling. Positions may come from a column `location`.

    Returns also the cells that are wrong in a way that the schema does not know.
    """
    df = csv_text.read(path)
    df.columns = df.columns.str.strip().str.lower()
    df = region_column.renamed(df, path) if "noaa_ar" in schema.columns else df
    if df.columns.has_duplicates:
        name = df.columns[df.columns.duplicated()][0]
        raise InputError(f"{path} has several columns for {name}, whose names differ in capitals or signs; leave one")
    df = spellings.blanked(df)
    bad: list[BadCell] = []
    if "location" in df.columns and "latitude" in schema.columns:
        df, bad = spellings.locations(df)
    if missing := [name for name in required if name not in df.columns]:
        raise InputError(
            f"{path}: column {missing[0]} is missing; expected at least {', '.join(required)} "
            f"and got {', '.join(df.columns)}"
        )
    df = df.reindex(columns=list(schema.columns), fill_value="").apply(spellings.spelled)
    zones.check(df, path)
    for name in df.columns.intersection([*required, "mag_type"]):
        bad += spellings.unusable(df[name])
    return df, bad
