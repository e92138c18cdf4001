"""A teacher: a regression on the records. A network learns from its probabilities, but answers from images alone.

Whether a region flares on a given day is mostly chance. So a label, 0 or 1, tells a network little about how likely the
flare was. The probability of a regression on past flares and on the last region report tells more. The network learns
from a mixture of label and probability (Lopez-Paz et al. 2016, arXiv:1511.03643, *Unifying distillation and privileged
information*).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.dataset.samples.regression import logistic
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features

STRENGTH = 0.1  # inverse of the regularisation; there are about twenty correlated features and a thousand rows


def soft_labels(
    rows: pd.DataFrame, records: Records, question: DiskLabel | RegionLabel, balanced: bool
) -> npt.NDArray[np.float64]:
    """Return the probability of label 1 in each row, (N,) float64, from a regression that is fitted on the same rows.

    The rows have ``time``, ``label`` and, if the question is about regions, ``noaa_ar``. Both labels must occur.
    `records.features` says which records count at a row's time. If there are no records, this raises InputError.
    """
    tables = features(rows, records, question)
    present = [table for name in ("history", "catalogue") if isinstance(table := tables[name], pd.DataFrame)]
    if not present:
        raise InputError(
            f"params.yaml: teacher is above 0, but {tables['history']} and {tables['catalogue']}; set it to 0"
        )
    numbers = pd.concat(present, axis=1).to_numpy()
    regression = logistic(numbers, rows["label"], STRENGTH, "balanced" if balanced else None)
    return regression.predict_proba(numbers)[:, 1]
