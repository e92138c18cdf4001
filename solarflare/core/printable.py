r"""Text of other people's files without what controls a terminal: escape sequences, line breaks, reversed text."""


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
