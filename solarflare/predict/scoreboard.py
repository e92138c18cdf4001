"""Write forecasts in the text form of CCMC's flare scoreboard, which takes forecasts from anybody.

The form follows the planning group's submission example (ccmc.gsfc.nasa.gov/scoreboards/flare). A file has a header and
lines of probabilities with four decimals for X, M and C, each with its uncertainty and its level of calibration; a
value that is not given is ``----``. Each time of issue has a file, ``Flare_Forecast_<method>_yyyymmdd_hhmm.txt``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from solarflare.core.files import atomic_path
from solarflare.predict.forecast_files import REGION

CLASSES = ("X", "M", "C")
NOT_GIVEN = "----"
COLUMNS = "  ".join(f"{letter}_prob {letter}_uncert {letter}_level" for letter in CLASSES)


@dataclass(frozen=True)
class Method:
    """The header of a forecast.

    Attributes
    ----------
    name : str
        The method's name at CCMC, without spaces.
    goes_class : str
        ``C``, ``M`` or ``X``: the forecast is for flares of this class or more.
    hours : float
        Length of the prediction window, which starts at the time of issue.
    data : str
        The input data, such as ``SDO/HMI LOS_Magnetogram``.
    """

    name: str
    goes_class: str
    hours: float
    data: str


def write(rows: pd.DataFrame, method: Method, folder: Path) -> list[Path]:
    """Write a file for each time into a folder, and return the files.

    Parameters
    ----------
    rows : DataFrame
        ``time``, ``noaa_ar`` and ``probability`` as in `forecast_files.ForecastFile`; a row without a region is a
        forecast of the full disk.
    method : Method
        The header.
    folder : Path
        It is made if it is missing.
    """
    paths = []
    for time, rows_of_time in rows.groupby("time"):
        issued = pd.Timestamp(str(time))
        path = folder / f"Flare_Forecast_{method.name}_{issued:%Y%m%d_%H%M}.txt"
        with atomic_path(path) as partial:
            partial.write_text("\n".join(lines(issued, rows_of_time, method)) + "\n")
        paths.append(path)
    return paths


def lines(issued: pd.Timestamp, rows: pd.DataFrame, method: Method) -> Iterator[str]:
    """Yield the lines of one forecast; see `write` for `rows` and `method`."""
    yield f"Forecasting method: {method.name}"
    yield f"Issue Time: {_time(issued)}"
    yield f"Prediction Window Start Time: {_time(issued)}"
    yield f"Prediction Window End Time: {_time(issued + pd.Timedelta(hours=method.hours))}"
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
            yield f"{number} {_time(issued)} {NOT_GIVEN} {noaa_ar}  {_probabilities(probability, method)}"


def _probabilities(probability: float, method: Method) -> str:
    values = {method.goes_class: f"{probability:.4f}"}
    return "  ".join(f"{values.get(letter, NOT_GIVEN)} {NOT_GIVEN} {NOT_GIVEN}" for letter in CLASSES)


def _time(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%dT%H:%MZ}"
