"""What a forecaster knows without looking at the image: the last flares and the last region reports.

Nothing is used that was not known at the image's time. Flares count up to ``delay`` hours before the question's window,
by when they were on the lists; a region report counts from ``delay`` hours after the time that it is valid at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import labels, tables
from solarflare.flares import clean, flux, in_windows
from solarflare.geometry import REPORT_REACH, regions_on_disk
from solarflare.params import DiskLabel, RegionLabel

DAYS = (1, 3, 10)
"""How far a flare history looks back: a day, some days, most of a region's passage over the disk."""

FAINTEST = 1e-7
"""W/m2, class B1.0: what a history without any flare is taken for, so that its logarithm is a number."""

MAGNETIC = ("beta", "gamma", "delta")
"""Parts of a magnetic class's name: Hale et al. 1919, doi:10.1086/142452; delta: Künzel 1960."""

MCINTOSH = ("ABCDEFH", "xrsakh", "xoic")
"""Letters of the modified Zurich class, of the largest spot and of the spots between: McIntosh 1990,
doi:10.1007/BF00158405."""

UNKNOWN = {
    "persistence": "no list tells of the time before any image",
    "catalogue": "no region report was known at any image's time",
    "history": f"no list is complete for the {DAYS[-1]} days before any image",
}

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Knowledge:
    """What is known of the Sun besides its images.

    Attributes
    ----------
    flares, regions, coverage : DataFrame
        Of `tables.FLARES`, `tables.REGIONS`, `tables.COVERAGE`; a table that the origin lacks is empty.
    delay : float
        Hours from an event or a report to when it is known.
    """

    flares: pd.DataFrame
    regions: pd.DataFrame
    coverage: pd.DataFrame
    delay: float

    @classmethod
    def read(cls, folder: Path, delay: float) -> "Knowledge":
        """Read the tables in a folder, as ``data/raw``."""
        paths = {folder / f"{schema.name}.csv": schema for schema in (tables.FLARES, tables.REGIONS, tables.COVERAGE)}
        flares, regions, coverage = (
            tables.read(path, schema) if path.is_file() else tables.empty(schema) for path, schema in paths.items()
        )
        return cls(flares, regions, coverage, delay)

    def before(self, times: pd.Series, hours: float = 0) -> pd.Series:
        """Return the last moments that are known so many hours before some times."""
        return times - pd.Timedelta(hours=hours + self.delay)


def gather(
    rows: pd.DataFrame, known: Knowledge, question: DiskLabel | RegionLabel
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the predictors of each baseline that needs no image, and why others are absent.

    Parameters
    ----------
    rows, known, question
        As of `persistence`.

    Returns
    -------
    found : dict of DataFrame
        ``persistence``, ``catalogue`` and ``history``, each on the index of `rows`.
    absent : dict of str
        The reason for each of them that is known of no row.
    """
    made = {"persistence": persistence, "catalogue": catalogue, "history": history}
    found = {name: make(rows, known, question) for name, make in made.items()}
    absent = {name: UNKNOWN[name] for name, of_rows in found.items() if of_rows.isna().any(axis=1).all()}
    return {name: of_rows for name, of_rows in found.items() if name not in absent}, absent


def persistence(rows: pd.DataFrame, known: Knowledge, question: DiskLabel | RegionLabel) -> pd.DataFrame:
    """Return the answer to the same question asked of the time before.

    Parameters
    ----------
    rows : DataFrame
        ``path``, ``time`` and, for regions, ``noaa_ar``, one row an image or region.
    known : Knowledge
        What may be used.
    question : DiskLabel or RegionLabel
        Of flares: asked of a window of equal length that ends where the question's begins, less the delay. Of active
        regions: asked of the last report.

    Returns
    -------
    DataFrame
        ``before`` on the index of `rows`: 1 or 0; NaN where it has no answer.
    """
    if isinstance(question, DiskLabel) and question.target == "active_region":
        asked = rows.assign(time=_reported(rows["time"], known), pair_id="")
        answered = labels.label_disk(asked, known.flares, known.regions, known.coverage, None, question)
        before = rows["path"].map(answered.set_index("path")["label"]).to_numpy(float, na_value=np.nan)
    else:
        times = known.before(rows["time"], question.before + question.after)
        before = labels.flared(times, rows.get("noaa_ar"), known.flares, known.coverage, question)
    return pd.DataFrame({"before": before}, rows.index)


def history(rows: pd.DataFrame, known: Knowledge, question: DiskLabel | RegionLabel) -> pd.DataFrame:
    """Return how often and how strongly the Sun, or each region, has flared lately.

    Parameters
    ----------
    rows, known, question
        As of `persistence`.

    Returns
    -------
    DataFrame
        On the index of `rows`, for each of `DAYS` the logarithms of one plus the number of flares of the question's
        class or more, and of their summed peak flux; NaN where no list is complete for so long.

    Notes
    -----
    That past flares alone foretell flares: Wheatland 2004, doi:10.1086/421261.
    """
    times = known.before(rows["time"], question.before)
    flares, _ = clean(known.flares)
    peak = flux(flares["goes_class"])
    strong = peak >= labels.threshold(question)
    counted = flares[strong & (flares["noaa_ar"].notna() if "noaa_ar" in rows else True)]
    columns = {}
    for days in DAYS:
        span = question.model_copy(update={"event": "start", "before": 24.0 * days, "after": 0.0})
        windows = labels.windows_around(times, span, rows.get("noaa_ar"))
        count = in_windows(counted, windows, np.ones(len(counted)))
        energy = in_windows(counted, windows, flux(counted["goes_class"]))
        unknown = np.any(list(labels.uncovered(times, known.coverage, span).values()), axis=0)
        columns[f"flares_{days}_days"] = np.where(unknown, np.nan, np.log1p(count))
        columns[f"flux_{days}_days"] = np.where(unknown, np.nan, np.log10(FAINTEST + energy))
    return pd.DataFrame(columns, rows.index)


def catalogue(rows: pd.DataFrame, known: Knowledge, question: DiskLabel | RegionLabel) -> pd.DataFrame:
    """Return what the last region report says of each region, or of all regions on the disk.

    Parameters
    ----------
    rows, known, question
        As of `persistence`; the question does not matter.

    Returns
    -------
    DataFrame
        On the index of `rows`: of a region the logarithms of its area and number of spots, and the parts of its
        magnetic and McIntosh class, all zero where the report does not have it yet; of the disk the sums of all these
        over its regions, and the largest area. NaN where reports are not complete.

    Notes
    -----
    Flare rates by McIntosh class: Gallagher et al. 2002, doi:10.1023/A:1020950221179.
    """
    image, paths = pd.factorize(rows["path"])
    times = _reported(rows["time"], known)
    moments = pd.DataFrame({"path": np.arange(len(paths)), "time": times.to_numpy()[~pd.Series(image).duplicated()]})
    on_disk = regions_on_disk(moments, known.regions)
    if "noaa_ar" in rows:
        asked = pd.DataFrame({"path": image, "noaa_ar": rows["noaa_ar"].to_numpy()})
        listed = on_disk[["path", "noaa_ar"]].assign(place=np.arange(len(on_disk)))
        place = asked.merge(listed, how="left")["place"].fillna(-1).to_numpy(int)
        columns = {name: np.append(of_region, 0)[place] for name, of_region in _described(on_disk)}
    else:
        columns = {
            name: np.bincount(on_disk["path"], of_region, minlength=len(paths))[image]
            for name, of_region in _described(on_disk)
        }
        columns["largest"] = (
            on_disk.groupby("path")["area"].max().reindex(image, fill_value=0).fillna(0).to_numpy(float)
        )
    predictors = pd.DataFrame({name: np.log1p(column) for name, column in columns.items()}, rows.index)
    reports = known.coverage[known.coverage["list"] == "regions"]
    predictors.loc[~labels.covered(reports, times, times)] = np.nan
    return predictors


def _reported(times: pd.Series, known: Knowledge) -> pd.Series:
    """Return times whose nearest report was known at some others: it is `REPORT_REACH` after them at most."""
    return known.before(times) - REPORT_REACH


def _described(on_disk: pd.DataFrame) -> Iterator[tuple[str, Values]]:
    """Yield what describes regions, a column after the other: area, number of spots, parts of their classes."""
    for name in ("area", "spots"):
        yield name, on_disk[name].fillna(0).to_numpy(float)
    # There are few classes and many rows.
    code, magnetic = pd.factorize(on_disk["mag_type"].str.lower())
    for part in MAGNETIC:
        yield part, np.array([part in called for called in magnetic], float)[code]
    code, mcintosh = pd.factorize(on_disk["mcintosh"].str.lower())
    for place, letters in enumerate(MCINTOSH):
        for letter in letters:
            of_class = [called[place : place + 1] == letter.lower() for called in mcintosh]
            yield f"{place}_{letter}", np.array(of_class, float)[code]
