"""A teacher that has read the records, for networks that see the image alone.

Whether a region flares in a given day is mostly chance, and a label, 0 or 1, tells a network little of how likely it
was. A regression on past flares and on the last region report tells more. What a network learns is a mixture of both;
what it answers from is the image (Lopez-Paz et al. 2016, arXiv:1511.03643, *Unifying distillation and privileged
information*).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from solarflare.core.errors import InputError
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features

STRENGTH = 0.1  # inverse of the regularisation: some twenty features that say much the same, a thousand rows


def opinions(
    rows: pd.DataFrame, records: Records, question: DiskLabel | RegionLabel, balanced: bool
) -> npt.NDArray[np.float64]:
    """Return how likely the records make label 1 in each of the rows, from a regression fitted on these same rows.

    Parameters
    ----------
    rows : DataFrame
        With ``time``, ``label`` and, if the question is about regions, ``noaa_ar``; both labels occur.
    records : Records
        What was on record; see `history.features` for what counts at a row's time.
    question : DiskLabel or RegionLabel
        What is asked.
    balanced : bool
        Whether both classes weigh the same.

    Returns
    -------
    (N,) float64
        From 0 to 1.

    Raises
    ------
    InputError
        If there are no records that it could learn from.
    """
    known = features(rows, records, question)
    read = [table for name in ("history", "catalogue") if isinstance(table := known[name], pd.DataFrame)]
    if not read:
        raise InputError(
            f"params.yaml: teacher is above 0, but {known['history']} and {known['catalogue']}; set it to 0"
        )
    numbers = pd.concat(read, axis=1).to_numpy()
    weights = "balanced" if balanced else None
    regression = LogisticRegression(C=STRENGTH, class_weight=weights, max_iter=2000)
    return make_pipeline(StandardScaler(), regression).fit(numbers, rows["label"]).predict_proba(numbers)[:, 1]
