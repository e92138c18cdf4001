"""GONG magnetograms in Big Bear's archive: one folder per day, over HTTPS, HTTP or FTP."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from solarflare.sources.live.http import listing
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher
from solarflare.sources.live.source import Frame, filed_by_day, image_archive
from solarflare.sun.images.instruments import Instrument

NAME = "bbso"
# Big Bear observes until 01:05 UT (measured in 2013 and 2018-19). Images after 00:00 may be in the folder before.
AFTER_MIDNIGHT = dt.timedelta(hours=3)
# Measured: 59 to 76 kB. The images have one size, so `img_width` has no effect.
IMAGE_BYTES: Mapping[int, float] = defaultdict(lambda: 6.5e4)


@image_archive(NAME, instruments=("gong",), listing_bytes=2e4, image_bytes=IMAGE_BYTES)
def frames(fetcher: Fetcher, bases: Bases, instrument: Instrument, time: dt.datetime, img_width: int) -> list[Frame]:
    """Return the frames of the day of a time; up to `AFTER_MIDNIGHT`, also those of the day before."""
    days = sorted({time.date(), (time - AFTER_MIDNIGHT).date()}, reverse=True)
    frames: dict[str, Frame] = {}
    absent = None
    for day in days:
        folders = listing.day_folders(bases, day)
        try:
            content = fetcher.get(folders, listing.of_day(day), keep=settled(day))
        except Absent as failure:
            absent = type(failure)(f"no folder of {day}: {failure.reason}")
            continue
        for name, taken in listing.images(content, instrument).items():
            frames.setdefault(name, filed_by_day(NAME, instrument, taken, name, folders))
    if not frames and absent:
        raise absent
    return list(frames.values())
