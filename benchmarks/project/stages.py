"""How long each stage takes, beside the training of a network and beside the work that no pipeline can avoid.

Run it from the folder of a project whose pipeline has run: ``python -m benchmarks.project.stages``. Each stage is run
once more in a copy of the project's data, below the system's temporary files; nothing in the project changes.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ratios import Ratio

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["scrape", "label", "split", "crop", "audit", "train_disk", "train_region", "evaluate", "report"]
TRAINED = "train_region"
LEAST = 0.5  # of the training of one network, for what only looks at its results


def ratios() -> Iterator[Ratio]:
    """Yield the ratio of `audit`, `evaluate` and `report` to the training of one network."""
    seconds = durations(STAGES, Path())
    detail = ", ".join(f"{stage} {spent:.0f} s" for stage, spent in seconds.items())
    for stage in ("audit", "evaluate", "report"):
        ratio = seconds[stage] / seconds[TRAINED]
        yield Ratio(f"`{stage}`", f"`{TRAINED}`", ratio, LEAST, f"{seconds[stage]:.1f} s and {seconds[TRAINED]:.1f} s")
    yield Ratio("all stages", "4 minutes", sum(seconds.values()) / 240, 1, detail)


def durations(stages: list[str], project: Path) -> dict[str, float]:
    """Return the seconds of each stage of a project, run in an empty folder with its parameters."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(project / "params.yaml", folder)
        return {stage: run_stage(stage, folder).seconds for stage in stages}


@dataclass(frozen=True)
class Usage:
    """What a stage took: seconds, seconds of processors, and the memory of its largest process in MB."""

    seconds: float
    processors: float
    peak: int


def run_stage(stage: str, folder: Path) -> Usage:
    """Run a stage in a folder that has parameters and the outputs of the stages before it."""
    begin = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (folder / f"{stage}.log").open("w") as log:
        command = [sys.executable, "-m", f"stages.{stage}"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"error: stage {stage} failed:\n{(folder / f'{stage}.log').read_text()}")
    peak = used.ru_maxrss // (2**20 if sys.platform == "darwin" else 2**10)
    return Usage(time.perf_counter() - begin, used.ru_utime + used.ru_stime, peak)


if __name__ == "__main__":
    print(*ratios(), sep="\n")
