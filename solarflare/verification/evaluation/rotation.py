"""Labels that belong to other days: with them a network that scores above chance has found a way to cheat."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.core.errors import InputError
from solarflare.verification.audit.forecasts import home_blocks


def rotation(rows: pd.DataFrame, generator: np.random.Generator) -> NDArray[np.int64]:
    """Tell whose label each row gets when all labels are rotated in time by whole blocks.

    Each part of each fold is rotated by itself, and so keeps its base rate. Its rows are put in the order of time,
    those that belong together (a region's days, the two images of a matched pair) next to each other and in one block
    of days. Then all labels move on by as many rows as some of the blocks have, at random, and the last come first.

    Parameters
    ----------
    rows : DataFrame
        n rows of `solarflare.dataset.samples.samples.samples`.
    generator : Generator
        Draws how far each part is rotated, from one block to all but one.

    Returns
    -------
    (n,) int64
        Places in `rows`, from 0: a permutation without a fixed point.

    Raises
    ------
    InputError
        If all rows of a part lie in one block.

    Notes
    -----
    The hypothesis is that images and labels have nothing to do with each other, though labels resemble those of the
    days around them, and images do, too: a rotation keeps that likeness, which dealing labels out one by one would
    destroy. Where every pair has an image of each class, it keeps that as well: which of the two is positive is all
    that it changes.
    """
    of_regions = "noaa_ar" in rows
    together = rows["noaa_ar" if of_regions else "pair_id"]
    ordered = pd.DataFrame(
        {
            "fold": rows["fold"].to_numpy(),
            "part": rows["part"].to_numpy(),
            "block": rows["block"].to_numpy() if of_regions else home_blocks(rows),
            "first": rows["time"].groupby(together).transform("min").to_numpy(),
            "together": together.to_numpy(),
            "time": rows["time"].to_numpy(),
        }
    ).sort_values(["block", "first", "together", "time"], kind="stable")
    source = np.empty(len(rows), dtype=np.int64)
    for (fold, part), of_part in ordered.groupby(["fold", "part"]):
        in_block = of_part.groupby("block").size().to_numpy()
        if len(in_block) < 2:
            raise InputError(
                f"data/splits: the {part} part of fold {fold} lies in one block of days, and a rotation needs two; "
                "set a smaller split.block_days, or get images of more days"
            )
        moved = in_block[: generator.integers(1, len(in_block))].sum()
        source[of_part.index] = np.roll(of_part.index, -moved)
    return source
