"""When images are taken: matched, so that nothing but the Sun tells the classes apart.

For each positive of the task's own label there is a negative at the same time of day within ``max_days``. Both answers
come from the label code itself, asked about every candidate time. A day gives one image: quiet days are few when the
Sun is active, and many images of one day would tell that it was quiet.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import labels, tables
from solarflare.console import log
from solarflare.errors import InputError
from solarflare.flares import flux
from solarflare.params import DiskLabel, FlareQuestion, Instrument, Params, RegionLabel, Task

Times = npt.NDArray[np.datetime64]
Answer = Callable[[Times], npt.NDArray[np.float64]]

GONG_HOURS = np.arange(14, 24)
GONG_MINUTES = (21, 22)
GONG_SECOND = 3
"""Big Bear's daylight, and the slot of its images (measured on 2013 and 2018-19)."""

PARTNERS = 24
"""Days on which a partner is looked for."""

AT_ONCE = 2_000
TRIES = 60
"""Positive candidates asked at a time, and how often."""


def matched(
    params: Params, task: Task, count: int, tables_of_the_sun: dict[str, pd.DataFrame], generator: np.random.Generator
) -> pd.DataFrame:
    """Choose the times of a task's images.

    Parameters
    ----------
    params : Params
        The task's instrument and question, the span, ``max_days``.
    task : str
        ``"disk"`` or ``"region"``.
    count : int
        Images wanted; half of them are positives.
    tables_of_the_sun : dict
        ``flares``, ``regions`` and ``coverage``, in the raw contract.
    generator : Generator
        Of all that is random.

    Returns
    -------
    DataFrame
        ``time`` and ``pair_id``, in the order of time.

    Raises
    ------
    InputError
        If the simulated Sun has no pair at all for this question.
    """
    simulated, instrument = params.scrape.simulated, getattr(params.instrument, task)
    question = getattr(params.label, task)
    span = np.datetime64(simulated.start, "s"), np.datetime64(simulated.end, "s")

    def answer(times: Times) -> npt.NDArray[np.float64]:
        return _answer(times, tables_of_the_sun, question)

    pairs: list[tuple[np.datetime64, np.datetime64]] = []
    taken: set[np.datetime64] = set()
    alone = 0
    for _ in range(TRIES):
        candidates = _candidates(instrument, question, tables_of_the_sun["flares"], span, generator)
        positives = candidates[answer(candidates) == 1]
        partners = _partners(positives, simulated.max_days, span, generator)
        answers = answer(partners.ravel()).reshape(partners.shape)
        for positive, choice, its_answers in zip(positives, partners, answers, strict=True):
            free = [time for time in choice[its_answers == 0] if _day(time) not in taken]
            if _day(positive) in taken or len(pairs) == count // 2:
                continue
            if not free:
                alone += 1
                continue
            pairs.append((positive, free[0]))
            taken |= {_day(positive), _day(free[0])}
        if len(pairs) == count // 2:
            break
    if not pairs:
        raise InputError(
            f"params.yaml: the simulated Sun has no pair of images for label.{task} from {simulated.start} to "
            f"{simulated.end}; ask another question, or widen the span or scrape.simulated.max_days"
        )
    log.info("%s: %d of %d pairs; %d positives without a partner dropped", task, len(pairs), count // 2, alone)
    rows = [(time, f"{task}-{number:05d}") for number, pair in enumerate(sorted(pairs)) for time in pair]
    return pd.DataFrame(rows, columns=["time", "pair_id"]).sort_values("time", ignore_index=True)


def _day(time: np.datetime64) -> np.datetime64:
    return time.astype("datetime64[D]")


def _candidates(
    instrument: Instrument,
    question: FlareQuestion,
    flares: pd.DataFrame,
    span: tuple[np.datetime64, np.datetime64],
    generator: np.random.Generator,
) -> Times:
    """Draw times that may be positive: in the window of a flare for a nowcast, any time for all other questions."""
    asks_for_regions = isinstance(question, DiskLabel) and question.target == "active_region"
    qualifying = flares[flux(flares["goes_class"]) >= flux(pd.Series([question.min_class]))[0]]
    if question.event == "overlap" and not asks_for_regions and len(qualifying):
        flare = qualifying.iloc[generator.integers(len(qualifying), size=AT_ONCE)]
        start = flare["start"].to_numpy("datetime64[s]") - np.timedelta64(round(question.after * 3600), "s")
        end = flare["end"].to_numpy("datetime64[s]") + np.timedelta64(round(question.before * 3600), "s")
        inside = ((end - start).astype(np.int64) * generator.uniform(size=AT_ONCE)).astype(np.int64)
        times = start + inside * np.timedelta64(1, "s")
    else:
        seconds = int((span[1] - span[0]).astype(np.int64))
        times = span[0] + generator.integers(seconds, size=AT_ONCE) * np.timedelta64(1, "s")
    if instrument == "gong":
        times = _to_slots(times, generator)
    return times[(times >= span[0]) & (times < span[1])]


def _to_slots(times: Times, generator: np.random.Generator) -> Times:
    """Move times to the slots of their day in which images are taken."""
    hours = generator.choice(GONG_HOURS, len(times))
    minutes = generator.choice(GONG_MINUTES, len(times))
    return times.astype("datetime64[D]") + (hours * 3600 + minutes * 60 + GONG_SECOND) * np.timedelta64(1, "s")


def _partners(
    positives: Times, max_days: int, span: tuple[np.datetime64, np.datetime64], generator: np.random.Generator
) -> Times:
    """Return, for each positive, times at the same time of day on other days, (n, PARTNERS), in random order."""
    days = np.concatenate([np.arange(-max_days, 0), np.arange(1, max_days + 1)])
    number = min(PARTNERS, len(days))
    drawn = generator.permuted(np.tile(days, (len(positives), 1)), axis=1)[:, :number]
    times = positives[:, None] + drawn * np.timedelta64(86_400, "s")
    # A day outside the span is the positive itself, and that is no negative.
    return np.where((times >= span[0]) & (times < span[1]), times, positives[:, None])


def _answer(
    times: Times, tables_of_the_sun: dict[str, pd.DataFrame], question: DiskLabel | RegionLabel
) -> npt.NDArray[np.float64]:
    """Return the label of an image at each time, NaN where it is not known: of its regions, 1 if any has it."""
    unique, place = np.unique(times, return_inverse=True)
    names = [f"{number:09d}" for number in range(len(unique))]
    images = pd.DataFrame({"path": names, "time": unique.astype("datetime64[ns]"), "pair_id": ""})
    sun = tables_of_the_sun
    known = sun["flares"], sun["regions"], sun["coverage"], None
    if isinstance(question, DiskLabel):
        table = labels.label_disk(images, *known, question)
    else:
        table = labels.label_regions(images, *known, question)
    strongest = table.dropna(subset="label").groupby("path")["label"].max().astype(np.float64)
    return np.asarray(strongest.reindex(names), dtype=np.float64)[place]


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
