"""Small archives on disk, for the tests of the origin `archive` and of what comes after it."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from solarflare.core import params
from tests import parameters

FLARES = """\
start,peak,end,goes_class,noaa_ar,list
2014-01-01T00:30:00,2014-01-01T00:40:00,2014-01-01T00:55:00,C2.0,11944,swpc
2014-01-02T10:00:00,,,M1.0,,swpc
2014-01-03T22:00:00,2014-01-03T22:10:00,2014-01-03T22:15:00,C1.0,11946,swpc
"""
REGIONS = """\
time,noaa_ar,location,area,mcintosh,mag_type,spots
2014-01-01T00:00:00,11944,S09E20,1415,FKC,BETA-GAMMA,40
2014-01-02T00:00:00,11944,S09E07,1415,FKC,BETA-GAMMA,40
2014-01-03T00:00:00,11944,S09W06,1415,FKC,BETA-GAMMA,40
"""


def write_image(path: Path, seed: int, *, image_format: str = "JPEG") -> Path:
    """Write a disk in the form of an AIA browse image; every seed is another image."""
    y, x = np.mgrid[:512, :512]
    grey = np.where(np.hypot(x - 255.5, y - 255.5) < 205, 120 + seed % 100, 10).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.dstack([grey, grey // 2, grey])).save(path, image_format)
    return path


def name(time: dt.datetime, product: str = "0211") -> str:
    """Return the browse name of an image."""
    return f"{time:%Y%m%d_%H%M%S}_512_{product}.jpg"


def make(folder: Path, *, images: int = 4, flares: str = FLARES, regions: str | None = REGIONS) -> Path:
    """Make an archive of AIA 211 images, one every twelve hours from the first of 2014."""
    for number in range(images):
        time = dt.datetime(2014, 1, 1) + number * dt.timedelta(hours=12)
        write_image(folder / f"{time:%Y/%m/%d}" / name(time), number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flares.csv").write_text(flares)
    if regions is not None:
        (folder / "regions.csv").write_text(regions)
    return folder


def choices(archive: Path | str | None, digest: str | None, **groups: Any) -> dict[str, Any]:
    """Return the project's parameters, with the origin `archive` and AIA 211 for both tasks."""
    content: dict[str, Any] = params.read_yaml(parameters.FIXED)
    content["scrape"] |= {"origin": "archive", "archive": {"path": archive and str(archive), "digest": digest}}
    content["instrument"] = {"disk": "aia211", "region": "aia211"}
    return content | groups
