"""Decides which images are wanted, and where each comes from, before the first image is fetched."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Absent, Fetcher, HostDown, Lost, Refused
from solarflare.sources.live.schema import Live, LiveParams
from solarflare.sources.live.source import Frame, to_datetime
from solarflare.sun.images.instruments import Instrument

# How often candidates are drawn. If an archive has few images, each draw costs many requests for listings.
TRIES = 5


@dataclass(frozen=True)
class Wanted:
    """A wanted image: its task, instrument and time (UTC), and its frame, or the reason why there is none.

    `place` is where a manifest has it. A frame with a reason is used although it is not the image of the manifest.
    `lost` says whether a later run may get a frame. `spares` are the frames that may stand in if the first one fails:
    an iterator that requests listings only when they are needed, and ends by raising Absent or Lost.
    """

    task: Task
    instrument: Instrument
    time: np.datetime64
    pair_id: str = ""
    frame: Frame | None = None
    reason: str = ""
    place: str = ""
    lost: bool = False
    spares: Iterator[Frame] = field(default_factory=lambda: iter(()), compare=False)


def frames_near(live: Live, fetcher: Fetcher, instrument: Instrument, time: np.datetime64) -> Iterator[Frame]:
    """Yield the frames within the tolerance of a time: those of the first archive, nearest first, then the next one's.

    After the last one raise Absent, or Lost if an archive that failed may have more.
    """
    reasons, lost = [], False
    for source in live.sources.of(instrument):
        archive, bases = registry.IMAGES[source], live.urls[source]
        try:
            frames = archive.frames(fetcher, bases, instrument, to_datetime(time), live.img_width)
        except (Absent, Refused, HostDown) as failure:
            reasons.append(f"{source}: {failure.reason}")
            lost = lost or isinstance(failure, Lost | HostDown)
            continue
        apart = {frame: abs(frame.time - time) for frame in frames}
        within = [frame for frame in frames if apart[frame] <= np.timedelta64(round(60 * live.tolerance), "s")]
        if not within:
            reasons.append(f"{source}: no image within {live.tolerance:g} minutes")
        yield from sorted(within, key=lambda frame: apart[frame])
    raise (Lost if lost else Absent)("; ".join(reasons))


def make(params: LiveParams, event_lists: matching.EventLists, fetcher: Fetcher) -> list[Wanted]:
    """Return the wanted images sorted by time, each frame once.

    `event_lists` gives the labels by which images are matched. Raises an InputError if a question has no pair at all.
    """
    wanted: list[Wanted] = []
    for task, seed in seeds(params).items():
        if params.scrape.live.sampling == "cadence":
            wanted += _regular(params, task, fetcher)
        else:
            wanted += _matched(params, task, event_lists, fetcher, np.random.default_rng(seed))
    # Two tasks of one instrument may want the same image.
    unique = {item.frame.origin if item.frame else (item.instrument, item.time): item for item in reversed(wanted)}
    return sorted(unique.values(), key=lambda item: (item.time, item.instrument, item.task))


def seeds(params: LiveParams) -> dict[Task, np.random.SeedSequence]:
    """Return the seed of each task's random numbers."""
    tasks = sorted(params.tasks)
    return dict(zip(tasks, np.random.SeedSequence(params.scrape.live.seed).spawn(len(tasks)), strict=True))


def sample(live: Live, task: Task) -> matching.SampleDesign:
    """Return how many images a task gets, from which span, and how far apart two partners may be."""
    start, end = (np.datetime64(day, "s") for day in (live.start, live.end))
    return matching.SampleDesign(task, live.images(task), start, end, live.max_days, TRIES)


def regular_times(live: Live) -> list[np.datetime64]:
    """Return the times of the sampling ``cadence``."""
    first = np.datetime64(live.start, "s") + np.timedelta64(round(3600 * live.hour), "s")
    return list(np.arange(first, np.datetime64(live.end, "s"), np.timedelta64(round(3600 * live.cadence), "s")))


def _regular(params: LiveParams, task: Task, fetcher: Fetcher) -> list[Wanted]:
    """Return the wanted images at regular times."""
    instrument, wanted = params.instrument.of(task), []
    for time in regular_times(params.scrape.live):
        frames = frames_near(params.scrape.live, fetcher, instrument, time)
        try:
            item = Wanted(task, instrument, time, frame=next(frames), spares=frames)
        except Absent as failure:
            item = Wanted(task, instrument, time, reason=failure.reason, lost=isinstance(failure, Lost))
        wanted.append(item)
    return wanted


def _matched(
    params: LiveParams, task: Task, event_lists: matching.EventLists, fetcher: Fetcher, generator: np.random.Generator
) -> list[Wanted]:
    """Return wanted pairs. An archive has each image, and the label at the image's exact time is the wanted one."""
    instrument, question = params.instrument.of(task), params.label.of(task)
    wanted: dict[np.datetime64, Wanted] = {}
    missing: dict[np.datetime64, Wanted] = {}

    def frame_time(time: np.datetime64, label: int) -> np.datetime64 | None:
        def fits(frame: Frame) -> bool:
            return bool(matching.labels_at(np.array([frame.time]), event_lists, question)[0] == label)

        frames = frames_near(params.scrape.live, fetcher, instrument, time)
        try:
            frame = next(frames)
        except Absent as failure:
            absent = Wanted(task, instrument, time, reason=failure.reason, lost=isinstance(failure, Lost))
            missing.setdefault(time.astype("datetime64[D]"), absent)
            return None
        if not fits(frame):
            return None
        wanted[frame.time] = Wanted(task, instrument, time, frame=frame, spares=filter(fits, frames))
        return frame.time

    def find(positive: np.datetime64, free: list[np.datetime64]) -> tuple[np.datetime64, np.datetime64] | None:
        if (first := frame_time(positive, 1)) is None:
            return None
        return next(((first, second) for time in free if (second := frame_time(time, 0)) is not None), None)

    pairs = matching.matched_pairs(instrument, question, sample(params.scrape.live, task), event_lists, generator, find)
    if not pairs:
        first = next(iter(missing), None)
        no_image = "" if first is None else f" (no image on {len(missing)} days, on {first}: {missing[first].reason})"
        raise InputError(
            f"params.yaml: there is no pair of images for label.{task} from {params.scrape.live.start} to "
            f"{params.scrape.live.end}; ask another question, or widen the span, scrape.live.max_days or "
            f"scrape.live.tolerance{no_image}"
        )
    return [replace(wanted[time], pair_id=name) for time, name in with_ids(pairs, task)] + list(missing.values())


def with_ids(pairs: list[tuple[np.datetime64, np.datetime64]], task: Task) -> Iterator[tuple[np.datetime64, str]]:
    """Return the time and the pair id of each image, sorted by time; a pair is the times of two images."""
    rows = matching.with_pair_ids(pairs, task)
    return zip(rows["time"].to_numpy("datetime64[s]"), rows["pair_id"], strict=True)


def table(wanted: list[Wanted]) -> pd.DataFrame:
    """Return a plan in the form of `tables.PLAN`."""
    rows = []
    for item in wanted:
        time, origin = (item.frame.time, item.frame.origin) if item.frame else (pd.NaT, "")
        rows.append((item.task, item.instrument, item.time, time, item.pair_id, origin, item.reason))
    return tables.check(pd.DataFrame(rows, columns=list(tables.PLAN.columns)), tables.PLAN, "the plan")
