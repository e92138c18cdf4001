"""What logging to MLflow adds to a training stage: run with it and without it, in turns.

Run it from the folder of a project whose pipeline has run: ``python -m benchmarks.tracking.tracking region``. The stage
writes the same bytes again; the store is a fresh one each time, below the system's temporary files.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from solarflare.core.tasks import TASKS

ROUNDS = 3
WITHOUT = """
import sys
from solarflare.core.tasks import Task
from solarflare.networks.folds import train
train(Task(sys.argv[1]))
"""


def main() -> None:
    """Print the median seconds of the stage with and without logging, their ratio and their difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    task = parser.parse_args().task
    commands = {"with": ["-m", f"stages.train_{task}"], "without": ["-c", WITHOUT, task]}
    seconds: dict[str, list[float]] = {variant: [] for variant in commands}
    for _ in range(ROUNDS):
        for variant, command in commands.items():
            seconds[variant].append(timed(command))
    logged, silent = median(seconds["with"]), median(seconds["without"])
    print(
        f"{task}: {logged:.1f} s with logging, {silent:.1f} s without: "
        f"{logged / silent:.2f} times as long, {logged - silent:.1f} s more"
    )


def timed(command: list[str]) -> float:
    """Return the seconds that a command of this Python takes, with an empty store to log to."""
    with TemporaryDirectory() as folder:
        # The main checkout of a stage, whose store and artifacts it uses.
        environment = {**os.environ, "DVC_ROOT": folder, "MLFLOW_TRACKING_URI": ""}
        subprocess.run([Path(sys.executable).with_name("solarflare"), "store"], env=environment, check=True)
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
