"""A teacher: a regression on the records. A network, which itself sees images alone, learns from its probabilities.

Whether a region flares on a given day is mostly chance, and a label, 0 or 1, tells a network little about how likely it
was. A regression on past flares and on the last region report tells more. A network learns from a mixture of both, and
answers from the image alone (Lopez-Paz et al. 2016, arXiv:1511.03643, *Unifying distillation and privileged
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


def soft_labels(
    rows: pd.DataFrame, records: Records, question: DiskLabel | RegionLabel, balanced: bool
) -> npt.NDArray[np.float64]:
    """Return the probability of label 1 in each row, (N,) float64, from a regression on the records of these same rows.

    The rows have ``time``, ``label`` and, if the question is about regions, ``noaa_ar``; both labels occur.
    `records.features` says which records count at a row's time. Without any to learn from this raises InputError.
    """
    tables = features(rows, records, question)
    present = [table for name in ("history", "catalogue") if isinstance(table := tables[name], pd.DataFrame)]
    if not present:
        raise InputError(
            f"params.yaml: teacher is above 0, but {tables['history']} and {tables['catalogue']}; set it to 0"
        )
    numbers = pd.concat(present, axis=1).to_numpy()
    weights = "balanced" if balanced else None
    regression = LogisticRegression(C=STRENGTH, class_weight=weights, max_iter=2000)
    return make_pipeline(StandardScaler(), regression).fit(numbers, rows["label"]).predict_proba(numbers)[:, 1]
