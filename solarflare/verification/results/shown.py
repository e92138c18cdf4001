"""Chooses the test rows that galleries show, and keeps them with their attribution maps in a folder."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.errors import InputError

COLUMNS = ["group", "path", "noaa_ar", "time", "label", "probability"]
INDEX, MAPS = "index.csv", "maps.npy"
OF_EACH = 3  # test rows of each class in each group

Maps = npt.NDArray[np.float32]


def choose(test: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows that are shown, with their ``group``.

    Parameters
    ----------
    test : DataFrame
        The test rows with ``label``, ``probability`` and ``threshold``, 0 to 1.

    Returns
    -------
    DataFrame
        Three groups, each with `OF_EACH` rows per class. In ``best`` the probability is nearest to the label. In
        ``worst`` it is farthest from the label, the farthest first. In ``uncertain`` it is nearest to the threshold.
    """
    error, distance = (
        (test[name] - test["probability"]).abs().sort_values(kind="stable").groupby(test["label"])
        for name in ("label", "threshold")
    )
    groups = {"best": error.head(OF_EACH), "worst": error.tail(OF_EACH)[::-1], "uncertain": distance.head(OF_EACH)}
    return pd.concat([test.loc[rows.index].assign(group=group) for group, rows in groups.items()], ignore_index=True)


def write(folder: Path, rows: pd.DataFrame, maps: Maps) -> None:
    """Write ``index.csv`` and ``maps.npy``.

    Parameters
    ----------
    folder, rows
        An existing folder, such as ``data/attributions/disk``, and the n rows that `choose` returned.
    maps : (n, H, W) float32
        The contribution of each pixel to the logit. Positive values speak for label 1.
    """
    index = rows.reindex(columns=COLUMNS)
    index.to_csv(folder / INDEX, index=False, date_format=tables.TIME_FORMAT, lineterminator="\n")
    # On a full disk NumPy writes arrays into a file without saying why it fails.
    content = io.BytesIO()
    np.save(content, maps)
    (folder / MAPS).write_bytes(content.getvalue())


def read(folder: Path) -> tuple[pd.DataFrame, Maps]:
    """Return the rows and the maps that `write` wrote. ``noaa_ar`` is ``Int64``, and missing for full disks.

    Raises
    ------
    InputError
        If they are missing.
    """
    try:
        rows = pd.read_csv(
            folder / INDEX, parse_dates=["time"], dtype={"noaa_ar": "Int64"}, float_precision="round_trip"
        )
        return rows, np.load(folder / MAPS)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename} is not there; make it with `dvc repro evaluate`") from None
