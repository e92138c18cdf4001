"""Chooses the times of images in matched pairs, so that nothing but the Sun differs between the classes.

For each positive of the task's label there is a negative at the same time of day within ``max_days``. Labels come from
the label code itself, for every candidate time. A day gives one image: quiet days are few when the Sun is active, and
many images of one day would give away that it was quiet.
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
"""Days that are tried for a partner."""

CANDIDATES = 10_000
TRIES = 100
"""Candidate times in a draw, and draws: enough if one time in a thousand is positive."""


@dataclass(frozen=True)
class EventLists:
    """Flares, regions and where they are complete: `tables.FLARES`, `tables.REGIONS` and `tables.COVERAGE`."""

    flares: pd.DataFrame
    regions: pd.DataFrame
    coverage: pd.DataFrame


@dataclass(frozen=True)
class Sample:
    """How many images are wanted from `start` to `end` (UTC, excluded).

    The two of a pair are at most `max_days` apart; candidates are drawn `tries` times.
    """

    task: Task
    count: int
    start: Time
    end: Time
    max_days: int
    tries: int = TRIES


def first_free(positive: Time, free: list[Time]) -> tuple[Time, Time] | None:
    """Return a positive and the first of its possible partners, for images that can be taken at any time."""
    return positive, free[0]


def matched(
    instrument: Instrument,
    question: Question,
    sample: Sample,
    lists: EventLists,
    generator: np.random.Generator,
    find: Find = first_free,
) -> list[tuple[Time, Time]]:
    """Choose pairs of times.

    Parameters
    ----------
    instrument : str
        Determines the times of day.
    question : DiskLabel or RegionLabel
        Which times are positive.
    sample : Sample
        How many, and of which span.
    lists : EventLists
        From which labels follow.
    generator : Generator
        Of the random draws.
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
    without_partner = 0
    for _ in range(sample.tries):
        if (missing := sample.count // 2 - len(pairs)) == 0:
            break
        drawn = candidates(instrument, sample, generator)
        positives = drawn[answer(drawn, lists, question) == 1][: 2 * missing]
        partners = _partners(positives, sample, generator)
        quiet = answer(partners.ravel(), lists, question).reshape(partners.shape) == 0
        for positive, others, is_quiet in zip(positives, partners, quiet, strict=True):
            free = [time for time in others[is_quiet] if _day(time) not in taken]
            without_partner += not free
            if not free or _day(positive) in taken or len(pairs) == sample.count // 2:
                continue
            if pair := find(positive, free):
                pairs.append(pair)
                taken |= {_day(time) for time in pair}
    count, wanted = len(pairs), sample.count // 2
    log.info("%s: %d of %d pairs; %d positives without a partner dropped", sample.task, count, wanted, without_partner)
    return sorted(pairs)


def numbered(pairs: list[tuple[Time, Time]], task: str) -> pd.DataFrame:
    """Return ``time`` and ``pair_id`` of pairs, in the order of time."""
    rows = [(time, f"{task}-{number:05d}") for number, pair in enumerate(pairs) for time in pair]
    return pd.DataFrame(rows, columns=["time", "pair_id"]).sort_values("time", ignore_index=True)


def answer(
    times: Times, lists: EventLists, question: Question, of_regions: Literal["max", "min"] = "max"
) -> npt.NDArray[np.float64]:
    """Return the label of an image at each time, NaN where it is not known.

    Parameters
    ----------
    times : (n,) datetime64
        UTC.
    lists : EventLists
        From which labels follow.
    question : DiskLabel or RegionLabel
        Which times are positive.
    of_regions : str, optional
        Of an image's regions: ``max``, 1 if any has it, or ``min``, if all have.
    """
    unique, index = np.unique(times, return_inverse=True)
    names = [f"{number:09d}" for number in range(len(unique))]
    images = pd.DataFrame({"path": names, "time": unique.astype("datetime64[ns]"), "pair_id": ""})
    table = labels.label(images, lists.flares, lists.regions, lists.coverage, None, question)
    of_image = table.dropna(subset="label").groupby("path")["label"].agg(of_regions).astype(np.float64)
    return np.asarray(of_image.reindex(names), dtype=np.float64)[index]


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
    # A time outside of the span is replaced by the positive itself, which is no negative.
    return np.where((times >= sample.start) & (times < sample.end), times, positives[:, None])
