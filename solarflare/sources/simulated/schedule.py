"""When images are taken: matched, so that nothing but the Sun tells the classes apart.

For each positive of the task's own label there is a negative at the same time of day within ``max_days``. Both answers
come from the label code itself, asked about every candidate time. A day gives one image: quiet days are few when the
Sun is active, and many images of one day would tell that it was quiet.
"""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare import labels, tables
from solarflare.errors import InputError
from solarflare.params import DiskLabel, Instrument, Params, RegionLabel, Task

Times = npt.NDArray[np.datetime64]

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


def matched(params: Params, task: Task, known: Catalogue, generator: np.random.Generator) -> pd.DataFrame:
    """Choose the times of a task's images.

    Parameters
    ----------
    params : Params
        The task's instrument and question, the number of images, the span, ``max_days``.
    task : str
        ``"disk"`` or ``"region"``.
    known : Catalogue
        From which the question is answered.
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
    count = simulated.disk_images if task == "disk" else simulated.region_images
    span = np.datetime64(simulated.start, "s"), np.datetime64(simulated.end, "s")

    def answer(times: Times) -> npt.NDArray[np.float64]:
        return _answer(times, known, question)

    pairs: list[tuple[np.datetime64, np.datetime64]] = []
    taken: set[np.datetime64] = set()
    alone = 0
    for _ in range(TRIES):
        if (missing := count // 2 - len(pairs)) == 0:
            break
        candidates = _candidates(instrument, span, generator)
        positives = candidates[answer(candidates) == 1][: 2 * missing]
        partners = _partners(positives, simulated.max_days, span, generator)
        quiet = answer(partners.ravel()).reshape(partners.shape) == 0
        for positive, others, fit in zip(positives, partners, quiet, strict=True):
            free = [time for time in others[fit] if _day(time) not in taken]
            alone += not free
            if free and _day(positive) not in taken and len(pairs) < count // 2:
                pairs.append((positive, free[0]))
                taken |= {_day(positive), _day(free[0])}
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
    instrument: Instrument, span: tuple[np.datetime64, np.datetime64], generator: np.random.Generator
) -> Times:
    """Draw times at which the instrument takes images: GONG in the slots of its daylight, AIA at any second."""
    if instrument != "gong":
        seconds = int((span[1] - span[0]).astype(np.int64))
        return span[0] + generator.integers(seconds, size=CANDIDATES) * np.timedelta64(1, "s")
    days = int((span[1] - span[0]) / np.timedelta64(1, "D"))
    seconds = (
        86_400 * generator.integers(days, size=CANDIDATES)
        + 3600 * generator.choice(GONG_HOURS, CANDIDATES)
        + 60 * generator.choice(GONG_MINUTES, CANDIDATES)
        + GONG_SECOND
    )
    return span[0] + seconds * np.timedelta64(1, "s")


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


def _answer(times: Times, known: Catalogue, question: DiskLabel | RegionLabel) -> npt.NDArray[np.float64]:
    """Return the label of an image at each time, NaN where it is not known: of its regions, 1 if any has it."""
    unique, place = np.unique(times, return_inverse=True)
    names = [f"{number:09d}" for number in range(len(unique))]
    images = pd.DataFrame({"path": names, "time": unique.astype("datetime64[ns]"), "pair_id": ""})
    if isinstance(question, DiskLabel):
        table = labels.label_disk(images, known.flares, known.regions, known.coverage, None, question)
    else:
        table = labels.label_regions(images, known.flares, known.regions, known.coverage, None, question)
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
