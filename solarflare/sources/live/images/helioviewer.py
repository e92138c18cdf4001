"""SDO's images by Helioviewer's API, version 2: it returns the image nearest to a time."""

import datetime as dt
import json
from urllib.parse import urlencode

import numpy as np

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.source import SDO, SDO_IMAGE_BYTES, Frame, image_archive
from solarflare.sun.images.instruments import Instrument

NAME = "helioviewer"
# From the OpenAPI description in Helioviewer's repository, https://github.com/Helioviewer-Project/api.
SOURCE_IDS: dict[Instrument, int] = {"hmi": 19, "aia171": 10, "aia193": 11, "aia211": 12}
PRODUCTS: dict[Instrument, str] = {"hmi": "HMIB", "aia171": "0171", "aia193": "0193", "aia211": "0211"}


@image_archive(NAME, instruments=SDO, listing_bytes=5e2, image_bytes=SDO_IMAGE_BYTES, by_path=False)
def frames(fetcher: Fetcher, bases: Bases, instrument: Instrument, time: dt.datetime, img_width: int) -> list[Frame]:
    """Return the one frame nearest to a time, however far it is."""
    query = urlencode({"date": f"{time:%Y-%m-%dT%H:%M:%SZ}", "sourceId": SOURCE_IDS[instrument]})
    urls = [addresses.join(base, "getClosestImage") + "/?" + query for base in bases]
    number, taken = parse(fetcher.get(urls, why_not_an_answer, keep=settled(time.date())))
    query = urlencode({"id": number, "width": img_width, "type": "jpg"})
    name = f"{taken:%Y%m%d_%H%M%S}_{img_width}_{PRODUCTS[instrument]}.jpg"
    images = tuple(addresses.join(base, "downloadImage") + "/?" + query for base in bases)
    return [Frame(instrument, np.datetime64(taken, "s"), f"{NAME}/{taken:%Y/%m/%d}/{name}", images)]


def parse(content: bytes) -> tuple[int, dt.datetime]:
    """Return the image's number and time (UTC) in an answer of `getClosestImage`, or raise ValueError."""
    answer = json.loads(content.decode(errors="replace"))
    if not isinstance(answer, dict) or not str(answer.get("id", "")).isdecimal():
        raise ValueError("no image's number in it")
    # The number is sometimes a text; the time has no zone.
    return int(answer["id"]), dt.datetime.strptime(str(answer.get("date")), "%Y-%m-%d %H:%M:%S")


def why_not_an_answer(content: bytes) -> str | None:
    """Return why content is no answer of `getClosestImage`, or None if it is."""
    try:
        parse(content)
    except (ValueError, RecursionError) as error:
        return f"not an answer of getClosestImage ({error})"
    return None
