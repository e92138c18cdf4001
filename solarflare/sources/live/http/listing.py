"""What is in a folder of an archive: the names on an index page, in whichever form, or in an FTP listing."""

import datetime as dt
import html
import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from solarflare.sources.live.http import addresses

_HREF = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_PAGE = re.compile(rb"<(!doctype|html|head|body|pre|table|a)\b", re.IGNORECASE)


def refusal(content: bytes) -> str | None:
    """Return why something is no listing, or None if it is one: plain names, or a page with links."""
    if _PAGE.search(content) and not _HREF.search(content.decode(errors="replace")):
        return "a page without links instead of a listing"
    return None if content.strip() else "an empty page instead of a listing"


def names(content: bytes) -> list[str]:
    """Return the names in a listing.

    Parameters
    ----------
    content : bytes
        An index page, with relative links or absolute ones (sort links and the like come out as names of no image), or
        names one a line.

    Returns
    -------
    list of str
        The last part of each, without folders, sorted, each once.
    """
    text = content.decode(errors="replace")
    if not _PAGE.search(content):
        return sorted({posixpath.basename(line.strip()) for line in text.splitlines()} - {""})
    return sorted({_name(html.unescape(href)) for href in _HREF.findall(text)} - {""})


def _name(href: str) -> str:
    try:
        path = urlsplit(href).path
    except ValueError:
        return ""
    return posixpath.basename(unquote(path))


def day_folders(bases: Iterable[str], day: dt.date) -> list[str]:
    """Return the addresses of a day's folder, YYYY/MM/DD, at an archive's mirrors."""
    return [addresses.join(base, f"{day:%Y}", f"{day:%m}", f"{day:%d}") + "/" for base in bases]
