"""Cells that cannot be used, and the one message that lists all of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from solarflare.core.errors import InputError

SHOWN = 20  # Cells that a message lists; of the others it says how many there are


class BadCell(NamedTuple):
    """A cell that cannot be used: its row (0 is the first below the header), its column, and what was expected."""

    row: int
    column: str
    value: Any
    expected: str

    def __str__(self) -> str:
        return f"row {self.row + 1}, column {self.column}: got {self.value!r}"


def refusal(where: str, bad: Iterable[BadCell]) -> InputError:
    """Return the error that lists the bad cells of a table, at least one, in the order of the rows.

    `where` is the name of the table. If a cell is listed twice, the first reason counts. What was expected in a column
    is said once.

    Examples
    --------
    >>> bad = [BadCell(4, "start", "soon", "a time"), BadCell(5, "start", "late", "a time")]
    >>> print(refusal("flares.csv", bad))
    flares.csv: 2 cells cannot be used (start 2); correct them, or remove their rows:
      row 5, column start: got 'soon'; expected a time
      row 6, column start: got 'late'
    """
    unique: dict[tuple[int, str], BadCell] = {}
    for cell in bad:
        unique.setdefault((cell.row, cell.column), cell)
    cells = sorted(unique.values(), key=lambda cell: cell.row)
    if len(cells) == 1:
        return InputError(f"{where}, {cells[0]}; expected {cells[0].expected}")
    counts = ", ".join(f"{column} {count:,}" for column, count in Counter(cell.column for cell in cells).items())
    head = f"{where}: {len(cells):,} cells cannot be used ({counts}); correct them, or remove their rows"
    first = f"; the first {SHOWN}" if len(cells) > SHOWN else ""
    lines, said = [f"{head}{first}:"], set[tuple[str, str]]()
    for cell in cells[:SHOWN]:
        expected = (cell.column, cell.expected)
        lines.append(f"  {cell}" if expected in said else f"  {cell}; expected {cell.expected}")
        said.add(expected)
    return InputError("\n".join(lines))
