"""Answers for the Sun of today: fetch the newest images, ask the networks, and print what they say."""

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.predict import answer_forecast, answer_text, newest_image, picture
from solarflare.predict.answer_text import region_name
from solarflare.predict.images import ImageFile
from solarflare.predict.newest_image import NewestImage
from solarflare.predict.predictor import ImageAnswer, Predictor
from solarflare.predict.regions import for_waiting_user, utc_now
from solarflare.predict.trained import TrainedNetwork
from solarflare.sources.live.schema import Live
from solarflare.sources.live.scrape import fetching

LEAST_INTERVAL = 60  # seconds


@dataclass(frozen=True)
class Output:
    """Where answers go: sentences or JSON on the terminal, a folder of pictures, and a forecast in CCMC's form."""

    as_json: bool = False
    figures: Path | None = None
    forecast: Path | None = None


def answer_now(predictor: Predictor, live: Live, output: Output) -> bool:
    """Answer for the newest image of each instrument, and return whether any image has an answer.

    `live` says how the archives are asked.

    Raises
    ------
    InputError
        If a forecast is to be written and no network forecasts flares.
    """
    now = utc_now()
    with fetching(for_waiting_user(live)) as fetcher:
        images = [newest_image.fetch(fetcher, instrument, now) for instrument in predictor.instruments]
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for image in images:
            answer = _answer(predictor, image, Path(folder))
            text = _sentences(image, answer, predictor.networks, now)
            print(json.dumps(_content(image, answer, now)) if output.as_json else " ".join(text), flush=True)
            if answer.refusal:
                continue
            answers.append(answer)
            if output.figures:
                picture.save(answer, output.figures)
    if output.forecast and answers:
        answer_forecast.write(answers, predictor.networks, now, output.forecast)
    return bool(answers)


def watch(predictor: Predictor, live: Live, output: Output, pause: float) -> NoReturn:
    """Repeat `answer_now` until Ctrl-C, with a pause in seconds; a failed round is logged, and the next one follows."""
    while True:
        try:
            answer_now(predictor, live, output)
        except (InputError, OSError) as error:
            log.warning("no answer this time: %s", error)
        time.sleep(pause)


def _answer(predictor: Predictor, image: NewestImage, folder: Path) -> ImageAnswer:
    """Return the answer for an image, which is written into a folder."""
    if image.frame is None:
        return ImageAnswer(ImageFile(folder, image.instrument, None), image.refusal)
    path = folder / Path(image.frame.path).name
    path.write_bytes(image.content)
    return predictor(ImageFile(path, image.instrument, pd.Timestamp(image.frame.time)))


def _sentences(
    image: NewestImage, answer: ImageAnswer, networks: Mapping[Task, TrainedNetwork], now: pd.Timestamp
) -> Iterator[str]:
    """Yield an answer in sentences: the image's age, and the probability for the disk and for the likeliest region."""
    if image.frame is None:
        yield f"For {image.instrument} {answer.refusal}."
        return
    taken = pd.Timestamp(image.frame.time)
    which = f"the newest image of {image.instrument} ({taken:%Y-%m-%d %H:%M} UTC, {_age(now - taken)} old)"
    if answer.refusal:
        yield f"No answer for {which}: {answer.refusal}."
        return
    if answer.disk is not None:
        network = networks[Task.DISK]
        yield (
            f"In {which}, the probability that {network.question} is {answer.disk:.2f}; at an average time it is "
            f"{network.base_rate:.2g}."
        )
    if answer.regions is not None:
        likely = [region for region in answer.regions if region.probability is not None]
        if not likely:
            yield f"In {which}, no region has a probability ({answer.regions_from})."
            return
        network, first = networks[Task.REGION], max(likely, key=lambda region: region.probability or 0)
        yield (
            f"Of {len(likely)} regions in {which} ({answer.regions_from}), {region_name(first)} is the likeliest: the "
            f"probability that {network.question} is {first.probability:.2f}; for an average region it is "
            f"{network.base_rate:.2g}."
        )


def _content(image: NewestImage, answer: ImageAnswer, now: pd.Timestamp) -> dict[str, Any]:
    """Return `answer_text.content` with two more keys: ``source``, the archive, and ``age_hours`` of the image."""
    origin: dict[str, Any] = {"path": None, "source": None, "age_hours": None}
    if image.frame is not None:
        hours = (now - pd.Timestamp(image.frame.time)) / pd.Timedelta(hours=1)
        origin = {"path": answer.image.path.name, "source": image.frame.source, "age_hours": round(hours, 2)}
    return answer_text.content(answer) | origin


def seconds(interval: str) -> float:
    """Return the seconds of an interval.

    Raises
    ------
    InputError
        If it is not a number with s, m or h, or is less than a minute: observatories publish every quarter of an hour.

    Examples
    --------
    >>> seconds("15m"), seconds("1h"), seconds("90s")
    (900, 3600, 90)
    """
    match = re.fullmatch(r"(\d+)([smh])", interval)
    length = int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if length < LEAST_INTERVAL:
        raise InputError(f"--watch is {interval!r}; expected a minute or more, such as 15m or 1h")
    return length


def _age(span: pd.Timedelta) -> str:
    """Return a time span in the unit that suits it.

    >>> [_age(pd.Timedelta(text)) for text in ("25 min", "3.5 h", "2 d")]
    ['25 minutes', '3.5 hours', '2.0 days']
    """
    minutes = span / pd.Timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"
