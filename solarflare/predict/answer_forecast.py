"""Write answers as a forecast in the text form of CCMC's flare scoreboard."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks.saved_model import About
from solarflare.predict import scoreboard
from solarflare.predict.answer_text import region_name
from solarflare.predict.forecast_files import REGION
from solarflare.predict.predictor import ImageAnswer
from solarflare.predict.trained import TrainedNetwork


def write(answers: list[ImageAnswer], networks: Mapping[Task, TrainedNetwork], now: pd.Timestamp, path: Path) -> None:
    """Write the answers of some networks for the Sun of one time as a forecast that is issued now, UTC."""
    forecasting = forecasting_networks(networks)
    rows: list[tuple[str, float]] = []
    for answer in answers:
        if Task.DISK in forecasting and answer.disk is not None:
            rows.append(("", answer.disk))
        if Task.REGION in forecasting:
            known = [region for region in answer.regions or [] if region.probability is not None]
            rows += [(str(region.noaa_ar or region_name(region)), region.probability or 0.0) for region in known]
    question = next(iter(forecasting.values())).question
    data = ", ".join(sorted({about.instrument for about in forecasting.values()}))
    method = scoreboard.Method("solarflare", question["min_class"][0], question["after"], data)
    scoreboard.write_file(now, pd.DataFrame(rows, columns=[REGION, "probability"]), method, path)


def forecasting_networks(networks: Mapping[Task, TrainedNetwork]) -> dict[Task, About]:
    """Return what is known of the networks that forecast flares of a whole class, by task.

    Raises
    ------
    InputError
        If there is none.
    """
    forecasting = {task: network.about for task, network in networks.items() if _is_forecast(network.about)}
    if not forecasting:
        raise InputError(
            "--forecast: none of these networks forecasts flares, they tell what the image shows; train some that "
            "forecast with `solarflare experiment forecast` and add --models forecast-one-day"
        )
    return forecasting


def _is_forecast(about: About) -> bool:
    question = about.question
    future_flares = question.get("target", "flare") == "flare" and question["event"] == "start"
    return future_flares and question["min_class"] in {f"{letter}1.0" for letter in scoreboard.CLASSES}
