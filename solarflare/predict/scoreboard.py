"""Write forecasts in the text form of CCMC's flare scoreboard, which takes forecasts from anybody.

The form follows the planning group's submission example (ccmc.gsfc.nasa.gov/scoreboards/flare). A file has a header and
lines of probabilities with four decimals for X, M and C. An uncertainty and a level of calibration follow each
probability. A value that is not given is ``----``. There is one file per time of issue,
``Flare_Forecast_<method>_yyyymmdd_hhmm.txt``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import csv_text, paths, tables
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder, atomic_path, check_output_file
from solarflare.core.printable import one_line
from solarflare.core.tasks import Task
from solarflare.networks import calibration
from solarflare.predict import forecast_files, own_predictions
from solarflare.predict.forecast_cells import REGION

CLASSES = ("X", "M", "C")
FORECAST_CLASSES = [f"{letter}1.0" for letter in CLASSES]
NOT_GIVEN = "----"
BEGINNING = "Forecasting method: "  # of every file
INPUT_DATA = {
    "gong": "GONG LOS_Magnetogram",
    "hmi": "SDO/HMI LOS_Magnetogram",
    "mdi": "SOHO/MDI LOS_Magnetogram",
    "aia171": "SDO/AIA 171",
    "aia193": "SDO/AIA 193",
    "aia211": "SDO/AIA 211",
}
"""What the form calls the images of each instrument."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
COLUMNS = "  ".join(f"{letter}_prob {letter}_uncert {letter}_level" for letter in CLASSES)


@dataclass(frozen=True)
class Method:
    """The header of a forecast: method, GOES class, length of the prediction window, input data."""

    name: str
    goes_class: str
    hours: float
    data: str

    def __post_init__(self) -> None:
        """Raise an InputError if the name cannot be a part of a file's name, or the data are more than a line."""
        if not NAME.fullmatch(self.name):
            raise InputError(
                f"--method is {one_line(self.name)!r}; expected letters, digits, points, hyphens and underscores, at "
                "most 100, for it becomes a part of the files' names"
            )
        if not self.data.isprintable():
            raise InputError(f"--data is {one_line(self.data)!r}; expected one line of text")


def refusal(task: Task, question: Mapping[str, Any], origin: str) -> str:
    """Return why the form cannot say what a network forecasts, in words that name the parameter; blank if it can.

    Parameters
    ----------
    task, question, origin
        The task, ``label.<task>`` and ``scrape.origin`` of the network's training.
    """
    needs = {
        "scrape.origin": (origin, origin != "simulated", "archive or live: forecasts of the real Sun"),
        "target": (question.get("target", "flare"), question.get("target", "flare") == "flare", "flare"),
        "event": (question["event"], question["event"] == "start", "start: flares that begin after the image"),
        "before": (question["before"], question["before"] == 0, "0: a window that begins at the image"),
        "after": (question["after"], question["after"] >= 1, "the hours of a forecast, 1 or more"),
        "min_class": (question["min_class"], question["min_class"] in FORECAST_CLASSES, ", ".join(FORECAST_CLASSES)),
    }
    for key, (value, fits, needed) in needs.items():
        if not fits:
            name = key if key == "scrape.origin" else f"label.{task}.{key}"
            return f"{name} is {value}, and the scoreboard's form needs {needed}"
    return ""


def header(name: str, question: Mapping[str, Any], instruments: Iterable[str]) -> Method:
    """Return the header that is true of networks with a question that `refusal` does not refuse."""
    data = ", ".join(INPUT_DATA[instrument] for instrument in sorted(set(instruments)))
    return Method(name, question["min_class"][0], question["after"], data)


def header_of(file: Path, name: str, goes_class: str | None, hours: float | None, data: str | None) -> Method:
    """Return the header of a file of forecasts.

    The pipeline's own predictions have the class, the window and the images of the parameters that ``dvc.lock`` names
    for them. For other files, the caller states these.

    Parameters
    ----------
    file : Path
        A CSV file with a header.
    name, goes_class, hours, data
        The attributes of `Method` as the caller states them; None is not stated.

    Raises
    ------
    InputError
        If the form cannot say what the pipeline's predictions are, if the caller states something else, if the caller
        states too little of another file, or if nothing tells what the file forecasts.
    """
    stated = {"--class": goes_class, "--hours": hours, "--data": data}
    if not set(tables.PREDICTIONS.columns) <= set(_columns(file)):
        if goes_class is None or hours is None or data is None:
            missing = ", ".join(option for option, value in stated.items() if value is None)
            raise InputError(f"{file} does not tell what it forecasts, and from which images; add {missing}")
        return Method(name, goes_class, hours, data)
    task, question, instrument, origin = trained_on(file)
    if reason := refusal(task, question, origin):
        raise InputError(
            f"{file}: {reason}; forecast on real images, such as with `solarflare experiment sdo-euv --archive FOLDER` "
            "and `dvc exp apply sdo-euv-test-2014`, and submit metrics/predictions/region.csv"
        )
    true = header(name, question, [instrument])
    own = {"--class": true.goes_class, "--hours": true.hours, "--data": true.data}
    for option, value in stated.items():
        if value not in (None, own[option]):
            raise InputError(f"{option} is {value}, and {file} was made with {own[option]}; leave {option} out")
    return true


def _columns(file: Path) -> list[str]:
    if not file.is_file():
        raise InputError(f"{file} is not a file; name a CSV file of forecasts")
    return list(csv_text.read(file).columns)


def trained_on(file: Path) -> tuple[Task, Mapping[str, Any], str, str]:
    """Return the task, question, instrument and origin of the pipeline's own predictions, from ``dvc.lock``."""
    task = own_predictions.task_of(file)
    if task is None:
        raise InputError(
            f"{file} has the columns of metrics/predictions/<task>.csv, and no {paths.LOCK} tells how it was "
            "made; name the file in its project, or keep time, probability and noaa_ar, and add --class, --hours and "
            "--data"
        )
    evaluated, scraped = (own_predictions.parameters(file, stage) for stage in ("evaluate", "scrape"))
    try:
        return task, evaluated["label"][task], evaluated["instrument"][task], scraped["scrape.origin"]
    except (KeyError, TypeError):
        raise own_predictions.no_record(file) from None


def convert(
    file: Path,
    columns: dict[str, str | None],
    rates: tuple[float | None, float | None],
    method: Method,
    folder: OutputFolder,
) -> list[str]:
    """Write the forecasts in a CSV file into a folder, one file per time, and return the names of the files.

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
    folder : OutputFolder
        Receives the files.

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
    if repeats := int(rows.duplicated(["time", REGION]).sum()):
        key = "time and region" if (rows[REGION] != "").any() else "time"
        raise InputError(f"{file}: {repeats:,} rows repeat the {key} of another row; leave one forecast of each")
    issues = {
        f"Flare_Forecast_{method.name}_{pd.Timestamp(str(time)):%Y%m%d_%H%M}.txt": (pd.Timestamp(str(time)), of_time)
        for time, of_time in rows.groupby("time")
    }
    if len(issues) < rows["time"].nunique():
        raise InputError(f"{file}: two forecasts are of the same minute, and would have one file; leave one of them")
    for name, (issued, of_time) in issues.items():
        with folder.file(name) as partial:
            partial.write_text(_text(issued, of_time, method), encoding="utf-8")
    return list(issues)


def check_file(path: Path) -> None:
    """Raise InputError if `path` is something else than a forecast that may be replaced."""
    check_output_file(path, BEGINNING)


def write_file(issued: pd.Timestamp, rows: pd.DataFrame, method: Method, path: Path) -> None:
    """Write one forecast. `rows` has ``noaa_ar`` (``""`` for the full disk) and ``probability``."""
    check_file(path)
    with atomic_path(path) as partial:
        partial.write_text(_text(issued, rows, method), encoding="utf-8")


def _text(issued: pd.Timestamp, rows: pd.DataFrame, method: Method) -> str:
    return "\n".join(_lines(issued, rows, method)) + "\n"


def _lines(issued: pd.Timestamp, rows: pd.DataFrame, method: Method) -> Iterator[str]:
    yield f"{BEGINNING}{method.name}"
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
