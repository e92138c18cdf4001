"""Chooses the times of images in matched pairs, so that only the Sun differs between the two classes.

Each positive image has a negative partner at the same time of day, at most ``max_days`` away. The labels of all
candidate times come from the label code itself. At most one image is taken per day: quiet days are rare when the Sun is
active, so several images of one day would reveal that the day was quiet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images.instruments import Instrument
from solarflare.sun.labels import labels

Time = np.datetime64
Times = npt.NDArray[np.datetime64]
Question = DiskLabel | RegionLabel
ChoosePair = Callable[[Time, list[Time]], tuple[Time, Time] | None]

# Times of day of Big Bear's images, within its daylight (measured on 2013 and 2018-19).
GONG_HOURS = np.arange(14, 24)
GONG_MINUTES = (21, 22)
GONG_SECOND = 3
PARTNERS = 20  # For each positive, so many other days are tried as the day of its partner
# Candidate times in each draw, and largest number of draws: enough if one time in a thousand is positive.
CANDIDATES = 10_000
MAX_DRAWS = 100


@dataclass(frozen=True)
class EventLists:
    """The lists that observatories published: `tables.FLARES`, `tables.REGIONS` and `tables.COVERAGE`."""

    flares: pd.DataFrame
    regions: pd.DataFrame
    coverage: pd.DataFrame


@dataclass(frozen=True)
class SampleDesign:
    """How the images of a task are sampled: `count` images from [start, end) UTC.

    The two images of a pair are at most `max_days` apart. Candidate times are drawn at most `max_draws` times.
    """

    task: Task
    count: int
    start: Time
    end: Time
    max_days: int
    max_draws: int = MAX_DRAWS


def first_partner(positive: Time, partners: list[Time]) -> tuple[Time, Time] | None:
    """Return a positive and its first possible partner. Use this choice if an image exists at every time."""
    return positive, partners[0]


def matched_pairs(
    instrument: Instrument,
    question: Question,
    design: SampleDesign,
    lists: EventLists,
    generator: np.random.Generator,
    choose: ChoosePair = first_partner,
) -> list[tuple[Time, Time]]:
    """Choose the (positive, negative) times of pairs of images, sorted by the positives.

    `choose` takes a positive time and at least one possible partner; it returns the two times to use, or None if no
    image exists at them. The result has half of ``design.count`` pairs, or fewer if not enough are found.
    """
    pairs: list[tuple[Time, Time]] = []
    used_days: set[Time] = set()
    without_partner = 0
    for _ in range(design.max_draws):
        if (missing := design.count // 2 - len(pairs)) == 0:
            break
        drawn = candidate_times(instrument, design, generator)
        positives = drawn[labels_at(drawn, lists, question) == 1][: 2 * missing]
        days = _same_time_on_other_days(positives, design, generator)
        negative = labels_at(days.ravel(), lists, question).reshape(days.shape) == 0
        for positive, times, is_negative in zip(positives, days, negative, strict=True):
            partners = [time for time in times[is_negative] if _day(time) not in used_days]
            without_partner += not partners
            if not partners or _day(positive) in used_days or len(pairs) == design.count // 2:
                continue
            if pair := choose(positive, partners):
                pairs.append(pair)
                used_days |= {_day(time) for time in pair}
    numbers = f"{len(pairs)} of {design.count // 2} pairs; {without_partner} positives without a partner dropped"
    log.info("%s: %s", design.task, numbers)
    return sorted(pairs)


def with_pair_ids(pairs: list[tuple[Time, Time]], task: str) -> pd.DataFrame:
    """Return ``time`` and ``pair_id`` of each image of some pairs, sorted by time.

    Examples
    --------
    >>> with_pair_ids([(Time("2014-01-05"), Time("2014-01-02"))], "disk")["pair_id"].tolist()
    ['disk-00000', 'disk-00000']
    """
    rows = [(time, f"{task}-{number:05d}") for number, pair in enumerate(pairs) for time in pair]
    return pd.DataFrame(rows, columns=["time", "pair_id"]).sort_values("time", ignore_index=True)


def labels_at(
    times: Times, lists: EventLists, question: Question, of_regions: Literal["max", "min"] = "max"
) -> npt.NDArray[np.float64]:
    """Return the label of an image at each time (UTC), (n,), NaN if it is unknown.

    With several regions, the label is 1 if any of them is positive (``max``) or if all are (``min``).
    """
    unique, position = np.unique(times, return_inverse=True)
    names = [f"{number:09d}" for number in range(len(unique))]
    images = pd.DataFrame({"path": names, "time": unique.astype("datetime64[ns]"), "pair_id": ""})
    table = labels.label_images(images, lists.flares, lists.regions, lists.coverage, None, question)
    of_image = table.dropna(subset="label").groupby("path")["label"].agg(of_regions).astype(np.float64)
    return np.asarray(of_image.reindex(names), dtype=np.float64)[position]


def _day(time: Time) -> Time:
    return time.astype("datetime64[D]")


def candidate_times(instrument: Instrument, design: SampleDesign, generator: np.random.Generator) -> Times:
    """Draw times at which the instrument takes images: GONG at fixed minutes of daylight hours, SDO at any second."""
    length = design.end - design.start
    if instrument != "gong":
        seconds = int(length.astype(np.int64))
        return design.start + generator.integers(seconds, size=CANDIDATES) * np.timedelta64(1, "s")
    days = int(length / np.timedelta64(1, "D"))
    seconds = (
        86_400 * generator.integers(days, size=CANDIDATES)
        + 3600 * generator.choice(GONG_HOURS, CANDIDATES)
        + 60 * generator.choice(GONG_MINUTES, CANDIDATES)
        + GONG_SECOND
    )
    return design.start + seconds * np.timedelta64(1, "s")


def _same_time_on_other_days(positives: Times, design: SampleDesign, generator: np.random.Generator) -> Times:
    """Return the time of each positive on other days, (n, PARTNERS), in random order."""
    days = np.concatenate([np.arange(-design.max_days, 0), np.arange(1, design.max_days + 1)])
    number = min(PARTNERS, len(days))
    drawn = generator.permuted(np.tile(days, (len(positives), 1)), axis=1)[:, :number]
    times = positives[:, None] + drawn * np.timedelta64(86_400, "s")
    # A day outside of the span is replaced by the positive itself, which is never a negative.
    return np.where((times >= design.start) & (times < design.end), times, positives[:, None])
