"""SpaceWeatherLive's daily archive pages: NOAA's edited events as the experiment of 2020 read them.

A page is asked for as any other file. A browser draws it only where the table needs one (``scrape.live.browser``), and
never to get past a refusal.
"""

import datetime as dt
import re
from collections.abc import Sequence

import lxml.html
import numpy as np

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.browser import Browser
from solarflare.sources.live.http.fetch import Absent, Fetcher
from solarflare.sources.live.lists import collected, daily
from solarflare.sources.live.lists.collected import Collected
from solarflare.sources.live.lists.rows import (
    Flare,
    Parsed,
    clock,
    datetimes,
    flare,
    flare_table,
    goes_class,
    region_number,
)

NAME = "spaceweatherlive"
NO_TABLE = "a page without the table of flares"

TIMES = ("start", "maximum", "end")
"""The headers that make a table the table of flares, wherever on the page it stands."""

_REGION = re.compile(r"/region/([0-9]{4,5})\b")


def collect(fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64) -> Collected:
    """Return the flares that begin from `start` to `end`; see `registry.LabelSource`."""
    live = fetcher.live
    with Browser(fetcher.hosts, fetcher.agent, live.manners.timeout, drawn) as browser:

        def report(day: dt.date) -> Parsed[Flare]:
            return parse(_page(fetcher, browser, _urls(bases, day), keep=daily.settled(day)), day)

        rows, spans = daily.read(NAME, daily.days(datetimes(start), datetimes(end)), report)
    return collected.flares(NAME, flare_table(rows, NAME), spans, start, end)


def _urls(bases: Sequence[str], day: dt.date) -> list[str]:
    """Return a day's addresses: until about 2021 the name had no ending."""
    names = ("xray.html", "xray")
    return [addresses.join(folder, name) for folder in listing.day_folders(bases, day) for name in names]


def _page(fetcher: Fetcher, browser: Browser, urls: list[str], *, keep: bool) -> bytes:
    """Return a page with the table of flares, drawn by a browser where it has none without."""
    # A site that has needed a browser once is not asked twice for each page.
    if fetcher.live.browser != "always" and not browser.started:
        try:
            return fetcher.get(urls, _needs_browser, keep=keep)
        except Absent as absence:
            if absence.reason != NO_TABLE or fetcher.live.browser == "never":
                raise
    return fetcher.get(urls, refusal, keep=keep, read=browser.read)


def refusal(content: bytes) -> str | None:
    """Return why something is not an archive page, or None if it is."""
    return None if _table(content) else NO_TABLE


def _needs_browser(content: bytes) -> None:
    """Raise Absent for a page without the table: to ask for it again would not change it."""
    if refusal(content):
        raise Absent(NO_TABLE)


def drawn(content: bytes) -> bool:
    """Tell whether a page in a browser is as far as it has to be."""
    return refusal(content) is None


def parse(content: bytes, day: dt.date) -> Parsed[Flare]:
    """Read a page.

    Parameters
    ----------
    content : bytes
        HTML.
    day : date
        Of its flares.

    Returns
    -------
    Parsed of Flare
        In the order of the table; none where its only row says ``None``.
    """
    parsed = Parsed[Flare]()
    header, *rows = _table(content) or [[]]
    names = [_text(cell) for cell in header]
    for cells in rows:
        texts = [_text(cell) for cell in cells]
        if not any(texts) or texts[0] == "none":
            continue
        if found := _flare(dict(zip(names, cells, strict=False)), day):
            parsed.rows.append(found)
        else:
            parsed.unreadable.append(" ".join(texts))
    return parsed


def _table(content: bytes) -> list[list[lxml.html.HtmlElement]] | None:
    """Return the cells of the table of flares from its header on, or None if there is none."""
    for table in _document(content).iter("table"):
        rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
        for number, row in enumerate(rows):
            if set(TIMES) <= {_text(cell) for cell in row}:
                return rows[number:]
    return None


def _document(content: bytes) -> lxml.html.HtmlElement:
    # A page's own word on its encoding may be wrong or hostile; all that is read of it is ASCII.
    text = content.decode("utf-8", errors="replace").replace("\0", "")
    try:
        return lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, AssertionError):
        return lxml.html.Element("html")


def _text(cell: lxml.html.HtmlElement) -> str:
    return " ".join(cell.text_content().split()).lower()


def _flare(cells: dict[str, lxml.html.HtmlElement], day: dt.date) -> Flare | None:
    """Return the flare of a row, its cells by their headers; the class stands under a header without text."""
    if not all(name in cells for name in TIMES):
        return None
    start, peak, end = (clock(day, _text(cells[name])) for name in TIMES)
    others = [cell for name, cell in cells.items() if name not in TIMES]
    classes = [goes_class(_text(cell).upper()) for cell in others]
    links = [match[1] for cell in others for href in cell.xpath(".//a/@href") if (match := _REGION.search(href))]
    midnight = dt.datetime.combine(day, dt.time())
    region = region_number(links[0], midnight) if links else None
    return flare(start, peak, end, next(filter(None, classes), ""), region)
