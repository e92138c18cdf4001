"""Injects all faults, prints what came of each, and writes the table of docs/reliability.md: ``make faults``.

It exits with 1 if any fault lost a byte, left a process or a file, or printed a traceback.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from solarflare.core.console import cores
from tests.faults import reference, table
from tests.faults.kinds import KINDS
from tests.faults.reference import Reference
from tests.faults.trial import Case, Outcome


def main() -> None:
    """Run the kinds that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=KINDS, action="append", help="a kind of fault; can be repeated")
    parser.add_argument("--seed", type=int, default=1, help="draws the moments (default: 1)")
    parser.add_argument("--jobs", type=int, default=cores(), help="faults at a time (default: one per core)")
    parser.add_argument("--folder", type=Path, help="keep the reference there, or take the one that is there")
    parser.add_argument("--most", type=int, help="at most so many faults of each kind, drawn (default: all)")
    parser.add_argument("--match", default="", help="only faults whose description holds this; no table is written")
    chosen = parser.parse_args()
    bad = 0
    with _folder(chosen.folder) as folder, reference.site(folder / "site") as server:
        of = Reference(folder / "reference/project", server)
        of.ready()
        for kind in chosen.only or KINDS:
            rng = random.Random(f"{chosen.seed} {kind}")
            cases = [case for case in KINDS[kind](rng) if chosen.match in str(case)]
            if chosen.most is not None and chosen.most < len(cases):
                cases = [cases[number] for number in sorted(rng.sample(range(len(cases)), chosen.most))]
            outcomes = list(_outcomes(of, cases, chosen.jobs))
            bad += sum(not outcome.good for outcome in outcomes)
            if not chosen.match:
                table.write(kind, outcomes)
    if bad:
        sys.exit(f"error: {bad} faults were not withstood: see above")


def _outcomes(of: Reference, cases: list[Case], jobs: int) -> Iterator[Outcome]:
    """Inject some faults at once, and print a line for each."""
    with ThreadPoolExecutor(jobs) as pool:
        for number, outcome in enumerate(pool.map(lambda case: _timed(case, of), cases), start=1):
            print(f"{number:>3}/{len(cases)} {outcome[1]:4.0f} s  {_line(outcome[0])}", flush=True)
            yield outcome[0]


def _timed(case: Callable[[Reference], Outcome], of: Reference) -> tuple[Outcome, float]:
    started = time.monotonic()
    return case(of), time.monotonic() - started


def _line(outcome: Outcome) -> str:
    return f"{'ok ' if outcome.good else 'BAD'}  {outcome.fault}, {outcome.command}: {outcome.text}"


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        (kept / "site").mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with TemporaryDirectory(prefix="faults-") as name:
        (Path(name) / "site").mkdir()
        yield Path(name)


if __name__ == "__main__":
    main()
