"""Finds and reports images that are left out, and writes the tables of the raw contract without them."""

from pathlib import Path

import pandas as pd

from solarflare.core import tables
from solarflare.core.console import log

REPEAT = "byte for byte the image before it"
SAME_TIME = "second image of the same time"


def mark_repeats(images: pd.DataFrame) -> pd.DataFrame:
    """Add the reasons `REPEAT` and `SAME_TIME`: an archive that hangs serves its last image again, with a new time.

    `images` needs ``instrument``, ``time``, ``sha256`` and ``reason`` (blank for a usable image), and is sorted by
    time within each instrument.
    """
    images = images.copy()
    for reason, column in ((REPEAT, "sha256"), (SAME_TIME, "time")):
        usable = images[images["reason"] == ""]
        repeated = usable[column] == usable.groupby("instrument")[column].shift()
        images.loc[repeated[repeated].index, "reason"] = reason
    return images


def report(images: pd.DataFrame) -> None:
    """Log how many images are left out, and why. `images` needs ``file`` and ``reason``."""
    for reason, count in images.loc[images["reason"] != "", "reason"].value_counts().sort_index().items():
        first = images.loc[images["reason"] == reason, "file"].iloc[0]
        log.info("images dropped: %d, %s (the first is %s)", count, reason, first)


def write(images: pd.DataFrame, flares: pd.DataFrame, regions: pd.DataFrame, coverage: pd.DataFrame, raw: Path) -> None:
    """Write the tables of the raw contract. An image that is left out becomes a row of coverage."""
    kept = images.loc[images["reason"] == "", list(tables.IMAGES.columns)]
    coverage = tables.concat([coverage, absent(images)], tables.COVERAGE)
    tables.write(kept, raw / "images.csv", tables.IMAGES)
    tables.write(flares, raw / "flares.csv", tables.FLARES)
    tables.write(regions, raw / "regions.csv", tables.REGIONS)
    tables.write(coverage, raw / "coverage.csv", tables.COVERAGE)


def absent(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images that are left out, as `tables.COVERAGE`. One without a time may belong anywhere in the span.

    `images` needs ``file``, ``time`` and ``reason``, which is blank for the others.
    """
    unused = images[images["reason"] != ""]
    rows = pd.DataFrame(
        {
            "list": "images",
            "start": unused["time"].fillna(images["time"].min()),
            "end": unused["time"].fillna(images["time"].max()),
            "min_class": "",
            "status": "absent",
            "reason": unused["file"] + ": " + unused["reason"],
        }
    )
    return tables.check(rows, tables.COVERAGE, "the images that are left out")
