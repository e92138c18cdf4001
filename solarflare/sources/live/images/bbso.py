"""GONG magnetograms in Big Bear's archive: a folder a day, over HTTPS, HTTP or FTP."""

import datetime as dt

from solarflare.sources.common import filenames
from solarflare.sources.live.http import listing
from solarflare.sources.live.http.fetch import Absent, Fetcher
from solarflare.sources.live.images.frames import Frame, filed_by_day
from solarflare.sun.images.instruments import Instrument

NAME = "bbso"
AFTER_MIDNIGHT = dt.timedelta(hours=3)
"""Big Bear observes until 01:05 UT (measured on 2013 and 2018-19); such images may lie in the day before's folder."""


def frames(
    fetcher: Fetcher, bases: tuple[str, ...], instrument: Instrument, time: dt.datetime, img_width: int
) -> list[Frame]:
    """Return the frames around a time; see `registry.ImageSource`."""
    days = sorted({time.date(), (time - AFTER_MIDNIGHT).date()}, reverse=True)
    found: dict[str, Frame] = {}
    absent = None
    for day in days:
        folders = listing.day_folders(bases, day)
        try:
            content = fetcher.get(folders, listing.refusal, keep=False)
        except Absent as absence:
            absent = Absent(f"no folder of {day}: {absence.reason}")
            continue
        for name in listing.names(content):
            if (stamp := filenames.parse(name)) and stamp.instrument == instrument:
                found.setdefault(name, filed_by_day(NAME, instrument, stamp.time, name, folders))
    if not found and absent:
        raise absent
    return list(found.values())
