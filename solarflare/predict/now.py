"""The Sun of today: the newest image that an observatory has, today's regions, and what the networks say of them."""

import io
import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.core.tasks import Task
from solarflare.networks.saved_model import About
from solarflare.predict import answer_text, picture, scoreboard
from solarflare.predict.answer_text import called
from solarflare.predict.forecast_files import REGION
from solarflare.predict.images import Asked
from solarflare.predict.predictor import Answer, Predictor
from solarflare.predict.regions import impatient
from solarflare.predict.trained import Network
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Absent, Fetcher, Refused
from solarflare.sources.live.images.frames import Frame
from solarflare.sources.live.lists.rows import datetimes
from solarflare.sources.live.schema import Live
from solarflare.sources.live.scrape import fetching
from solarflare.sun.images import imaging
from solarflare.sun.images.instruments import Instrument

LOOKS = [pd.Timedelta(hours=hours) for hours in (0, 1, 3, 6, 12, *range(24, 241, 24))]
"""How far back an image is looked for, one look after the other: the archives list a day, or what is next to a time."""

TRIES = 5
"""Broken images of an archive after which it is left."""

LEAST_INTERVAL = 60  # seconds


@dataclass(frozen=True)
class Newest:
    """The newest image of an instrument: its frame and content, or one sentence why there is none."""

    instrument: Instrument
    frame: Frame | None = None
    content: bytes = b""
    refusal: str = ""


@dataclass(frozen=True)
class Output:
    """How answers are given: as sentences or as JSON, with a folder of pictures and a file in the form of CCMC."""

    as_json: bool = False
    figures: Path | None = None
    forecast: Path | None = None


def newest(fetcher: Fetcher, instrument: Instrument, now: pd.Timestamp) -> Newest:
    """Return the newest image that can be had.

    Parameters
    ----------
    fetcher : Fetcher
        Its parameters say which archives are asked, in which order.
    instrument : str
        Whose image.
    now : Timestamp
        UTC; an image from later is none of today's.
    """
    reasons: dict[str, str] = {}
    broken: dict[str, set[str]] = {}
    for look in LOOKS:
        for source in getattr(fetcher.live.sources, instrument):
            tried = broken.setdefault(source, set())
            if len(tried) >= TRIES:
                continue
            try:
                for frame in _frames(fetcher, source, instrument, now - look, now):
                    if frame.origin in tried or len(tried) >= TRIES:
                        continue
                    tried.add(frame.origin)
                    return Newest(instrument, frame, fetcher.get(frame.urls, lambda c: _refusal(c, instrument)))
            except (Absent, Refused, InputError) as failure:
                reasons.setdefault(source, str(failure))
    said = "; ".join(f"{source}: {reason}" for source, reason in reasons.items()) or "the archives list none"
    return Newest(instrument, refusal=f"there is no image of the last {LOOKS[-1].days} days: {said}")


def _frames(
    fetcher: Fetcher, source: str, instrument: Instrument, around: pd.Timestamp, now: pd.Timestamp
) -> list[Frame]:
    """Return what an archive has around a time and not after now, the newest first."""
    live = fetcher.live
    time = datetimes(np.datetime64(around, "s"))
    frames = registry.IMAGES[source](fetcher, live.urls[source], instrument, time, live.img_width)
    known = [frame for frame in frames if frame.time <= np.datetime64(now, "s")]
    return sorted(known, key=lambda frame: frame.time, reverse=True)


def _refusal(content: bytes, instrument: Instrument) -> str | None:
    return imaging.refusal(io.BytesIO(content), instrument)


def sentences(found: Newest, answer: Answer, networks: Mapping[Task, Network], now: pd.Timestamp) -> Iterator[str]:
    """Yield what is known of an image, how sure that is, and how old the image is."""
    if found.frame is None:
        yield f"Of {found.instrument} {answer.refusal}."
        return
    when = pd.Timestamp(found.frame.time)
    image = f"the newest image of {found.instrument}, {when:%Y-%m-%d %H:%M} UTC and {age(now - when)} old"
    if answer.refusal:
        yield f"No answer from {image}: {answer.refusal}."
        return
    if answer.disk is not None:
        network = networks[Task.DISK]
        yield (
            f"By {image}, the probability that {network.question} is {answer.disk:.2f}; at an average time it is "
            f"{network.base_rate:.2g}."
        )
    if answer.regions is not None:
        likely = [region for region in answer.regions if region.probability is not None]
        if not likely:
            yield f"On {image}, there is no region to ask about ({answer.regions_from})."
            return
        network, first = networks[Task.REGION], max(likely, key=lambda region: region.probability or 0)
        yield (
            f"Of the {len(likely)} regions on {image} ({answer.regions_from}), {called(first)} is the likeliest: the "
            f"probability that {network.question} is {first.probability:.2f}; for an average region it is "
            f"{network.base_rate:.2g}."
        )


def content(found: Newest, answer: Answer, now: pd.Timestamp) -> dict[str, Any]:
    """Return the same as JSON has it: `answer_text.content` with the archive that has the image, and its age in hours."""
    known = answer_text.content(answer)
    if found.frame is None:
        return known | {"path": None, "source": None, "age_hours": None}
    hours = (now - pd.Timestamp(found.frame.time)) / pd.Timedelta(hours=1)
    return known | {"path": answer.asked.path.name, "source": found.frame.source, "age_hours": round(hours, 2)}


def look(predictor: Predictor, live: Live, output: Output) -> bool:
    """Say what the Sun of today looks like, and return whether anything is known of it.

    Parameters
    ----------
    predictor : Predictor
        The networks.
    live : Live
        How the archives are asked.
    output : Output
        How the answers are given.

    Raises
    ------
    InputError
        If the networks foretell nothing that a forecast could hold.
    """
    now = pd.Timestamp.now("UTC").tz_localize(None)
    with fetching(impatient(live)) as fetcher:
        found = [newest(fetcher, instrument, now) for instrument in predictor.instruments]
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for image in found:
            answer = _asked(predictor, image, Path(folder))
            said = sentences(image, answer, predictor.networks, now)
            print(json.dumps(content(image, answer, now)) if output.as_json else " ".join(said), flush=True)
            if answer.refusal:
                continue
            answers.append(answer)
            if output.figures:
                picture.save(answer, output.figures)
    if output.forecast and answers:
        write_forecast(answers, predictor.networks, now, output.forecast)
    return bool(answers)


def watch(predictor: Predictor, live: Live, output: Output, pause: float) -> NoReturn:
    """`look` again and again, some seconds apart, until Ctrl-C; what goes wrong once may not the next time."""
    while True:
        try:
            look(predictor, live, output)
        except (InputError, OSError) as error:
            log.warning("no answer this time: %s", error)
        time.sleep(pause)


def _asked(predictor: Predictor, image: Newest, folder: Path) -> Answer:
    """Return what is said of an image, which is laid into a folder."""
    if image.frame is None:
        return Answer(Asked(folder, image.instrument, None), image.refusal)
    path = folder / Path(image.frame.path).name
    path.write_bytes(image.content)
    return predictor(Asked(path, image.instrument, pd.Timestamp(image.frame.time)))


def write_forecast(answers: list[Answer], networks: Mapping[Task, Network], now: pd.Timestamp, path: Path) -> None:
    """Write answers in the form of CCMC's scoreboard.

    Parameters
    ----------
    answers : list of Answer
        Of one time.
    networks : dict
        Those that gave them.
    now : Timestamp
        When the forecast is issued, UTC.
    path : Path
        The file to write.

    Raises
    ------
    InputError
        If no network foretells flares of a whole class within some hours.
    """
    known = foretelling(networks)
    rows: list[tuple[pd.Timestamp, str, float | None]] = []
    for answer in answers:
        if "disk" in known and answer.disk is not None:
            rows.append((now, "", answer.disk))
        if "region" in known:
            asked = [region for region in answer.regions or [] if region.probability is not None]
            rows += [(now, str(region.noaa_ar or called(region)), region.probability) for region in asked]
    about = next(iter(known.values()))
    data = ", ".join(sorted({one.instrument for one in known.values()}))
    method = scoreboard.Method("solarflare", about.question["min_class"][0], about.question["after"], data)
    with atomic_path(path) as partial:
        table = pd.DataFrame(rows, columns=["time", REGION, "probability"])
        partial.write_text("\n".join(scoreboard.lines(now, table, method)) + "\n")


def foretelling(networks: Mapping[Task, Network]) -> dict[Task, About]:
    """Return what those networks are that foretell flares of a whole class within some hours.

    Raises
    ------
    InputError
        If there is none.
    """
    found = {task: network.about for task, network in networks.items() if _foretells(network)}
    if not found:
        raise InputError(
            "--forecast: no network here foretells flares, each says what is there; train some that do with "
            "`solarflare experiment forecast` and add --models forecast-one-day"
        )
    return found


def _foretells(network: Network) -> bool:
    asked = network.about.question
    flares = asked.get("target", "flare") == "flare" and asked["event"] == "start"
    return flares and asked["min_class"] in {f"{letter}1.0" for letter in scoreboard.CLASSES}


def seconds(interval: str) -> float:
    """Return the seconds of an interval such as 15m, 1h or 90s.

    Raises
    ------
    InputError
        If it is none, or less than a minute: the observatories publish every quarter of an hour.
    """
    match = re.fullmatch(r"(\d+)([smh])", interval)
    length = int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if length < LEAST_INTERVAL:
        raise InputError(f"--watch is {interval!r}; expected a minute or more, such as 15m or 1h")
    return length


def age(span: pd.Timedelta) -> str:
    """Return a time span as people say it, such as 25 minutes, 3.5 hours or 2.0 days."""
    minutes = span / pd.Timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"
