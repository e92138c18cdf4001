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
from solarflare.core.errors import InputError

OPEN_SHARDS = 256
REMEDY = "make it again with `dvc repro crop`"


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
        If the index is missing or broken, or names a file outside of the folder. Reading crops raises it if a shard is
        missing, broken, or not as the index says.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = tables.read(folder / "index.csv", tables.CROPS)
        self._shard = self.index["shard"].to_numpy()
        self._row = self.index["row"].to_numpy(np.int64)
        if outside := [name for name in self.index["shard"].unique() if name != Path(name).name]:
            raise InputError(f"{folder / 'index.csv'}: shard {outside[0]!r} is no name of a file here; {REMEDY}")
        self._open = lru_cache(OPEN_SHARDS)(self._opened)

    def take(self, positions: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return the crops (n, H, W, C), uint8, at positions (n,): row numbers of `index`, in any order."""
        wanted = np.asarray(positions, dtype=np.int64)
        if wanted.size == 0:
            return np.empty((0, *self._open(self._shard[0]).shape[1:]), dtype=np.uint8)
        crops = [self._open(self._shard[place])[self._row[place]] for place in wanted]
        if len(shapes := {crop.shape for crop in crops}) > 1:
            raise InputError(f"the shards in {self.folder} hold crops of {len(shapes)} shapes; {REMEDY}")
        return np.stack(crops)

    def _opened(self, name: str) -> npt.NDArray[np.uint8]:
        """Return a memory-mapped shard that holds all rows that the index names."""
        path = self.folder / name
        try:
            shard = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError):
            raise InputError(f"{path} is not there or holds no crops; {REMEDY}") from None
        rows = self._row[self._shard == name]
        if shard.dtype != np.uint8 or shard.ndim != 4 or rows.min() < 0 or rows.max() >= len(shard):
            raise InputError(f"{path} holds {shard.dtype} {shard.shape}, not the crops of the index; {REMEDY}")
        return shard

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
