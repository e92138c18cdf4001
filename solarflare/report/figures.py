"""Each kind of figure of an evaluation and of an audit, drawn from the small tables that Git keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray

from solarflare.core.files import atomic_path
from solarflare.core.printable import in_figures

SUN, SKY, GOLD, INK, FAINT, GRID = "#c8511b", "#2f5d8a", "#dba21c", "#1f1f1f", "#9a9a9a", "#e4e4e4"
TRAINING, LIST = "#8d8f92", "#59616c"
COLOURS = [SUN, SKY, GOLD, INK]  # of the curves in a figure; they differ in lightness too
DASHES = ["-", (0, (7, 2)), (0, (7, 2, 1.5, 2)), (0, (1.5, 1.5)), (0, (3, 1.5))]
"""Dashes of the curves in a figure. There is one more than colours, so that twenty curves differ from each other."""

STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
}
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 9.5}
PROBES = {"gated": SUN, "confounder": SKY, "raw": GOLD}
"""The colour of each kind of an audit's probes. The figures show the kinds in this order."""

WHISKER: dict[str, Any] = {"marker": "o", "markersize": 5, "capsize": 2.5, "linewidth": 1.4, "linestyle": ""}
"""The look of a score with its interval."""

COLUMNS = 6  # crops in one row of a contact sheet
CELL, CELL_HEIGHT, HEADING, MARGIN = 1.55, 1.9, 0.38, 0.08  # sizes in a contact sheet, in inches


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG to a path that ends in ``.png``. The same figure gives the same bytes every time."""
    with atomic_path(path) as partial:
        # Without this, matplotlib would write its version into the file.
        figure.savefig(partial, dpi=130, metadata={"Software": None})


def roc(curves: dict[str, pd.DataFrame], title: str) -> Figure:
    """Draw ROC curves. The first curve also has the band of its interval.

    Parameters
    ----------
    curves : dict of DataFrame
        By their text in the legend, tables of :func:`solarflare.verification.scores.curves.roc`.
    title : str
    """
    figure, axes = _square_panel(title)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--", label="no skill")
    _draw_curves(axes, curves, "fpr", "tpr")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(loc="lower right", **LEGEND)
    return figure


def precision_recall(curves: dict[str, pd.DataFrame], base_rate: float, title: str) -> Figure:
    """Draw precision-recall curves. The first curve also has the band of its interval.

    Parameters
    ----------
    curves : dict of DataFrame
        By their text in the legend, tables of :func:`solarflare.verification.scores.curves.precision_recall`.
    base_rate : float
        Share of positives among the rows, 0 to 1. A forecast without skill has this precision.
    title : str
    """
    figure, axes = _square_panel(title)
    axes.axhline(base_rate, color=FAINT, linewidth=1, linestyle="--", label="no skill")
    _draw_curves(axes, curves, "recall", "precision")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(loc="lower left", **LEGEND)
    return figure


def reliability(curve: pd.DataFrame, base_rate: float, title: str) -> Figure:
    """Draw a reliability diagram, and below it how many rows have each forecast probability.

    Parameters
    ----------
    curve : DataFrame
        A table of :func:`solarflare.verification.scores.curves.calibration`.
    base_rate : float
        Share of positives among the rows, 0 to 1.
    title : str
    """
    figure, (axes, counts) = panels(4.8, 5.6, 2, height_ratios=[4, 1], sharex=True)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--", label="perfectly reliable")
    axes.axhline(base_rate, color=FAINT, linewidth=1, linestyle=":", label="base rate")
    style: dict[str, Any] = {
        "yerr": _whisker_lengths(curve, "frequency"),
        "color": SUN,
        "label": "forecast, 95 % interval",
        **WHISKER,
    }
    axes.errorbar(curve["probability"], curve["frequency"], **style)
    axes.set(ylabel="observed frequency", xlim=(0, 1), ylim=(-0.01, 1.01))
    axes.set_title(title, loc="left")
    axes.legend(loc="upper left", **LEGEND)
    counts.bar_label(counts.bar(curve["probability"], curve["n"], width=0.06, color=SKY), fontsize=9, padding=1)
    counts.set(xlabel="forecast probability", ylabel="rows", yticks=[])
    counts.margins(y=0.3)
    return figure


def confusion(counts: dict[str, int], classes: tuple[str, str], title: str) -> Figure:
    """Draw a confusion matrix of ``tp``, ``fp``, ``fn`` and ``tn``: each count, and its share of the actual class."""
    matrix = np.array([[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]])
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure, axes = _square_panel(title)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.2)
    for (row, column), count in np.ndenumerate(matrix):
        text, colour = f"{count:,}\n{share[row, column]:.0%}", "white" if share[row, column] > 0.6 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=15, color=colour)
    axes.set(xticks=[0, 1], xticklabels=classes, yticks=[0, 1], xlabel="predicted", ylabel="actual")
    axes.set_yticklabels(classes, rotation=90, va="center")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    return figure


def training(history: pd.DataFrame, curve: str, label: str) -> Figure:
    """Draw a curve of the training images and of the validation images by epoch, one line for each fold.

    Parameters
    ----------
    history : DataFrame
        The columns ``epoch`` (from 1), ``fold``, and for each curve its name, and its name after ``val_``.
    curve, label : str
        The name of the curve, such as ``loss``, and its name on the axis. A loss has a logarithmic axis.
    """
    figure, axes = panels(4.8, 3.6)
    for name, legend, colour, dash in ((curve, "training", SKY, "--"), (f"val_{curve}", "validation", SUN, "-")):
        for number, (_, fold) in enumerate(history.groupby("fold")):
            style: dict[str, Any] = {"color": colour, "linestyle": dash, "label": legend if number == 0 else None}
            axes.plot(fold["epoch"], fold[name], **style)
    axes.set(xlabel="epoch", ylabel=label, yscale="log" if curve == "loss" else "linear")
    axes.xaxis.get_major_locator().set_params(integer=True)
    for set_formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter) if curve == "loss" else ():
        set_formatter(ScalarFormatter())
    axes.legend(loc="best", **LEGEND)
    return figure


def probes(scores: pd.DataFrame, limit: float, title: str, width: float = 6.4) -> Figure:
    """Draw the ROC-AUC of each probe of an audit, one line per probe, grouped by kind, and the limit of gated probes.

    `scores` has the columns ``probe``, ``roc_auc``, ``low``, ``high``, ``kind`` (a key of `PROBES`) and
    ``detectable``. A missing number is NaN. `width` is in inches.
    """
    scores = pd.concat([scores[scores["kind"] == kind] for kind in PROBES], ignore_index=True)
    figure, axes = panels(width, 1.6 + 0.27 * len(scores))
    axes.axvline(0.5, color=FAINT, linewidth=1)
    axes.axvline(limit, color=FAINT, linewidth=1, linestyle="--", label="a gated probe beyond this leaks")
    for kind, colour in PROBES.items():
        of_kind = scores[scores["kind"] == kind]
        style: dict[str, Any] = {
            "xerr": _whisker_lengths(of_kind, "roc_auc"),
            "color": colour,
            "label": kind,
            **WHISKER,
        }
        axes.errorbar(of_kind["roc_auc"], of_kind.index, **style)
    axes.plot(scores["detectable"], scores.index, color=SUN, marker="|", markersize=9, linestyle="", label="detectable")
    lowest = float(np.nanmin(scores[["roc_auc", "low"]].to_numpy(float)))
    axes.set(xlabel="ROC-AUC, 95 % interval", xlim=(min(0.4, lowest - 0.02), 1.01))
    axes.set_yticks(scores.index, scores["probe"].str.replace("_", " ").map(in_figures))
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    place = (0.5, -0.55 / (0.3 + 0.27 * len(scores)))
    axes.legend(loc="upper center", bbox_to_anchor=place, ncols=3 if width > 6 else 1, **LEGEND)
    return figure


def forest(scores: pd.DataFrame, no_skill: float | None = None, limits: tuple[float, float] | None = None) -> Figure:
    """Draw scores with their intervals, one line per score, and a vertical line at the score without skill.

    `scores` has the columns ``name``, ``value``, ``low`` and ``high``. A missing number is NaN. The first row is on
    top. `limits` are the ends of the axis. By default the axis fits the scores.
    """
    figure, axes = panels(4.4, 0.55 + 0.32 * len(scores))
    if no_skill is not None:
        axes.axvline(no_skill, color=FAINT, linewidth=1)
    for line, (name, value, low, high) in enumerate(scores[["name", "value", "low", "high"]].to_numpy()):
        error = np.maximum([[value - low], [high - value]], 0) if np.isfinite([value, low]).all() else None
        axes.errorbar(value, line, xerr=error, color=SUN if name == "network" else SKY, **WHISKER)
    axes.set(xlim=limits, ylim=(len(scores) - 0.5, -0.5))
    axes.set_yticks(range(len(scores)), scores["name"].map(in_figures))
    axes.locator_params(axis="x", nbins=6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


def columns(counts: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Draw one stacked column per row, over the whole width, without axes. The first colour is at the bottom."""
    figure, axes = _without_axes(len(counts), max(1, counts.sum(axis=1).max()))
    edges, top = np.arange(len(counts) + 1), np.zeros(len(counts) + 1)
    for name, colour in colours.items():
        bottom, top = top, top + np.append(counts[name], 0)
        axes.fill_between(edges, bottom, top, step="post", color=colour, linewidth=0)
    return figure


def strip(spans: Sequence[tuple[float, float, str]], width: float) -> Figure:
    """Draw spans as bars, without axes. Each has a start, an end and a colour. The figure shows 0 to `width`."""
    figure, axes = _without_axes(width, 1)
    for start, end, colour in spans:
        axes.axvspan(start, end, color=colour, linewidth=0)
    return figure


@dataclass(frozen=True)
class Picture:
    """A crop, and the caption below it."""

    image: NDArray[np.uint8]  # (H, W, C), grey or RGB
    caption: str  # one or two lines


def contact_sheet(rows: Mapping[str, Sequence[Picture]], title: str) -> Figure:
    """Draw crops in a grid, in groups with a heading above each.

    Parameters
    ----------
    rows : mapping
        By heading, the crops below it. The heading of a group without crops says "none".
    title : str
    """
    lines = {heading: -(-len(pictures) // COLUMNS) for heading, pictures in rows.items()}
    width, height = COLUMNS * CELL + MARGIN, HEADING + sum(HEADING + CELL_HEIGHT * count for count in lines.values())
    figure = Figure(figsize=(width, height))
    top = height - HEADING
    figure.text(MARGIN / width, (top + 0.1) / height, title, fontsize=13)
    for heading, pictures in rows.items():
        top -= HEADING
        figure.text(MARGIN / width, (top + 0.1) / height, heading if pictures else f"{heading}: none", fontsize=10.5)
        for index, picture in enumerate(pictures):
            row, column = divmod(index, COLUMNS)
            left, bottom = MARGIN + column * CELL, top - row * CELL_HEIGHT - (CELL - MARGIN)
            axes = figure.add_axes((left / width, bottom / height, (CELL - MARGIN) / width, (CELL - MARGIN) / height))
            axes.set_axis_off()
            axes.imshow(picture.image.squeeze(), cmap="gray", vmin=0, vmax=255)
            axes.text(0.5, -0.03, picture.caption, transform=axes.transAxes, fontsize=8, ha="center", va="top")
        top -= lines[heading] * CELL_HEIGHT
    return figure


def panels(width: float, height: float, rows: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Return a figure in `STYLE`, and its axes: an array if there are several rows. Width and height are in inches."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, **options)


def _whisker_lengths(scores: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return the distances between a score and the ends of its interval, (2, n), 0 if there is no interval."""
    # Absolute values, because a percentile interval of a few rows can lie beside their score.
    return np.nan_to_num(np.abs(scores[["low", "high"]].sub(scores[column], axis=0).to_numpy().T))


def _without_axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(10, 1))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return figure, axes


def _square_panel(title: str) -> tuple[Figure, Axes]:
    figure, axes = panels(4.8, 4.8)
    axes.set_title(title, loc="left")
    axes.set_aspect("equal")
    return figure, axes


def _draw_curves(axes: Axes, curves: dict[str, pd.DataFrame], x: str, y: str) -> None:
    for index, (name, curve) in enumerate(curves.items()):
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        axes.plot(curve[x], curve[y], color=colour, linestyle=dash, linewidth=2 if index == 0 else 1.5, label=name)
        if index == 0:
            axes.fill_between(curve[x], curve["low"], curve["high"], color=COLOURS[0], alpha=0.18, linewidth=0)
