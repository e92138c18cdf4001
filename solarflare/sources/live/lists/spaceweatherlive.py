"""SpaceWeatherLive's daily archive pages with NOAA's edited events. The experiment of 2020 used this source.

A page is requested like any other file. A browser loads the page only if a script makes its table
(``scrape.live.browser``), and never after the site has refused a request.
"""

import datetime as dt
import re

import lxml.html

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.browser import Browser
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Refused, TooManyRequests
from solarflare.sources.live.lists import fields, periods
from solarflare.sources.live.lists.report import Flare, Report, Rows, make_flare
from solarflare.sources.live.source import flare_list

NAME = "spaceweatherlive"
NO_TABLE = "a page without the table of flares"
TIMES = ("start", "maximum", "end")  # The table of flares is the one with these headers
_REGION = re.compile(r"/region/([0-9]{4,5})\b")


@flare_list(NAME)
def collect(fetcher: Fetcher, bases: Bases, start: dt.datetime, end: dt.datetime) -> Rows[Flare]:
    """Return the flares of a span."""
    timeout = fetcher.live.manners.timeout
    with Browser(fetcher.hosts, fetcher.agent, timeout, lambda page: why_not_the_page(page) is None) as browser:
        return periods.read_days(NAME, start, end, lambda day: _read(fetcher, browser, bases, day))


def _read(fetcher: Fetcher, browser: Browser, bases: Bases, day: dt.date) -> Report[Flare]:
    """Return the flares of a day; raise Absent or Refused.

    If the site gets too many requests, it is given up, and its days are gaps. The run goes on: NOAA's own lists have
    the same flares.
    """
    try:
        return parse(_page(fetcher, browser, bases, day), day)
    except TooManyRequests as failure:
        raise Refused(str(failure)) from None


def _page(fetcher: Fetcher, browser: Browser, bases: Bases, day: dt.date) -> bytes:
    """Return a page with the table of flares. A browser loads the page if its plain HTML has no table."""
    # Until about 2021 the name had no ending.
    folders = listing.day_folders(bases, day)
    urls = [addresses.join(folder, name) for folder in folders for name in ("xray.html", "xray")]
    keep = settled(day)
    # A site that needed the browser once needs it for every page, so there is no plain request first.
    if fetcher.live.browser != "always" and browser.driver is None:
        try:
            return fetcher.get(urls, _require_table, keep=keep)
        except Absent as absence:
            if absence.reason != NO_TABLE or fetcher.live.browser == "never":
                raise
    return fetcher.get(urls, why_not_the_page, keep=keep, read=browser.read)


def why_not_the_page(content: bytes) -> str | None:
    """Return why content is not an archive page, or None if it is."""
    return None if _table(content) else NO_TABLE


def _require_table(content: bytes) -> None:
    """Raise Absent for a page without the table: a second request would not change it."""
    if why_not_the_page(content):
        raise Absent(NO_TABLE)


def parse(content: bytes, day: dt.date) -> Report[Flare]:
    """Read the page of a day. If the table's only row says ``None``, there were no flares."""
    report = Report[Flare]()
    header, *rows = _table(content) or [[]]
    names = [_text(cell) for cell in header]
    for cells in rows:
        texts = [_text(cell) for cell in cells]
        if any(texts) and texts[0] != "none":
            report.add(_flare(dict(zip(names, cells, strict=False)), day), " ".join(texts))
    return report


def _table(content: bytes) -> list[list[lxml.html.HtmlElement]] | None:
    """Return the cells of the table of flares from its header on, or None if there is none."""
    for table in _document(content).iter("table"):
        rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
        for number, row in enumerate(rows):
            if set(TIMES) <= {_text(cell) for cell in row}:
                return rows[number:]
    return None


def _document(content: bytes) -> lxml.html.HtmlElement:
    # The encoding that a page declares may be wrong or hostile; the text that is read is ASCII.
    text = content.decode("utf-8", errors="replace").replace("\0", "")
    try:
        return lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, AssertionError):
        return lxml.html.Element("html")


def _text(cell: lxml.html.HtmlElement) -> str:
    """Return the first text in a cell, in lower case: what follows in another element is another thing."""
    texts = (" ".join(text.split()).lower() for text in cell.xpath(".//text()"))
    return next(filter(None, texts), "")


def _flare(cells: dict[str, lxml.html.HtmlElement], day: dt.date) -> Flare | None:
    """Return the flare of a row. `cells` are the cells by header; the class is under a header without text."""
    if not cells.keys() >= set(TIMES):
        return None
    others = [cell for name, cell in cells.items() if name not in TIMES]
    classes = [fields.goes_class(_text(cell).upper()) for cell in others]
    links = [match[1] for cell in others for href in cell.xpath(".//a/@href") if (match := _REGION.search(href))]
    times = [fields.clock(day, _text(cells[name])) for name in TIMES]
    return make_flare(times, next(filter(None, classes), ""), next(iter(links), None))
