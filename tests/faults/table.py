"""The table of faults and outcomes in docs/reliability.md, between two marks for each kind of fault."""

import re
from collections.abc import Iterable

from solarflare.core.files import atomic_path
from tests.faults.trial import Outcome
from tests.projects import ROOT

PAGE = ROOT / "docs/reliability.md"
HEAD = "| fault | command | times | outcome |\n| --- | --- | --- | --- |"


def write(kind: str, outcomes: Iterable[Outcome]) -> None:
    """Write the rows of a kind of fault between its marks."""
    text = PAGE.read_text()
    start, end = f"<!-- faults:{kind} -->", f"<!-- /faults:{kind} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise RuntimeError(f"{PAGE} has no marks {start} and {end}")
    with atomic_path(PAGE) as partial:
        partial.write_text(pattern.sub(lambda _: f"{start}\n{render(outcomes)}\n{end}", text))


def render(outcomes: Iterable[Outcome]) -> str:
    """Return a table in Markdown: a row for each fault and outcome, with the commands that it struck."""
    rows: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        text = outcome.text if outcome.good else f"**not withstood**: {outcome.text}"
        rows.setdefault((outcome.fault, text), []).append(outcome.command)
    lines = [
        f"| {_cell(fault)} | {', '.join(dict.fromkeys(struck))} | {len(struck)} | {_cell(text)} |"
        for (fault, text), struck in rows.items()
    ]
    return "\n".join([HEAD, *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
