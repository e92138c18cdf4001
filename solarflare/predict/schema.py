"""The parameters that this room reads, from the ``params.yaml`` that a network was trained with."""

from solarflare.dataset.shards.schema import CropParams
from solarflare.networks.schema import TrainParams
from solarflare.sources.live.schema import LiveScrape
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams


class PredictParams(InstrumentParams, LabelParams, CropParams, TrainParams):
    """Questions, instruments, crops, base rates, and where images and regions of today are fetched."""

    scrape: LiveScrape
