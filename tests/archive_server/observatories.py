"""The image archives: where each keeps which images, and what each lays beside them."""

import datetime as dt
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from solarflare.sources.live.images.helioviewer import SOURCE_IDS
from solarflare.sun.images.instruments import Instrument
from tests.archive_server.server import Mount, Page

PATHS = {
    "bbso": "/pub/archive",
    "nso": "/oQR/bqa",
    "gsfc": "/assets/img/browse",
    "jsoc": "/data/hmi/images",
    "helioviewer": "/v2",
}
"""Where each archive lies on its site."""

PRODUCTS: dict[Instrument, str] = {"hmi": "HMIB", "aia171": "0171", "aia193": "0193", "aia211": "0211"}


@dataclass(frozen=True)
class Shot:
    """An image that an observatory took."""

    instrument: Instrument
    time: dt.datetime
    content: bytes

    @property
    def file(self) -> str:
        """Where the archive keeps it, from the site's root."""
        day = f"{self.time:%Y/%m/%d}"
        if self.instrument == "gong":
            return f"pub/archive/{day}/gong_magxx_fd_{self.time:%Y%m%d_%H%M%S}.jpg"
        return f"assets/img/browse/{day}/{self.time:%Y%m%d_%H%M%S}_512_{PRODUCTS[self.instrument]}.jpg"


def drawn(instrument: Instrument, seed: int) -> bytes:
    """Return a disk in an instrument's form; every seed is another image."""
    width, radius = (860, 380) if instrument == "gong" else (512, 198)
    y, x = np.mgrid[:width, :width]
    grey = np.where(np.hypot(x - width / 2, y - width / 2) < radius, 110 + seed % 40, 0).astype(np.uint8)
    grey[width // 2 - 8 : width // 2 + 8, width // 2 : width // 2 + 8 + seed // 40] = 200
    image = Image.fromarray(grey if instrument in ("gong", "hmi") else np.dstack([grey, grey // 2, grey]))
    content = io.BytesIO()
    image.save(content, "JPEG")
    return content.getvalue()


def lay_out(shots: Iterable[Shot], site: Path) -> None:
    """Lay images into a site's folders, beside others that nobody asks for."""
    for shot in shots:
        path = site / shot.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shot.content)
        if shot.instrument == "gong":
            (path.parent / f"bbso_halph_fr_{shot.time:%Y%m%d_%H%M%S}.jpg").touch()
        else:
            name = path.name.replace("_512_", "_1024_")
            (path.parent / name).touch()
            (path.parent / name.replace(PRODUCTS[shot.instrument], "0131")).touch()
        if shot.instrument == "hmi":
            quarterly = site / f"data/hmi/images/{shot.time:%Y/%m/%d/%Y%m%d_%H%M%S}_M_512.jpg"
            quarterly.parent.mkdir(parents=True, exist_ok=True)
            quarterly.write_bytes(shot.content)


def file_browser(site: Path) -> Mount:
    """Return GSFC's other way of listing: a page for a day in its query."""

    def page(_: str, query: dict[str, str]) -> Page | None:
        folder = site / "assets/img/browse" / query.get("b", "").replace("..", "")
        if not folder.is_dir():
            return None
        names = sorted(path.name for path in folder.iterdir())
        links = "".join(f'<li><a class="name file" href="{query["b"]}/{name}">{name}</a></li>' for name in names)
        return Page(f"<!DOCTYPE html><html><body><ul>{links}</ul></body></html>".encode())

    return page


def closest_image(shots: Iterable[Shot]) -> Mount:
    """Return Helioviewer's API: the number of the image next to a time, and the image of a number."""
    numbered = sorted(shots, key=lambda shot: (shot.time, shot.instrument))

    def page(path: str, query: dict[str, str]) -> Page | None:
        if path.strip("/") == "downloadImage":
            return Page(numbered[int(query["id"])].content, "image/jpeg")
        instrument = next(name for name, number in SOURCE_IDS.items() if number == int(query["sourceId"]))
        wanted = pd.Timestamp(query["date"]).tz_localize(None).to_pydatetime()
        those = [number for number, shot in enumerate(numbered) if shot.instrument == instrument]
        number = min(those, key=lambda number: abs(numbered[number].time - wanted))
        # The number comes now as text, now as a number.
        answer = {"id": str(number) if number % 2 else number, "date": f"{numbered[number].time:%Y-%m-%d %H:%M:%S}"}
        return Page(json.dumps(answer | {"width": 4096, "height": 4096, "rsun": 1600}).encode(), "application/json")

    return page


def mounts(shots: Iterable[Shot], site: Path) -> dict[str, Mount]:
    """Return the pages of the image archives that are no files."""
    return {
        "/assets/img/browse/index.php": file_browser(site),
        "/v2/": closest_image(shots),
    }


def urls(*sites: str) -> dict[str, list[str]]:
    """Return the base addresses of each image archive at some sites, in the form of scrape.live.urls."""
    web = [site for site in sites if site.startswith("http")]
    return {name: [site + path for site in (sites if name == "bbso" else web)] for name, path in PATHS.items()}
