"""The supported instruments, and which of them each task uses."""

from typing import Literal, get_args

from solarflare.core.params import Part
from solarflare.core.tasks import ByTask

Instrument = Literal["gong", "hmi", "mdi", "aia171", "aia193", "aia211"]
INSTRUMENTS: tuple[Instrument, ...] = get_args(Instrument)
MAGNETOGRAPHS: tuple[Instrument, ...] = ("gong", "hmi", "mdi")


class InstrumentByTask(ByTask[Instrument]):
    """The instrument of each task."""


class InstrumentParams(Part):
    """The group `instrument` of `params.yaml`."""

    instrument: InstrumentByTask
