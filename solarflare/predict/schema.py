"""What `predict` reads of the parameters that a network was trained with."""

from solarflare.dataset.shards.schema import CropParams
from solarflare.networks.schema import TrainParams
from solarflare.sources.live.schema import LiveScrape
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams


class PredictParams(InstrumentParams, LabelParams, CropParams, TrainParams):
    """The question, the instrument, the form of the crops, the natural base rate, and where to find regions and images."""

    scrape: LiveScrape
