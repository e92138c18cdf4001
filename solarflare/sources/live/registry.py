"""All sources by name: what `params.yaml` may name under scrape.live.sources, flares and regions."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sources.live.images import bbso, gsfc, helioviewer, jsoc
from solarflare.sources.live.images.frames import Frame
from solarflare.sources.live.lists import hek, ncei_science, ngdc_xrs, spaceweatherlive, srs, swpc_events, swpc_json
from solarflare.sources.live.lists.collected import Collected
from solarflare.sun.images.instruments import Instrument


class ImageSource(Protocol):
    """What an archive has around a time."""

    def __call__(
        self, fetcher: Fetcher, bases: tuple[str, ...], instrument: Instrument, time: dt.datetime, img_width: int, /
    ) -> list[Frame]:
        """Return the frames of an instrument that an archive has, or is thought to have, around a time.

        Parameters
        ----------
        fetcher : Fetcher
            For listings.
        bases : tuple of str
            The base addresses of the archive's mirrors, best first.
        instrument : str
            Whose frames.
        time : datetime
            UTC; the frame next to it is among those returned, however far it is.
        img_width : int
            Side in pixels, where the archive has several.

        Raises
        ------
        Absent
            If it says that it has nothing at all there.
        Refused
            If it does not want to be asked.
        """


class LabelSource(Protocol):
    """What a list says of a span."""

    def __call__(
        self, fetcher: Fetcher, bases: Sequence[str], start: np.datetime64, end: np.datetime64, /
    ) -> Collected:
        """Return the rows of a list from `start` to `end` (UTC, excluded), and where it is complete.

        A report that is absent, or a host that refuses, is a row of the coverage with the reason.
        """


IMAGES: dict[str, ImageSource] = {
    "bbso": bbso.frames,
    "gsfc": gsfc.frames,
    "jsoc": jsoc.frames,
    "helioviewer": helioviewer.frames,
}

FLARES: dict[str, LabelSource] = {
    "swpc_events": swpc_events.collect,
    "spaceweatherlive": spaceweatherlive.collect,
    "ngdc_xrs": ngdc_xrs.collect,
    "ncei_science": ncei_science.collect,
    "swpc_json": swpc_json.flares,
    "hek": hek.flares,
}

REGIONS: dict[str, LabelSource] = {
    "swpc_srs": srs.collect,
    "swpc_json": swpc_json.regions,
    "hek": hek.regions,
}
