"""Any of SDO's images by the time next to it: Helioviewer's API, version 2."""

import datetime as dt
import json
from urllib.parse import urlencode

import numpy as np

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.images.frames import Frame
from solarflare.sun.images.instruments import Instrument

NAME = "helioviewer"
SOURCE_IDS: dict[Instrument, int] = {"hmi": 19, "aia171": 10, "aia193": 11, "aia211": 12}
"""From the OpenAPI description in Helioviewer's repository, https://github.com/Helioviewer-Project/api."""

PRODUCTS: dict[Instrument, str] = {"hmi": "HMIB", "aia171": "0171", "aia193": "0193", "aia211": "0211"}


def frames(
    fetcher: Fetcher, bases: tuple[str, ...], instrument: Instrument, time: dt.datetime, img_width: int
) -> list[Frame]:
    """Return the one frame next to a time, however far it is; see `registry.ImageSource`."""
    wanted = {"date": f"{time:%Y-%m-%dT%H:%M:%SZ}", "sourceId": SOURCE_IDS[instrument]}
    urls = [addresses.join(base, "getClosestImage") + "/?" + urlencode(wanted) for base in bases]
    identity, taken = parse(fetcher.get(urls, refusal, keep=False))
    asked = urlencode({"id": identity, "width": img_width, "type": "jpg"})
    name = f"{taken:%Y%m%d_%H%M%S}_{img_width}_{PRODUCTS[instrument]}.jpg"
    images = tuple(addresses.join(base, "downloadImage") + "/?" + asked for base in bases)
    return [Frame(instrument, np.datetime64(taken, "s"), f"{NAME}/{taken:%Y/%m/%d}/{name}", images)]


def parse(content: bytes) -> tuple[int, dt.datetime]:
    """Return the number and the time (UTC) of an image from what `getClosestImage` answers.

    Raises
    ------
    ValueError
        If it answers something else.
    """
    answer = json.loads(content.decode(errors="replace"))
    if not isinstance(answer, dict) or not str(answer.get("id", "")).isdecimal():
        raise ValueError("no image's number in it")
    # The number comes as text or as a number; the time without a zone.
    return int(answer["id"]), dt.datetime.strptime(str(answer.get("date")), "%Y-%m-%d %H:%M:%S")


def refusal(content: bytes) -> str | None:
    """Return why an answer names no image, or None if it does."""
    try:
        parse(content)
    except (ValueError, RecursionError) as error:
        return f"not what getClosestImage answers ({error})"
    return None
