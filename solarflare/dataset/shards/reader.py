"""Reads crops from their monthly shards.

A shard ``YYYY-MM.npy`` holds uint8 crops, N x H x W x C. The table ``index.csv`` (`tables.CROPS`) names the shard of
each crop, and the row in it.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core import tables

OPEN_SHARDS = 256


class Crops:
    """The crops of a task, read from memory-mapped shards.

    Parameters
    ----------
    folder : Path
        The folder of the shards, such as ``data/crops/disk``.

    Attributes
    ----------
    index : DataFrame
        A table with the columns of `tables.CROPS`. The position of a crop is its row number in this table.

    Raises
    ------
    InputError
        If the index is missing or broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = tables.read(folder / "index.csv", tables.CROPS)
        self._shard = self.index["shard"].to_numpy()
        self._row = self.index["row"].to_numpy(np.int64)
        self._open = lru_cache(OPEN_SHARDS)(lambda shard: np.load(folder / shard, mmap_mode="r"))

    def take(self, positions: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return the crops (n, H, W, C), uint8, at positions (n,): row numbers of `index`, in any order."""
        wanted = np.asarray(positions, dtype=np.int64)
        if wanted.size == 0:
            return np.empty((0, *self._open(self._shard[0]).shape[1:]), dtype=np.uint8)
        return np.stack([self._open(self._shard[place])[self._row[place]] for place in wanted])

    def files(self, positions: npt.ArrayLike) -> list[tuple[Path, int]]:
        """Return the shard and the row in it of crops, for `read_crops` in another process."""
        wanted = np.asarray(positions, dtype=np.int64)
        return [(self.folder / self._shard[place], int(self._row[place])) for place in wanted]

    def __reduce__(self) -> tuple[type, tuple[Path]]:
        """Say how another process opens the same crops."""
        return Crops, (self.folder,)


def read_crops(files: Sequence[tuple[Path, int]]) -> npt.NDArray[np.uint8]:
    """Return the crops (n, H, W, C), uint8, of at least one shard and row that `Crops.files` returned."""
    return np.stack([np.load(shard, mmap_mode="r")[row] for shard, row in files])
