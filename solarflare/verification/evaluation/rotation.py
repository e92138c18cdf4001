"""Rotates labels in time, so that they belong to other days: a network that still scores above chance has cheated."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.core.errors import InputError
from solarflare.verification.audit.forecasts import home_blocks


def rotation(rows: pd.DataFrame, generator: np.random.Generator) -> NDArray[np.int64]:
    """Rotate all labels by whole blocks. Return, for each row of `samples.samples`, the row that its label comes from.

    Each part of each fold is rotated on its own, and so keeps its base rate. Its rows are sorted by time. Rows of one
    group (a region's days, the two images of a matched pair) are next to each other and in one block of days. A random
    number of blocks is drawn, from one to all but one. All labels are moved by the number of rows in these blocks, and
    labels that leave at one end come in at the other. No row keeps its own label. If all rows of a part lie in one
    block, this raises InputError.

    The null hypothesis is that images and labels are independent. Neighbouring days have similar labels and similar
    images. A rotation keeps the similarity of neighbouring labels. A random permutation of single labels would destroy
    it. If every pair has one image of each class, a rotation keeps this: only which of the two is positive changes.
    """
    of_regions = "noaa_ar" in rows
    group = rows["noaa_ar" if of_regions else "pair_id"]
    block = rows["block"] if of_regions else home_blocks(rows)
    first = rows["time"].groupby(group).transform("min")
    ordered = rows[["fold", "part", "time"]].assign(block=block, first=first, group=group).reset_index(drop=True)
    ordered = ordered.sort_values(["block", "first", "group", "time"], kind="stable")
    source = np.empty(len(rows), dtype=np.int64)
    for (fold, part), rows_of_part in ordered.groupby(["fold", "part"]):
        block_sizes = rows_of_part.groupby("block").size().to_numpy()
        if len(block_sizes) < 2:
            raise InputError(
                f"data/splits: the {part} part of fold {fold} lies in one block of days, and a rotation needs two; "
                "set a smaller split.block_days, or get images of more days"
            )
        shift = block_sizes[: generator.integers(1, len(block_sizes))].sum()
        source[rows_of_part.index] = np.roll(rows_of_part.index, -shift)
    return source
