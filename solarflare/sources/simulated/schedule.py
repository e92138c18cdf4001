"""When images of the simulated Sun are taken, what they are called, and what its lists cover."""

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.instruments import Instrument


def matched(
    params: SimulatedParams, task: Task, known: matching.EventLists, generator: np.random.Generator
) -> pd.DataFrame:
    """Choose the times of a task's images.

    Parameters
    ----------
    params : SimulatedParams
        The task's instrument and question, the number of images, the span, ``max_days``.
    task : str
        ``"disk"`` or ``"region"``.
    known : EventLists
        From which the question is answered.
    generator : Generator
        Of all that is random.

    Returns
    -------
    DataFrame
        ``time``, ``pair_id`` and ``seen_in``, the task's instrument, in the order of time.

    Raises
    ------
    InputError
        If the simulated Sun has no pair at all for this question.
    """
    simulated = params.scrape.simulated
    sample = matching.Sample(
        task=task,
        count=simulated.images(task),
        start=np.datetime64(simulated.start, "s"),
        end=np.datetime64(simulated.end, "s"),
        max_days=simulated.max_days,
    )
    instrument = params.instrument.of(task)
    pairs = matching.matched(instrument, params.label.of(task), sample, known, generator)
    if not pairs:
        raise InputError(
            f"params.yaml: the simulated Sun has no pair of images for label.{task} from {simulated.start} to "
            f"{simulated.end}; ask another question, or widen the span or scrape.simulated.max_days"
        )
    return matching.numbered(pairs, task).assign(seen_in=instrument)


def file_name(instrument: Instrument, time: np.datetime64) -> str:
    """Return what the observatory would call an image."""
    stamp = pd.Timestamp(time)
    if instrument == "gong":
        return f"gong_magxx_fd_{stamp:%Y%m%d_%H%M%S}.jpg"
    return f"{stamp:%Y%m%d_%H%M%S}_512_0{instrument.removeprefix('aia')}.jpg"


def coverage(start: np.datetime64, end: np.datetime64, flare_list: str, min_class: str) -> pd.DataFrame:
    """Return the simulated lists' coverage: complete over the whole span."""
    rows = [
        {"list": name, "start": start, "end": end, "min_class": weakest, "status": "complete", "reason": ""}
        for name, weakest in ((flare_list, min_class), ("regions", ""))
    ]
    return tables.check(pd.DataFrame(rows), tables.COVERAGE, "the simulated coverage")
