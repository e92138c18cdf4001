"""What a cheat could look at: for each row, numbers that are not the Sun, or the Sun but not as a picture.

A *gated* probe sees nothing of the Sun: if it predicts the label, the data leak. A *confounder* sees something of the
Sun, but no picture: it is a baseline. A *raw* probe sees the images before they are cleaned: it shows what the cleaning
took away.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from solarflare import geometry, imaging
from solarflare.crops import Crops
from solarflare.geometry import Disk
from solarflare.params import MAGNETOGRAPHS, Crop, Instrument, Task

Features = npt.NDArray[np.float64]
Kind = Literal["gated", "confounder", "raw"]

GRID = 8  # block means a side, of what is blanked
BOX = (6, 24)  # block means, rows and columns, of a printed box
COEFFICIENTS = 16  # of each JPEG quantisation table, the coarse ones first


@dataclass(frozen=True)
class Probe:
    """What one probe looks at.

    Attributes
    ----------
    kind : str
        ``gated``, ``confounder`` or ``raw``.
    question : str
        What it asks, in words.
    features : (n, k) float64
        What it sees of each row.
    """

    kind: Kind
    question: str
    features: Features


def probes(
    task: Task,
    rows: pd.DataFrame,
    images: pd.DataFrame,
    crops: Crops,
    raw: Path,
    instrument: Instrument,
    settings: Crop,
) -> dict[str, Probe]:
    """Return what each probe sees of a task's labelled rows.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    rows : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`, with ``position``, the row of the crops' index.
    images : DataFrame
        Of `tables.IMAGES`.
    crops : Crops
        Of the task.
    raw : Path
        The folder that the images' paths are relative to.
    instrument : str
        Of the task.
    settings : Crop
        How the crops were cut.

    Returns
    -------
    dict of Probe
        By name.
    """
    images = images.set_index("path")
    index = crops.index.iloc[rows["position"]].reset_index(drop=True)
    paths = rows["path"].unique()
    files = pd.DataFrame([_file(raw / path) for path in paths], index=paths).loc[rows["path"]]
    printed, blanked, brightness = _pixels(task, rows, index, images, crops, instrument, settings)
    time = rows["time"]
    hour = time.dt.hour + time.dt.minute / 60
    of_year = 2 * np.pi * time.dt.dayofyear / 365.25
    found = {
        "printed_boxes": Probe("gated", "Is anything left where the compass and the caption were printed?", printed),
        "masked_pixels": Probe("gated", "Is anything left in the pixels that were blanked?", blanked),
        "time_of_day": Probe("gated", "Does the hour or the minute of the image tell?", _table(hour, time.dt.minute)),
        "file_format": Probe(
            "gated", "Does the file's form tell: size, mode, JPEG tables?", files.drop(columns="boxes").to_numpy(float)
        ),
        "place_in_folder": Probe("gated", "Does the image's place in its day's folder tell?", _place(rows, images)),
        "year": Probe("confounder", "Does the date alone tell?", _table(time.dt.year + time.dt.dayofyear / 366)),
        "season": Probe("confounder", "Does the day of the year tell?", _table(np.sin(of_year), np.cos(of_year))),
        "disk_geometry": Probe(
            "confounder", "Do the disk's radius and centre tell?", _table(*index[["x", "y", "radius"]].T.to_numpy())
        ),
        "file_bytes": Probe("confounder", "Does the file's length tell?", _table(images["bytes"].loc[rows["path"]])),
        "brightness": Probe("confounder", "Does the mean brightness or the unsigned field tell?", brightness),
    }
    if task == "region":
        for name, question in (("longitude", "longitude"), ("latitude", "latitude"), ("area", "area of its spots")):
            found[name] = Probe("confounder", f"Does the region's {question} tell?", _table(rows[name].fillna(0)))
    found["raw_printed_boxes"] = Probe(
        "raw", "What did the compass and the caption tell before they were blanked?", np.stack(files["boxes"].to_list())
    )
    return found


def _table(*columns: npt.ArrayLike) -> Features:
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])


def _file(path: Path) -> dict[str, object]:
    """Return what a file's form is, and block means of its printed boxes."""
    with Image.open(path) as image:
        tables = {
            f"quantisation {table} {place}": value
            for table, values in sorted(image.quantization.items())  # type: ignore[attr-defined]
            for place, value in enumerate(values[:COEFFICIENTS])
        }
        form = {"width": image.width, "height": image.height, "channels": len(image.getbands()), **tables}
        form |= {"progressive": int("progression" in image.info), "density": image.info.get("jfif_density", (0,))[0]}
        grey = image.convert("L")
    boxes = [grey.resize((BOX[1], BOX[0]), Image.Resampling.BOX, box=box) for box in _corners(grey.size, path)]
    return {**form, "boxes": np.concatenate([np.asarray(box, dtype=float).ravel() for box in boxes])}


def _corners(size: tuple[int, int], path: Path) -> list[tuple[int, int, int, int]]:
    instrument: Instrument = path.relative_to(path.parents[4]).parts[0]  # type: ignore[assignment]
    boxes = imaging.printed_boxes(instrument, (size[1], size[0]))
    return [(columns.start, rows.start, columns.stop, rows.stop) for rows, columns in boxes]


def _place(rows: pd.DataFrame, images: pd.DataFrame) -> Features:
    """Return each image's place among those of its folder, by name."""
    paths = pd.Series(sorted(images.index))
    place = paths.groupby(paths.str.rpartition("/")[0]).cumcount()
    return _table(pd.Series(place.to_numpy(), index=paths).loc[rows["path"]])


def _pixels(
    task: Task,
    rows: pd.DataFrame,
    index: pd.DataFrame,
    images: pd.DataFrame,
    crops: Crops,
    instrument: Instrument,
    settings: Crop,
) -> tuple[Features, Features, Features]:
    """Return what the crops hold in the boxes' place, in all blanked pixels, and how bright they are."""
    scale = geometry.solar_radius(rows["time"]) / index["radius"].to_numpy()
    x, y = index["x"].to_numpy(), index["y"].to_numpy()
    width, fill = crops.take([0]).shape[1], imaging.fill_value(instrument)
    if task == "region":
        west, north = geometry.to_arcsec(rows["latitude"], rows["longitude"], rows["time"])
        x, y = x + west / scale, y - north / scale
        half = settings.region.field / 2 / scale
    else:
        half = imaging.FIELD_OF_VIEW[instrument in MAGNETOGRAPHS] * index["radius"].to_numpy()
    disks = [Disk(x, y, radius, fitted=True) for x, y, radius in index[["x", "y", "radius"]].to_numpy(float)]
    printed: list[Features] = []
    blanked: list[Features] = []
    brightness = []
    for place, position in enumerate(rows["position"]):
        image = images.loc[rows["path"].iloc[place]]
        shape = (image["height"], image["width"])
        crop = crops.take([position])[0].astype(np.float32)
        boxes = np.zeros(shape, dtype=bool)
        for box in imaging.printed_boxes(instrument, shape):
            boxes[box] = True
        for mask, means in ((boxes, printed), (imaging.masked(instrument, shape, disks[place]), blanked)):
            # Outside the image is blank as well; only what is wholly blanked counts.
            seen = imaging.square(mask.astype(np.uint8) * 255, x[place], y[place], half[place], width, 255) == 255
            means.append(_block_means(np.where(seen[..., None], crop - fill, 0)))
        field = np.abs(crop - fill) if instrument in MAGNETOGRAPHS else crop
        brightness.append([field.mean(), field.std()])
    return np.array(printed), np.array(blanked), np.array(brightness, dtype=float)


def _block_means(difference: npt.NDArray[np.float32]) -> Features:
    """Return means over a grid of blocks, and how much any pixel differs, of each channel."""
    width, _, channels = difference.shape
    edges = np.linspace(0, width, GRID + 1).round().astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(difference, edges, axis=0), edges, axis=1)
    return np.append(sums.ravel() / (width / GRID) ** 2, np.abs(difference).max(axis=(0, 1)).reshape(channels)).astype(
        float
    )
