"""Parameters of the simulated Sun."""

from typing import Literal

from solarflare.core.compute import ComputeParams
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
    """The part of the group `scrape` that this origin reads."""

    simulated: Simulated


class SimulatedParams(TaskParams, InstrumentParams, LabelParams, ComputeParams):
    """The groups of `params.yaml` that this origin reads. The questions define which images are positive."""

    scrape: SimulatedScrape
