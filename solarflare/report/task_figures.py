"""Draws the figures in ``reports/<task>/`` and ``reports/audit/`` from the files that other stages wrote."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, tables
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory
from solarflare.core.paths import AUDIT_FIGURES
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.shards.reader import Crops
from solarflare.report import figures, gallery, results_form
from solarflare.report.figures import Picture
from solarflare.report.schema import ReportParams
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.results import shown
from solarflare.verification.results.wording import Wording, wording
from solarflare.verification.scores.score_table import interval
from solarflare.verification.scores.trust import read as read_trust

SHOWN = 2 * figures.COLUMNS  # most crops in each group of a contact sheet


def draw(task: Task, chosen: ReportParams) -> None:
    """Draw all figures of a task, and its gallery. If the task's scores are absent, mark the figures as absent.

    Parameters
    ----------
    task : Task
    chosen : ReportParams
        The parameters. They say what the question is and which instrument took the images.

    Raises
    ------
    InputError
        If a file of another stage is missing or broken.
    """
    if reason := absent.reason(task.details):
        absent.mark(task.figures, reason)
        return
    words = wording(chosen.label.of(task))
    crops = Crops(task.crops)
    predictions = tables.read(task.predictions, tables.PREDICTIONS)
    rows, maps = shown.read(task.attributions)
    with atomic_directory(task.figures) as partial:
        _draw_scores(partial, words, task.plots, results_form.read_evaluation(task.details))
        instrument = chosen.instrument.of(task)
        _draw_most_certain_crops(partial, words, predictions, crops, instrument)
        title = f"{words.question} Orange speaks for yes, blue for no"
        gallery.write(partial, title, rows, pictures(rows, crops), maps, instrument)
        shutil.copy(task.attributions / shown.INDEX, partial / "gallery" / shown.INDEX)


def draw_audit(limit: float) -> None:
    """Draw the ROC-AUC of the audit's probes, one figure for each task that was audited.

    Parameters
    ----------
    limit : float
        ``audit.max_probe_auc``. A gated probe with a ROC-AUC clearly above it is a leak.
    """
    with atomic_directory(AUDIT_FIGURES) as partial:
        for task in TASKS:
            if task.audit_plot.is_file():
                figure = figures.probes(pd.read_csv(task.audit_plot), limit, f"What tells the label of {task}?")
                figures.save(figure, partial / f"{task}.png")


def _draw_scores(folder: Path, words: Wording, plot_data: Path, scores: dict[str, Any]) -> None:
    """Draw the curves of the network and of the logistic baseline, and the confusion matrix of the network."""

    def by_legend(figure: str, score: str) -> dict[str, pd.DataFrame]:
        network, logistic = (interval(scored[score]) for scored in (scores, scores["baselines"]["logistic"]))
        files = {f"network {network}": figure, f"logistic {logistic}": f"{figure}_logistic"}
        return {legend: pd.read_csv(plot_data / f"{file}.csv") for legend, file in files.items()}

    base_rate = scores["base_rate"]["value"]
    trust = read_trust(scores)
    title = f"{words.question} {scores['n']:,} test rows{'' if trust else f', {trust.words}'}"
    drawings = {
        "roc": figures.roc(by_legend("roc", "roc_auc"), title),
        "pr": figures.precision_recall(by_legend("pr", "pr_auc"), base_rate, title),
        "reliability": figures.reliability(pd.read_csv(plot_data / "reliability.csv"), base_rate, title),
        "confusion": figures.confusion(scores["confusion"], words.answers, title),
    }
    for name, figure in drawings.items():
        figures.save(figure, folder / f"{name}.png")


def _draw_most_certain_crops(
    folder: Path, words: Wording, predictions: pd.DataFrame, crops: Crops, instrument: Instrument
) -> None:
    """Draw one contact sheet per class: the crops of the most certain right and the most certain wrong forecasts."""
    for label, answer in enumerate(words.answers):
        rows = predictions[predictions["label"] == label]
        rows = rows.sort_values("probability", ascending=label == 0, kind="stable")
        is_right = (rows["probability"] >= rows["threshold"]) == (label == 1)
        groups = {
            f"Rightly called {answer}, most certain first": rows[is_right].head(SHOWN),
            f"Wrongly called {words.answers[1 - label]}, most certain first": rows[~is_right][::-1].head(SHOWN),
        }
        sheet = {heading: gallery.legible(pictures(group, crops), instrument) for heading, group in groups.items()}
        title = f"{words.question} {len(rows):,} test images: {answer}"
        figures.save(figures.contact_sheet(sheet, title), folder / f"contact_sheet_{answer}.png")


def pictures(rows: pd.DataFrame, crops: Crops) -> list[Picture]:
    """Return the crop of each row. Its caption has the probability, the region (not on full disks) and the time."""
    key = ["path", "noaa_ar"]
    positions = crops.index[key].assign(position=range(len(crops.index)))
    position = rows[key].merge(positions, on=key, how="left")["position"]
    if position.isna().any():
        raise InputError(f"{rows['path'].iloc[position.isna().argmax()]} has no crop; run `dvc repro` again")
    return [
        Picture(crop, f"{probability:.2f}{'' if pd.isna(number) else f'  AR {number}'}\n{time:%Y-%m-%d %H:%M}")
        for crop, probability, number, time in zip(
            crops.take(position), rows["probability"], rows["noaa_ar"], rows["time"], strict=True
        )
    ]
