"""Run the examples of pages and write what they print: ``python -m docs.run_pages docs/tutorials/*.md`` after ``make``.

The blocks ``python`` and ``sh`` of a page run in order, in the working folder. If a block ``text`` follows directly
below one, its content is replaced by what the block printed.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

BLOCK = re.compile(r"```(python|sh)\n(.*?)```\n(\n```text\n.*?```\n)?", re.DOTALL)
WIDTH = 120  # characters in a line of a table


def main() -> None:
    """Run the pages that the command line names."""
    pd.set_option("display.width", WIDTH)
    pd.set_option("display.max_columns", 20)
    for name in sys.argv[1:]:
        run_page(Path(name))


def run_page(page: Path) -> None:
    """Run the blocks of a page in order, with common names in Python, and write their output into the page."""
    names: dict[str, Any] = {}
    page.write_text(BLOCK.sub(lambda block: _run(block, names), page.read_text()))


def _run(block: re.Match[str], names: dict[str, Any]) -> str:
    """Run a block, and return it with what it printed, if the page shows that."""
    kind, code, output = block.groups()
    printed = _python(code, names) if kind == "python" else _shell(code)
    written = f"```{kind}\n{code}```\n"
    lines = "\n".join(line.rstrip() for line in printed.rstrip().splitlines())
    return f"{written}\n```text\n{lines}\n```\n" if output else written


def _python(code: str, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "the page", "exec"), names)  # noqa: S102 - that is what this is for
    return printed.getvalue()


def _shell(code: str) -> str:
    """Run a block in bash; its programs are those next to this Python."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", code]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
