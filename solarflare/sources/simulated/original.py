"""The design of 2020, in which much besides the Sun tells the classes apart: what it is worth, and what the audit says.

As measured on the images of github.com/PieroPaialungaAI/SunML: active disks are from the maximum and at any of Big
Bear's hours, quiet ones from the minimum and at 18:21; flaring regions are seen in one wavelength, the others in
another.
"""

import numpy as np
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.common.matching import Sample, Times
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.instruments import Instrument

MAXIMUM, MINIMUM = np.datetime64("2013-01-01", "s"), np.datetime64("2019-01-01", "s")
YEAR = np.timedelta64(365, "D")
QUIET_SLOT = np.timedelta64(18 * 60 + 21, "m")
QUIET_WAVELENGTH: Instrument = "aia171"


def unmatched(
    params: SimulatedParams, task: Task, known: matching.EventLists, generator: np.random.Generator
) -> pd.DataFrame:
    """Choose the times of a task's images as in 2020, positives and negatives apart and without partners.

    Parameters
    ----------
    params : SimulatedParams
        The task's instrument and question, the number of images, the span.
    task : str
        ``"disk"`` or ``"region"``.
    known : EventLists
        From which the question is answered.
    generator : Generator
        Of all that is random.

    Returns
    -------
    DataFrame
        ``time``, ``pair_id`` (blank) and ``seen_in``, the instrument that the image is drawn as, whatever it is filed
        as; in the order of time, one image a day of each class.

    Raises
    ------
    InputError
        If the simulated Sun has too few such times.
    """
    simulated, instrument = params.scrape.simulated, params.instrument.of(task)
    count = simulated.images(task) // 2
    span = (np.datetime64(simulated.start, "s"), np.datetime64(simulated.end, "s"))
    parts = []
    for label in (1, 0):
        start, end = span if task == Task.REGION else _year(MAXIMUM if label else MINIMUM)
        sample = Sample(task, count, start, end, max_days=0)
        times = _times(params, label, sample, known, generator)
        if len(times) < count:
            raise InputError(
                f"params.yaml: the simulated Sun has {len(times)} of {count} days with label {label} for label.{task} "
                "in the design of 2020; widen its span (disks need 2013 and 2019) or set scrape.simulated.sampling "
                "to matched"
            )
        seen_in = QUIET_WAVELENGTH if task == Task.REGION and label == 0 else instrument
        parts.append(pd.DataFrame({"time": times, "pair_id": "", "seen_in": seen_in}))
    return pd.concat(parts).sort_values("time", ignore_index=True)


def _year(start: np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    return start, start + YEAR


def _times(
    params: SimulatedParams, label: int, sample: Sample, known: matching.EventLists, generator: np.random.Generator
) -> list[np.datetime64]:
    """Return at most ``count`` times, one a day, at which all that is labelled has the label."""
    question, instrument = params.label.of(sample.task), params.instrument.of(sample.task)
    chosen: dict[np.datetime64, np.datetime64] = {}
    for _ in range(sample.tries):
        candidates = matching.candidates(instrument, sample, generator)
        if sample.task == Task.DISK and label == 0:
            candidates = np.unique(candidates.astype("datetime64[D]")) + QUIET_SLOT.astype("timedelta64[s]")
            generator.shuffle(candidates)
        # Of an image with flaring and other regions each would be in both wavelengths.
        for time in candidates[_all(label, candidates, known, question)]:
            chosen.setdefault(time.astype("datetime64[D]"), time)
        if len(chosen) >= sample.count:
            break
    return list(chosen.values())[: sample.count]


def _all(label: int, times: Times, known: matching.EventLists, question: matching.Question) -> np.ndarray:
    return matching.answer(times, known, question, of_regions="min" if label else "max") == label
