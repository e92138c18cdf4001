"""Charts as SVG without colours of their own: the page's style gives them, by day, at night and on paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
import pandas as pd
from markupsafe import Markup

from solarflare.verification.scores.reliability import BINS

ROW = 26.0  # height of a line of a forest plot
NAMES = 96.0  # width of its names
PANEL = 340.0  # width of a chart, in units of which a letter has 12
SQUARE = 250.0  # side of a diagram with two axes
COUNTS = 68.0  # height above a reliability diagram that its histogram has,
LETTERS, GAP = 16.0, 8.0  # with the numbers on its columns and what keeps it from the points
STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)  # between two ticks
MOST_TICKS = 6

Range = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A line of a forest plot.

    Attributes
    ----------
    name : str
        What stands at its left.
    value, low, high : float or None
        A score and the ends of its interval.
    kind : str
        The class that the style knows it by.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    kind: str = ""


@dataclass(frozen=True)
class Frame:
    """Where numbers lie in a chart: `x` and `y` are the ranges that the sides show."""

    left: float
    top: float
    right: float
    bottom: float
    x: Range = (0.0, 1.0)
    y: Range = (0.0, 1.0)

    def across(self, value: float) -> float:
        """Return where a number of the x axis lies."""
        return self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)

    def up(self, value: float) -> float:
        """Return where a number of the y axis lies."""
        return self.bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)

    def points(self, x: Iterable[float], y: Iterable[float]) -> str:
        """Return places as SVG lists them."""
        return " ".join(f"{self.across(a):.1f},{self.up(b):.1f}" for a, b in zip(x, y, strict=True))


def forest(
    rows: Sequence[Row],
    label: str,
    none: float | None = None,
    limit: float | None = None,
    shown: Sequence[float] = (),
) -> Markup:
    """Draw scores with their intervals, a line each.

    Parameters
    ----------
    rows : sequence of Row
        From top to bottom.
    label : str
        What a screen reader says.
    none : float, optional
        The score without skill, marked by a line.
    limit : float, optional
        A score that is marked by a dashed line.
    shown : sequence of float, optional
        Numbers that the axis shows besides.
    """
    numbers = [value for row in rows for value in (row.value, row.low, row.high) if value is not None]
    numbers += [value for value in (none, limit, *shown) if value is not None]
    x, ticks = _axis(min(numbers), max(numbers))
    frame = Frame(NAMES, 4, PANEL - 14, 4 + ROW * len(rows), x)
    svg = _svg(PANEL, frame.bottom + 24, label)
    for tick in ticks:
        _line(svg, "grid", frame.across(tick), frame.top, frame.across(tick), frame.bottom)
        _text(svg, f"{tick:g}", frame.across(tick), frame.bottom + 16, "tick middle")
    for value, name in ((none, "none"), (limit, "limit")):
        if value is not None:
            _line(svg, name, frame.across(value), frame.top, frame.across(value), frame.bottom)
    for number, row in enumerate(rows):
        middle = frame.top + ROW * (number + 0.5)
        group = SubElement(svg, "g", {"class": f"row {row.kind}".strip()})
        _text(group, row.name, 0, middle + 4, "name")
        if row.low is not None and row.high is not None:
            _line(group, "interval", frame.across(row.low), middle, frame.across(row.high), middle)
        if row.value is not None:
            _element(group, "circle", cx=frame.across(row.value), cy=middle, r=4.5)
    return _markup(svg)


def curve(points: pd.DataFrame, axes: tuple[str, str], without_skill: tuple[Point, Point], label: str) -> Markup:
    """Draw a curve with its band in a unit square.

    Parameters
    ----------
    points : DataFrame
        x and y in the first two columns, and the band, ``low`` and ``high``.
    axes : (str, str)
        What stands below and beside.
    without_skill : ((float, float), (float, float))
        Where a line without skill begins and ends.
    label : str
        What a screen reader says.
    """
    svg, frame = _square(axes, label)
    x, y = (points.iloc[:, place].tolist() for place in (0, 1))
    band = points.dropna(subset=["low", "high"])
    edge, low, high = band.iloc[:, 0].tolist(), band["low"].tolist(), band["high"].tolist()
    _element(svg, "polyline", **{"class": "none"}, points=frame.points(*zip(*without_skill, strict=True)))
    _element(svg, "polygon", **{"class": "band"}, points=frame.points(edge + edge[::-1], high + low[::-1]))
    _element(svg, "polyline", **{"class": "curve"}, points=frame.points(x, y))
    return _markup(svg)


def reliability(bins: pd.DataFrame, label: str) -> Markup:
    """Draw observed frequencies against forecast probabilities, and above them how many rows each bin has.

    Parameters
    ----------
    bins : DataFrame
        ``probability, frequency, low, high, n``.
    label : str
        What a screen reader says.
    """
    svg, frame = _square(("forecast probability", "observed frequency"), label, above=COUNTS)
    width, most = SQUARE / BINS, bins["n"].max()
    _element(svg, "polyline", **{"class": "none"}, points=frame.points((0, 1), (0, 1)))
    # Not joined: each bin is an estimate of its own, and a line would draw the eye to those of a few rows.
    for probability, frequency, low, high, count in bins[["probability", "frequency", "low", "high", "n"]].to_numpy():
        left = frame.left + width * min(int(probability * BINS), BINS - 1)
        height = (COUNTS - LETTERS - GAP) * count / most
        top = frame.top - GAP - height
        _element(svg, "rect", **{"class": "count"}, x=left + 1, y=top, width=width - 2, height=height)
        _text(svg, f"{count:.0f}", left + width / 2, top - 4, "tick middle")
        place = frame.across(probability)
        if np.isfinite(low):
            _line(svg, "interval", place, frame.up(low), place, frame.up(high))
        _element(svg, "circle", cx=place, cy=frame.up(frequency), r=4)
    return _markup(svg)


def columns(counts: pd.DataFrame, label: str) -> Markup:
    """Draw stacked columns over the whole width, a row of the table each.

    Parameters
    ----------
    counts : DataFrame
        A column is a class of the style, the first at the bottom.
    label : str
        What a screen reader says.
    """
    svg = _svg(len(counts), 100, label, stretched=True)
    most = max(1, counts.sum(axis=1).max())
    for place, row in enumerate(counts.to_numpy()):
        bottom = 100.0
        for kind, count in zip(counts.columns, row, strict=True):
            height = 100 * count / most
            bottom -= height
            if count:
                _element(svg, "rect", **{"class": kind}, x=place + 0.1, y=bottom, width=0.8, height=height)
    return _markup(svg)


def strip(spans: Sequence[tuple[float, float, str]], width: float, label: str) -> Markup:
    """Draw spans, each from one place to another in a class of the style, over the whole width."""
    svg = _svg(width, 10, label, stretched=True)
    for start, end, kind in spans:
        _element(svg, "rect", **{"class": kind}, x=start, y=0, width=end - start, height=10)
    return _markup(svg)


def _axis(low: float, high: float) -> tuple[Range, list[float]]:
    """Return a range of whole steps around two numbers, and the ticks in it."""
    for step in STEPS:
        first, last = np.floor(low / step + 1e-6), np.ceil(high / step - 1e-6)
        last = max(last, first + 1)
        if last - first < MOST_TICKS:
            break
    return (first * step, last * step), [round(number * step, 2) for number in np.arange(first, last + 1)]


def _square(axes: tuple[str, str], label: str, above: float = 0.0) -> tuple[Element, Frame]:
    frame = Frame(56, 8 + above, 56 + SQUARE, 8 + above + SQUARE)
    svg = _svg(frame.right + 14, frame.bottom + 44, label)
    for tick in (0, 0.25, 0.5, 0.75, 1):
        _line(svg, "grid", frame.across(tick), frame.top, frame.across(tick), frame.bottom)
        _line(svg, "grid", frame.left, frame.up(tick), frame.right, frame.up(tick))
        _text(svg, f"{tick:g}", frame.across(tick), frame.bottom + 16, "tick middle")
        _text(svg, f"{tick:g}", frame.left - 8, frame.up(tick) + 4, "tick end")
    _text(svg, axes[0], (frame.left + frame.right) / 2, frame.bottom + 36, "axis middle")
    middle = (frame.top + frame.bottom) / 2
    _text(svg, axes[1], 12, middle, "axis middle").set("transform", f"rotate(-90 12 {middle:g})")
    return svg, frame


def _svg(width: float, height: float, label: str, stretched: bool = False) -> Element:
    svg = Element("svg", {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": label})
    if stretched:
        svg.set("preserveAspectRatio", "none")
    return svg


def _element(parent: Element, tag: str, **attributes: Any) -> Element:
    written = {key: f"{value:.2f}" if isinstance(value, float) else str(value) for key, value in attributes.items()}
    return SubElement(parent, tag, written)


def _line(parent: Element, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
    _element(parent, "line", **{"class": kind}, x1=x1, y1=y1, x2=x2, y2=y2)


def _text(parent: Element, text: str, x: float, y: float, kind: str) -> Element:
    element = _element(parent, "text", **{"class": kind}, x=x, y=y)
    element.text = text
    return element


def _markup(svg: Element) -> Markup:
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704 - ElementTree has escaped all text
