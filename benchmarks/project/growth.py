"""How time and memory of each stage grow with the number of images.

Run it from the project's folder: ``python -m benchmarks.project.growth``, and with ``--images 100 1000`` for fewer.
Each number of images is a pipeline of its own below the system's temporary files, half of the images for each task. A
training is one epoch of one network. With the default sizes it writes ``docs/images/growth.png`` and a table in
``docs/performance.md``.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from benchmarks.performance import write
from benchmarks.project.stages import STAGES, run_stage
from benchmarks.ratios import Ratio

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SIZES = [100, 1_000, 10_000]
END, CYCLE, PER_YEAR = 2021, 11, 175  # years, and images a year: a day is in one pair of a task at most
FIGURE = Path("docs/images/growth.png")
STEEPEST = 1.05  # exponent of time: ten times the images take at most 10**1.05 times as long
MORE_MEMORY = 1.2  # ten times the images take at most so many times the memory


def main() -> None:
    """Print the table and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=SIZES, help="numbers of images")
    sizes = parser.parse_args().images
    grown = measure(sizes)
    print(grown.to_string(index=False))
    print(*ratios(grown), sep="\n")
    if sizes == SIZES:
        draw(grown)
        write("growth", list(ratios(grown)))


def measure(sizes: Sequence[int]) -> pd.DataFrame:
    """Return ``images``, ``stage``, ``seconds`` of processors and ``peak`` (MB), a row for each stage and size."""
    rows = []
    for images in sizes:
        with TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy("params.yaml", folder)
            edit(folder / "params.yaml", images)
            for stage in STAGES:
                used = run_stage(stage, folder)
                rows.append({"images": images, "stage": stage, "seconds": round(used.processors, 1), "peak": used.peak})
                print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def ratios(grown: pd.DataFrame) -> Iterator[Ratio]:
    """Yield for each stage the exponent of its time between the two largest sizes, and the growth of its memory."""
    *_, fewer, most = sorted(grown["images"].unique())
    for stage, rows in grown.set_index("images").groupby("stage", sort=False):
        seconds, peaks = rows["seconds"], rows["peak"]
        slope = np.log(seconds[most] / seconds[fewer]) / np.log(most / fewer)
        detail = f"{seconds[fewer]:.0f} s and {seconds[most]:.0f} s"
        yield Ratio(f"`{stage}`: exponent of time", f"{fewer:,} to {most:,} images", slope, STEEPEST, detail)
        detail = f"{peaks[fewer]} MB and {peaks[most]} MB"
        yield Ratio(f"`{stage}`: memory", f"with {fewer:,} images", peaks[most] / peaks[fewer], MORE_MEMORY, detail)


def edit(path: Path, images: int) -> None:
    """Set the number of images, in a span that has as many matched pairs, and train for one epoch."""
    yaml = YAML()
    content: dict[str, Any] = yaml.load(path)
    start = f"{END - max(CYCLE, round(images / PER_YEAR))}-01-01"
    content["scrape"]["simulated"] |= {"start": start, "end": f"{END}-01-01"}
    content["scrape"]["simulated"] |= {"disk_images": images // 2, "region_images": images // 2}
    for task in ("disk", "region"):
        content[f"train_{task}"] |= {"epochs": 1, "ensemble": 1}
    yaml.dump(content, path)


def draw(grown: pd.DataFrame) -> None:
    """Draw seconds and memory against the number of images."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axes, column, unit in zip(
        panels, ("seconds", "peak"), ("seconds of processors", "MB of the largest process"), strict=True
    ):
        for stage, rows in grown.groupby("stage", sort=False):
            axes.plot(rows["images"], rows[column], marker="o", markersize=3, label=stage)
        axes.set(xscale="log", yscale="log", xlabel="images", ylabel=unit)
        axes.grid(alpha=0.3)
    figure.legend(*panels[1].get_legend_handles_labels(), fontsize=7, loc="outside right upper")
    figure.savefig(FIGURE, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
