"""How fast simulated images are drawn, beside the code of an earlier revision.

Run it from the project's folder: ``python -m benchmarks.sources.simulated``. It needs the history in Git.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.ratios import Ratio, timed
from solarflare.core.tasks import TASKS, Task
from solarflare.sources.simulated import scrape as simulated
from tests import parameters
from tests.parameters import AllParams

REVISION = "743fd98"  # before the simulator was made faster
FEW, MORE = 2, 150  # images of a task
ROUNDS = 3
ROOT = Path(__file__).resolve().parents[2]


def ratios() -> Iterator[Ratio]:
    """Yield for each task how many times as many images are drawn as with the code of `REVISION`."""
    with TemporaryDirectory() as former:
        # Its tests too: they read its parameters.
        command = ["git", "archive", REVISION, "solarflare", "tests", "params.yaml"]
        archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", former], input=archive.stdout, check=True)
        rates = [(rate_of(ROOT), rate_of(Path(former))) for _ in range(ROUNDS)]
    for task in rates[0][0]:
        now, before = (median(turn[which][task] for turn in rates) for which in (0, 1))
        detail = f"{now:.1f} and {before:.1f} images a second"
        yield Ratio(f"simulate, {task}", f"revision {REVISION}", now / before, 2.5, detail, at_least=True)


def rate_of(code: Path) -> dict[str, float]:
    """Return the images a second that a folder's `solarflare` draws for each task, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # Python looks into the current folder first
    command = [sys.executable, "-m", "benchmarks.sources.simulated", "--rates"]
    done = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def rates_here() -> dict[str, float]:
    """Return the images a second for each task. Regions, flares and tables, the same for any number, do not count."""
    logging.getLogger("solarflare").setLevel(logging.ERROR)
    chosen = parameters.load()
    tables = timed(scrape, chosen, dict.fromkeys(TASKS, FEW))
    many = {task: dict.fromkeys(TASKS, FEW) | {task: MORE} for task in chosen.tasks}
    return {str(task): (MORE - FEW) / (timed(scrape, chosen, images) - tables) for task, images in many.items()}


def scrape(chosen: AllParams, images: dict[Task, int]) -> None:
    """Draw a Sun with other numbers of images."""
    content = chosen.model_dump()
    content["scrape"]["simulated"] |= {f"{task}_images": count for task, count in images.items()}
    with TemporaryDirectory() as folder:
        simulated.scrape(parameters.parse(content), Path(folder))


if __name__ == "__main__":
    if "--rates" in sys.argv:
        print(json.dumps(rates_here()))
    else:
        print(*ratios(), sep="\n")
