"""The figures of one task below ``reports/<task>/``, drawn from what the stages ``evaluate`` and ``crop`` wrote."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, tables
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory, read_json
from solarflare.core.tasks import Task
from solarflare.dataset.shards.reader import Crops
from solarflare.report import figures, gallery
from solarflare.report.figures import Picture
from solarflare.report.schema import ReportParams
from solarflare.verification.results import shown
from solarflare.verification.results.wording import Wording, wording
from solarflare.verification.scores.score_table import interval

SHOWN = 2 * figures.COLUMNS  # crops in each group of a contact sheet


def draw(task: Task, chosen: ReportParams) -> None:
    """Write all figures of a task, and its gallery.

    Where the scores are absent, so are these.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    chosen : ReportParams
        The questions and the instruments.

    Raises
    ------
    InputError
        If an input is missing or broken.
    """
    if reason := absent.reason(task.metrics):
        absent.mark(task.figures, reason)
        return
    words = wording(chosen.label.of(task))
    crops = Crops(task.crops)
    predictions = tables.read(task.predictions, tables.PREDICTIONS)
    rows, maps = shown.read(task.attributions)
    with atomic_directory(task.figures) as partial:
        draw_scores(partial, words, task.plots, read_json(task.metrics, "evaluate"))
        draw_contact_sheets(partial, words, predictions, crops)
        title = f"{words.question} Orange speaks for yes, blue for no"
        gallery.write(partial, title, rows, pictures(rows, crops), maps, chosen.instrument.of(task))
        shutil.copy(task.attributions / shown.INDEX, partial / "gallery" / shown.INDEX)


def draw_scores(folder: Path, words: Wording, plot_data: Path, scores: dict[str, Any]) -> None:
    """Draw the curves of a network, the logistic baseline's next to them, and its confusion matrix.

    Parameters
    ----------
    folder : Path
        Where ``roc.png``, ``pr.png``, ``reliability.png`` and ``confusion.png`` are written.
    words : Wording
        The names of the question and the answers.
    plot_data : Path
        The folder of the tables of `solarflare.verification.scores.curves`.
    scores : dict
        The content of ``metrics/<task>.json``.
    """
    scored = {"network": scores, "logistic": scores["baselines"]["logistic"]}

    def by_legend(figure: str, score: str) -> dict[str, pd.DataFrame]:
        files = {"network": figure, "logistic": f"{figure}_logistic"}
        return {
            f"{name} {interval(scored[name][score])}": pd.read_csv(plot_data / f"{file}.csv")
            for name, file in files.items()
        }

    base_rate = scores["base_rate"]["value"]
    title = f"{words.question} {scores['n']:,} test rows{'' if scores['trusted'] else ', not trusted'}"
    drawings = {
        "roc": figures.roc(by_legend("roc", "roc_auc"), title),
        "pr": figures.precision_recall(by_legend("pr", "pr_auc"), base_rate, title),
        "reliability": figures.reliability(pd.read_csv(plot_data / "reliability.csv"), base_rate, title),
        "confusion": figures.confusion(scores["confusion"], words.answers, title),
    }
    for name, figure in drawings.items():
        figures.save(figure, folder / f"{name}.png")


def draw_contact_sheets(folder: Path, words: Wording, predictions: pd.DataFrame, crops: Crops) -> None:
    """Draw, for each class, the crops of which the network was most certain, rightly and wrongly.

    Parameters
    ----------
    folder : Path
        Where ``contact_sheet_<answer>.png`` is written for each of the two answers.
    words : Wording
        The names of the question and the answers.
    predictions : DataFrame
        Of `tables.PREDICTIONS`.
    crops : Crops
        Of the task.
    """
    for label, answer in enumerate(words.answers):
        rows = predictions[predictions["label"] == label]
        rows = rows.sort_values("probability", ascending=label == 0, kind="stable")
        right = (rows["probability"] >= rows["threshold"]) == (label == 1)
        groups = {
            f"Rightly called {answer}, most certain first": rows[right].head(SHOWN),
            f"Wrongly called {words.answers[1 - label]}, most certain first": rows[~right][::-1].head(SHOWN),
        }
        sheet = {heading: pictures(group, crops) for heading, group in groups.items()}
        title = f"{words.question} {len(rows):,} test images: {answer}"
        figures.save(figures.contact_sheet(sheet, title), folder / f"contact_sheet_{answer}.png")


def pictures(rows: pd.DataFrame, crops: Crops) -> list[Picture]:
    """Return the crops of rows with their captions: probability, region and time.

    Parameters
    ----------
    rows : DataFrame
        With ``path``, ``noaa_ar``, missing on full disks, ``time`` and ``probability``.
    crops : Crops
        Those that have these rows.

    Raises
    ------
    InputError
        If one does not have a row.
    """
    key = ["path", "noaa_ar"]
    positions = crops.index[key].assign(position=range(len(crops.index)))
    position = rows[key].merge(positions, on=key, how="left")["position"]
    if position.isna().any():
        raise InputError(f"{rows['path'].iloc[position.isna().argmax()]} has no crop; run `dvc repro` again")
    regions = ["" if pd.isna(number) else f"  AR {number}" for number in rows["noaa_ar"]]
    return [
        Picture(crop, f"{probability:.2f}{region}\n{time:%Y-%m-%d %H:%M}")
        for crop, probability, region, time in zip(
            crops.take(position), rows["probability"], regions, rows["time"], strict=True
        )
    ]
