"""Measure all ratios of time, print them as a table, and write it into ``docs/performance.md``.

Run it from the folder of a project whose pipeline has run, on an idle machine: ``make bench``. Each module is measured
in a process of its own.
"""

import argparse
import importlib
import importlib.metadata
import multiprocessing
import platform
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.ratios import Ratio
from solarflare.core.console import cores

PAGE = Path("docs/performance.md")
MODULES = [
    "benchmarks.project.commands",
    "benchmarks.project.stages",
    "benchmarks.sources.simulated",
    "benchmarks.dataset.crop",
    "benchmarks.sun.label",
    "benchmarks.networks.training",
    "benchmarks.predict.shipped",
    "benchmarks.verification.bootstrap",
]
PACKAGES = "numpy", "pandas", "scikit-learn", "tensorflow", "dvc"


def main() -> None:
    """Print a line for each ratio once it is measured; then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=MODULES, help="only these; the page is then not written")
    modules = parser.parse_args().modules
    ratios = []
    for module in modules:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            of_module = pool.submit(measure, module).result()
        print(*of_module, sep="\n", flush=True)
        ratios += of_module
    if modules == MODULES:
        write("ratios", ratios)


def measure(module: str) -> list[Ratio]:
    """Return the ratios of a module."""
    return list(importlib.import_module(module).ratios())


def write(part: str, ratios: list[Ratio]) -> None:
    """Write a table of ratios into the page, between the marks of a part."""
    marked = f"(?s)(?<=<!-- {part} -->\n).*(?=<!-- /{part} -->)"
    PAGE.write_text(re.sub(marked, lambda _: table(ratios), PAGE.read_text()))


def table(ratios: list[Ratio]) -> str:
    """Return the table in Markdown, below a line that names the machine."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [f"{processor()}, {cores()} cores, Python {platform.python_version()}, {versions}.", ""]
    lines += ["| what | against | ratio | goal | met | measured |", "| --- | --- | --- | --- | --- | --- |"]
    for ratio in ratios:
        goal = f"at {'least' if ratio.at_least else 'most'} {ratio.goal:g}"
        met = "yes" if ratio.met else "no"
        lines.append(f"| {ratio.what} | {ratio.against} | {ratio.ratio:.2f} | {goal} | {met} | {ratio.detail} |")
    return "\n".join([*lines, ""])


def processor() -> str:
    """Return the processor's name."""
    information = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", information.read_text()) if information.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
