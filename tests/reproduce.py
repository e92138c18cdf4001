"""Runs the committed pipeline in two clones in different folders, and compares all outputs: ``make reproduce``.

A third clone takes the outputs from the cache of the first, and must have nothing to run. With ``--quick`` the Sun is
tiny and the networks learn little. The last lines are a row for docs/reproducibility.md.
"""

import argparse
import hashlib
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from solarflare.core.console import cores
from tests.project.test_pipeline import ROOT, TINY, choose, shell

DATA = ("data/raw", "data/labels", "data/splits", "data/crops", "data/confounders", "data/attributions")
OUTPUTS = (*DATA, "models/disk", "models/region", "metrics", "reports")


def main() -> None:
    """Print whether the clones agree, and what each output hashes to; exit with 1 if they do not agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tiny Sun, in a few minutes")
    quick = parser.parse_args().quick
    with TemporaryDirectory() as folder:
        first, second = (clone(Path(folder) / name, quick) for name in ("first", "second/in another folder"))
        for project in (first, second):
            shell("dvc", "repro", "--no-run-cache", cwd=project)
        hashes = [{output: digest(project / output) for output in OUTPUTS} for project in (first, second)]
        differing = [output for output in OUTPUTS if hashes[0][output] != hashes[1][output]]
        rerun = stages_of_a_third(first, Path(folder) / "third")
    print("\n".join(f"{output:<18} {value}" for output, value in hashes[0].items()))
    print(f"| {processor()} | {platform.libc_ver()[1]} | {cores()} | {' | '.join(hashes[0].values())} |")
    if differing or rerun:
        sys.exit(f"error: the clones differ in {', '.join(differing) or 'nothing'}; the third ran {rerun or 'nothing'}")
    print("two clones gave the same bytes; a third, with the first one's cache, had nothing to run")


def clone(folder: Path, quick: bool) -> Path:
    """Clone the last commit of this checkout."""
    shell("git", "clone", "--quiet", str(ROOT), str(folder), cwd=ROOT)
    shell("git", "config", "user.name", "a user", cwd=folder)
    shell("git", "config", "user.email", "user@example.org", cwd=folder)
    if quick:
        choose(folder, TINY)
    return folder


def stages_of_a_third(first: Path, folder: Path) -> list[str]:
    """Return the stages that run in a clone of `first` which can pull from its cache: there should be none."""
    shell("solarflare", "accept", cwd=first)
    shell("git", "commit", "--quiet", "--allow-empty", "--all", "--message", "parameters", cwd=first)
    shell("git", "clone", "--quiet", str(first), str(folder), cwd=first)
    shell("dvc", "remote", "add", "--quiet", "--default", "first", str(first / ".dvc/cache"), cwd=folder)
    shell("dvc", "pull", "--quiet", cwd=folder)
    said = shell("dvc", "repro", cwd=folder)
    return [
        name
        for name in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
        if f"Running stage '{name}'" in said
    ]


def digest(folder: Path) -> str:
    """Return the first digits of the SHA-256 of all files in a folder, with their names."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def processor() -> str:
    """Return the processor's name, and whether it has AVX-512."""
    listed = Path("/proc/cpuinfo")
    about = listed.read_text() if listed.exists() else ""
    names = [line.partition(": ")[2] for line in about.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {'with' if 'avx512f' in about else 'without'} AVX-512"


if __name__ == "__main__":
    main()
