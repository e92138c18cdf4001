"""The parameters in `params.yaml` that the report reads."""

from solarflare.core.tasks import OriginParams, TaskParams
from solarflare.dataset.splits.schema import SplitParams
from solarflare.networks.schema import TrainParams
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams
from solarflare.verification.audit.schema import AuditParams


class ReportParams(TaskParams, OriginParams, InstrumentParams, LabelParams, TrainParams, SplitParams, AuditParams):
    """The questions, and the choices behind their answers that the page mentions."""
