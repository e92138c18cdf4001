"""Pieces of Markdown that look alike on GitHub, on GitLab and in a terminal."""

from collections.abc import Sequence
from typing import Any

MOST_LISTED = 10  # most names or paths in a list
LONGEST_CODE = 100  # most characters between backticks


def code(value: Any) -> str:
    """Return a value between backticks. Markdown does not interpret what is between them."""
    text = " ".join(str(value).split()).replace("`", "'")
    return f"`{text if len(text) <= LONGEST_CODE else text[: LONGEST_CODE - 3] + '...'}`"


def listed(names: Sequence[str]) -> str:
    """Return the first names or paths of a list, and how many more there are."""
    remainder = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(map(code, names[:MOST_LISTED])) + remainder


def folded(title: str, content: str) -> str:
    """Return content that is hidden until the reader clicks its title."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"
