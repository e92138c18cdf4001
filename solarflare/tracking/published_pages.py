"""Writes the tables into the README and into docs/, each between its two markers."""

import re
from pathlib import Path

from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.core.paths import DETAILS
from solarflare.core.tasks import TASKS
from solarflare.report import summary
from solarflare.tracking import published_tables


def excerpt(details: Path = DETAILS) -> str:
    """Return the first lines of the table at the end of a run: each task's network and its two best baselines."""
    heading, rule, *lines = summary.render(details).splitlines()
    starts = [number for number, line in enumerate(lines) if line in TASKS]
    return "\n".join([heading, rule, *(line for start in starts for line in lines[start : start + 4])])


def with_tables(text: str, details: Path = DETAILS) -> str:
    """Return the text of a page after each table is written anew between its markers.

    The marker ``<!-- summary -->`` stands for the table at the end of a run, ``<!-- excerpt -->`` for its first lines,
    ``<!-- overview -->`` for a short table of all profiles, and ``<!-- results:<profile> -->`` for one profile. An end
    marker follows each, such as ``<!-- /summary -->``. `details` is the folder of the run's scores.
    """

    def content(name: str) -> str:
        if name == "overview":
            return published_tables.overview(details)
        if name in ("summary", "excerpt"):
            return f"```text\n{excerpt(details) if name == 'excerpt' else summary.render(details)}\n```"
        return published_tables.table(name.removeprefix("results:"))

    return re.sub(
        r"(?P<start><!-- (?P<name>summary|excerpt|overview|results:[\w-]+) -->).*?(?P<end><!-- /(?P=name) -->)",
        lambda match: f"{match['start']}\n{content(match['name'])}\n{match['end']}",
        text,
        flags=re.DOTALL,
    )


def update_pages(check: bool) -> list[Path]:
    """Write the tables into ``README.md`` and ``docs/*.md``. Return the pages that changed.

    Parameters
    ----------
    check : bool
        If True, nothing is written, and a table that is out of date is an error.

    Raises
    ------
    InputError
        If a marker names a profile without results. With `check`, also if a table is out of date.
    """
    changed = []
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = with_tables(before)
        if check and after != before:
            raise InputError(f"{page}: a table is out of step with docs/results/; write it with `solarflare results`")
        if after != before:
            with atomic_path(page) as partial:
                partial.write_text(after, encoding="utf-8")
            changed.append(page)
    return changed


def pages() -> list[Path]:
    """Return the pages that may hold tables."""
    return [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
