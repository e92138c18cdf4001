"""One table model for the terminal, for Markdown and for the page."""

import doctest

import pytest

from solarflare.verification.scores import score_table
from solarflare.verification.scores.score_table import Table, Verdict, interval, lead

SCORE = {"value": -0.001, "low": -0.021, "high": 0.004}
TABLE = Table(
    ("forecast", "ROC-AUC", "verdict"), [("baselines",), ("a | <b>", interval(SCORE), Verdict("worse")), ("c",)]
)


def test_the_examples_hold() -> None:
    assert doctest.testmod(score_table).failed == 0


def test_a_score_without_an_interval_or_a_value_is_short() -> None:
    nothing = {"value": None, "low": None, "high": None}
    assert interval(nothing) == "-"
    assert interval({**nothing, "value": 0.5}) == "0.50"
    assert lead({"value": 0.0323, "low": -0.01, "high": 0.05}) == "+0.032 [-0.010, +0.050]"


def test_text_is_the_same_whatever_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "forecast   ROC-AUC             verdict\n--------------------------------------\nbaselines\n"
    plain += "a | <b>    0.00 [-0.02, 0.00]  worse\nc"
    assert TABLE.text() == plain
    for name, value in {"COLUMNS": "20", "FORCE_COLOR": "1", "TERM": "xterm-256color", "TTY_COMPATIBLE": "1"}.items():
        monkeypatch.setenv(name, value)
    assert TABLE.text() == plain


@pytest.mark.parametrize("cell", ["[bold]x[/bold]", ":smile:", "x" * 500])
def test_a_cell_is_neither_interpreted_nor_wrapped(cell: str) -> None:
    assert Table((cell,), [(cell,)]).text().splitlines() == [cell, "-" * len(cell), cell]


def test_numbers_are_aligned_to_the_right() -> None:
    assert Table(("host", "n"), [("a", "5"), ("b", "10")], numbers=("n",)).text().splitlines()[2:] == [
        "a      5",
        "b     10",
    ]


def test_no_cell_ends_its_row_in_markdown() -> None:
    table = Table(("a", "b"), [("x | y", "two\nlines")])
    assert table.markdown().splitlines()[2:] == ["| x \\| y | two lines |"]


def test_html_escapes_texts_and_marks_scores_and_verdicts() -> None:
    html = TABLE.html()
    assert '<tr><th scope="rowgroup" colspan="3" class="group">baselines</th></tr>' in html
    assert '<th scope="row">a | &lt;b&gt;</th>' in html
    assert '<td><span class="value">0.00</span> <span class="ci long">-0.02 to 0.00</span></td>' in html
    assert '<td><span class="verdict bad">worse</span></td>' in html
    assert html.count("<td></td>") == 0
