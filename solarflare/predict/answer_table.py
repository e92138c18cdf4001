"""Answers as a table: a row for each probability, and for each image or region that has none, the reason."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from solarflare.core.tasks import Task
from solarflare.predict.predictor import DECIMALS, ImageAnswer

COLUMNS = {
    "path": "object",
    "instrument": "object",
    "time": "datetime64[ns]",
    "task": "object",
    "noaa_ar": "Int64",
    "latitude": "float64",
    "longitude": "float64",
    "probability": "float64",
    "threshold": "float64",
    "answer": "boolean",
    "reason": "object",
    "fusion": "float64",
    "no_fusion": "object",
    "regions_from": "object",
}
"""The columns, named as in the JSON of `solarflare predict`, and their types."""


def table(answers: Iterable[ImageAnswer], task: Task, threshold: float) -> pd.DataFrame:
    """Return what the answers say for one task, in the order of the images, with the columns `COLUMNS`.

    `threshold` is the probability from which the answer is yes.
    """
    threshold = round(threshold, DECIMALS)
    rows = [_of_image(answer) | {"task": str(task)} | row for answer in answers for row in _rows(answer, task)]
    result = pd.DataFrame(rows, columns=list(COLUMNS)).assign(threshold=threshold).astype(COLUMNS)
    result["answer"] = (result["probability"] >= threshold).astype("boolean").mask(result["probability"].isna())
    return result


def _of_image(answer: ImageAnswer) -> dict[str, Any]:
    image = answer.image
    return {"path": image.path.as_posix(), "instrument": image.instrument or "", "time": image.time}


def _rows(answer: ImageAnswer, task: Task) -> Iterator[dict[str, Any]]:
    """Yield at least one row for an image."""
    if answer.refusal:
        yield {"reason": answer.refusal, "no_fusion": answer.refusal, "regions_from": ""}
    elif task == Task.DISK:
        fused = {"fusion": answer.fusion, "no_fusion": answer.no_fusion}
        yield {"probability": answer.disk, "reason": "", **fused, "regions_from": ""}
    else:
        for region in answer.regions or []:
            yield vars(region) | {"regions_from": answer.regions_from}
        if not answer.regions:
            reason = "no region is on the disk"
            yield {"reason": reason, "no_fusion": reason, "regions_from": answer.regions_from}
