"""Which images to take: matched, so that nothing but the Sun tells the classes apart.

For each positive of the task's own label there is a negative at the same time of day within ``max_days``. Both answers
come from the label code itself, asked about every candidate time. A day gives one image: quiet days are few when the
Sun is active, and many images of one day would tell that it was quiet.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.tasks import Task
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images.instruments import Instrument
from solarflare.sun.labels import labels

Time = np.datetime64
Times = npt.NDArray[np.datetime64]
Question = DiskLabel | RegionLabel
Find = Callable[[Time, list[Time]], tuple[Time, Time] | None]

log = logging.getLogger("solarflare")

GONG_HOURS = np.arange(14, 24)
GONG_MINUTES = (21, 22)
GONG_SECOND = 3
"""Big Bear's daylight, and the slot of its images (measured on 2013 and 2018-19)."""

PARTNERS = 20
"""Days on which a partner is looked for."""

CANDIDATES = 10_000
TRIES = 100
"""Times that are asked at once whether they are positive, and how often: enough for one in a thousand."""


@dataclass(frozen=True)
class Catalogue:
    """What observatories know of the Sun, in the form of `tables.FLARES`, `tables.REGIONS` and `tables.COVERAGE`."""

    flares: pd.DataFrame
    regions: pd.DataFrame
    coverage: pd.DataFrame


@dataclass(frozen=True)
class Sample:
    """How many images, of what time (UTC, the end excluded), how many days apart, how often candidates are drawn."""

    task: Task
    count: int
    start: Time
    end: Time
    max_days: int
    tries: int = TRIES


def first_free(positive: Time, free: list[Time]) -> tuple[Time, Time] | None:
    """Return a positive and the first of its possible partners: where an image can be taken at any time."""
    return positive, free[0]


def matched(
    instrument: Instrument,
    question: Question,
    sample: Sample,
    known: Catalogue,
    generator: np.random.Generator,
    find: Find = first_free,
) -> list[tuple[Time, Time]]:
    """Choose pairs of times.

    Parameters
    ----------
    instrument : str
        Whose times of day they are.
    question : DiskLabel or RegionLabel
        Which times are positive.
    sample : Sample
        How many, of what time.
    known : Catalogue
        From which the question is answered.
    generator : Generator
        Of all that is random.
    find : callable
        Takes a positive time and the times, at least one, of possible partners; returns the two times to use, or None
        if there are none.

    Returns
    -------
    list of (datetime64, datetime64)
        A positive and a negative time each, in the order of the positives; fewer than half of ``count`` where the Sun
        does not give more.
    """
    pairs: list[tuple[Time, Time]] = []
    taken: set[Time] = set()
    alone = 0
    for _ in range(sample.tries):
        if (missing := sample.count // 2 - len(pairs)) == 0:
            break
        drawn = candidates(instrument, sample, generator)
        positives = drawn[answer(drawn, known, question) == 1][: 2 * missing]
        partners = _partners(positives, sample, generator)
        quiet = answer(partners.ravel(), known, question).reshape(partners.shape) == 0
        for positive, others, fit in zip(positives, partners, quiet, strict=True):
            free = [time for time in others[fit] if _day(time) not in taken]
            alone += not free
            if not free or _day(positive) in taken or len(pairs) == sample.count // 2:
                continue
            if pair := find(positive, free):
                pairs.append(pair)
                taken |= {_day(time) for time in pair}
    log.info(
        "%s: %d of %d pairs; %d positives without a partner dropped", sample.task, len(pairs), sample.count // 2, alone
    )
    return sorted(pairs)


def numbered(pairs: list[tuple[Time, Time]], task: str) -> pd.DataFrame:
    """Return ``time`` and ``pair_id`` of pairs, in the order of time."""
    rows = [(time, f"{task}-{number:05d}") for number, pair in enumerate(pairs) for time in pair]
    return pd.DataFrame(rows, columns=["time", "pair_id"]).sort_values("time", ignore_index=True)


def answer(
    times: Times, known: Catalogue, question: Question, of_regions: Literal["max", "min"] = "max"
) -> npt.NDArray[np.float64]:
    """Return the label of an image at each time, NaN where it is not known.

    Parameters
    ----------
    times : (n,) datetime64
        UTC.
    known : Catalogue
        From which the question is answered.
    question : DiskLabel or RegionLabel
        Which times are positive.
    of_regions : str, optional
        Of an image's regions: ``max``, 1 if any has it, or ``min``, if all have.
    """
    unique, place = np.unique(times, return_inverse=True)
    names = [f"{number:09d}" for number in range(len(unique))]
    images = pd.DataFrame({"path": names, "time": unique.astype("datetime64[ns]"), "pair_id": ""})
    table = labels.label(images, known.flares, known.regions, known.coverage, None, question)
    of_image = table.dropna(subset="label").groupby("path")["label"].agg(of_regions).astype(np.float64)
    return np.asarray(of_image.reindex(names), dtype=np.float64)[place]


def _day(time: Time) -> Time:
    return time.astype("datetime64[D]")


def candidates(instrument: Instrument, sample: Sample, generator: np.random.Generator) -> Times:
    """Draw times at which the instrument takes images: GONG in the slots of its daylight, SDO at any second."""
    length = sample.end - sample.start
    if instrument != "gong":
        seconds = int(length.astype(np.int64))
        return sample.start + generator.integers(seconds, size=CANDIDATES) * np.timedelta64(1, "s")
    days = int(length / np.timedelta64(1, "D"))
    seconds = (
        86_400 * generator.integers(days, size=CANDIDATES)
        + 3600 * generator.choice(GONG_HOURS, CANDIDATES)
        + 60 * generator.choice(GONG_MINUTES, CANDIDATES)
        + GONG_SECOND
    )
    return sample.start + seconds * np.timedelta64(1, "s")


def _partners(positives: Times, sample: Sample, generator: np.random.Generator) -> Times:
    """Return, for each positive, times at the same time of day on other days, (n, PARTNERS), in random order."""
    days = np.concatenate([np.arange(-sample.max_days, 0), np.arange(1, sample.max_days + 1)])
    number = min(PARTNERS, len(days))
    drawn = generator.permuted(np.tile(days, (len(positives), 1)), axis=1)[:, :number]
    times = positives[:, None] + drawn * np.timedelta64(86_400, "s")
    # A day outside the span is the positive itself, and that is no negative.
    return np.where((times >= sample.start) & (times < sample.end), times, positives[:, None])
