"""Which modules a stage imports, and which stages an edit reruns: both are read from the source and from dvc.yaml.

``python -m tests.import_graph`` prints the table of docs/architecture.md. With names of stages, it prints the modules
that each stage imports.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
OWN = ("solarflare", "stages")
ORIGINS = ("simulated", "archive", "live")
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
DATA = ("data/", "models", "metrics", "reports", "${scrape.live.manifest}")


def module_path(name: str) -> Path | None:
    """Return the file of a module of the project, relative to the project; None for any other module."""
    base = Path(*name.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if (ROOT / path).is_file()), None) if base.parts[0] in OWN else None


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the full names that a file imports, also inside functions: modules, and names that may be modules."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def closure(path: Path) -> set[Path]:
    """Return a file and all files of the project that it imports, directly or not; those of `tracking` are left out."""
    reached: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in reached or current.parts[:2] == ("solarflare", "tracking"):
            continue
        reached.add(current)
        names = imports(current) | {".".join(current.parts[:-1])}
        packages = {name[:end] for name in names for end in (i for i, c in enumerate(name) if c == ".")}
        waiting += [module for name in names | packages if (module := module_path(name))]
    return reached


def paths(entries: list[Any]) -> list[str]:
    """Return the paths in a list of deps, outs or metrics; a path with the origin in it is repeated per origin."""
    names = [name for entry in entries for name in ([entry] if isinstance(entry, str) else entry)]
    return [name.replace("${scrape.origin}", origin) for name in names for origin in ORIGINS[: 1 + 2 * ("$" in name)]]


def code(stage: str) -> list[str]:
    """Return the folders and files of code that a stage depends on, with the folders of all origins."""
    return [path for path in paths(STAGES[stage]["deps"]) if not path.startswith(DATA)]


def rerun_first(place: str) -> list[str]:
    """Return the stages whose code includes a folder: an edit in the folder reruns them in any case."""
    return [stage for stage in STAGES if any(_within(place, dependency) for dependency in code(stage))]


def downstream(stages: list[str]) -> list[str]:
    """Return the other stages that depend, directly or not, on an output of some stages."""
    changed, after = set(stages), []
    for stage, content in STAGES.items():  # dvc.yaml is in the order of the pipeline
        read = [path for path in paths(content["deps"]) if path.startswith(DATA)]
        written = [path for name in changed for path in _written(name)]
        if stage not in changed and any(_within(a, b) or _within(b, a) for a in read for b in written):
            after.append(stage)
            changed.add(stage)
    return after


def _written(stage: str) -> list[str]:
    return paths([*STAGES[stage].get("outs", []), *STAGES[stage].get("metrics", []), *STAGES[stage].get("plots", [])])


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer.rstrip('/')}/")


def folders() -> Iterator[str]:
    """Yield the folders of code that hold modules of their own, in the order of `ROOMS`."""
    for room in ROOMS:
        inner = sorted(path.parent for path in (ROOT / "solarflare" / room).rglob("*.py"))
        for folder in dict.fromkeys(inner):
            if [path for path in folder.glob("*.py") if path.name != "__init__.py"]:
                yield folder.relative_to(ROOT).as_posix()


ROOMS = ("core", "sun", "sources", "dataset", "networks", "verification", "report", "tracking", "predict")


def rerun_table() -> str:
    """Return the table of docs/architecture.md: which edit reruns what."""
    rows = ["| an edit in | reruns | and, if what these write changes |", "|---|---|---|"]
    listed = list(folders())
    for folder in listed:
        first = rerun_first(folder)
        later = downstream(first)
        if folder.startswith(tuple(f"solarflare/sources/{origin}" for origin in ORIGINS)):
            first = ["scrape, if this is the origin"]
        files = " (files directly in it)" if any(inner.startswith(f"{folder}/") for inner in listed) else ""
        rows.append(f"| `{folder}/`{files} | {', '.join(first) or 'nothing'} | {', '.join(later) or '-'} |")
    return "\n".join(rows)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}:", *sorted(map(str, closure(Path(f"stages/{name}.py")))), sep="\n  ")
    if not sys.argv[1:]:
        print(rerun_table())
