"""Pieces of Markdown that look alike on GitHub, on GitLab and in a terminal."""

from collections.abc import Sequence
from typing import Any

MOST_LISTED = 10  # most names or paths in a list
LONGEST_CODE, LONGEST_REASON = 100, 400  # most characters of a value, and of a sentence, between backticks


def code(value: Any, longest: int = LONGEST_CODE) -> str:
    """Return a value between backticks, without control characters. So should go all that comes from a file.

    Between backticks nothing is Markdown or HTML, no address becomes a link, and no name is mentioned.
    """
    text = printable(str(value)).replace("`", "'") or " "
    return f"`{text if len(text) <= longest else text[: longest - 3] + '...'}`"


def printable(text: str) -> str:
    """Return a text in one line, without the characters that control a terminal or the direction of text."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def listed(names: Sequence[str]) -> str:
    """Return the first names or paths of a list, and how many more there are."""
    remainder = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(map(code, names[:MOST_LISTED])) + remainder


def folded(title: str, content: str) -> str:
    """Return content that is hidden until the reader clicks its title."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"
