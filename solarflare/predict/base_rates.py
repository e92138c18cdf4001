"""How often the answer to a task's question is yes on the Sun itself: the value for ``calibration.base_rate``.

The rows that train and test the networks may be matched pairs, whose base rate differs from the Sun's.
"""

import pandas as pd

from solarflare.core import paths, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.labels.labels import label_images


def at_regular_times(task: Task, chosen: LabelParams, hours: float) -> float:
    """Return the share of label 1, 0 to 1, among the known labels at regular times in ``data/raw/coverage.csv``.

    Parameters
    ----------
    task : Task
        The task whose question is asked; `chosen` has the question.
    chosen : LabelParams
        The parameters that ``data/raw/`` was made with.
    hours : float
        Hours between two times, above 0.

    Raises
    ------
    InputError
        If no label is known.
    """
    flares = tables.read(paths.RAW_FLARES, tables.FLARES)
    regions = tables.read(paths.RAW_REGIONS, tables.REGIONS)
    coverage = tables.read(paths.RAW_COVERAGE, tables.COVERAGE)
    times = pd.Series(pd.date_range(coverage["start"].min(), coverage["end"].max(), freq=pd.Timedelta(hours=hours)))
    images = pd.DataFrame({"path": times.astype(str), "time": times.astype(flares["start"].dtype), "pair_id": ""})
    labels = label_images(images, flares, regions, coverage, None, chosen.label.of(task))["label"]
    if labels.isna().all():
        raise InputError(
            f"{paths.RAW_COVERAGE}: no complete list answers the question of {task}, so its base rate is unknown; "
            "scrape lists that cover the question"
        )
    return float(labels.mean())
