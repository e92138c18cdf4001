"""SDO's browse images at GSFC: one folder per day. An index page or a file browser lists the folder."""

import datetime as dt
from urllib.parse import quote

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Bases, Fetcher
from solarflare.sources.live.source import SDO, SDO_IMAGE_BYTES, Frame, filed_by_day, image_archive
from solarflare.sun.images.instruments import Instrument

NAME = "gsfc"


@image_archive(NAME, instruments=SDO, listing_bytes=1e6, image_bytes=SDO_IMAGE_BYTES)
def frames(fetcher: Fetcher, bases: Bases, instrument: Instrument, time: dt.datetime, img_width: int) -> list[Frame]:
    """Return the frames of a day."""
    folders = listing.day_folders(bases, time.date())
    browsers = [addresses.join(base, "index.php") + "?b=" + quote(f"{time:%Y/%m/%d}", safe="") for base in bases]
    day = time.date()
    content = fetcher.get([*folders, *browsers], listing.of_day(day), keep=settled(day))
    times = listing.images(content, instrument)
    return [filed_by_day(NAME, instrument, times[name], name, folders) for name in times if f"_{img_width}_" in name]
