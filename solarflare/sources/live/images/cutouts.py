"""Thumbnails that LMSAL cut around events of HEK: the second data set of the experiment of 2020.

They are for rebuilding that data set, not for the pipeline: a thumbnail shows one event, not the disk, and its colour
table tells the wavelength, so that regions (171 angstrom) and flares (193) could be told apart by colour alone. Here
all are of one wavelength, decoded through RGB (the palette's order tells the class, too), without the white frame and
its ticks, whose phase tells the pointing.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from solarflare.core import tables
from solarflare.core.console import progress
from solarflare.core.files import atomic_directory
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.lists import hek
from solarflare.sources.live.lists.rows import goes_class, moment, region_number
from solarflare.sources.live.schema import Live
from solarflare.sun.images.imaging import Pixels

NAME = "lmsal_cutout"

MARGIN = 12
"""Pixels of frame and ticks on each side (measured on five thumbnails: up to 3 of frame, up to 8 of ticks)."""

SIDES = range(128, 1025)
"""Pixels that a thumbnail may have on a side; they had 263 to 273."""

_FORM = re.compile(r"/(ssw_service_\d{6}_\d{6}_\d+)/www/(ssw_cutout_(\d+)_context_thumb\.gif)$")


@dataclass(frozen=True)
class Cutout:
    """A thumbnail: of which event, and where LMSAL keeps it."""

    event_type: str
    time: np.datetime64
    goes_class: str
    noaa_ar: int | None
    service: str
    name: str

    @property
    def file(self) -> str:
        """What it is called here."""
        return f"{self.event_type}/{self.service}.png"


def parse(events: Iterable[dict[str, Any]], wavelength: int) -> list[Cutout]:
    """Return the thumbnails of a wavelength (angstrom) that events name, each once, by event type and time."""
    found: dict[str, Cutout] = {}
    for event in events:
        link = _FORM.search(str(event.get("gs_thumburl") or ""))
        time = moment(event.get("event_peaktime") or event.get("event_starttime"))
        event_type = str(event.get("event_type"))
        if link and time and int(link[3]) == wavelength and event_type in ("AR", "FL"):
            strength = goes_class(str(event.get("fl_goescls") or ""))
            region = region_number(event.get("ar_noaanum"), time)
            cutout = Cutout(event_type, np.datetime64(time, "s"), strength, region, link[1], link[2])
            found.setdefault(cutout.file, cutout)
    return sorted(found.values(), key=lambda cutout: (cutout.event_type, cutout.time, cutout.service))


def refusal(content: bytes) -> str | None:
    """Return why something is no thumbnail, or None if it is one: pages of HTML come under its name, too."""
    try:
        with Image.open(io.BytesIO(content), formats=("GIF", "JPEG")) as image:
            if image.width not in SIDES or image.height not in SIDES:
                return f"{image.width} x {image.height} pixels"
            image.load()
    except UnidentifiedImageError:
        return "not an image"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"cannot be decoded ({error})"
    return None


def pixels(content: bytes) -> Pixels:
    """Return a thumbnail's colours without frame and ticks, (H, W, 3) uint8."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))[MARGIN:-MARGIN, MARGIN:-MARGIN]


def save(live: Live, fetcher: Fetcher, wavelength: int, folder: Path) -> pd.DataFrame:
    """Fetch the thumbnails of the span that the parameters name.

    Parameters
    ----------
    live : Live
        The span, and the addresses of HEK and of the thumbnails.
    fetcher : Fetcher
        For both.
    wavelength : int
        Of all of them, in angstrom.
    folder : Path
        Filled with ``AR/*.png``, ``FL/*.png`` and ``cutouts.csv``; what it held before is replaced.

    Returns
    -------
    DataFrame
        In the form of `tables.CUTOUTS`.
    """
    start, end = np.datetime64(live.start, "s"), np.datetime64(live.end, "s")
    events = [
        event for kind in ("ar", "fl") for event in hek.collect(fetcher, live.urls[hek.NAME], kind, start, end)[0]
    ]
    cutouts = [cutout for cutout in parse(events, wavelength) if start <= cutout.time < end]
    with atomic_directory(folder) as partial:
        reasons = [
            _save(cutout, live, fetcher, partial) for cutout in progress(cutouts, len(cutouts), "thumbnails fetched")
        ]
        rows = [
            {
                "file": "" if reason else cutout.file,
                "event_type": cutout.event_type,
                "time": cutout.time,
                "goes_class": cutout.goes_class,
                "noaa_ar": cutout.noaa_ar,
                "origin": f"{NAME}/{cutout.service}/{cutout.name}",
                "reason": reason,
            }
            for cutout, reason in zip(cutouts, reasons, strict=True)
        ]
        df = pd.DataFrame(rows, columns=list(tables.CUTOUTS.columns), dtype=object)
        tables.write(df, partial / "cutouts.csv", tables.CUTOUTS)
    return tables.check(df, tables.CUTOUTS, "the cutouts")


def _save(cutout: Cutout, live: Live, fetcher: Fetcher, folder: Path) -> str:
    """Fetch and write a thumbnail; return why it is absent, blank if it is not."""
    urls = [addresses.join(base, cutout.service, "www", cutout.name) for base in live.urls[NAME]]
    try:
        content = fetcher.get(urls, refusal)
    except (Absent, Refused) as outcome:
        return outcome.reason
    path = folder / cutout.file
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels(content)).save(path)
    return ""
