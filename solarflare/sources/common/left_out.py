"""Images that are left out of the raw data, and why."""

import logging

import pandas as pd

from solarflare.core import tables

REPEAT = "byte for byte the image before it"
SAME_TIME = "second image of the same time"

log = logging.getLogger("solarflare")


def mark_repeats(images: pd.DataFrame) -> pd.DataFrame:
    """Drop images that say nothing new: an archive that hangs serves its last image again, under a new time.

    Parameters
    ----------
    images : DataFrame
        With ``instrument``, ``time``, ``sha256`` and ``reason`` (why an image is dropped, blank if it is not), each
        instrument's in the order of time.

    Returns
    -------
    DataFrame
        The same rows, with more reasons.
    """
    images = images.copy()
    for reason, column in ((REPEAT, "sha256"), (SAME_TIME, "time")):
        usable = images[images["reason"] == ""]
        again = usable[column] == usable.groupby("instrument")[column].shift()
        images.loc[again[again].index, "reason"] = reason
    return images


def report(images: pd.DataFrame) -> None:
    """Say how many images (with ``file`` and ``reason``) were dropped, and why."""
    for reason, count in images.loc[images["reason"] != "", "reason"].value_counts().sort_index().items():
        first = images.loc[images["reason"] == reason, "file"].iloc[0]
        log.info("images dropped: %d, %s (the first is %s)", count, reason, first)


def absent(images: pd.DataFrame) -> pd.DataFrame:
    """Return the dropped images (with ``file``, ``time`` and ``reason``) whose time is known, as coverage rows."""
    dropped = images[(images["reason"] != "") & images["time"].notna()]
    rows = pd.DataFrame(
        {
            "list": "images",
            "start": dropped["time"],
            "end": dropped["time"],
            "min_class": "",
            "status": "absent",
            "reason": dropped["file"] + ": " + dropped["reason"],
        }
    )
    return tables.check(rows, tables.COVERAGE, "the dropped images")
