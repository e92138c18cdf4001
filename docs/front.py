"""Draw the README's picture of both questions from the outputs of ``make``: ``python -m docs.front``."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from solarflare.core import params, tables
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.shards.reader import Crops
from solarflare.report.figures import INK, SKY, SUN
from solarflare.report.gallery import legible
from solarflare.report.schema import ReportParams
from solarflare.report.task_figures import pictures
from solarflare.verification.results import shown
from solarflare.verification.results.wording import Wording, wording

FIGURE = Path("docs/images/front.png")
COLOURS = 192  # enough for grey and one colour table, half of the bytes
WIDTH, HEIGHT, SIDE = 12.0, 4.5, 2.8  # inches, at 100 pixels an inch
GROUPS = ("best", "worst")  # of `shown.choose`: for each question one right and one wrong answer


def main() -> None:
    """Draw two test images of each question: the image, the network's answer, and what happened."""
    chosen = params.load(ReportParams)
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=100)
    for place, task in enumerate(TASKS):
        words = wording(chosen.label.of(task))
        left = 0.01 + 0.5 * place
        figure.text(left, 0.95, words.question, fontsize=17, color=INK, va="center")
        figure.text(left, 0.885, f"Yes: {words.meaning}.", fontsize=10.5, color=INK, va="center")
        for column, (_, row) in enumerate(examples(task).iterrows()):
            axes = figure.add_axes((left + 0.245 * column, 0.215, SIDE / WIDTH, SIDE / HEIGHT))
            crops = pictures(row.to_frame().T.astype({"noaa_ar": "Int64"}), Crops(task.crops))
            (picture,) = legible(crops, chosen.instrument.of(task))
            axes.imshow(picture.image.squeeze(), cmap="gray", vmin=0, vmax=255)
            caption(axes, row, words)
    content = io.BytesIO()
    figure.savefig(content, metadata={"Software": None})
    Image.open(content).convert("RGB").quantize(COLOURS).save(FIGURE, optimize=True)


def examples(task: Task) -> pd.DataFrame:
    """Return the most right and the most wrong of the test rows with label 1, with threshold and GOES class."""
    rows, _ = shown.read(task.attributions)
    first = rows[rows["label"] == 1].groupby("group").head(1).set_index("group").loc[list(GROUPS)].reset_index()
    key = ["path", "noaa_ar"] if task == Task.REGION else ["path"]
    labels = tables.read(task.labels, tables.LABELS[task])
    predictions = tables.read(task.predictions, tables.PREDICTIONS)
    return first.merge(predictions[[*key, "threshold"]], on=key).merge(labels[[*key, "goes_class"]], on=key)


def caption(axes: Axes, row: pd.Series, words: Wording) -> None:
    """Write the network's answer and what happened below an image."""
    called = int(row["probability"] >= row["threshold"])
    right = called == row["label"]
    goes_class = row["goes_class"] if isinstance(row["goes_class"], str) else ""
    happened = f"{words.answers[row['label']]} {goes_class}".strip()
    answer = f"Network: {'yes' if called else 'no'}, probability {row['probability']:.2f}"
    place: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 12.5, "va": "top"}
    axes.text(0, -0.03, answer, color=INK, **place)
    axes.text(0, -0.12, f"What happened: {happened}", color=INK, **place)
    axes.text(0, -0.21, "right" if right else "wrong", color=SKY if right else SUN, weight="bold", **place)
    axes.set_axis_off()


if __name__ == "__main__":
    main()
