"""Pieces of Markdown that GitHub, GitLab and a terminal show alike."""

from collections.abc import Sequence
from typing import Any

MOST_LISTED = 10  # names and paths that a list holds
LONGEST_CODE = 100  # characters


def code(value: Any) -> str:
    """Return a value between backticks, where Markdown has no other meaning."""
    text = " ".join(str(value).split()).replace("`", "'")
    return f"`{text if len(text) <= LONGEST_CODE else text[: LONGEST_CODE - 3] + '...'}`"


def listed(names: Sequence[str]) -> str:
    """Return the first names or paths of a list, and how many more there are."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(map(code, names[:MOST_LISTED])) + more


def folded(title: str, content: str) -> str:
    """Return a content that is hidden until its title is clicked."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"
