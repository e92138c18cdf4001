"""The supported instruments, and which of them each task uses."""

import datetime as dt
from typing import Literal, get_args

from solarflare.core.params import Part
from solarflare.core.tasks import ByTask

Instrument = Literal["gong", "hmi", "mdi", "aia171", "aia193", "aia211"]
INSTRUMENTS: tuple[Instrument, ...] = get_args(Instrument)
MAGNETOGRAPHS: tuple[Instrument, ...] = ("gong", "hmi", "mdi")
_SDO = dt.date(2010, 3, 1)
FIRST_DAY: dict[Instrument, dt.date] = {
    "gong": dt.date(1995, 1, 1),
    "hmi": _SDO,
    "mdi": dt.date(1996, 1, 1),
    "aia171": _SDO,
    "aia193": _SDO,
    "aia211": _SDO,
}
"""A day before which an instrument has no image. SDO was launched on 2010-02-11 and saw first light in March (Pesnell
et al. 2012, doi:10.1007/s11207-011-9841-3). MDI observed from 1996 on (Scherrer et al. 1995, doi:10.1007/BF00733429).
GONG began in 1995 (Harvey et al. 1996, doi:10.1126/science.272.5266.1284)."""

LAST_DAY: dict[Instrument, dt.date] = {"mdi": dt.date(2011, 4, 30)}
"""The last day of the instruments that have ended. MDI stopped in April 2011, when HMI had replaced it."""


def impossible_time(instrument: Instrument, time: dt.datetime) -> str:
    """Return why an instrument has no real image of a time (UTC); blank if it may have one.

    Examples
    --------
    >>> impossible_time("aia211", dt.datetime(2000, 1, 1))
    'its time is 2000-01-01 00:00, and aia211 has no image before 2010-03-01'
    >>> impossible_time("mdi", dt.datetime(2000, 1, 1))
    ''
    """
    said = f"its time is {time:%Y-%m-%d %H:%M}, and"
    if time.date() < (first := FIRST_DAY[instrument]):
        return f"{said} {instrument} has no image before {first}"
    if (last := LAST_DAY.get(instrument)) and time.date() > last:
        return f"{said} {instrument} has no image after {last}"
    # A day of grace: clocks differ, and a local time may be taken for UTC.
    if time > (now := dt.datetime.now(dt.UTC).replace(tzinfo=None)) + dt.timedelta(days=1):
        return f"{said} now it is {now:%Y-%m-%d %H:%M} UTC"
    return ""


class InstrumentByTask(ByTask[Instrument]):
    """The instrument of each task."""


class InstrumentParams(Part):
    """The group `instrument` of `params.yaml`."""

    instrument: InstrumentByTask
