"""Shards that are not what their index says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.dataset.shards.reader import Crops

SHARD = np.arange(2 * 4 * 4 * 1, dtype=np.uint8).reshape(2, 4, 4, 1)


def crops(folder: Path, name: str = "2014-01.npy", rows: tuple[int, int] = (0, 1)) -> Crops:
    """Write an index of two crops in a shard, and return its crops."""
    index = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "shard": name, "row": rows, "noaa_ar": ""})
    index = index.assign(x=1.0, y=1.0, radius=1.0, fitted="yes").reindex(columns=list(tables.CROPS.columns))
    tables.write(index, folder / "index.csv", tables.CROPS)
    return Crops(folder)


@pytest.mark.parametrize("name", ["../2014-01.npy", "/tmp/2014-01.npy", "more/2014-01.npy"])
def test_a_shard_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "crops").mkdir()
    np.save(tmp_path / "2014-01.npy", SHARD)
    with pytest.raises(InputError, match=r"is no name of a file here; make it again with `dvc repro crop`"):
        crops(tmp_path / "crops", name).take([0])


@pytest.mark.parametrize(
    "shard",
    [SHARD.astype(float), SHARD[0], SHARD[:1], SHARD.astype("<U1"), np.array([{"a": 1}], dtype=object), None, b"text"],
    ids=["floats", "one image", "too few rows", "text", "objects", "missing", "no array"],
)
def test_a_shard_that_is_not_as_the_index_says_is_refused(tmp_path: Path, shard: np.ndarray | bytes | None) -> None:
    path = tmp_path / "2014-01.npy"
    if isinstance(shard, bytes):
        path.write_bytes(shard)
    elif shard is not None:
        np.save(path, shard, allow_pickle=True)
    with pytest.raises(InputError, match=r"2014-01\.npy (holds|is not there or holds no crops).*`dvc repro crop`"):
        crops(tmp_path).take([0])


def test_shards_of_several_shapes_are_refused(tmp_path: Path) -> None:
    for month, size in ((1, 4), (2, 5)):
        np.save(tmp_path / f"2014-0{month}.npy", np.zeros((1, size, size, 1), np.uint8))
    crops(tmp_path, rows=(0, 0))
    text = (tmp_path / "index.csv").read_text()
    (tmp_path / "index.csv").write_text(text[::-1].replace("2014-01"[::-1], "2014-02"[::-1], 1)[::-1])
    with pytest.raises(InputError, match="crops of 2 shapes"):
        Crops(tmp_path).take([0, 1])
