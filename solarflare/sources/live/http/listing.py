"""Reads the file names in a folder of an archive from an index page or an FTP listing."""

import datetime as dt
import html
import posixpath
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

from solarflare.sources.common import filenames
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.outcomes import Lost
from solarflare.sun.images.instruments import Instrument

_HREF = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_PAGE = re.compile(rb"<(!doctype|html|head|body|pre|table|a)\b", re.IGNORECASE)


def why_not_a_listing(content: bytes) -> str | None:
    """Return why content is not a listing (plain names, or a page with links), or None if it is."""
    if _PAGE.search(content) and not _HREF.search(content.decode(errors="replace")):
        return "a page without links instead of a listing"
    return None if content.strip() else "an empty page instead of a listing"


def of_day(day: dt.date, form: str = "%Y%m%d") -> Callable[[bytes], str | None]:
    """Return a check whether content is the listing of a day's folder; `form` is that of the dates in its names.

    An error page with links that says 200 has no file of the day. Then the check raises Lost: a second request would
    not help now, but the folder may be back tomorrow.
    """
    dates = {format(day + dt.timedelta(days=number), form) for number in (0, 1)}

    def why_not(content: bytes) -> str | None:
        if reason := why_not_a_listing(content):
            return reason
        if not any(date in name for name in names(content) for date in dates):
            raise Lost(f"no file of {day} in its listing")
        return None

    return why_not


def names(content: bytes) -> list[str]:
    """Return the file names in a listing, without folders, sorted, each once. Other links of the page are included."""
    text = content.decode(errors="replace")
    if not _PAGE.search(content):
        return sorted({posixpath.basename(line.strip()) for line in text.splitlines()} - {""})
    return sorted({_name(html.unescape(href)) for href in _HREF.findall(text)} - {""})


def images(content: bytes, instrument: Instrument) -> dict[str, dt.datetime]:
    """Return the names of an instrument's images in a listing, and their times (UTC)."""
    stamps = {name: filenames.parse(name) for name in names(content)}
    return {name: stamp.time for name, stamp in stamps.items() if stamp and stamp.instrument == instrument}


def _name(href: str) -> str:
    try:
        return posixpath.basename(unquote(urlsplit(href).path))
    except ValueError:
        return ""


def day_folders(bases: Iterable[str], day: dt.date) -> list[str]:
    """Return the addresses of a day's folder, YYYY/MM/DD, at each mirror of an archive."""
    return [addresses.join(base, f"{day:%Y}", f"{day:%m}", f"{day:%d}") + "/" for base in bases]
