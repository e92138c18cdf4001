"""What an image file says of itself: instrument and time, by its header or else by its name."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from solarflare.sources.common import filenames
from solarflare.sun.images.headers import Stamp, Unusable, has_header, start
from solarflare.sun.images.instruments import Instrument

UNNAMED = "no time in the name"
OTHER_FORMAT = "its format is not read; JPEG, PNG, FITS and JPEG 2000 are"
WITHOUT_HEADER = (b"\xff\xd8\xff", b"\x89PNG")
"""The first bytes of JPEG and PNG."""


@dataclass(frozen=True)
class Identity:
    """Instrument and time of an image, or the `reason` why they are not known or contradict each other."""

    stamp: Stamp | None
    reason: str = ""


def identify(path: Path, instrument: Instrument | None = None, time: dt.datetime | None = None) -> Identity:
    """Return the identity of a file: its header goes before its name, and the two must not contradict each other.

    Parameters
    ----------
    path : Path
        The file. Only its header is read.
    instrument, time : str and datetime, optional
        What the user says of it. It replaces the name's time, and must not contradict the instrument.
    """
    named = filenames.parse(path.name)
    if product := filenames.other_product(path.name):
        return Identity(None, f"its name is that of another product ({product})")
    if named and instrument and named.instrument != instrument:
        return Identity(None, f"its name is that of an image of {named.instrument}, not of {instrument}")
    instrument, time = instrument or (named.instrument if named else None), time or (named.time if named else None)
    try:
        if has_header(path):
            # Imported here, so that a JPEG does not wait for astropy's and sunpy's readers.
            from solarflare.sun.images import headed_files

            return Identity(headed_files.read_stamp(path, instrument, time))
    except Unusable as reason:
        return Identity(None, str(reason))
    if instrument and time:
        return Identity(Stamp(instrument, time))
    return Identity(None, UNNAMED if start(path).startswith(WITHOUT_HEADER) else OTHER_FORMAT)
