"""When images of the simulated Sun are taken, their file names, and the coverage of its lists."""

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.instruments import Instrument


def matched(
    params: SimulatedParams, task: Task, lists: matching.EventLists, generator: np.random.Generator
) -> pd.DataFrame:
    """Choose the times of a task's images in matched pairs: ``time``, ``pair_id`` and ``drawn_as`` (its instrument).

    Raises an InputError if the simulated Sun has no pair at all for this question.
    """
    simulated = params.scrape.simulated
    design = matching.SampleDesign(
        task=task,
        count=simulated.images(task),
        start=np.datetime64(simulated.start, "s"),
        end=np.datetime64(simulated.end, "s"),
        max_days=simulated.max_days,
    )
    instrument = params.instrument.of(task)
    pairs = matching.matched_pairs(instrument, params.label.of(task), design, lists, generator)
    if not pairs:
        raise InputError(
            f"params.yaml: the simulated Sun has no pair of images for label.{task} from {simulated.start} to "
            f"{simulated.end}; ask another question, or widen the span or scrape.simulated.max_days"
        )
    return matching.with_pair_ids(pairs, task).assign(drawn_as=instrument)


def file_name(instrument: Instrument, time: np.datetime64) -> str:
    """Return the file name that the observatory would give an image.

    Examples
    --------
    >>> file_name("aia211", np.datetime64("2014-01-07T18:12:35"))
    '20140107_181235_512_0211.jpg'
    """
    stamp = pd.Timestamp(time)
    if instrument == "gong":
        return f"gong_magxx_fd_{stamp:%Y%m%d_%H%M%S}.jpg"
    return f"{stamp:%Y%m%d_%H%M%S}_512_0{instrument.removeprefix('aia')}.jpg"


def coverage(start: np.datetime64, end: np.datetime64, flare_list: str, min_class: str) -> pd.DataFrame:
    """Return the coverage of the simulated lists: complete from start to end."""
    rows = [
        {"list": name, "start": start, "end": end, "min_class": list_min_class, "status": "complete", "reason": ""}
        for name, list_min_class in ((flare_list, min_class), ("regions", ""))
    ]
    return tables.check(pd.DataFrame(rows), tables.COVERAGE, "the simulated coverage")
