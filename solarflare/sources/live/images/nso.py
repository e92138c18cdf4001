"""GONG magnetograms in NSO's archive, as FITS files: one folder per station and day, over HTTPS or FTP.

The addresses follow VSO's file ids, such as ``oQR/bqa/201308/tdbqa130804/tdbqa130804t1204.fits.gz`` (documentation of
sunpy). A station takes an image every ten minutes of its day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.cache import settled
from solarflare.sources.live.http.fetch import Absent, Bases, Fetcher, Lost
from solarflare.sources.live.source import Frame, filed_by_day, image_archive
from solarflare.sun.images.instruments import Instrument

NAME = "nso"
STATIONS = {"le": 114.1, "ud": 73.7, "td": -16.5, "ct": -70.8, "bb": -116.9, "ml": -155.6}
"""GONG's stations, Learmonth, Udaipur, El Teide, Cerro Tololo, Big Bear and Mauna Loa: longitudes, degrees east."""

DAYLIGHT = 5.0  # Hours from local noon at which a station has images: two or three of them at any time
# Order of magnitude. The images have one size, so `img_width` has no effect.
IMAGE_BYTES: Mapping[int, float] = defaultdict(lambda: 6e5)


@image_archive(NAME, instruments=("gong",), listing_bytes=5e4, image_bytes=IMAGE_BYTES, by_path=False)
def frames(fetcher: Fetcher, bases: Bases, instrument: Instrument, time: dt.datetime, img_width: int) -> list[Frame]:
    """Return the frames of the day of a time, of the stations that have daylight then."""
    frames: list[Frame] = []
    failures = []
    day = time.date()
    for station in stations(time):
        names = f"{day:%Y%m}", f"{station}bqa{day:%y%m%d}"
        folders = [addresses.join(base, *names) + "/" for base in bases]
        try:
            content = fetcher.get(folders, listing.of_day(day, "%y%m%d"), keep=settled(day))
        except Absent as failure:
            failures.append(type(failure)(f"{names[1]}: {failure.reason}"))
            continue
        times = listing.images(content, instrument)
        frames += [filed_by_day(NAME, instrument, taken, name, folders) for name, taken in times.items()]
    if not frames and failures:
        kind = Lost if any(isinstance(failure, Lost) for failure in failures) else Absent
        raise kind("; ".join(failure.reason for failure in failures))
    return frames


def stations(time: dt.datetime) -> list[str]:
    """Return the stations with daylight at a time (UTC), that nearest to its noon first.

    Examples
    --------
    >>> stations(dt.datetime(2014, 1, 1, 18, 21))
    ['bb', 'ct', 'ml']
    """
    hours = time.hour + time.minute / 60
    from_noon = {name: abs((hours + east / 15) % 24 - 12) for name, east in STATIONS.items()}
    return sorted((name for name in STATIONS if from_noon[name] <= DAYLIGHT), key=lambda name: from_noon[name])
