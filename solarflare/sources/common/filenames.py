"""Reads the instrument and the time in the name of an image."""

import datetime as dt
import re
from typing import NamedTuple

from solarflare.sun.images.instruments import Instrument

FORMS = (
    "YYYYMMDD_HHMMSS_<width>_<HMIB|0171|0193|0211>.jpg",
    "gong_magxx_fd_YYYYMMDD_HHMMSS.jpg",
    "HMI.mYYYY.MM.DD_HH.MM.SS.jpg",
)
"""The known forms, for error messages."""

_JPEG = re.compile(r"\.jpe?g$", re.IGNORECASE)
_BROWSE: dict[str, Instrument] = {"HMIB": "hmi", "0171": "aia171", "0193": "aia193", "0211": "aia211"}
_PATTERNS: list[tuple[str, str, Instrument]] = [
    *((rf"(\d{{8}}_\d{{6}})_\d+_{product}", "%Y%m%d_%H%M%S", instrument) for product, instrument in _BROWSE.items()),
    (r"gong_magxx_fd_(\d{8}_\d{6})", "%Y%m%d_%H%M%S", "gong"),
    (r"HMI\.m(\d{4}\.\d\d\.\d\d_\d\d\.\d\d\.\d\d)", "%Y.%m.%d_%H.%M.%S", "hmi"),
]


class Stamp(NamedTuple):
    """The instrument of an image, and its time (UTC, without a zone)."""

    instrument: Instrument
    time: dt.datetime


def is_jpeg(name: str) -> bool:
    """Return whether a file name has the ending of a JPEG."""
    return _JPEG.search(name) is not None


def parse(name: str) -> Stamp | None:
    """Read instrument and time from the name of an image.

    Parameters
    ----------
    name : str
        The file name, without folders, in one of `FORMS`; case does not matter.

    Returns
    -------
    Stamp or None
        None if the name has another form, or its digits are not a time.
    """
    stem = _JPEG.sub("", name)
    if stem == name:
        return None
    for pattern, time_format, instrument in _PATTERNS:
        if match := re.fullmatch(pattern, stem, re.IGNORECASE):
            try:
                return Stamp(instrument, dt.datetime.strptime(match[1], time_format))
            except ValueError:
                return None
    return None
