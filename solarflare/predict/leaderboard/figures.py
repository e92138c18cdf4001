"""The triptych of each forecast: its reliability, its ROC curve and its Murphy diagram.

After Dimitriadis, Gneiting, Jordan & Vogel 2024, doi:10.1016/j.ijforecast.2023.09.007. In the second and the third
panel the best forecast is a dashed line, so that each forecast is compared with it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from solarflare.core.printable import in_figures
from solarflare.predict.leaderboard import corp
from solarflare.predict.leaderboard.board import EVEN_ODDS, Board
from solarflare.predict.leaderboard.elementary import murphy
from solarflare.report.figures import FAINT, LEGEND, SKY, SUN, panels
from solarflare.verification.scores import curves
from solarflare.verification.scores.scores import Forecast

PANELS = {
    "reliability": "Reliability: how often it happened, by forecast",
    "roc": "Discrimination: ROC curve",
    "murphy": "All proper scores: Murphy diagram",
}
"""The caption of each panel, by its name."""

BINS = np.linspace(0, 1, 21)
TALLEST = 0.18  # of the bars below a reliability curve, which count rows
MARKED = 30  # distinct forecasts up to which each is marked
SIDE = 3.6  # of a panel, in inches


@dataclass(frozen=True)
class Curves:
    """The tables behind the triptych of a forecast: `corp.reliability`, `curves.roc` and `elementary.murphy`."""

    reliability: pd.DataFrame
    roc: pd.DataFrame
    murphy: pd.DataFrame


@dataclass(frozen=True)
class Triptychs:
    """The curves of all forecasts by name, the best first, and of the base rate: all that the figures show."""

    of: dict[str, Curves]
    climatology: pd.DataFrame  # `elementary.murphy` of the base rate
    base_rate: float


def triptychs(board: Board, seed: int) -> Triptychs:
    """Compute the curves of a leaderboard. The seed is that of the consistency bands."""
    label, base_rate = board.label, board.content["base_rate"]
    of = {
        name: Curves(
            corp.reliability(label, probability, seed),
            curves.roc(Forecast(label, probability, EVEN_ODDS, base_rate), board.plan),
            murphy(label, probability),
        )
        for name, probability in board.probabilities.items()
    }
    return Triptychs(of, murphy(label, np.full(len(label), base_rate)), base_rate)


def separate(shown: Triptychs, name: str) -> Iterator[tuple[str, Figure]]:
    """Yield the three panels of a forecast, each a figure of its own, with the panel's name."""
    for panel in PANELS:
        figure, axes = panels(SIDE, SIDE)
        _draw(panel, axes, shown, name)
        yield panel, figure


def together(shown: Triptychs) -> Figure:
    """Return the triptychs of all forecasts in one figure, a row for each."""
    figure, rows = panels(3 * SIDE, SIDE * len(shown.of), len(shown.of), ncols=3, squeeze=False)
    for name, row in zip(shown.of, rows, strict=True):
        for panel, axes in zip(PANELS, row, strict=True):
            _draw(panel, axes, shown, name)
            axes.set_title(in_figures(name) if panel == "reliability" else "", loc="left")
    return figure


def _draw(panel: str, axes: Axes, shown: Triptychs, name: str) -> None:
    draw: dict[str, Callable[[Axes, Triptychs, str], None]] = {
        "reliability": _reliability,
        "roc": _roc,
        "murphy": _murphy,
    }
    draw[panel](axes, shown, name)
    axes.set_xlim(0, 1)


def _reliability(axes: Axes, shown: Triptychs, name: str) -> None:
    curve = shown.of[name].reliability
    counts, _ = np.histogram(curve["probability"], BINS, weights=curve["n"])
    axes.bar(BINS[:-1], TALLEST * counts / counts.max(), np.diff(BINS), align="edge", color=FAINT, alpha=0.35)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    axes.axhline(shown.base_rate, color=FAINT, linewidth=1, linestyle=":")
    band: dict[str, Any] = {"color": SKY, "alpha": 0.2, "linewidth": 0, "label": "95 % if reliable"}
    axes.fill_between(curve["probability"], curve["low"], curve["high"], **band)
    marker = "o" if len(curve) <= MARKED else ""
    line: dict[str, Any] = {"color": SUN, "linewidth": 2, "label": in_figures(name)}
    axes.plot(curve["probability"], curve["frequency"], marker=marker, markersize=3, **line)
    axes.set(xlabel="forecast probability", ylabel="recalibrated probability", ylim=(0, 1.01))
    axes.legend(loc="upper left", **LEGEND)


def _roc(axes: Axes, shown: Triptychs, name: str) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
    _with_best(axes, shown, name, "roc", ("fpr", "tpr"))
    curve = shown.of[name].roc
    axes.fill_between(curve["fpr"], curve["low"], curve["high"], color=SUN, alpha=0.18, linewidth=0)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", ylim=(0, 1.01))
    axes.legend(loc="lower right", **LEGEND)


def _murphy(axes: Axes, shown: Triptychs, name: str) -> None:
    axes.plot(*shown.climatology.to_numpy().T, color=FAINT, linewidth=1, linestyle="--", label="base rate")
    _with_best(axes, shown, name, "murphy", ("theta", "score"))
    tallest = max(
        frame["score"].max() for frame in (shown.climatology, *(triptych.murphy for triptych in shown.of.values()))
    )
    axes.set(xlabel="threshold", ylabel="mean elementary score", ylim=(0, 1.25 * tallest))
    axes.legend(loc="upper right", **LEGEND)


def _with_best(axes: Axes, shown: Triptychs, name: str, panel: str, columns: tuple[str, str]) -> None:
    """Draw the curve of a forecast, and that of the best one unless it is the best."""
    best = next(iter(shown.of))
    line: dict[str, Any] = {"color": SUN, "linewidth": 2, "label": in_figures(name)}
    axes.plot(*(getattr(shown.of[name], panel)[column] for column in columns), **line)
    if name != best:
        line = {"color": SKY, "linewidth": 1.5, "linestyle": "--", "label": in_figures(best)}
        axes.plot(*(getattr(shown.of[best], panel)[column] for column in columns), **line)
