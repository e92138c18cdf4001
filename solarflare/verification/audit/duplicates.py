"""Finds test images that nearly equal an image that a network learns from: the network could simply remember it.

Each crop gets a perceptual hash of 255 bits. A bit says whether one low spatial frequency is stronger in the crop than
in the median crop. The usual threshold, zero, would give all crops the same bits, because all suns have a limb.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.fft import dctn

from solarflare.dataset.shards.reader import Crops

GRID = 32  # blocks along each side of a crop; the means of the blocks are transformed
FREQUENCIES = 16  # lowest frequencies in each direction; each gets a bit, except the mean, which is the brightness

NEAR = 32
"""Near duplicates differ in at most this many of 255 bits. A full disk that is saved again as JPEG of quality 70, at
0.6 of the width, or moved by a pixel differs in 31 bits at most. Full disks of different days differ in at least 61
bits (1,200 simulated magnetograms), 68 bits (1,177 of HMI) or 93 bits (338 images of AIA)."""

MIDDLE = 0.5  # share of a full disk's width and height that is hashed: the captions at the edges are all the same
AT_ONCE = 256
Bits = npt.NDArray[np.uint64]


def near_duplicates(rows: pd.DataFrame, splits: pd.DataFrame, crops: Crops) -> list[tuple[int, int]]:
    """Return the pairs of near duplicates: one crop in test, the other in training or validation of the same fold.

    Parameters
    ----------
    rows, splits : DataFrame
        The rows that `probes.labelled_rows` returns, and a table with the columns of `tables.SPLITS`.
    crops : Crops
        The crops of the task.

    Returns
    -------
    list of (int, int)
        The row numbers in `rows`, from 0, of the test crop and of the other crop, sorted.
    """
    key = ["path", "noaa_ar"] if "noaa_ar" in rows else ["path"]
    parts = splits.merge(rows[key].assign(place=range(len(rows))), on=key)
    hashes = perceptual_hashes(rows["position"].to_numpy(), crops, 1 if "noaa_ar" in rows else MIDDLE)
    pairs = set()
    for _, fold in parts.groupby("fold"):
        tested = fold.loc[fold["part"] == "test", "place"].to_numpy()
        learned = fold.loc[fold["part"].isin(["train", "validation"]), "place"].to_numpy()
        for place in tested:
            different = np.bitwise_count(hashes[learned] ^ hashes[place]).sum(axis=1)
            pairs |= {(int(place), int(learned_place)) for learned_place in learned[different <= NEAR]}
    return sorted(pairs)


def perceptual_hashes(positions: npt.NDArray[np.int64], crops: Crops, share: float) -> Bits:
    """Return a hash of each crop, (n, 4) uint64: 255 bits and a last bit that is 0. Similar crops get similar hashes.

    Only a part of each crop is hashed: this share of its width and height, around the middle. The method follows Zauner
    2010, *Implementation and Benchmarking of Perceptual Image Hash Functions*, 3.2 (the DCT-based hash).
    """
    parts = np.array_split(positions, max(1, -(-len(positions) // AT_ONCE)))
    strength = np.concatenate([_frequencies(crops.take(part), share) for part in parts])
    bits = np.packbits(strength > np.median(strength, axis=0), axis=1)
    return np.ascontiguousarray(bits).view(np.uint64)


def _frequencies(images: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.float32]:
    """Return the strength of the lowest frequencies, without the mean, in the middle of crops (n, width, width, C)."""
    margin = int(images.shape[1] * (1 - share) / 2)
    middle = slice(margin, images.shape[1] - margin)
    grey = images[:, middle, middle].mean(axis=3, dtype=np.float32)
    starts = np.linspace(0, grey.shape[1], min(GRID, grey.shape[1]), endpoint=False).astype(int)
    blocks = np.add.reduceat(np.add.reduceat(grey, starts, axis=1), starts, axis=2)
    return np.asarray(dctn(blocks, axes=(1, 2))[:, :FREQUENCIES, :FREQUENCIES].reshape(len(grey), -1)[:, 1:])
