"""Draws maps from which a network learns where on a full disk the regions are that make the answer yes."""

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.sun.events.active_regions import active_regions
from solarflare.sun.events.questions import DiskLabel
from solarflare.sun.events.records import Records
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import with_positions
from solarflare.sun.images.instruments import Instrument

EMPTY, REGION, UNKNOWN = 0, 1, -1
"""Values of a cell. The cells around a region's cell are unknown: the region may reach into them, and its place is
known only once a day."""


def region_maps(
    images: pd.DataFrame, records: Records, question: DiskLabel, instrument: Instrument, side: int
) -> npt.NDArray[np.int8]:
    """Draw a map for each full-disk image, (n, side, side) int8, from north to south and from east to west.

    A cell with a region is `REGION`, the cells around it are `UNKNOWN`, and all others are `EMPTY`. Only regions that
    make the answer to the question yes are drawn, at the image's time or later. If there is no region report, this
    raises InputError.
    """
    if records.regions.empty:
        raise InputError(
            "data/raw/regions.csv lists no region, and compact_map learns where they are; set train_disk.network in "
            "params.yaml to compact"
        )
    once = images[["path", "time"]].drop_duplicates("path")
    number = pd.Series(np.arange(len(once)), once["path"])
    active = with_positions(active_regions(once, records.flares, records.regions, question))
    at = number[active["path"]].to_numpy()
    half = imaging.field_of_view(instrument) * active["solar_radius"].to_numpy()
    row, column = (
        np.clip(((1 + offset / half) / 2 * side).astype(int), 0, side - 1) + 1  # within a margin of one cell
        for offset in (-active["y"].to_numpy(), active["x"].to_numpy())
    )
    maps = np.full((len(once), side + 2, side + 2), EMPTY, np.int8)
    for down, right in product((-1, 0, 1), repeat=2):
        maps[at, row + down, column + right] = UNKNOWN
    maps[at, row, column] = REGION
    return maps[number[images["path"]], 1:-1, 1:-1]
