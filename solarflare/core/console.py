"""Output of stages and commands: log lines, progress, and one sentence with exit code 1 for bad input."""

import errno
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

from tqdm import tqdm

from solarflare.core import printable
from solarflare.core.errors import InputError
from solarflare.core.parent import end_with_parent

log = logging.getLogger("solarflare")
T = TypeVar("T")

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {per_minute} a minute]"
# A folder without the permission to write, a disk that is read-only, a file where a folder is needed, or the reverse.
UNUSABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
INTERRUPTED = "error: interrupted: nothing half-written was kept; run the command again to continue"
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill`, a closed terminal
MAX_SHOWN = 100  # characters of a path that a sentence shows
GRACE = 1.5  # seconds for the clean-up of a block that `ends_soon`
LINES_PER_LOOP = 4  # progress lines of a loop where stderr is no terminal


class Bar(tqdm):
    """A progress bar with the number of items per minute."""

    @property
    def format_dict(self) -> dict[str, Any]:
        """The values that the format of a bar may use."""
        values = super().format_dict
        rate = values["rate"] or values["n"] / max(values["elapsed"], 1e-9)
        return {**values, "per_minute": f"{60 * rate:.0f}"}


def progress(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Iterate over items, with a progress bar on a terminal, and a few plain lines in a log.

    `total` is the number of items. `what` names the items in these lines, for example ``"images cut"``.
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
    """Run a command's `main`; after bad input, a full disk or Ctrl-C exit with one sentence and code 1.

    Sentences and log lines quote files of other people. They are printed without control characters.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    log.addFilter(_make_printable)
    exit_on_interrupt()
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {printable.lines(str(error))}")
    except OSError as error:
        sys.exit(f"error: {printable.lines(_sentence(error))}")
    except KeyboardInterrupt:
        _interrupted()


def _make_printable(record: logging.LogRecord) -> bool:
    """Escape the control characters of a log line, in place, and keep the line: a filter of `logging`."""
    record.msg, record.args = printable.lines(record.getMessage()), ()
    return True


def _sentence(error: OSError) -> str:
    """Return the sentence for a full disk, or a path that cannot be used; raise an error without a path again."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: nothing half-written was kept; free some space and run the command again"
    if error.errno == errno.EFBIG:
        return "a file is larger than is allowed here: nothing half-written was kept; see `ulimit -f`, run this again"
    if error.errno in UNUSABLE and error.filename is not None:
        return f"{error.filename} cannot be used ({error.strerror}): make it writable, or move what is in its place"
    if error.filename is not None:
        # Another reason, such as a name that is too long, or a folder that takes no files.
        name = str(error.filename)
        shown = name if len(name) <= MAX_SHOWN else f"{name[:MAX_SHOWN]}..."
        return f"{shown} cannot be used ({error.strerror}): name another file or folder"
    raise error


def exit_on_interrupt() -> None:
    """From now on exit with one sentence after an interruption. Call it before imports: these take seconds.

    A stage is also interrupted when DVC, which started it, is killed.
    """
    for kind in (*INTERRUPTIONS, signal.SIGALRM):
        # `nohup` ignores the end of the terminal.
        if kind != signal.SIGHUP or signal.getsignal(kind) != signal.SIG_IGN:
            signal.signal(kind, _interrupted)
    sys.unraisablehook = _repeat_interruption
    if "DVC_ROOT" in os.environ:
        end_with_parent()


def _interrupted(*_: object) -> NoReturn:
    # A second interruption must not stop the clean-up after the first. Python reports one that came already if the
    # signal is now ignored, so that a handler does nothing.
    for kind in INTERRUPTIONS:
        signal.signal(kind, lambda *_: None)
    sys.exit(INTERRUPTED)


@contextmanager
def ends_soon(stop: Callable[[], None]) -> Iterator[None]:
    """After Ctrl-C or `kill` within this block a command ends within `GRACE` seconds, whatever its threads wait for.

    `stop` is called at once, from another thread. Without `exit_on_interrupt`, as in a user's own program, or outside
    of the main thread, nothing changes.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not _interrupted:
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    ended = threading.Event()

    def watch() -> None:
        # The system writes the number of each signal here, even while the main thread waits for a name server.
        while number := os.read(reading, 1)[0]:
            if number in INTERRUPTIONS:
                stop()
                time.sleep(GRACE)
                # After the block the process has said so, but it still waits for all threads.
                if not ended.is_set():
                    with suppress(OSError):  # the terminal may be closed
                        os.write(sys.stderr.fileno(), f"{INTERRUPTED}\n".encode())
                os._exit(1)

    thread = threading.Thread(target=watch, name="interruption", daemon=True)
    thread.start()
    former = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(former)
        os.write(writing, b"\0")
        thread.join(GRACE / 10)
        if not thread.is_alive():
            os.close(reading)
            os.close(writing)


def _repeat_interruption(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeat an interruption that came while Python deleted an object: Python ignores exceptions there."""
    if isinstance(ignored.exc_value, SystemExit):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(ignored)


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def silenced() -> Iterator[None]:
    """Hide what libraries print to stderr without Python."""
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
