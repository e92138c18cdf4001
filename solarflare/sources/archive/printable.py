r"""Text of other people's files without what controls a terminal: escape sequences, line breaks, reversed text."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from solarflare.core.console import log
from solarflare.core.errors import InputError


def one_line(text: str) -> str:
    r"""Return a text with escapes such as ``\n`` in place of the characters that are not printable.

    Bytes of a file name that are not UTF-8 are among these.

    Examples
    --------
    >>> print(one_line("caf\udce9 \x1b[31m\n"))
    caf\udce9 \x1b[31m\n
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def lines(text: str) -> str:
    """Return a text of several lines, each as from `one_line`."""
    return "\n".join(map(one_line, text.split("\n")))


def in_figures(text: str) -> str:
    r"""Return a text as Matplotlib draws it: it takes ``$`` for a formula, and hides a label that begins with ``_``.

    Examples
    --------
    >>> print(in_figures("a$^$"), in_figures("_a"), sep=",")
    a\$^\$, _a
    """
    return f"{' ' * text.startswith('_')}{one_line(text)}".replace("$", r"\$")


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Return a command whose log and InputError are printable."""
    log.addFilter(_passes)
    return errors()(main)


def _passes(record: logging.LogRecord) -> bool:
    record.msg, record.args = lines(record.getMessage()), ()
    return True


@contextmanager
def errors() -> Iterator[None]:
    """Give an InputError of this block, whose sentence may quote a file, a printable sentence."""
    try:
        yield
    except InputError as error:
        raise InputError(lines(str(error))) from None
