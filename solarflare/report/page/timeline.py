"""When a task's images were taken, what they were labelled, which part they were in, and what the lists cover."""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import pandas as pd
from markupsafe import Markup

from solarflare.core.tasks import Task
from solarflare.report.page import charts

PARTS = {"train": "training", "validation": "validation", "test": "test", "": "left out"}
LABELS = {"one": "label 1", "zero": "label 0", "unknown": "no label"}


@dataclass(frozen=True)
class Timeline:
    """A chart in rows over the same months.

    Attributes
    ----------
    years : list of (int, float)
        Each year's first month as a share of the width, in percent.
    labels : Markup
        Columns, a month each.
    most : int
        What the highest of them counts.
    strips : list of (str, Markup)
        What stands at the left, and spans over the same months.
    by_year : DataFrame
        The counts behind it: by year, those of `LABELS` and `PARTS`.
    unlabelled : Series
        How many rows have no label, by reason, the commonest first.
    gaps : DataFrame
        ``list``, ``reason`` and how many rows, ``n``, of what was expected and is absent.
    """

    years: list[tuple[int, float]]
    labels: Markup
    most: int
    strips: list[tuple[str, Markup]]
    by_year: pd.DataFrame
    unlabelled: pd.Series
    gaps: pd.DataFrame


def timeline(task: Task, labels: pd.DataFrame, splits: pd.DataFrame, coverage: pd.DataFrame) -> Timeline:
    """Return the timeline of a task.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    labels : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`.
    splits : DataFrame
        Of `tables.SPLITS`.
    coverage : DataFrame
        Of `tables.COVERAGE`.
    """
    month = labels["time"].dt.to_period("M")
    months = pd.period_range(month.min(), month.max(), freq="M")
    kind = labels["label"].map({1: "one", 0: "zero"}).fillna("unknown")
    counts = pd.crosstab(month, kind).reindex(index=months, columns=list(LABELS), fill_value=0)
    key = [name for name in ("path", "noaa_ar") if name in labels]
    split = splits.merge(labels[[*key, "time"]], on=key)
    folds = [rows for _, rows in split.groupby("fold")]
    complete = coverage[coverage["status"] == "complete"]
    parts = pd.crosstab(split["time"].dt.year, split["part"]).reindex(columns=list(PARTS), fill_value=0)
    by_year = counts.groupby(months.year).sum().rename(columns=LABELS).join(parts.rename(columns=PARTS))
    absent = coverage[coverage["status"] == "absent"].groupby(["list", "reason"]).size()
    noun = "images" if task == Task.DISK else "regions"
    said = f"Labelled {noun} a month, from {months[0]} to {months[-1]}; the table below has the numbers"
    return Timeline(
        [(one.year, 100 * place / len(months)) for place, one in enumerate(months) if one.month == 1 or place == 0],
        charts.columns(counts, said),
        int(counts.sum(axis=1).max()),
        [(f"fold {fold}" if folds[1:] else "parts", _parts(rows, months)) for fold, rows in enumerate(folds)]
        + [(f"list {name}", _coverage(str(name), rows, months)) for name, rows in complete.groupby("list")],
        by_year.fillna(0).astype(int),
        labels.loc[labels["label"].isna(), "reason"].value_counts(),
        absent.rename("n").reset_index(),
    )


def _parts(rows: pd.DataFrame, months: pd.PeriodIndex) -> Markup:
    """Return which part most rows of each month are in."""
    counts = pd.crosstab(rows["time"].dt.to_period("M"), rows["part"]).reindex(index=months, fill_value=0)
    names, most = counts.columns.tolist(), counts.to_numpy().argmax(axis=1).tolist()
    held = [(place, names[part]) for place, part in enumerate(most) if counts.iloc[place].any()]
    runs = [(name, [place for place, _ in run]) for name, run in groupby(held, key=itemgetter(1))]
    said = ", ".join(f"{PARTS[name]} {months[run[0]]} to {months[run[-1]]}" for name, run in runs)
    spans = [(run[0], run[-1] + 1, name or "out") for name, run in runs]
    return charts.strip(spans, len(months), f"What most rows of a month are for: {said}")


def _coverage(name: str, rows: pd.DataFrame, months: pd.PeriodIndex) -> Markup:
    """Return the spans in which a list is complete."""
    first, whole = months[0].start_time, months[-1].end_time - months[0].start_time
    ends = [((rows[end] - first) / whole).clip(0, 1) * len(months) for end in ("start", "end")]
    spans = [(start, end, "covered") for start, end in zip(*ends, strict=True)]
    return charts.strip(spans, len(months), f"Where the list {name} is complete")
