"""Writes scores for all readers: a score with its interval, a verdict, and a table as text, Markdown or HTML."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from rich import box, table
from rich.console import Console
from rich.text import Text

from solarflare.verification.scores.assessment import COMPARED

SCORES = {
    "base_rate": "base rate",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "tss": "TSS",
    "hss": "HSS",
    "css": "CSS",
    "recall": "recall",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "expected_calibration_error": "calibration error",
}
"""The name of each score in tables."""

SHOWN = (*COMPARED, "accuracy")
"""The scores in tables of a run. Differences of accuracy are not computed, and confounders have none."""

VERDICT_CLASSES = {"better": "good", "passed": "good", "worse": "bad", "leak": "bad"}
"""The CSS class of a verdict on a page. Other verdicts have none, and look neutral."""

RULED = box.Box(str(box.SIMPLE).replace("─", "-"), ascii=True)
WIDEST = 10_000
"""Characters per line of text: so many that no table wraps. A table is the same on every terminal and in a log."""


class ScoreText(str):
    """A score with its interval, such as ``0.87 [0.83, 0.91]``. On a page it becomes HTML."""

    def __html__(self) -> str:
        """Return the score and its interval as two elements."""
        value, _, ends = self.rstrip("]").partition(" [")
        low, _, high = ends.partition(", ")
        # A sign and a dash are hard to tell apart.
        kind, dash = ("ci long", " to ") if low.startswith(("-", "+")) else ("ci", "\N{EN DASH}")
        interval = Markup(' <span class="{}">{}{}{}</span>').format(kind, low, dash, high) if low else ""
        return Markup('<span class="value">{}</span>{}').format(value, interval)


class Verdict(str):
    """A verdict in a few words. On a page it becomes a badge."""

    def __html__(self) -> str:
        """Return the words as an element with the class of their verdict."""
        return Markup('<span class="verdict {}">{}</span>').format(VERDICT_CLASSES.get(self, ""), str(self))


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    columns : sequence of str
        The heading of each column.
    rows : sequence of sequence of str
        The cells of each row. A row may be shorter than `columns`: its other cells are blank. A row of one cell is the
        heading of the rows below it. A row without cells is a gap, and only for tables in text.
    numbers : tuple of str, optional
        The columns that are aligned to the right in text.

    Examples
    --------
    >>> scores = Table(("forecast", "ROC-AUC"), [("network", "0.93"), ("history", "0.86")])
    >>> print(scores.text())
    forecast  ROC-AUC
    -----------------
    network   0.93
    history   0.86
    >>> print(scores.markdown())
    | forecast | ROC-AUC |
    | --- | --- |
    | network | 0.93 |
    | history | 0.86 |
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the table in plain text. It does not depend on the terminal."""
        rich_table = table.Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for column in self.columns:
            rich_table.add_column(Text(column), justify="right" if column in self.numbers else "left", no_wrap=True)
        for row in self.rows:
            rich_table.add_row(*map(Text, row))
        stream = io.StringIO()
        Console(file=stream, width=WIDEST, color_system=None, legacy_windows=False).print(rich_table)
        return "\n".join(map(str.rstrip, stream.getvalue().splitlines()))

    def markdown(self) -> str:
        """Return the table in Markdown. No character in a cell can end the row."""
        lines = (self.columns, ["---"] * len(self.columns), *self.rows)
        return "\n".join(f"| {' | '.join(map(in_one_line, cells))} |" for cells in lines)

    def html(self) -> Markup:
        """Return the head and the body of a table in HTML. Cells are escaped unless they are `Markup`."""
        head = Markup("").join(Markup('<th scope="col">{}</th>').format(column) for column in self.columns)
        body = Markup("\n").join(map(self._html_row, self.rows))
        return Markup("<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>").format(head, body)

    def _html_row(self, row: Sequence[str]) -> Markup:
        width = len(self.columns)
        if len(row) == 1:
            return Markup('</tbody>\n<tbody>\n<tr><th scope="rowgroup" colspan="{}" class="group">{}</th></tr>').format(
                width, row[0]
            )
        first, *others = (*row, *[""] * (width - len(row)))
        cells = Markup("").join(Markup("<td>{}</td>").format(cell) for cell in others)
        return Markup('<tr><th scope="row">{}</th>{}</tr>').format(escape(first), cells)


def in_one_line(cell: str) -> str:
    """Return the cell without what would end a row or a cell of a table in Markdown."""
    return " ".join(cell.split()).replace("|", "\\|")


def joined(names: Iterable[str]) -> str:
    """Return names joined as in a sentence, such as ``ROC-AUC, TSS and Brier skill``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def interval(score: dict[str, Any], form: str = "z.2f") -> ScoreText:
    """Return a score with its interval in a few characters.

    Parameters
    ----------
    score : dict
        ``value``, ``low`` and ``high``. Each may be None.
    form : str, optional
        How numbers are formatted.

    Examples
    --------
    >>> interval({"value": 0.8712, "low": 0.83, "high": 0.91})
    '0.87 [0.83, 0.91]'
    """
    value = "-" if score["value"] is None else format(score["value"], form)
    return ScoreText(value if score["low"] is None else f"{value} [{score['low']:{form}}, {score['high']:{form}}]")


def lead(difference: dict[str, Any]) -> ScoreText:
    """Return a difference between two scores with its interval, such as ``+0.032 [+0.010, +0.055]``."""
    return interval(difference, "+z.3f")


def strongest_first(forecasts: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the forecasts that are not absent with their scores, the one with the highest ROC-AUC first.

    Parameters
    ----------
    forecasts : dict
        ``baselines`` or ``confounders`` of ``metrics/details/<task>.json``.
    """
    present = [(name, scores) for name, scores in forecasts.items() if "absent" not in scores]
    return sorted(present, key=lambda named: -(named[1]["roc_auc"]["value"] or 0))


def compared(
    metrics: Mapping[str, Any], group: str = "baselines", scores: Sequence[str] = COMPARED
) -> Iterator[tuple[str, list[ScoreText], dict[str, Any]]]:
    """Yield the forecasts that a network is compared with, the strongest first.

    Parameters
    ----------
    metrics : dict
        The content of ``metrics/details/<task>.json``.
    group : str, optional
        ``baselines`` or ``confounders``.
    scores : sequence of str, optional
        The scores that are wanted.

    Yields
    ------
    (str, list of ScoreText, dict)
        The forecast's name, its scores, and the network's lead over it in ROC-AUC.
    """
    for name, forecast in strongest_first(metrics.get(group, {})):
        cells = [interval(forecast[score]) for score in scores]
        yield name.replace("_", " "), cells, metrics["differences"][name]["roc_auc"]


def added(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the image adds to the records, and the records to the image, in ROC-AUC and Brier skill.

    There are no phrases without a fusion. `metrics` is the content of ``metrics/details/<task>.json``.
    """
    phrases = {"image_adds": "the image adds to the records", "records_add": "the records add to the image"}
    for key, phrase in phrases.items():
        if key in metrics:
            scores = (f"{lead(metrics[key][score])} in {SCORES[score]}" for score in ("roc_auc", "brier_skill"))
            yield f"{phrase} {joined(scores)}"


def best_lead(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the network's lead in ROC-AUC over its best baseline, as in `differences`; None without a baseline.

    Parameters
    ----------
    metrics : dict
        The content of ``metrics/details/<task>.json``.
    """
    return next((difference for _, _, difference in compared(metrics, scores=())), None)
