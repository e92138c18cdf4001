"""How long commands take that compute nothing, beside what they cannot do without.

Run it from the folder of a project whose pipeline has run: ``python -m benchmarks.project.commands``.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.ratios import Ratio, in_turns, run

ROUNDS = 5
PROGRAMS = Path(sys.executable).parent  # of the virtual environment
INTERPRETER = [sys.executable, "-c", "pass"]


def ratios() -> Iterator[Ratio]:
    """Yield the ratio of `dvc repro` with nothing to do, and of `solarflare --help`."""
    dvc = str(PROGRAMS / "dvc")
    repro, status = in_turns(ROUNDS, partial(run, [dvc, "repro"]), partial(run, [dvc, "status"]))
    yield Ratio("`dvc repro`, nothing to do", "`dvc status`", repro / status, 1.3, f"{repro:.1f} s and {status:.1f} s")
    solarflare = str(PROGRAMS / "solarflare")
    shown, interpreter = in_turns(ROUNDS, partial(run, [solarflare, "--help"]), partial(run, INTERPRETER))
    detail = f"{1000 * shown:.0f} ms, of them the interpreter {1000 * interpreter:.0f} ms"
    yield Ratio("`solarflare --help`", "0.4 s", shown / 0.4, 1, detail)


if __name__ == "__main__":
    print(*ratios(), sep="\n")
