"""Which modules a stage imports, read from the source: ``python -m tests.import_graph evaluate`` prints its deps."""

import ast
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = ("solarflare", "stages")


def module_path(name: str) -> Path | None:
    """Return the file of one of the project's modules, relative to the project; None for others' modules."""
    base = Path(*name.split("."))
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if (ROOT / path).is_file()), None) if base.parts[0] in OWN else None


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the full names of what a file imports, at any depth: modules, and names that may be modules."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def closure(path: Path) -> set[Path]:
    """Return a file and all of the project's files that run when it does."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        names = imports(current) | {".".join(current.parts[:-1])}
        packages = {name[:end] for name in names for end in (i for i, c in enumerate(name) if c == ".")}
        waiting += [module for name in names | packages if (module := module_path(name))]
    return found


def stage_dependencies(stage: str) -> list[str]:
    """Return the Python files that a stage's ``deps`` have to list."""
    return sorted(str(path) for path in closure(Path(f"stages/{stage}.py")))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}:", *(f"      - {dependency}" for dependency in stage_dependencies(name)), sep="\n")
