"""What the header of a FITS or JPEG 2000 file says: the instrument, the time, the unit; and what is refused.

A header is a mapping with keys in capitals. sunpy is imported when a time is read, so that a JPEG does not wait for it.
"""

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

Header = Mapping[str, Any]

FITS, GZIP = b"SIMPLE  =", b"\x1f\x8b"
JPEG_2000 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
"""The first bytes of files that have a header."""

LARGEST_SIDE = 4096
TOO_LARGE = "more pixels than any image of the Sun has"
"""SDO's cameras have 4096 x 4096 pixels; more would fill the memory."""

GAUSS = {"gauss", "g", "mx/cm^2", "mx/cm2", "mx cm-2"}
"""Units of a field, in small letters: a maxwell per square centimetre is a gauss."""

TIMES = (("DATE-OBS", "TIME-OBS"), ("DATE_OBS", "TIME_OBS"), ("DATE-BEG", ""), ("T_OBS", ""), ("T_REC", ""))
"""Keys of a time, the preferred one first, and the keys of its time of day if that is apart."""

GPS_BEHIND_TAI = 19
"""Seconds: GONG's headers give GPS time, as their comments and sunpy's `GONGMagnetogramMap` say."""

SLOT = dt.timedelta(minutes=10)
"""Largest difference of the times in a file's header and its name. JSOC's names say when an image was due, MDI's
headers when it began, up to four minutes later."""

OTHER_PRODUCTS = {
    "CONTINUUM": "a continuum image",
    "INTENSITY": "an intensity image",
    "DOPPLER": "a Dopplergram",
    "LINE DEPTH": "an image of the line's depth",
    "LINE WIDTH": "an image of the line's width",
    "SYNOPTIC": "a synoptic chart",
}
"""What the words in CONTENT, IMTYPE or OBS_MODE mean that is no magnetogram."""


class Unusable(Exception):  # noqa: N818 - a normal outcome, not an error of the program
    """A file is no image that can be used; the message is the reason, to follow a colon."""


class Stamp(NamedTuple):
    """The instrument of an image, and its time (UTC, without a zone)."""

    instrument: Instrument
    time: dt.datetime


def content(file: Path | BinaryIO) -> bytes:
    """Return all bytes of a file."""
    if isinstance(file, Path):
        return file.read_bytes()
    file.seek(0)
    return file.read()


def start(file: Path | BinaryIO) -> bytes:
    """Return the first bytes of a file, which tell its format."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return opened.read(16)
    first = file.read(16)
    file.seek(0)
    return first


def has_header(file: Path | BinaryIO) -> bool:
    """Return whether a file begins like FITS, plain or gzipped, or like JPEG 2000."""
    return start(file).startswith((FITS, GZIP, *JPEG_2000))


def stamp(header: Header, named: Instrument | None = None, named_time: dt.datetime | None = None) -> Stamp:
    """Return the instrument and the time of a header; what it lacks comes from the file's name.

    Parameters
    ----------
    header : mapping
        The header.
    named, named_time : str and datetime, optional
        Instrument and time (UTC) by the file's name.

    Raises
    ------
    Unusable
        If header and name differ, or both lack the instrument or the time, or the header is of another product.
    """
    instrument = instrument_of(header) or named
    if instrument is None:
        raise Unusable("its header has no INSTRUME or TELESCOP, and its name does not tell the instrument")
    if named and named != instrument:
        raise Unusable(f"it is of {instrument} by its header, and of {named} by its name or the option --instrument")
    check_product(header, instrument)
    time = time_of(header)
    if named_time is None:
        if time is None:
            raise Unusable("its header has no DATE-OBS with a time of day, and its name does not tell the time")
        return Stamp(instrument, time)
    if time is None and (day := _day(header)) and day != named_time.date():
        raise Unusable(f"it is of {day} by its header, and of {named_time:%Y-%m-%d} by its name or the option --time")
    if time and abs(time - named_time) > SLOT:
        raise Unusable(
            f"it is of {time:%Y-%m-%d %H:%M:%S} UTC by its header, and of {named_time:%Y-%m-%d %H:%M:%S} by its name "
            "or the option --time"
        )
    return Stamp(instrument, time or named_time)


def instrument_of(header: Header) -> Instrument | None:
    """Return the instrument of a header, or None if it names none; raise Unusable if it is another one.

    Examples
    --------
    >>> instrument_of({"TELESCOP": "SDO/AIA", "INSTRUME": "AIA_2", "WAVELNTH": 193})
    'aia193'
    """
    names = [_text(header, key).upper() for key in ("INSTRUME", "TELESCOP", "CAMERA", "DETECTOR")]
    if not any(names[:2]):
        return None
    if any(name.startswith("HMI") or name == "SDO/HMI" for name in names):
        return "hmi"
    if any(name == "MDI" for name in names):
        return "mdi"
    if names[1].endswith("GONG"):
        return "gong"
    if not any(name.startswith("AIA") or name == "SDO/AIA" for name in names):
        raise Unusable(f"it is by {' of '.join(filter(None, names[:2]))}; known are HMI, MDI, GONG and AIA")
    wavelength = _number(header, "WAVELNTH")
    channels: dict[float | None, Instrument] = {171.0: "aia171", 193.0: "aia193", 211.0: "aia211"}
    if wavelength not in channels:
        raise Unusable(
            f"it is of AIA at {_text(header, 'WAVELNTH') or 'no stated'} angstrom; known are 171, 193 and 211"
        )
    return channels[wavelength]


def check_product(header: Header, instrument: Instrument) -> None:
    """Raise Unusable if a header is that of no full-disk image of its instrument."""
    if _text(header, "CTYPE1").upper().startswith(("CRLN", "HGLN")):
        raise Unusable("it is a map in heliographic coordinates (such as a SHARP in CEA projection), not a disk")
    if instrument not in MAGNETOGRAPHS:
        return
    content = " ".join(_text(header, key) for key in ("CONTENT", "IMTYPE", "OBS_MODE")).upper()
    for word, meaning in OTHER_PRODUCTS.items():
        if word in content:
            raise Unusable(f"it is {meaning} of {instrument}, not a magnetogram")
    unit = _text(header, "BUNIT")
    if unit and unit.lower() not in GAUSS:
        raise Unusable(f"its unit is {unit}, and a magnetogram's is gauss")
    if not unit and "MAG" not in content:
        raise Unusable("its header has no BUNIT and does not call it a magnetogram, so its unit is not known")


def time_of(header: Header) -> dt.datetime | None:
    """Return the time of a header, UTC without a zone, to the second; None if it has none with a time of day.

    TAI is converted (37 s since 2017), and so is GONG's GPS time.

    Examples
    --------
    >>> time_of({"T_REC": "2017.02.01_00:00:37_TAI"})
    datetime.datetime(2017, 2, 1, 0, 0)
    """
    from astropy import units as u
    from sunpy.time import parse_time

    for day_key, clock_key in TIMES:
        text, clock = _text(header, day_key), _text(header, clock_key)
        apart = bool(clock) and ":" not in text
        text = f"{text} {clock}" if apart else text
        if ":" not in text:
            continue
        gps = apart and _text(header, "TELESCOP").upper().endswith("GONG")
        scale = "tai" if gps or "TAI" in text else _text(header, "TIMESYS").lower() or "utc"
        try:
            time = parse_time(re.sub(r"\s*(Z|UTC?)$", "", text), scale=scale)
            utc = (time + GPS_BEHIND_TAI * u.s if gps else time).utc.to_datetime()
        except (ValueError, TypeError) as error:
            raise Unusable(f"its {day_key} is {text!r}, which is no time ({error})".splitlines()[0]) from None
        return utc.replace(microsecond=0)
    return None


def exposure(header: Header) -> float:
    """Return the exposure of AIA's counts in seconds; 1 if they are per second. Raise Unusable if it is not known."""
    unit = (_text(header, "BUNIT") or _text(header, "PIXLUNIT") or "DN").lower().replace(" ", "")
    if unit in ("dn/s", "ct/s", "dns-1"):
        return 1.0
    if unit not in ("dn", "ct", "counts"):
        raise Unusable(f"its unit is {unit}, and AIA's is DN or DN/s")
    seconds = _number(header, "EXPTIME")
    if not seconds or seconds <= 0:
        raise Unusable("its header has no EXPTIME, so its counts have no scale")
    return seconds


def roll(header: Header) -> float | None:
    """Return CROTA2 of a header in degrees: for MDI's old headers, which lack it, from P_ANGLE; None if it has none.

    Raises Unusable if P_ANGLE is not 0 or 180: the sense in which it counts is not known.
    """
    for key in ("CROTA2", "CROTA1", "CROTA", "CROT"):
        if (angle := _number(header, key)) is not None:
            return angle
    for key in ("P_ANGLE", "SOLAR_P0", "SOLAR_P"):
        if (angle := _number(header, key)) is not None:
            if abs(angle - 180 * round(angle / 180)) > 1:
                raise Unusable(f"its header has no CROTA2, and its {key} is {angle:g}: north is not known")
            return angle
    return None


def require_pixels(header: Header) -> None:
    """Raise Unusable if a header does not say where the Sun is: reference pixel and scale are needed."""
    for key in ("CRPIX1", "CRPIX2", "CDELT1", "CDELT2"):
        number = _number(header, key)
        if number is None or (key.startswith("CDELT") and number <= 0):
            said = "no" if number is None else f"a {key} of {number:g}, not a"
            raise Unusable(
                f"its header has {said} {key if number is None else 'scale'}, so place, scale and roll of the Sun are "
                "not known; export it with its keywords"
            )


def _day(header: Header) -> dt.date | None:
    from sunpy.time import parse_time

    for key, _ in TIMES:
        if text := _text(header, key):
            try:
                return parse_time(text).to_datetime().date()
            except (ValueError, TypeError):
                raise Unusable(f"its {key} is {text!r}, which is no time") from None
    return None


def _text(header: Header, key: str) -> str:
    return str(header.get(key, "") if key else "").strip()


def _number(header: Header, key: str) -> float | None:
    try:
        number = float(header[key])
    except (KeyError, TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None
