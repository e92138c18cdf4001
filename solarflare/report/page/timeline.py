"""The timeline of a task: when images were taken, their labels and parts, and when the lists are complete."""

from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from markupsafe import Markup

from solarflare.core.tasks import Task
from solarflare.report import figures, svg
from solarflare.report.figures import FAINT, GOLD, INK, LIST, SKY, SUN, TRAINING
from solarflare.report.page import page_tables

PARTS = {"train": "training", "validation": "validation", "test": "test", "": "left out"}
PART_COLOURS = {"train": TRAINING, "validation": GOLD, "test": INK}
LABEL_COLOURS = {"label 1": SUN, "label 0": SKY, "no label": FAINT}


def timeline(task: Task, labels: pd.DataFrame, splits: pd.DataFrame, coverage: pd.DataFrame) -> dict[str, Any]:
    """Return a chart with several lanes over the same months, and tables of counts, for the template.

    The names of the lanes are HTML text. Text inside a drawing would shrink with the drawing on a phone.
    """
    month = labels["time"].dt.to_period("M")
    months = pd.period_range(month.min(), month.max(), freq="M")
    label = labels["label"].map({1: "label 1", 0: "label 0"}).fillna("no label")
    counts = pd.crosstab(month, label).reindex(index=months, columns=list(LABEL_COLOURS), fill_value=0)
    key = [name for name in ("path", "noaa_ar") if name in labels]
    split = splits.merge(labels[[*key, "time"]], on=key)
    folds = [rows for _, rows in split.groupby("fold")]
    complete = coverage[coverage["status"] == "complete"]
    parts = pd.crosstab(split["time"].dt.year, split["part"]).reindex(columns=list(PARTS), fill_value=0)
    by_year = counts.groupby(months.year).sum().join(parts.rename(columns=PARTS)).fillna(0).astype(int)
    unlabelled = labels.loc[labels["label"].isna(), "reason"].value_counts()
    gaps = coverage[coverage["status"] == "absent"].groupby(["list", "reason"]).size()
    noun = "images" if task == Task.DISK else "regions"
    description = f"Labelled {noun} a month, from {months[0]} to {months[-1]}; the table below has the numbers"
    strips = [(f"fold {fold}" if folds[1:] else "parts", _parts(rows, months)) for fold, rows in enumerate(folds)]
    strips += [(f"list {name}", _coverage(str(name), rows, months)) for name, rows in complete.groupby("list")]
    years = [(day.year, place) for place, day in enumerate(months) if day.month == 1 or place == 0]
    return {
        "years": [(year, 100 * place / len(months)) for year, place in years],  # place: percent of the width
        "labels": svg.inline(figures.columns(counts, LABEL_COLOURS), description, stretched=True),
        "most": int(counts.sum(axis=1).max()),  # the count of the highest column
        "strips": strips,  # the name of each lane, and its drawing
        "by_year": page_tables.counts(by_year.rename_axis("year").reset_index()),
        "unlabelled": page_tables.counts(unlabelled.rename_axis("reason").reset_index(name="rows")),
        "gaps": page_tables.counts(gaps.reset_index(name="rows")),  # time spans in which a list is absent
    }


def _parts(rows: pd.DataFrame, months: pd.PeriodIndex) -> Markup:
    """Draw a lane with the part to which most rows of each month belong."""
    counts = pd.crosstab(rows["time"].dt.to_period("M"), rows["part"]).reindex(index=months, fill_value=0)
    names, largest_parts = counts.columns.tolist(), counts.to_numpy().argmax(axis=1).tolist()
    filled = [(place, names[part]) for place, part in enumerate(largest_parts) if counts.iloc[place].any()]
    runs = [(name, [place for place, _ in run]) for name, run in groupby(filled, key=itemgetter(1))]
    listed = ", ".join(f"{PARTS[name]} {months[run[0]]} to {months[run[-1]]}" for name, run in runs)
    spans = [(run[0], run[-1] + 1, PART_COLOURS[name]) for name, run in runs if name]
    return svg.inline(figures.strip(spans, len(months)), f"What most rows of a month are for: {listed}", stretched=True)


def _coverage(name: str, rows: pd.DataFrame, months: pd.PeriodIndex) -> Markup:
    """Draw a lane with the times at which a list is complete."""
    start_time, duration = months[0].start_time, months[-1].end_time - months[0].start_time
    ends = [((rows[end] - start_time) / duration).clip(0, 1) * len(months) for end in ("start", "end")]
    spans = [(start, end, LIST) for start, end in zip(*ends, strict=True)]
    return svg.inline(figures.strip(spans, len(months)), f"Where the list {name} is complete", stretched=True)
