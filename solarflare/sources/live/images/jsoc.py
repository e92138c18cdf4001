"""HMI magnetograms at JSOC: one every 15 minutes. The address of an image follows from its time."""

import datetime as dt

from solarflare.sources.live.http import listing
from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.source import SDO_IMAGE_BYTES, Frame, filed_by_day, image_archive
from solarflare.sun.images.instruments import Instrument

NAME = "jsoc"
STEP = dt.timedelta(minutes=15)
WIDTHS = {512: "512", 1024: "1k", 4096: "4k"}  # The names of the image sides in JSOC's file names


@image_archive(NAME, instruments=("hmi",), listing_bytes=0, image_bytes=SDO_IMAGE_BYTES)
def frames(fetcher: Fetcher, bases: Bases, instrument: Instrument, time: dt.datetime, img_width: int) -> list[Frame]:
    """Return the frame before and the frame after a time. No request is needed."""
    midnight = dt.datetime.combine(time.date(), dt.time())
    before = midnight + (time - midnight) // STEP * STEP
    ending = f"_M_{WIDTHS[img_width]}.jpg"
    slots = {slot: listing.day_folders(bases, slot.date()) for slot in (before, before + STEP)}
    return [filed_by_day(NAME, instrument, slot, f"{slot:%Y%m%d_%H%M%S}{ending}", slots[slot]) for slot in slots]
