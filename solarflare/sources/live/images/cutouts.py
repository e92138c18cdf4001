"""Thumbnails that LMSAL cut around events of HEK: the second data set of the experiment of 2020.

They are for rebuilding that data set, not for the pipeline, because a thumbnail shows one event and not the disk. The
colour table of a thumbnail reveals its wavelength. In 2020, regions (171 angstrom) and flares (193) could therefore be
told apart by colour alone. Here all thumbnails have one wavelength. They are decoded as RGB, because the order of the
palette also reveals the class. The white frame and its ticks are cut off, because the ticks reveal the pointing.
"""

import datetime as dt
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
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.lists import fields, hek
from solarflare.sources.live.schema import Live
from solarflare.sun.images.imaging import Pixels

NAME = "lmsal_cutout"

MARGIN = 12  # Pixels of frame and ticks on each side (measured on five thumbnails: up to 3 of frame, up to 8 of ticks)
SIDES = range(128, 1025)  # Allowed sides in pixels; the measured thumbnails have sides of 263 to 273
_FORM = re.compile(r"/(ssw_service_\d{6}_\d{6}_\d+)/www/(ssw_cutout_(\d+)_context_thumb\.gif)$")


@dataclass(frozen=True)
class Cutout:
    """A thumbnail: facts of its event, and the thumbnail's folder (`service`) and name at LMSAL."""

    event_type: str
    time: dt.datetime
    goes_class: str
    noaa_ar: int | None
    service: str
    name: str

    @property
    def file(self) -> str:
        """The path of the thumbnail in our folder."""
        return f"{self.event_type}/{self.service}.png"


def parse(events: Iterable[dict[str, Any]], wavelength: int) -> list[Cutout]:
    """Return the thumbnails of a wavelength (angstrom) that events link to, each once, by event type and time."""
    cutouts: dict[str, Cutout] = {}
    for event in events:
        link = _FORM.search(str(event.get("gs_thumburl") or ""))
        time = fields.time(event.get("event_peaktime") or event.get("event_starttime"))
        event_type = str(event.get("event_type"))
        if link and time and int(link[3]) == wavelength and event_type in ("AR", "FL"):
            goes_class = fields.goes_class(event.get("fl_goescls"))
            region = fields.region_number(event.get("ar_noaanum"), time)
            cutout = Cutout(event_type, time, goes_class, region, link[1], link[2])
            cutouts.setdefault(cutout.file, cutout)
    return sorted(cutouts.values(), key=lambda cutout: (cutout.event_type, cutout.time, cutout.service))


def why_not_a_thumbnail(content: bytes) -> str | None:
    """Return why content is not a thumbnail (some are pages of HTML), or None if it is."""
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


def save(live: Live, fetcher: Fetcher, wavelength: int, folder: OutputFolder) -> pd.DataFrame:
    """Fetch the thumbnails of a wavelength (angstrom) in the span of the parameters.

    Parameters
    ----------
    live : Live
        The span, and the addresses of HEK and of the thumbnails.
    folder : Path
        Receives ``AR/*.png``, ``FL/*.png`` and ``cutouts.csv``, which replace its former content.

    Returns
    -------
    DataFrame
        In the form of `tables.CUTOUTS`.

    Raises
    ------
    InputError
        If no thumbnail came. The folder then stays as it is.
    """
    start, end, bases = fields.midnight(live.start), fields.midnight(live.end), live.urls[hek.NAME]
    lists = [hek.collect(fetcher, bases, kind, start, end) for kind in ("ar", "fl")]
    events = [event for of_kind, _ in lists for event in of_kind]
    cutouts = [cutout for cutout in parse(events, wavelength) if start <= cutout.time < end]
    with folder.replaced() as partial:
        rows = []
        for cutout in progress(cutouts, len(cutouts), "thumbnails fetched"):
            reason = _save(cutout, live, fetcher, partial)
            origin = f"{NAME}/{cutout.service}/{cutout.name}"
            file = "" if reason else cutout.file
            rows.append((file, cutout.event_type, cutout.time, cutout.goes_class, cutout.noaa_ar, origin, reason))
        df = pd.DataFrame(rows, columns=list(tables.CUTOUTS.columns), dtype=object)
        if not (df["file"] != "").any():
            raise InputError(_nothing(live, wavelength, df, [span.reason for _, spans in lists for span in spans]))
        tables.write(df, partial / "cutouts.csv", tables.CUTOUTS)
    return tables.check(df, tables.CUTOUTS, "the cutouts")


def _nothing(live: Live, wavelength: int, df: pd.DataFrame, gaps: list[str]) -> str:
    """Return the sentence that says why no thumbnail came."""
    reason = next(filter(None, [*df["reason"], *gaps]), "HEK lists none of this wavelength")
    which = f"no thumbnail of {wavelength} angstrom from {live.start} to {live.end} came"
    return f"{which} ({len(df)} listed; {reason}): nothing was written; run again, or change scrape.live's dates"


def _save(cutout: Cutout, live: Live, fetcher: Fetcher, folder: Path) -> str:
    """Fetch and write a thumbnail. Return why it is absent; blank if it was written."""
    urls = [addresses.join(base, cutout.service, "www", cutout.name) for base in live.urls[NAME]]
    try:
        content = fetcher.get(urls, why_not_a_thumbnail)
    except (Absent, Refused) as failure:
        return failure.reason
    path = folder / cutout.file
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels(content)).save(path)
    return ""
