"""The sampling of the original study of 2020. Its classes differ in more than the Sun, which tests the audit.

Measured on the images of github.com/PieroPaialungaAI/SunML: the images of active disks are from the solar maximum and
from any hour of Big Bear's day. The images of quiet disks are from the solar minimum and from 18:21. Flaring regions
have one wavelength, other regions another.
"""

import numpy as np
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.common.matching import SampleDesign, Times
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.instruments import Instrument

MAXIMUM, MINIMUM = np.datetime64("2013-01-01", "s"), np.datetime64("2019-01-01", "s")
YEAR = np.timedelta64(365, "D")
QUIET_SLOT = np.timedelta64(18 * 60 + 21, "m")
QUIET_WAVELENGTH: Instrument = "aia171"


def unmatched(
    params: SimulatedParams, task: Task, lists: matching.EventLists, generator: np.random.Generator
) -> pd.DataFrame:
    """Choose the times of a task's images as in 2020: positives and negatives independently, not in pairs.

    Returns ``time``, ``pair_id`` (blank) and ``drawn_as``, sorted by time, with at most one image per day and class.
    ``drawn_as`` is the instrument whose image is drawn. The image table may name another instrument. Raises an
    InputError if the simulated Sun has too few such times.
    """
    simulated, instrument = params.scrape.simulated, params.instrument.of(task)
    count = simulated.images(task) // 2
    span = (np.datetime64(simulated.start, "s"), np.datetime64(simulated.end, "s"))
    parts = []
    for label in (1, 0):
        start, end = span if task == Task.REGION else _year(MAXIMUM if label else MINIMUM)
        design = SampleDesign(task, count, start, end, max_days=0)
        times = _times(params, label, design, lists, generator)
        if len(times) < count:
            raise InputError(
                f"params.yaml: the simulated Sun has {len(times)} of {count} days with label {label} for label.{task} "
                "in the design of 2020; widen its span (disks need 2013 and 2019) or set scrape.simulated.sampling "
                "to matched"
            )
        drawn_as = QUIET_WAVELENGTH if task == Task.REGION and label == 0 else instrument
        parts.append(pd.DataFrame({"time": times, "pair_id": "", "drawn_as": drawn_as}))
    return pd.concat(parts).sort_values("time", ignore_index=True)


def _year(start: np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    return start, start + YEAR


def _times(
    params: SimulatedParams,
    label: int,
    design: SampleDesign,
    lists: matching.EventLists,
    generator: np.random.Generator,
) -> list[np.datetime64]:
    """Return at most ``count`` times, one per day, at which the disk, or every region on it, has the label."""
    question, instrument = params.label.of(design.task), params.instrument.of(design.task)
    chosen: dict[np.datetime64, np.datetime64] = {}
    for _ in range(design.max_draws):
        candidates = matching.candidate_times(instrument, design, generator)
        if design.task == Task.DISK and label == 0:
            candidates = np.unique(candidates.astype("datetime64[D]")) + QUIET_SLOT.astype("timedelta64[s]")
            generator.shuffle(candidates)
        # An image with flaring and other regions would need both wavelengths.
        for time in candidates[_all_have(label, candidates, lists, question)]:
            chosen.setdefault(time.astype("datetime64[D]"), time)
        if len(chosen) >= design.count:
            break
    return list(chosen.values())[: design.count]


def _all_have(label: int, times: Times, lists: matching.EventLists, question: matching.Question) -> np.ndarray:
    return matching.labels_at(times, lists, question, of_regions="min" if label else "max") == label
