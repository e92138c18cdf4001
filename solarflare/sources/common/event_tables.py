"""Reads tables of flares, regions and coverage in many spellings, and merges lists of flares."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.sun.events.flares import five_digits, flux

DEFAULT_LIST = "archive"  # The name of the flare list in a table without one
SAME_START = pd.Timedelta(minutes=5)
"""The start of one flare may differ by this much between two lists. NOAA's edited events and LMSAL's latest events of
14-19 February 2026 agree to the minute on all 21 flares that both report."""

SAME_FLUX = 2.0
"""The peak flux of one flare may differ by this factor between two lists. Operational GOES fluxes before 2020 are 0.7
times the science-quality ones (NOAA NCEI, GOES X-ray Sensor user's guide), and both are rounded."""

REGION_NAMES = {
    "noaa_active_region",
    "noaa_ar_number",
    "noaa_number",
    "noaa_region",
    "noaa_no",
    "noaa_num",
    "noaa",
    "ar_noaanum",
    "ar_number",
    "ar_num",
    "ar",
    "active_region",
    "active_region_number",
    "region_number",
    "region",
    "nar",
}
"""Other names of the column `noaa_ar`: of HEK, the GOES flare lists, SWPC, SHARP's NOAA_AR and common tables."""

REGION_WORDS = {"noaa", "ar", "ars", "region", "regions", "noaanum", "harpnum", "harp"}
"""Words in the name of a column that may hold a region's number."""

_BLANKS = {"-", "--", "nan", "nat", "none", "null", "n/a"}
_LOCATION = r"^(?P<north>[NS])(?P<latitude>\d{1,2})(?P<west>[EW])(?P<longitude>\d{1,3})$"


def read_flares(path: Path) -> pd.DataFrame:
    """Read a flare table.

    The columns are `start` and `goes_class`, and optionally `peak`, `end`, `noaa_ar`, `latitude` and `longitude` (or
    `location`, such as N15E28) and `list`. Other columns are ignored. Blanks stay blank. A region 0 means no region,
    and region numbers with four digits get five. Returns `tables.FLARES`, in the order of the file. Raises an
    InputError, with the row, if the file is missing or not a table, a column is missing, or a cell cannot be read.
    """
    df = _read(path, tables.FLARES, ["start", "goes_class"])
    df["list"] = df["list"].replace("", DEFAULT_LIST)
    flares = tables.check(df, tables.FLARES, str(path))
    return flares.assign(noaa_ar=five_digits(flares["noaa_ar"], flares["start"]))


def read_regions(path: Path) -> pd.DataFrame:
    """Read a table of daily region summaries.

    Parameters
    ----------
    path : Path
        A CSV file with the columns `time`, `noaa_ar`, `latitude` and `longitude` (or `location`, such as N15E28),
        and optionally `area`, `mcintosh`, `mag_type` and `spots`. Other columns are ignored.
        Rows without a region number or a position are left out. If a region is reported twice for one time, the last
        row stays. Classes get the spelling Fkc and beta-gamma.

    Returns
    -------
    DataFrame
        In the form of `tables.REGIONS`, in the order of the file.

    Raises
    ------
    InputError
        With the row, if the file is missing or not a table, a column is missing, or a cell cannot be read.
    """
    df = _read(path, tables.REGIONS, ["time", "noaa_ar", "latitude", "longitude"])
    may_be_blank = {name: {"nullable": True} for name in ("noaa_ar", "latitude", "longitude")}
    checked = tables.check(df, tables.REGIONS.update_columns(may_be_blank), str(path))
    regions = tables.check(checked.dropna(subset=list(may_be_blank)), tables.REGIONS, str(path))
    regions["noaa_ar"] = five_digits(regions["noaa_ar"], regions["time"])
    return regions.drop_duplicates(["time", "noaa_ar"], keep="last", ignore_index=True)


def read_coverage(path: Path) -> pd.DataFrame:
    """Read a table of where each list is complete, as `tables.COVERAGE`, in the order of the file.

    The columns are `list`, `start` and `end`, and optionally `min_class`, `status` (`complete` where blank) and
    `reason`. Raises an InputError as `read_flares` does, or if a row ends before it starts.
    """
    df = _read(path, tables.COVERAGE, ["list", "start", "end"])
    df["status"] = df["status"].str.lower().replace("", "complete")
    coverage = tables.check(df, tables.COVERAGE, str(path))
    if (backward := (coverage["end"] < coverage["start"]).to_numpy()).any():
        row = int(backward.argmax())
        raise InputError(
            f"{path}, row {row + 1}: end {coverage['end'][row]} is before start {coverage['start'][row]}; swap them"
        )
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


def _read(path: Path, schema: pa.DataFrameSchema, required: list[str]) -> pd.DataFrame:
    """Read the columns of a schema as text, in the schema's spelling. Positions may come from a column `location`."""
    df = tables.read_text(path)
    df.columns = df.columns.str.strip().str.lower()
    df = _with_regions_named(df, path) if "noaa_ar" in schema.columns else df
    df = df.loc[:, ~df.columns.duplicated()].fillna("").apply(lambda cells: cells.str.strip())
    df = df.mask(df.apply(lambda cells: cells.str.lower().isin(_BLANKS)), "")
    if "location" in df.columns and "latitude" in schema.columns:
        df = _placed(df, path)
    if missing := [name for name in required if name not in df.columns]:
        raise InputError(
            f"{path}: column {missing[0]} is missing; expected at least {', '.join(required)} "
            f"and got {', '.join(df.columns)}"
        )
    df = df.reindex(columns=list(schema.columns), fill_value="")
    for name, column in schema.columns.items():
        if str(column.dtype).startswith("datetime"):
            df[name] = df[name].str.replace(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", regex=True)
            df[name] = df[name].str.replace(r"\s*UTC?$", "", regex=True)
        elif name.endswith("_class"):
            df[name] = df[name].str.upper().str.replace(" ", "")
        elif name == "mcintosh":
            df[name] = df[name].str.capitalize()
        elif name == "mag_type":
            df[name] = df[name].str.lower()
        elif name == "noaa_ar":
            df[name] = df[name].str.replace(r"^(NOAA\s*)?(AR\s*)?|^0+$", "", regex=True, case=False)
    return df


def _with_regions_named(df: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table whose column of region numbers is called `noaa_ar`, if it has one.

    Raises an InputError if two columns may be meant, or a column's name only resembles one of a region number. Without
    its regions a list of flares would answer no for each region.
    """
    names = {name: re.sub(r"\W+", "_", name).strip("_") for name in df.columns}
    if "noaa_ar" in names.values():
        return df.rename(columns={name: "noaa_ar" for name in names if names[name] == "noaa_ar"})
    known = [name for name in names if names[name] in REGION_NAMES]
    similar = [name for name in names if REGION_WORDS & set(names[name].split("_"))]
    if len(known) == 1:
        return df.rename(columns={known[0]: "noaa_ar"})
    if similar:
        raise InputError(
            f"{path}: column {similar[0]} may hold the region's number; call the column with NOAA's number noaa_ar, "
            "and give the others another name"
        )
    return df


def _placed(df: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Fill blank or missing latitudes and longitudes from `location`."""
    location = df["location"].str.upper().str.replace(" ", "")
    parts = location.str.extract(_LOCATION)
    if (bad := (parts["north"].isna() & (location != "")).to_numpy()).any():
        row = int(bad.argmax())
        raise InputError(
            f"{path}, row {row + 1}, column location: got {df['location'].iloc[row]!r}; "
            "expected latitude and longitude such as N15E28"
        )
    signs = {"latitude": parts["north"].map({"N": "", "S": "-"}), "longitude": parts["west"].map({"W": "", "E": "-"})}
    for name, sign in signs.items():
        given = df[name] if name in df.columns else pd.Series("", index=df.index)
        df[name] = given.where(given != "", (sign + parts[name]).fillna(""))
    return df
