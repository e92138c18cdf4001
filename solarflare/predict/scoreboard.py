"""Write forecasts in the text form of CCMC's flare scoreboard, which takes forecasts from anybody.

The form follows the planning group's submission example (ccmc.gsfc.nasa.gov/scoreboards/flare). A file has a header and
lines of probabilities with four decimals for X, M and C. An uncertainty and a level of calibration follow each
probability. A value that is not given is ``----``. There is one file per time of issue,
``Flare_Forecast_<method>_yyyymmdd_hhmm.txt``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.networks import calibration
from solarflare.predict import forecast_files
from solarflare.predict.forecast_files import REGION

CLASSES = ("X", "M", "C")
NOT_GIVEN = "----"
COLUMNS = "  ".join(f"{letter}_prob {letter}_uncert {letter}_level" for letter in CLASSES)


@dataclass(frozen=True)
class Method:
    """The header of a forecast: method, GOES class, length of the prediction window, input data."""

    name: str
    goes_class: str
    hours: float
    data: str


def convert(
    file: Path, columns: dict[str, str | None], rates: tuple[float | None, float | None], method: Method, folder: Path
) -> list[Path]:
    """Write the forecasts in a CSV file into a folder, one file per time, and return the files.

    Parameters
    ----------
    file, columns : Path and dict
        The arguments of `forecast_files.read`. A row without a region is a forecast of the full disk.
    rates : tuple of float or None
        The base rate for which the probabilities were fitted, and the base rate to correct them to, 0 to 1. Both or
        none are given.
    method : Method
        The header. Its name has no spaces. Its class is C, M or X, for flares of this class or more. Its window starts
        at the time of issue.
    folder : Path
        The folder is made if it is missing.

    Raises
    ------
    InputError
        If the scoreboard has no such class, only one base rate is given, or the file cannot be used.
    """
    if method.goes_class not in CLASSES:
        raise InputError(f"--class is {method.goes_class!r}; expected one of {', '.join(CLASSES)}")
    forecasts = forecast_files.read(file, columns, labelled=False)
    for warning in forecasts.warnings:
        log.warning("warning: %s", warning)
    rows, (fitted, wanted) = forecasts.rows, rates
    if (fitted is None) != (wanted is None):
        raise InputError(
            "--fitted-rate and --base-rate go together: give the base rate to correct from and the one to correct to"
        )
    if fitted and wanted:
        rows = rows.assign(probability=calibration.at_base_rate(rows["probability"], fitted, wanted))
    paths = []
    for time, rows_of_time in rows.groupby("time"):
        issued = pd.Timestamp(str(time))
        paths.append(folder / f"Flare_Forecast_{method.name}_{issued:%Y%m%d_%H%M}.txt")
        write_file(issued, rows_of_time, method, paths[-1])
    return paths


def write_file(issued: pd.Timestamp, rows: pd.DataFrame, method: Method, path: Path) -> None:
    """Write one forecast. `rows` has ``noaa_ar`` (``""`` for the full disk) and ``probability``."""
    with atomic_path(path) as partial:
        partial.write_text("\n".join(_lines(issued, rows, method)) + "\n")


def _lines(issued: pd.Timestamp, rows: pd.DataFrame, method: Method) -> Iterator[str]:
    yield f"Forecasting method: {method.name}"
    start, end = (f"{time:%Y-%m-%dT%H:%MZ}" for time in (issued, issued + pd.Timedelta(hours=method.hours)))
    yield f"Issue Time: {start}"
    yield f"Prediction Window Start Time: {start}"
    yield f"Prediction Window End Time: {end}"
    yield f"Probability Bins: {method.goes_class}+"
    yield f"Input data: {method.data}"
    disk, regions = rows[rows[REGION] == ""], rows[rows[REGION] != ""]
    if len(disk):
        yield "#Full Disk Forecast"
        yield f"#{COLUMNS}"
        yield from (_probabilities(probability, method) for probability in disk["probability"].tolist())
    if len(regions):
        yield "#Region Forecast"
        yield f"#Region_ID DateTime Location NOAA_AR  {COLUMNS}"
        pairs = zip(regions[REGION].tolist(), regions["probability"].tolist(), strict=True)
        for number, (noaa_ar, probability) in enumerate(pairs, start=1):
            yield f"{number} {start} {NOT_GIVEN} {noaa_ar}  {_probabilities(probability, method)}"


def _probabilities(probability: float, method: Method) -> str:
    values = {method.goes_class: f"{probability:.4f}"}
    return "  ".join(f"{values.get(letter, NOT_GIVEN)} {NOT_GIVEN} {NOT_GIVEN}" for letter in CLASSES)
