"""Which images are wanted, and where each will come from: settled before the first is fetched."""

import logging
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sources.common import matching
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.images.frames import Frame
from solarflare.sources.live.lists.rows import datetimes
from solarflare.sources.live.schema import Live, LiveParams
from solarflare.sun.images.instruments import Instrument

TRIES = 5
"""How often candidates are drawn: where an archive has few images, each draw costs many listings of other days."""

log = logging.getLogger("solarflare")


@dataclass(frozen=True)
class Wanted:
    """An image that is wanted: for which task, at which time (UTC), its frame, or the reason why there is none."""

    task: Task
    instrument: Instrument
    time: np.datetime64
    pair_id: str = ""
    frame: Frame | None = None
    reason: str = ""


@dataclass
class Archives:
    """All image archives as one: the frame of an instrument next to a time, from the first that has one near enough.

    Parameters
    ----------
    live : Live
        Which archives, in which order, and how near is near enough.
    fetcher : Fetcher
        For their listings.
    """

    live: Live
    fetcher: Fetcher
    reason: str = field(default="", init=False)
    """Why the last search found nothing."""

    def near(self, instrument: Instrument, time: np.datetime64) -> Frame | None:
        """Return the frame of an instrument next to a time, or None if none is within the tolerance."""
        reasons = []
        for source in getattr(self.live.sources, instrument):
            try:
                frames = registry.IMAGES[source](
                    self.fetcher, self.live.urls[source], instrument, datetimes(time), self.live.img_width
                )
            except (Absent, Refused) as failure:
                reasons.append(f"{source}: {failure.reason}")
                continue
            apart = [abs(frame.time - time) for frame in frames]
            if frames and min(apart) <= np.timedelta64(round(60 * self.live.tolerance), "s"):
                return frames[apart.index(min(apart))]
            reasons.append(f"{source}: no image within {self.live.tolerance:g} minutes")
        self.reason = "; ".join(reasons)
        return None


def make(params: LiveParams, known: matching.Catalogue, archives: Archives) -> list[Wanted]:
    """Settle which images are wanted.

    Parameters
    ----------
    params : LiveParams
        The questions, their instruments, and the sampling of ``scrape.live``.
    known : Catalogue
        What the lists say of the Sun, to match by.
    archives : Archives
        Where images come from.

    Returns
    -------
    list of Wanted
        In the order of the times, each frame once.

    Raises
    ------
    InputError
        If a question has no pair at all.
    """
    wanted: list[Wanted] = []
    for task, seed in seeds(params).items():
        if params.scrape.live.sampling == "cadence":
            wanted += _regular(params, task, archives)
        else:
            wanted += _matched(params, task, known, archives, np.random.default_rng(seed))
    # Two tasks of one instrument may want the same image.
    once = {item.frame.origin if item.frame else (item.instrument, item.time): item for item in reversed(wanted)}
    return sorted(once.values(), key=lambda item: (item.time, item.instrument, item.task))


def seeds(params: LiveParams) -> dict[Task, np.random.SeedSequence]:
    """Return where the random numbers of each task come from."""
    tasks = sorted(params.tasks)
    return dict(zip(tasks, np.random.SeedSequence(params.scrape.live.seed).spawn(len(tasks)), strict=True))


def sample(live: Live, task: Task) -> matching.Sample:
    """Return how many images of a task are matched, and of what time."""
    return matching.Sample(
        task=task,
        count=live.images(task),
        start=np.datetime64(live.start, "s"),
        end=np.datetime64(live.end, "s"),
        max_days=live.max_days,
        tries=TRIES,
    )


def regular_times(live: Live) -> list[np.datetime64]:
    """Return the times of the sampling ``cadence``."""
    first = np.datetime64(live.start, "s") + np.timedelta64(round(3600 * live.hour), "s")
    return list(np.arange(first, np.datetime64(live.end, "s"), np.timedelta64(round(3600 * live.cadence), "s")))


def _regular(params: LiveParams, task: Task, archives: Archives) -> list[Wanted]:
    """Want an image every so often."""
    instrument = params.instrument.of(task)
    wanted = []
    for time in regular_times(params.scrape.live):
        frame = archives.near(instrument, time)
        wanted.append(Wanted(task, instrument, time, frame=frame, reason="" if frame else archives.reason))
    return wanted


def _matched(
    params: LiveParams, task: Task, known: matching.Catalogue, archives: Archives, generator: np.random.Generator
) -> list[Wanted]:
    """Want pairs, each image of which an archive has and answers the question at its own time as it should."""
    instrument, question = params.instrument.of(task), params.label.of(task)
    frames: dict[np.datetime64, tuple[np.datetime64, Frame]] = {}
    missing: dict[np.datetime64, tuple[np.datetime64, str]] = {}

    def take(time: np.datetime64, label: int) -> np.datetime64 | None:
        if (frame := archives.near(instrument, time)) is None:
            missing.setdefault(time.astype("datetime64[D]"), (time, archives.reason))
            return None
        if matching.answer(np.array([frame.time]), known, question)[0] != label:
            return None
        frames[frame.time] = time, frame
        return frame.time

    def find(positive: np.datetime64, free: list[np.datetime64]) -> tuple[np.datetime64, np.datetime64] | None:
        if (first := take(positive, 1)) is None:
            return None
        found = (second for time in free if (second := take(time, 0)) is not None)
        second = next(found, None)
        return None if second is None else (first, second)

    pairs = matching.matched(instrument, question, sample(params.scrape.live, task), known, generator, find)
    if not pairs:
        raise InputError(
            f"params.yaml: there is no pair of images for label.{task} from {params.scrape.live.start} to "
            f"{params.scrape.live.end}; ask another question, or widen the span, scrape.live.max_days or "
            f"scrape.live.tolerance{_first(missing)}"
        )
    rows = matching.numbered(pairs, task)
    chosen = [
        Wanted(task, instrument, frames[time][0], pair_id, frames[time][1])
        for time, pair_id in zip(rows["time"].to_numpy("datetime64[s]"), rows["pair_id"], strict=True)
    ]
    return chosen + [Wanted(task, instrument, time, reason=reason) for time, reason in missing.values()]


def _first(missing: dict[np.datetime64, tuple[np.datetime64, str]]) -> str:
    """Say why there was no image on the first of the days that had none."""
    return next((f" (no image on {len(missing)} days, on {day}: {why})" for day, (_, why) in missing.items()), "")


def table(wanted: list[Wanted]) -> pd.DataFrame:
    """Return a plan in the form of `tables.PLAN`."""
    rows = [
        {
            "task": item.task,
            "instrument": item.instrument,
            "wanted": item.time,
            "time": item.frame.time if item.frame else pd.NaT,
            "pair_id": item.pair_id,
            "origin": item.frame.origin if item.frame else "",
            "reason": item.reason,
        }
        for item in wanted
    ]
    return tables.check(pd.DataFrame(rows, columns=list(tables.PLAN.columns)), tables.PLAN, "the plan")
