"""How many simulated images a second are made for each task, and how long the Sun of params.yaml takes with that.

Run it from the project's folder: ``python -m benchmarks.sources.simulated``.
"""

import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from solarflare.core.console import cores
from solarflare.core.tasks import TASKS, Task
from solarflare.sources.simulated import scrape as simulated
from tests import parameters
from tests.parameters import AllParams

FEW, MORE = 2, 200  # images of a task


def main() -> None:
    """Print images a second, and seconds."""
    logging.getLogger("solarflare").setLevel(logging.ERROR)
    chosen = parameters.load()
    tables = scrape(chosen, dict.fromkeys(chosen.tasks, FEW))
    total = tables
    print(f"on {cores()} cores; regions, flares and tables take {tables:.1f} s, whatever the number of images")
    for task in chosen.tasks:
        # Another number of images is all that differs.
        seconds = (scrape(chosen, dict.fromkeys(chosen.tasks, FEW) | {task: MORE}) - tables) / (MORE - FEW)
        count = getattr(chosen.scrape.simulated, f"{task}_images")
        total += count * seconds
        print(f"{task}: {1 / seconds:.1f} images of {chosen.instrument.of(task)} a second, {count} are wanted")
    print(f"all of it: {total:.0f} s")


def scrape(chosen: AllParams, images: dict[Task, int]) -> float:
    """Return the seconds that a Sun takes with other numbers of images."""
    content = chosen.model_dump()
    content["scrape"]["simulated"] |= {f"{task}_images": images.get(task, FEW) for task in TASKS}
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        simulated.scrape(parameters.parse(content), Path(folder))
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
