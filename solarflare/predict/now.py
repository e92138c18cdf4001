"""Answers for the Sun of today: fetch the newest images, ask the networks, and print or write the answers."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, NoReturn

import pandas as pd

from solarflare.core import strict_json
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder
from solarflare.core.tasks import Task
from solarflare.networks.description import ModelDescription
from solarflare.predict import answer_text, newest_image, picture, scoreboard
from solarflare.predict.answer_text import average, fusion_verdict, region_name, two_decimals, verdict
from solarflare.predict.forecast_cells import REGION
from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer, Predictor, RegionAnswer
from solarflare.predict.regions import for_waiting_user, utc_now
from solarflare.sources.live.schema import Live
from solarflare.sources.live.scrape import fetching

LEAST_INTERVAL = 60  # seconds


@dataclass(frozen=True)
class Output:
    """Where answers go: sentences or JSON on the terminal, a folder of pictures, and a forecast in CCMC's form."""

    as_json: bool = False
    figures: OutputFolder | None = None
    forecast: Path | None = None


def answer_now(predictor: Predictor, live: Live, output: Output) -> bool:
    """Answer for the newest image of each instrument, and return whether any image has an answer.

    Raises
    ------
    InputError
        If a forecast is to be written and no network forecasts flares.
    """
    now = utc_now()
    answers = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with fetching(for_waiting_user(live)) as fetcher:
            images = [newest_image.fetch(fetcher, instrument, now, folder) for instrument in predictor.instruments]
        for newest in images:
            answer = predictor(newest.image) if newest.source else ImageAnswer(newest.image, newest.refusal)
            text = _sentences(answer, predictor.networks, now)
            content = _content(answer, predictor.networks, newest.source, now)
            print(strict_json.dumps(content) if output.as_json else " ".join(text), flush=True)
            if answer.refusal:
                continue
            answers.append(answer)
            if output.figures:
                picture.save(answer, predictor.networks, output.figures, f"{answer.image.path.stem}.png")
    if output.forecast and answers:
        _write_forecast(answers, predictor.networks, now, output.forecast)
    return bool(answers)


def watch(predictor: Predictor, live: Live, output: Output, pause: float) -> NoReturn:
    """Repeat `answer_now` until Ctrl-C, with a pause in seconds. A failed round is logged; the next one follows."""
    while True:
        try:
            answer_now(predictor, live, output)
        except (InputError, OSError) as error:
            log.warning("no answer this time: %s", error)
        sleep(pause)


def _sentences(answer: ImageAnswer, networks: Mapping[Task, Network], now: pd.Timestamp) -> Iterator[str]:
    """Yield an answer in sentences: the image's age, the probability for the disk, and the likeliest region's."""
    instrument, time = answer.image.instrument, answer.image.time
    if time is None:
        yield f"For {instrument} {answer.refusal}."
        return
    which = f"the newest image of {instrument} ({time:%Y-%m-%d %H:%M} UTC, {_age(now - time)} old)"
    if answer.refusal:
        yield f"No answer for {which}: {answer.refusal}."
        return
    if answer.disk is not None:
        yield f"In {which}, {_probability(answer.disk, networks[Task.DISK], 'at an average time')}."
        yield from _fusion(answer, networks[Task.DISK])
    if answer.regions is not None:
        rated = [region for region in answer.regions if region.probability is not None]
        if not rated:
            yield f"In {which}, no region has a probability ({answer.regions_from})."
            return
        network, likeliest = networks[Task.REGION], max(rated, key=lambda region: region.probability or 0)
        yield f"Of {len(rated)} regions in {which} ({answer.regions_from}), {region_name(likeliest)} is the likeliest:"
        yield f"{_probability(likeliest.probability or 0, network, 'for an average region')}."
        yield from _fusion(likeliest, network)


def _fusion(answer: ImageAnswer | RegionAnswer, network: Network) -> Iterator[str]:
    """Yield what the fusion says, if the network has one: the numbers before are of the image alone."""
    if network.no_fusion:
        return
    if answer.fusion is None:
        yield f"This is by the image alone; not by image and records, as {answer.no_fusion}."
    else:
        probability = f"{two_decimals(answer.fusion)}, so {fusion_verdict(answer.fusion, network)}"
        yield f"This is by the image alone; by image and records it is {probability}."


def _probability(probability: float, network: Network, which: str) -> str:
    """Return a probability as a phrase: the question, the answer, and the average that `which` names."""
    answer = f"{two_decimals(probability)}, so {verdict(probability, network)}"
    return f"the probability that {network.question} is {answer}; {average(network, which)}"


def _content(
    answer: ImageAnswer, networks: Mapping[Task, Network], source: str | None, now: pd.Timestamp
) -> dict[str, Any]:
    """Return `answer_text.content` with two more keys: ``source``, the archive, and ``age_hours`` of the image."""
    path, time = answer.image.path, answer.image.time
    hours = None if time is None else round((now - time) / pd.Timedelta(hours=1), 2)
    own = {"path": path.name if source else None, "source": source, "age_hours": hours}
    return answer_text.content(answer, networks) | own


def _write_forecast(
    answers: list[ImageAnswer], networks: Mapping[Task, Network], now: pd.Timestamp, path: Path
) -> None:
    """Write the answers for the newest images as one forecast, issued at `now` (UTC)."""
    forecasting = forecasting_networks(networks)
    rows = [("", answer.disk) for answer in answers if Task.DISK in forecasting]
    if Task.REGION in forecasting:
        regions = [region for answer in answers for region in answer.regions or []]
        rows += [(str(region.noaa_ar or region_name(region)), region.probability) for region in regions]
    question = next(iter(forecasting.values())).question
    method = scoreboard.header("solarflare", question, [about.instrument for about in forecasting.values()])
    scoreboard.write_file(now, pd.DataFrame(rows, columns=[REGION, "probability"]).dropna(), method, path)


def forecasting_networks(networks: Mapping[Task, Network]) -> dict[Task, ModelDescription]:
    """Return the descriptions of the networks whose forecasts the scoreboard's form can state, by task.

    Raises
    ------
    InputError
        If there is none, or if two of them forecast other classes or windows, since a forecast has one header.
    """
    forecasting: dict[Task, ModelDescription] = {}
    reasons = []
    for task, network in networks.items():
        if reason := scoreboard.refusal(task, network.about.question, network.about.origin):
            reasons.append(reason)
        else:
            forecasting[task] = network.about
    if not forecasting:
        raise InputError(
            f"--forecast: {'; '.join(reasons)}; train networks that forecast on real images, such as with "
            "`solarflare experiment sdo-euv --archive FOLDER`, and add --models sdo-euv-test-2014"
        )
    headers = {(about.question["min_class"], about.question["after"]) for about in forecasting.values()}
    if len(headers) > 1:
        raise InputError(
            "--forecast: label.disk and label.region differ in min_class or after, and a forecast has one header; "
            "train both for the same class and window"
        )
    return forecasting


def seconds(interval: str) -> float:
    """Return the length of an interval in seconds.

    Raises
    ------
    InputError
        If the interval is not a whole number with s, m or h, or is less than a minute: observatories
        publish every quarter of an hour.

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
