"""Reads the instrument and the time in the name of an image."""

import datetime as dt
import re
from typing import NamedTuple

from solarflare.sun.images.headers import Stamp
from solarflare.sun.images.instruments import Instrument

FORMS = (
    "YYYYMMDD_HHMMSS_<width>_<HMIB|0171|0193|0211>.jpg",
    "YYYYMMDD_HHMMSS_M_<512|1k|4k>.jpg",
    "gong_magxx_fd_YYYYMMDD_HHMMSS.jpg",
    "HMI.mYYYY.MM.DD_HH.MM.SS.jpg",
    "YYYY_MM_DD__HH_MM_SS_mmm__SDO_<AIA_AIA_171|AIA_AIA_193|AIA_AIA_211|HMI_HMI_magnetogram>.jp2",
    "the names of FITS files of JSOC, GONG and SOHO",
)
"""The known forms, for error messages."""

_HEADED = re.compile(r"\.(jp2|jpx|(fits?|fts)(\.gz|\.fz)?)$", re.IGNORECASE)
_PLAIN = re.compile(r"\.(jpe?g|png)$", re.IGNORECASE)


class _Form(NamedTuple):
    """A form of names without their ending: a pattern with the group ``time`` and perhaps ``product``.

    `products` maps a product in small letters to its instrument; other products are not ours. Of a form without that
    group, all names are of the product "".
    """

    pattern: str
    time: str
    products: dict[str, Instrument]


_BROWSE: dict[str, Instrument] = {"hmib": "hmi", "0171": "aia171", "0193": "aia193", "0211": "aia211"}
_CHANNELS: dict[str, Instrument] = {"171": "aia171", "193": "aia193", "211": "aia211"}
_HELIOVIEWER: dict[str, Instrument] = {
    **{f"sdo_aia_aia_{channel}": instrument for channel, instrument in _CHANNELS.items()},
    "sdo_hmi_hmi_magnetogram": "hmi",
    "soho_mdi_mdi_magnetogram": "mdi",
}
_JSOC: dict[str, Instrument] = {
    **dict.fromkeys(("hmi.m_45s", "hmi.m_45s_nrt", "hmi.m_720s", "hmi.m_720s_nrt"), "hmi"),
    **dict.fromkeys(("mdi.fd_m_96m", "mdi.fd_m_96m_lev182"), "mdi"),
}
_SECONDS, _JSOC_TIME = "%Y%m%d_%H%M%S", r"(?P<time>\d{8}_\d{6})_TAI"
_FORMS = (
    _Form(r"(?P<time>\d{8}_\d{6})_\d+_(?P<product>[a-z0-9]+)", _SECONDS, _BROWSE),
    _Form(r"(?P<time>\d{8}_\d{6})_(?P<product>M_color|M|Ic_flat|Ic|V)_\w+", _SECONDS, {"m": "hmi"}),
    _Form(r"gong_magxx_fd_(?P<time>\d{8}_\d{6})", _SECONDS, {"": "gong"}),
    _Form(r"[a-z]{2}bqa(?P<time>\d{6}t\d{4})", "%y%m%dt%H%M", {"": "gong"}),
    _Form(r"HMI\.m(?P<time>\d{4}\.\d\d\.\d\d_\d\d\.\d\d\.\d\d)", "%Y.%m.%d_%H.%M.%S", {"": "hmi"}),
    _Form(r"(?P<time>\d{4}_\d\d_\d\d__\d\d_\d\d_\d\d)_\d+__(?P<product>\w+)", "%Y_%m_%d__%H_%M_%S", _HELIOVIEWER),
    _Form(rf"(?P<product>(?:hmi|mdi)\.\w+)\.(?:\d+\.)?{_JSOC_TIME}(?:\.[\w.]*)?", _SECONDS, _JSOC),
    _Form(r"smdi_(?P<product>\w+)_fd_(?P<time>\d{8}_\d{4})", "%Y%m%d_%H%M", {"maglc": "mdi"}),
    _Form(r"aia\.lev1\w*\.(?P<time>\d{4}-\d\d-\d\dT\d{6})Z\.(?P<product>\d+)\.[\w.]*", "%Y-%m-%dT%H%M%S", _CHANNELS),
    _Form(r"aia_lev1_(?P<product>\d+)a_(?P<time>\d{4}_\d\d_\d\dt\d\d_\d\d_\d\d)_\w+", "%Y_%m_%dt%H_%M_%S", _CHANNELS),
)


def is_image(name: str) -> bool:
    """Return whether a file name has the ending of JPEG, PNG, JPEG 2000 or FITS (plain, gzipped or compressed)."""
    return needs_header(name) or _PLAIN.search(name) is not None


def needs_header(name: str) -> bool:
    """Return whether a file name has the ending of a format with a header: JPEG 2000 or FITS."""
    return _HEADED.search(name) is not None


def parse(name: str) -> Stamp | None:
    """Read instrument and time from the name of an image.

    Parameters
    ----------
    name : str
        The file name, without folders, in one of `FORMS`; case does not matter.

    Returns
    -------
    Stamp or None
        None if the name has another form, is that of another product, or its digits are not a time.
    """
    for form, match in _matches(name):
        instrument = form.products.get(_product(match))
        try:
            time = dt.datetime.strptime(match["time"].replace("T", "t"), form.time.replace("T", "t"))
        except ValueError:
            return None
        if instrument:
            return Stamp(instrument, _from_tai(time) if "_TAI" in match[0].upper() else time)
    return None


def other_product(name: str) -> str | None:
    """Return the product in a name of a known form if it is none of ours, such as a continuum image; else None.

    Examples
    --------
    >>> other_product("20140101_120000_512_HMIIC.jpg")
    'HMIIC'
    >>> other_product("20140101_120000_512_0211.jpg"), other_product("holiday.jpg")
    (None, None)
    """
    for form, match in _matches(name):
        if _product(match) not in form.products:
            return match["product"]
    return None


def _matches(name: str) -> list[tuple[_Form, re.Match[str]]]:
    stem = _HEADED.sub("", _PLAIN.sub("", name))
    if stem == name:
        return []
    matches = ((form, re.fullmatch(form.pattern, stem, re.IGNORECASE | re.ASCII)) for form in _FORMS)
    return [(form, match) for form, match in matches if match]


def _product(match: re.Match[str]) -> str:
    return match.groupdict().get("product", "").lower()


def _from_tai(time: dt.datetime) -> dt.datetime:
    from astropy.time import Time

    utc: dt.datetime = Time(time, scale="tai").utc.to_datetime()
    return utc
