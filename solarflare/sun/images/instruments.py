"""The instruments whose images are understood, and which of them feeds which task."""

from typing import Literal

from solarflare.core.params import Part
from solarflare.core.tasks import ByTask

Instrument = Literal["gong", "hmi", "aia171", "aia193", "aia211"]
MAGNETOGRAPHS: tuple[Instrument, ...] = ("gong", "hmi")


class InstrumentByTask(ByTask[Instrument]):
    """Which instrument feeds which task."""


class InstrumentParams(Part):
    """The instruments."""

    instrument: InstrumentByTask
