"""Images that are nearly the same on both sides of the test's border: a network would only have to remember them.

Each crop gets a perceptual hash of 255 bits: is this low frequency of its light stronger than in the median crop? As
all suns have a limb, a threshold of zero, as is common elsewhere, would give all the same bits.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.fft import dctn

from solarflare.dataset.shards.reader import Crops

GRID = 32
"""Blocks a side of a crop whose means are transformed."""

FREQUENCIES = 16
"""Of each direction, the lowest, that have a bit; their common mean, the brightness, has none."""

NEAR = 32
"""Bits, of 255, in which near duplicates differ at most. Saved again as JPEG of quality 70, at 0.6 of the width, or
moved by a pixel, full disks differ in 31 at most; those of different days in 61 at least among 1,200 simulated
magnetograms, in 68 among 1,177 of HMI, and in 93 among 338 images of AIA."""

MIDDLE = 0.5
"""Share of a full disk's crop, in width and height, that is looked at: a caption left on frames all alike."""

AT_ONCE = 256
Bits = npt.NDArray[np.uint64]


def near_duplicates(rows: pd.DataFrame, splits: pd.DataFrame, crops: Crops) -> list[tuple[int, int]]:
    """Return the pairs of nearly the same crops of which, in any fold, one is tested and one is learned from.

    Parameters
    ----------
    rows : DataFrame
        Of `probes.labelled_rows`.
    splits : DataFrame
        Of `tables.SPLITS`.
    crops : Crops
        Of the task.

    Returns
    -------
    list of (int, int)
        Places in `rows`, from 0, of a test row and of one in training or validation, sorted.
    """
    key = ["path", "noaa_ar"] if "noaa_ar" in rows else ["path"]
    parts = splits.merge(rows[key].assign(place=range(len(rows))), on=key)
    hashes = perceptual_hashes(rows["position"].to_numpy(), crops, 1 if "noaa_ar" in rows else MIDDLE)
    found = set()
    for _, fold in parts.groupby("fold"):
        tested = fold.loc[fold["part"] == "test", "place"].to_numpy()
        learned = fold.loc[fold["part"].isin(["train", "validation"]), "place"].to_numpy()
        for place in tested:
            different = np.bitwise_count(hashes[learned] ^ hashes[place]).sum(axis=1)
            found |= {(int(place), int(other)) for other in learned[different <= NEAR]}
    return sorted(found)


def perceptual_hashes(positions: npt.NDArray[np.int64], crops: Crops, share: float) -> Bits:
    """Return a hash of each crop, which is the same for what looks the same among these.

    Parameters
    ----------
    positions : (n,) int
        Of the crops.
    crops : Crops
        Of the task.
    share : float
        Of each crop's width and height, around its middle, that is looked at.

    Returns
    -------
    (n, 4) uint64
        255 bits and one that is 0.

    Notes
    -----
    After Zauner 2010, *Implementation and Benchmarking of Perceptual Image Hash Functions*, 3.2 (the DCT-based hash).
    """
    parts = np.array_split(positions, max(1, -(-len(positions) // AT_ONCE)))
    strength = np.concatenate([_frequencies(crops.take(part), share) for part in parts])
    bits = np.packbits(strength > np.median(strength, axis=0), axis=1)
    return np.ascontiguousarray(bits).view(np.uint64)


def _frequencies(images: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.float32]:
    """Return the lowest frequencies, without the mean, of the middle of crops (n, width, width, C)."""
    margin = int(images.shape[1] * (1 - share) / 2)
    inside = slice(margin, images.shape[1] - margin)
    grey = images[:, inside, inside].mean(axis=3, dtype=np.float32)
    starts = np.linspace(0, grey.shape[1], min(GRID, grey.shape[1]), endpoint=False).astype(int)
    blocks = np.add.reduceat(np.add.reduceat(grey, starts, axis=1), starts, axis=2)
    return np.asarray(dctn(blocks, axes=(1, 2))[:, :FREQUENCIES, :FREQUENCIES].reshape(len(grey), -1)[:, 1:])
