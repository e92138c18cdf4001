"""How a stage speaks: plain lines, a progress bar on a terminal, one sentence when something is wrong."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from tqdm import tqdm

from solarflare.core.errors import InputError

log = logging.getLogger("solarflare")
T = TypeVar("T")

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {per_minute} a minute]"
LINES_PER_LOOP = 4  # progress lines that a loop writes to a log, where nobody watches a bar move


class Bar(tqdm):
    """A progress bar that knows how many items a minute it has seen: seconds for some loops, hours for others."""

    @property
    def format_dict(self) -> dict[str, Any]:
        """What a bar's format may name."""
        known = super().format_dict
        rate = known["rate"] or known["n"] / max(known["elapsed"], 1e-9)
        return {**known, "per_minute": f"{60 * rate:.0f}"}


def progress(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Iterate over `items`, showing a bar on a terminal and a few plain lines in a log.

    Parameters
    ----------
    items : iterable
        What to iterate over.
    total : int
        How many items there are.
    what : str
        What is being counted, for example ``"images cut"``.
    """
    if sys.stderr.isatty():
        yield from Bar(items, total=total, desc=what, bar_format=BAR)
        return
    step = max(1, total // LINES_PER_LOOP)
    for done, item in enumerate(items, start=1):
        yield item
        if done % step == 0 or done == total:
            log.info("%s: %d of %d", what, done, total)


def run(main: Callable[[], None]) -> None:
    """Run a command's `main`, and end bad input, a full disk and Ctrl-C with one sentence and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    exit_on_interrupt()
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit("error: the disk is full: nothing half-written was kept; free some space and run the command again")
    except KeyboardInterrupt:
        _interrupted()


def exit_on_interrupt() -> None:
    """End Ctrl-C and `kill` with one sentence from now on, even before `run`: the imports of a stage take seconds."""
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(kind, _interrupted)
    sys.unraisablehook = _ask_again


def _interrupted(*_: object) -> NoReturn:
    # A second one must not disturb the cleaning up after the first.
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.SIG_IGN)
    sys.exit("error: interrupted: nothing half-written was kept; run the command again to continue")


def _ask_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeat an interruption that came while an object was finalised: what is raised there goes no further."""
    if isinstance(ignored.exc_value, SystemExit):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(ignored)


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
