"""The form of the simulated Sun's parameters."""

from typing import Literal

from solarflare.core.params import Seed
from solarflare.core.tasks import Origin, TaskParams
from solarflare.sources.common.schema import Sampled
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams


class Simulated(Sampled):
    """The simulated Sun."""

    seed: Seed
    sampling: Literal["matched", "original"]


class SimulatedScrape(Origin):
    """What this origin reads of `scrape`."""

    simulated: Simulated


class SimulatedParams(TaskParams, InstrumentParams, LabelParams):
    """What this origin reads of `params.yaml`; the questions decide which images are positive."""

    scrape: SimulatedScrape
