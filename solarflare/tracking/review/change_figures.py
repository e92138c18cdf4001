"""The figures of a review: the curves before and after the change, and the images whose answer changed."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from solarflare.report import figures
from solarflare.report.figures import Picture
from solarflare.sun.images.instruments import Instrument
from solarflare.tracking.review.revisions import Results
from solarflare.tracking.review.score_changes import KEY, Comparison
from solarflare.verification.scores.score_table import interval

SHOWN = 2 * figures.COLUMNS  # most crops in each group of the contact sheet

HEADINGS = {"pr": "Precision and recall", "reliability": "Reliability"}
"""Headings of the figures with a side each, by name in `revisions.CURVES`."""


def draw(comparison: Comparison, instrument: Instrument, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Draw the figures of a task into a folder, if the task has scores to show. `instrument` took its images.

    Yields each heading with the file names of the figures below it. If there are two, the first is before the change.
    """
    if not comparison.has_scores:
        return
    task, sides = comparison.task, comparison.sides
    roc = {
        f"{when} {interval(results.scores['roc_auc'])}": results.curves["roc"]
        for when, results in sides.items()
        if "roc" in results.curves
    }
    if roc:
        figures.save(figures.roc(roc, f"{task}, {' and '.join(sides)}"), folder / f"{task}-roc.png")
        yield f"ROC of {task}", [f"{task}-roc.png"]
    for name, heading in HEADINGS.items():
        files = []
        for when, results in sides.items():
            if name in results.curves:
                files.append(f"{task}-{name}-{when}.png")
                _save_curve(name, results, f"{task}, {when}", folder / files[-1])
        if files:
            yield f"{heading} of {task}", files
    if pictures := _flipped(comparison, instrument):
        file = f"{task}-flipped.png"
        figures.save(figures.contact_sheet(pictures, f"{task}: answers that changed"), folder / file)
        yield f"Answers of {task} that changed", [file]


def _save_curve(name: str, results: Results, title: str, path: Path) -> None:
    curve, scores = results.curves[name], results.scores
    base_rate = scores["base_rate"]["value"]
    if name == "pr":
        figure = figures.precision_recall({f"network {interval(scores['pr_auc'])}": curve}, base_rate, title)
    else:
        figure = figures.reliability(curve, base_rate, title)
    figures.save(figure, path)


def _flipped(comparison: Comparison, instrument: Instrument) -> dict[str, list[Picture]]:
    """Return the crops of the images whose answer changed. The result is empty if the crops are not on this machine."""
    folder, flipped, form = comparison.task.crops, comparison.flipped, f".{comparison.decimals}f"
    if flipped.empty or not (folder / "index.csv").is_file():
        return {}
    # Imported here: it imports sunpy, which takes a second. A review without crops does not need it.
    from solarflare.dataset.shards.reader import Crops
    from solarflare.report.gallery import legible

    crops = Crops(folder)
    cut = flipped.merge(crops.index[KEY].assign(position=range(len(crops.index))), on=KEY)

    def pictures(rows: pd.DataFrame) -> list[Picture]:
        captions = [
            f"{row['before']:{form}} to {row['after']:{form}}, label {row['label']}\n{row['time']:%Y-%m-%d %H:%M}"
            for row in rows.to_dict("records")
        ]
        return legible(list(map(Picture, crops.take(rows["position"]), captions)), instrument)

    groups = {"Now right": cut[cut["right"]], "Now wrong": cut[~cut["right"]]}
    return {heading: pictures(rows.head(SHOWN)) for heading, rows in groups.items()}
