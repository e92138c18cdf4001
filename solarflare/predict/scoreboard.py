"""Forecasts in the text form of CCMC's flare scoreboard, which takes them from anybody.

The form is that of the planning group's submission example (ccmc.gsfc.nasa.gov/scoreboards/flare) and of methods that
submit in it: a header, and a line of probabilities with four decimals for X, M and C, each with its uncertainty and its
level of calibration; what is not given is ``----``. Each time of issue has a file of its own,
``Flare_Forecast_<method>_yyyymmdd_hhmm.txt``.
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
    """What a forecast says of itself.

    Attributes
    ----------
    name : str
        As CCMC knows it, without spaces.
    goes_class : str
        ``C``, ``M`` or ``X``: flares of this class or more are foretold.
    hours : float
        How far the prediction window reaches from the time of issue.
    data : str
        What went in, such as ``SDO/HMI LOS_Magnetogram``.
    """

    name: str
    goes_class: str
    hours: float
    data: str


def write(rows: pd.DataFrame, method: Method, folder: Path) -> list[Path]:
    """Write a file for each time.

    Parameters
    ----------
    rows : DataFrame
        Of `solarflare.predict.forecast_files.Forecasts`; those with a region are region forecasts, the others of the full disk.
    method : Method
        What the header says.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        The files.
    """
    paths = []
    for key, of_time in rows.groupby("time"):
        issued = pd.Timestamp(str(key))
        path = folder / f"Flare_Forecast_{method.name}_{issued:%Y%m%d_%H%M}.txt"
        with atomic_path(path) as partial:
            partial.write_text("\n".join(lines(issued, of_time, method)) + "\n")
        paths.append(path)
    return paths


def lines(issued: pd.Timestamp, rows: pd.DataFrame, method: Method) -> Iterator[str]:
    """Yield the lines of one forecast: its header, and the probabilities of `rows`, as `write` takes them."""
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
        listed = zip(regions[REGION].tolist(), regions["probability"].tolist(), strict=True)
        for number, (noaa_ar, probability) in enumerate(listed, start=1):
            yield f"{number} {_time(issued)} {NOT_GIVEN} {noaa_ar}  {_probabilities(probability, method)}"


def _probabilities(probability: float, method: Method) -> str:
    given = {method.goes_class: f"{probability:.4f}"}
    return "  ".join(f"{given.get(letter, NOT_GIVEN)} {NOT_GIVEN} {NOT_GIVEN}" for letter in CLASSES)


def _time(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%dT%H:%MZ}"
