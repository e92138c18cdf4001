"""The project's own forecasts as operators publish theirs: for each day, whether the full disk flares from 00 UT on.

A day's forecast is that of the last image in the 24 hours before its 00 UT, at 00 UT included. The network forecasts
the 24 hours after its image, and the table says it of the 24 hours after 00 UT: the older the image, the harder.
Forecasts of regions become one of the disk by the probability that at least one region flares, as if they flared
independently: 1 minus the product of 1 - p. An image without a region that was asked about gives no forecast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import csv_text, paths, tables
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path, check_output_file
from solarflare.core.tasks import Task
from solarflare.predict import column_roles, forecast_files, foreign_cells, own_predictions, scoreboard
from solarflare.sources.common import spellings
from solarflare.sun.events.questions import DiskLabel
from solarflare.sun.labels.labels import label_disk

DAY = pd.Timedelta(days=1)
DECIMALS = 6
BEGINNING = "time,label,"  # of every table


@dataclass(frozen=True)
class Written:
    """What a table holds.

    `days` and `positive` are the numbers of days and of those with a flare of `goes_class` or more. From the `first` to
    the `last` day, `unlabelled` days have a forecast and no label, and `without_forecast` days have no forecast.
    """

    days: int
    positive: int
    goes_class: str
    first: pd.Timestamp
    last: pd.Timestamp
    unlabelled: int
    without_forecast: int

    def __str__(self) -> str:
        left_out = {"no forecast": self.without_forecast, "no label": self.unlabelled}
        counts = ", ".join(f"{count:,} have {what}" for what, count in left_out.items() if count)
        span = f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}"
        sentence = f"{self.days:,} days of {span}, {self.positive:,} with {self.goes_class} or more"
        return f"{sentence}; of the other days {counts}" if counts else sentence


def write(predictions: Path, method: str, labels: Path | None, path: Path) -> Written:
    """Write the forecasts of a project's ``metrics/predictions/<task>.csv`` as a table with a row for each day.

    Parameters
    ----------
    predictions : Path
        The predictions, in the project that made them.
    method : str
        The name of the column of probabilities.
    labels : Path or None
        A CSV file with a time and a label, which says what happened on each day. If it is None, the project's own flare
        list says it, where it is complete.
    path : Path
        Receives the columns ``time`` (the day), ``label`` and `method`. Days without an image or a label are left out.

    Raises
    ------
    InputError
        If the predictions are not the project's own, are no forecasts of 24 hours, or are of rows that were chosen by
        what happened; if no day is left; if the labels or the output cannot be used.
    """
    check_output_file(path, BEGINNING)
    if method in ("time", "label") or not method.isprintable() or "," in method:
        raise InputError(f"--method is {method!r}, which is no name of a column; name another, such as solarflare")
    if not predictions.is_file():
        raise InputError(f"{predictions} is not a file; name a project's metrics/predictions/disk.csv or region.csv")
    task, question, _, origin = scoreboard.trained_on(predictions)
    if reason := scoreboard.refusal(task, question, origin) or _refusal(task, question):
        raise InputError(f"{predictions}: {reason}")
    forecasts = by_day(forecast_files.read(predictions, labelled=False).rows)
    days = pd.DatetimeIndex(forecasts.index)
    happened = _read_labels(labels) if labels else _own_labels(predictions, days, question["min_class"])
    table = pd.DataFrame({"label": happened.reindex(forecasts.index), method: forecasts.round(DECIMALS)})
    labelled = table.dropna().astype({"label": int})
    if labelled.empty:
        raise InputError(f"{labels or predictions}: none of the {len(table):,} days of the forecasts has a label")
    with atomic_path(path) as partial:
        labelled.to_csv(partial, index_label="time", date_format="%Y-%m-%d", lineterminator="\n")
    return Written(
        days=len(labelled),
        positive=int(labelled["label"].sum()),
        goes_class=question["min_class"],
        first=table.index[0],
        last=table.index[-1],
        unlabelled=len(table) - len(labelled),
        without_forecast=(table.index[-1] - table.index[0]).days + 1 - len(table),
    )


def by_day(rows: pd.DataFrame) -> pd.Series:
    """Return the probability of each day, by its 00 UT, from the last image in the 24 hours before.

    `rows` has ``time`` and ``probability``, one row for each image or for each region of an image. All rows of one time
    are of one image.
    """
    images = 1 - (1 - rows["probability"]).groupby(rows["time"]).prod()
    day = pd.DatetimeIndex(images.index).ceil("D").rename("time")
    return images.groupby(day).last()


def _refusal(task: Task, question: Mapping[str, Any]) -> str:
    """Return why the forecasts are none of a day, in words that name the parameter; blank if they are."""
    if question["after"] != DAY / pd.Timedelta(hours=1):
        return f"label.{task}.after is {question['after']:g}, and a day's forecast needs 24"
    if question.get("unassigned") == "drop":
        return (
            f"label.{task}.unassigned is drop, so that rows were left out by what happened after them, and a day's "
            "forecast would know it; use the predictions of a profile with ignore"
        )
    return ""


def _own_labels(predictions: Path, days: pd.DatetimeIndex, goes_class: str) -> pd.Series:
    """Return what the project's flare list says of each day; NaN where it is not complete."""
    project = own_predictions.lock_of(predictions).parent
    flares = tables.read(project / paths.RAW_FLARES, tables.FLARES)
    coverage = tables.read(project / paths.RAW_COVERAGE, tables.COVERAGE)
    question = DiskLabel(event="start", min_class=goes_class, before=0, after=24, target="flare")
    # A flare that begins at 00 UT is one of the day, and `label_disk` counts those that begin later.
    starts = days - pd.Timedelta(seconds=1)
    images = pd.DataFrame({"path": days.strftime("%Y-%m-%d"), "time": starts, "pair_id": ""})
    labelled = label_disk(images, flares, tables.empty(tables.REGIONS), coverage, None, question)
    return pd.Series(labelled["label"].to_numpy(float, na_value=float("nan")), pd.DatetimeIndex(labelled["path"]))


def _read_labels(path: Path) -> pd.Series:
    """Return the label of each day in a file."""
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a CSV file with a time and a label")
    df = spellings.blanked(csv_text.read(path))
    time = column_roles.find(df, "time", None, path)
    label = column_roles.find(df.drop(columns=time), "label", None, path)
    days = foreign_cells.parse_times(df[time])
    happened = pd.Series(foreign_cells.labels(df[label]).to_numpy(), pd.DatetimeIndex(days)).dropna()
    if not happened.isin([0, 1]).all() or happened.index.hasnans or happened.index.has_duplicates:
        raise InputError(f"{path}: expected one row for each day with a time in {time} and 0 or 1 in {label}")
    return happened
