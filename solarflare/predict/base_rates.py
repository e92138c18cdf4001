"""How often the answer is yes on the Sun itself, unlike in a matched sample: what `calibration.base_rate` states."""

import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.paths import RAW
from solarflare.core.tasks import Task
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.labels.labels import label


def natural(task: Task, chosen: LabelParams, hours: float) -> float:
    """Return the share of label 1 when the question is asked at regular times instead of the images' own.

    Parameters
    ----------
    task : str
        ``disk`` or ``region``: its question is that of `label` in `chosen`.
    chosen : LabelParams
        The parameters that ``data/raw/`` was made with.
    hours : float
        From one time to the next, above 0; the times are those of the flare lists in ``data/raw/coverage.csv``.

    Returns
    -------
    float
        Of the answers that are known, from 0 to 1.

    Raises
    ------
    InputError
        If the tables leave every answer unknown.
    """
    flares, regions, coverage = (
        tables.read(RAW / f"{schema.name}.csv", schema) for schema in (tables.FLARES, tables.REGIONS, tables.COVERAGE)
    )
    times = pd.Series(pd.date_range(coverage["start"].min(), coverage["end"].max(), freq=pd.Timedelta(hours=hours)))
    moments = pd.DataFrame({"path": times.astype(str), "time": times.astype(flares["start"].dtype), "pair_id": ""})
    answers = label(moments, flares, regions, coverage, None, chosen.label.of(task))["label"]
    if answers.isna().all():
        raise InputError(f"{RAW}/coverage.csv: no list covers the question of {task}; its base rate is not known")
    return float(answers.mean())
