"""HMI magnetograms at JSOC: one every quarter of an hour, at addresses that follow from the time."""

import datetime as dt

from solarflare.sources.live.http import listing
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.images.frames import Frame, filed_by_day
from solarflare.sun.images.instruments import Instrument

NAME = "jsoc"
STEP = dt.timedelta(minutes=15)
WIDTHS = {512: "512", 1024: "1k", 4096: "4k"}
"""What its names call the sides of its images."""


def frames(
    fetcher: Fetcher, bases: tuple[str, ...], instrument: Instrument, time: dt.datetime, img_width: int
) -> list[Frame]:
    """Return the frames before and after a time; see `registry.ImageSource`. Nothing is asked."""
    midnight = dt.datetime.combine(time.date(), dt.time())
    before = midnight + (time - midnight) // STEP * STEP
    times = (before, before + STEP)
    names = [f"{slot:%Y%m%d_%H%M%S}_M_{WIDTHS[img_width]}.jpg" for slot in times]
    return [
        filed_by_day(NAME, instrument, slot, name, listing.day_folders(bases, slot.date()))
        for slot, name in zip(times, names, strict=True)
    ]
