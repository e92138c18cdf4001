"""The probes of the audit: for each row a few numbers from which a model tries to predict the label.

A *gated* probe sees nothing of the Sun: if it predicts the label, the data leak. A *confounder* sees a property of the
Sun or of the time, but no picture: a network has to be better. A *raw* probe sees the images before they were cleaned:
it shows what the cleaning removed.
"""

from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.reader import Crops
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import with_positions
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

Features = npt.NDArray[np.float32]
Kind = Literal["gated", "confounder", "raw"]
KINDS: tuple[Kind, ...] = get_args(Kind)

GRID = 20
"""Blocks along each side of a crop, over which blanked pixels are averaged."""

BOX = (10, 40)
"""Rows and columns of blocks over which a printed box is averaged, in images and crops: a few blocks a letter."""

LIMB = 1.0
"""Solar radii beyond which an EUV image counts as sky; it shows the corona there."""

ROUNDING = 0.02
"""Pixels by which the radius is enlarged: the index rounds it, and only pixels that were blanked may be tested."""

BLUR = 2
"""Pixels over which antialiasing spreads an edge."""

FULL = 255
"""Value of a crop's pixel if all pixels that it was interpolated from lie in the mask."""


@dataclass(frozen=True)
class Probe:
    """What one probe sees.

    Attributes
    ----------
    kind : str
        ``gated``, ``confounder`` or ``raw``.
    question : str
        What it asks, in words.
    features : (n, k) float32
        What it sees of each row.
    """

    kind: Kind
    question: str
    features: Features


def labelled_rows(
    labels: pd.DataFrame, splits: pd.DataFrame, images: pd.DataFrame, crops: pd.DataFrame
) -> pd.DataFrame:
    """Return all labelled rows of a task, in any part of the split, with what the tables know of them.

    Rows whose image has no fitted disk are left out, as they are in training.

    Parameters
    ----------
    labels : DataFrame
        Of `tables.DISK_LABELS` or `tables.REGION_LABELS`.
    splits : DataFrame
        Of `tables.SPLITS`.
    images : DataFrame
        Of `tables.IMAGES`.
    crops : DataFrame
        Of `tables.CROPS`, in the order of the crops.

    Returns
    -------
    DataFrame
        In the order of time, path and region: the columns of `labels`; ``block``; ``position``, ``x``, ``y`` and
        ``radius`` of the crop; ``bytes``, ``width``, ``height`` and ``place_in_folder`` of the image, its place among
        those of its folder in the order of names.

    Raises
    ------
    InputError
        If a labelled row has no block, no crop or no image.
    """
    key = ["path", "noaa_ar"] if "noaa_ar" in labels else ["path"]
    names = images["path"].sort_values()
    place = names.groupby(names.str.rpartition("/")[0]).cumcount()
    rows = labels[labels["label"].notna()].reset_index(drop=True)
    for df in (
        splits.drop_duplicates(key)[[*key, "block"]],
        crops[[*key, "x", "y", "radius", "fitted"]].assign(position=range(len(crops))),
        images[["path", "bytes", "width", "height"]].assign(place_in_folder=place),
    ):
        rows = rows.merge(df, on=[name for name in key if name in df], how="left")
    if (missing := rows[["block", "position", "bytes"]].isna().any(axis=1)).any():
        first = " ".join(str(rows[name][missing.idxmax()]) for name in key)
        raise InputError(f"{first} has a label, but no split, crop or image; make them again with `dvc repro`")
    rows = rows[rows["fitted"] == "yes"].drop(columns="fitted")
    rows = rows.astype({"label": np.int64, "position": np.int64, "block": np.int64})
    return rows.sort_values(["time", *key], ignore_index=True)


def of_tables(rows: pd.DataFrame, coverage: pd.DataFrame) -> dict[str, Probe]:
    """Return the probes that see tables only.

    Parameters
    ----------
    rows : DataFrame
        Of `labelled_rows`.
    coverage : DataFrame
        Of `tables.COVERAGE`.

    Returns
    -------
    dict of Probe
        By name.
    """
    time = rows["time"]
    hour = time.dt.hour + time.dt.minute / 60
    probes = {
        "time_of_day": Probe("gated", "Does the hour or the minute tell?", _columns(hour, time.dt.minute)),
        "place_in_folder": Probe(
            "gated", "Does the image's place in its day's folder tell?", _columns(rows["place_in_folder"])
        ),
        "list_in_force": Probe("gated", "Does it tell which lists were kept then?", _in_force(time, coverage)),
        "year": Probe("confounder", "Does the year tell?", _columns(time.dt.year)),
        "day_of_year": Probe("confounder", "Does the day of the year tell?", _columns(time.dt.dayofyear)),
        "disk_geometry": Probe(
            "confounder", "Do the disk's radius and centre tell?", _columns(rows["radius"], rows["x"], rows["y"])
        ),
        "file_bytes": Probe("confounder", "Does the length of the file tell?", _columns(rows["bytes"])),
    }
    for name in ("longitude", "latitude", "area"):
        if name in rows:
            probes[name] = Probe("confounder", f"Does the region's {name} tell?", _columns(rows[name].fillna(-1)))
    return probes


def of_files(rows: pd.DataFrame, raw: Path, instrument: Instrument) -> dict[str, Probe]:
    """Return the probes that see the images as they were received.

    Parameters
    ----------
    rows : DataFrame
        Of `labelled_rows`.
    raw : Path
        The folder that the images' paths are relative to.
    instrument : str
        Of the images.

    Returns
    -------
    dict of Probe
        By name.
    """
    image_of_row, _ = pd.factorize(rows["path"])
    images = rows.drop_duplicates("path")
    headers: list[dict[str, float]] = []
    boxes: list[Features] = []
    blanked: list[Features] = []
    beyond: list[Features] = []
    for _, row in progress(images.iterrows(), len(images), "files examined"):
        with Image.open(raw / row["path"]) as image:
            headers.append(_header(image))
            grey = image.convert("L")
        boxes.append(_printed(grey, instrument))
        light = np.asarray(grey, np.float32)[None, ..., None]
        disk = Disk(row["x"], row["y"], row["radius"], fitted=True)
        difference = light - imaging.fill_value(instrument)
        for mask, means in (
            (imaging.blanked_pixels(instrument, light.shape[1:], disk), blanked),
            (_sky(instrument, light.shape[1:], disk), beyond),
        ):
            means.append(_block_means(difference * mask[..., None])[0])
    header = pd.DataFrame(headers).fillna(-1).to_numpy(np.float32)
    return {
        "file_format": Probe(
            "gated", "Does the file's form tell: size, mode, JPEG tables, markers?", header[image_of_row]
        ),
        "raw_printed_boxes": Probe(
            "raw", "What was printed on the image before it was blanked, did it tell?", np.stack(boxes)[image_of_row]
        ),
        "raw_masked_pixels": Probe(
            "raw", "What was in the pixels before they were blanked, did it tell?", np.stack(blanked)[image_of_row]
        ),
        "raw_sky": Probe("raw", "Did the sky of the image as received tell?", np.stack(beyond)[image_of_row]),
    }


def of_crops(rows: pd.DataFrame, crops: Crops, cutter: Cutter) -> dict[str, Probe]:
    """Return the probes that see what the network gets.

    Parameters
    ----------
    rows : DataFrame
        Of `labelled_rows`.
    crops : Crops
        Of the task.
    cutter : Cutter
        That cut them.

    Returns
    -------
    dict of Probe
        By name.

    Notes
    -----
    Blanked pixels have the instrument's fill value. The probes see differences from that value only, and so not where
    a mask ends: that says where the Sun is, which is no leak.
    """
    instrument, fill = cutter.instrument, imaging.fill_value(cutter.instrument)
    places = with_positions(rows)
    printed: list[Features] = []
    blanked: list[Features] = []
    sky: list[Features] = []
    brightness, colour = [], []
    images = rows.groupby("path", sort=False)  # in the order of the rows
    for _, of_image in progress(images, len(images), "images' crops examined"):
        first, around = of_image.iloc[0], places.loc[of_image.index]
        shape, disk = (first["height"], first["width"]), Disk(first["x"], first["y"], first["radius"], fitted=True)
        beyond = replace(disk, radius=disk.radius + ROUNDING)
        crop = crops.take(of_image["position"]).astype(np.float32)
        difference = crop - fill
        masks = [imaging.blanked_pixels(instrument, shape, beyond), _sky(instrument, shape, beyond)]
        for box in imaging.annotation_boxes(instrument, shape):
            masks.append(np.zeros(shape, bool))
            masks[-1][box] = True
        covered = [cutter.squares(np.where(mask, FULL, 0).astype(np.uint8), disk, around) for mask in masks]
        blanked.append(_block_means(difference * (covered[0] == FULL)[..., None]))
        sky.append(_block_means(difference * (covered[1] == FULL)[..., None]))
        printed.append(np.concatenate([_residue(box, difference) for box in covered[2:]], axis=1))
        light = np.abs(difference)
        brightness.append(np.column_stack([light.mean(axis=(1, 2, 3)), light.std(axis=(1, 2, 3))]))
        colour.append(crop.mean(axis=(1, 2)) / np.maximum(crop.mean(axis=(1, 2, 3)), 1)[:, None])
    probes = {
        "printed_boxes": Probe("gated", "Is anything left where the image was printed on?", np.concatenate(printed)),
        "masked_pixels": Probe("gated", "Is anything left in the pixels that were blanked?", np.concatenate(blanked)),
        "sky": Probe(
            "gated" if instrument in MAGNETOGRAPHS else "confounder",
            "Does the sky beyond the limb tell?",
            np.concatenate(sky),
        ),
        "brightness": Probe(
            "confounder", "Does the mean brightness or unsigned field tell?", np.concatenate(brightness)
        ),
    }
    if colour[0].shape[1] > 1:
        probes["colour"] = Probe("confounder", "Does the balance of the colours tell?", np.concatenate(colour))
    return probes


def _in_force(time: pd.Series, coverage: pd.DataFrame) -> Features:
    """Return whether each list is complete at each time, a column a list."""
    kept = coverage[(coverage["status"] == "complete") & (coverage["list"] != "images")]
    names = sorted(kept["list"].unique())
    in_force = np.zeros((len(time), len(names)), np.float32)
    for stretch in kept.itertuples():
        in_force[(time >= stretch.start) & (time < stretch.end), names.index(stretch.list)] = 1
    return in_force


def _header(image: Image.Image) -> dict[str, float]:
    """Return what the headers of a JPEG say, except its Huffman tables and its length, which depend on the picture."""
    header: dict[str, float] = {"width": image.width, "height": image.height, "channels": len(image.getbands())}
    for number, values in getattr(image, "quantization", {}).items():
        header |= {f"quantisation {number}, {place}": value for place, value in enumerate(values)}
    for number, (_, across, down, _) in enumerate(getattr(image, "layer", [])):
        header |= {f"samples across {number}": across, f"samples down {number}": down}
    for key, value in image.info.items():
        parts = value if isinstance(value, tuple) else (value,)
        # A text, such as an editor's notes, counts by its length.
        header |= {
            f"{key} {place}": float(part if isinstance(part, Real) else len(part)) for place, part in enumerate(parts)
        }
    return header


def _sky(instrument: Instrument, shape: tuple[int, ...], disk: Disk) -> npt.NDArray[np.bool_]:
    """Return which pixels, (H, W) bool, lie beyond the limb and in no printed box."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    edge = imaging.SKY if instrument in MAGNETOGRAPHS else LIMB
    beyond = (columns - disk.x) ** 2 + (rows - disk.y) ** 2 > (edge * disk.radius) ** 2
    return beyond & ~imaging.annotation_mask(instrument, shape)


def _printed(grey: Image.Image, instrument: Instrument) -> Features:
    """Return block means over the printed boxes of a raw image."""
    boxes = [
        grey.resize(BOX[::-1], Image.Resampling.BOX, box=(columns.start, rows.start, columns.stop, rows.stop))
        for rows, columns in imaging.annotation_boxes(instrument, grey.size[::-1])
    ]
    return np.concatenate([np.asarray(box, np.float32).ravel() for box in boxes])


def _residue(box: npt.NDArray[np.uint8], difference: Features) -> Features:
    """Return block means and extremes of crops (n, width, width, C) where a box's mask (n, width, width) is full."""
    inside = difference * (box == FULL)[..., None]
    means = np.zeros((len(box), *BOX), np.float32)
    for k in np.flatnonzero(inside.any(axis=(1, 2, 3))):
        (left, right), (top, bottom) = (_edges(box[k].max(axis=axis) / FULL) for axis in (0, 1))
        read = Image.fromarray(inside[k].mean(axis=2)).resize(
            BOX[::-1], Image.Resampling.BILINEAR, box=(left, top, right, bottom)
        )
        means[k] = np.asarray(read)
    return np.concatenate([means.reshape(len(means), -1), np.abs(inside).max(axis=(1, 2))], axis=1)


def _edges(profile: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return where a stretch of ones with blurred ends begins and ends, to a fraction of a pixel.

    As the disk moves in the image, the print moves in the crop, by less than a letter; the box follows it.
    """
    whole = np.flatnonzero(profile == 1)
    first, end = int(whole[0]), int(whole[-1]) + 1
    return first - float(profile[max(0, first - BLUR) : first].sum()), end + float(profile[end : end + BLUR].sum())


def _block_means(difference: Features) -> Features:
    """Return means of crops (n, width, width, C) over a grid of blocks, and each channel's largest absolute value."""
    width = difference.shape[1]
    starts = np.linspace(0, width, min(GRID, width), endpoint=False).astype(int)
    means = np.add.reduceat(np.add.reduceat(difference, starts, axis=1), starts, axis=2) * (len(starts) / width) ** 2
    return np.concatenate([means.reshape(len(means), -1), np.abs(difference).max(axis=(1, 2))], axis=1)


def _columns(*columns: npt.ArrayLike) -> Features:
    """Return columns as an array, (n, k)."""
    return np.column_stack([np.asarray(column, np.float32) for column in columns])
