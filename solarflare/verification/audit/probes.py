"""The probes of the audit: for each row a few numbers from which a model tries to predict the label.

A *gated* probe sees nothing of the Sun. If it predicts the label, the data leak. A *confounder* sees a property of the
Sun or of the time, but no picture. A network has to be better than it. A *raw* probe sees the images before they were
cleaned. It shows what the cleaning removed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from solarflare.core.compute import PROCESSES
from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.core.workers import worker_pool
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.reader import Crops, read_crops
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import with_positions
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.headers import has_header
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

Features = npt.NDArray[np.float32]
Kind = Literal["gated", "confounder", "raw"]
KINDS: tuple[Kind, ...] = get_args(Kind)

QUESTIONS: dict[str, tuple[Kind, str]] = {
    "time_of_day": ("gated", "Does the hour or the minute tell?"),
    "place_in_folder": ("gated", "Does the image's place in its day's folder tell?"),
    "list_in_force": ("gated", "Does it tell which lists were kept then?"),
    "year": ("confounder", "Does the year tell?"),
    "day_of_year": ("confounder", "Does the day of the year tell?"),
    "disk_geometry": ("confounder", "Do the disk's radius and centre tell?"),
    "file_bytes": ("confounder", "Does the length of the file tell?"),
    "longitude": ("confounder", "Does the region's longitude tell?"),
    "latitude": ("confounder", "Does the region's latitude tell?"),
    "area": ("confounder", "Does the region's area tell?"),
    "file_format": ("gated", "Does the file's form tell: size, mode, JPEG tables, markers?"),
    "raw_printed_boxes": ("raw", "What was printed on the image before it was blanked, did it tell?"),
    "raw_masked_pixels": ("raw", "What was in the pixels before they were blanked, did it tell?"),
    "raw_sky": ("raw", "Did the sky of the image as received tell?"),
    "printed_boxes": ("gated", "Is anything left where the image was printed on?"),
    "masked_pixels": ("gated", "Is anything left in the pixels that were blanked?"),
    "sky": ("gated", "Does the sky beyond the limb tell?"),  # a confounder where the corona is seen
    "brightness": ("confounder", "Does the mean brightness or unsigned field tell?"),
    "colour": ("confounder", "Does the balance of the colours tell?"),
}
AT_ONCE = 8  # images that a worker takes at a time
GRID = 20  # blocks along each side of a crop; blanked pixels are averaged over each block
BOX = (10, 40)  # rows and columns of blocks; a printed box is averaged over each block: a few blocks per letter
LIMB = 1.0  # solar radii from which on a pixel of an EUV image counts as sky; it shows the corona there
ROUNDING = 0.02  # pixels added to the radius, which the index rounds, so that only blanked pixels are tested
BLUR = 2  # pixels over which antialiasing spreads an edge
FULL = 255  # a pixel of a cut mask has this value if it was interpolated only from pixels in the mask


@dataclass(frozen=True)
class Probe:
    """One probe, and what it sees.

    Attributes
    ----------
    kind, question : str
        ``gated``, ``confounder`` or ``raw``, and the question that the probe asks, in words.
    features : (n, k) float32
        The k numbers that the probe sees of each row.
    """

    kind: Kind
    question: str
    features: Features


def labelled_rows(
    labels: pd.DataFrame, splits: pd.DataFrame, images: pd.DataFrame, crops: pd.DataFrame
) -> pd.DataFrame:
    """Return all labelled rows of a task, in any part of the split or in none, with their columns of other tables.

    Rows whose image has no fitted disk are left out. Training leaves them out too.

    Parameters
    ----------
    labels, splits, images, crops : DataFrame
        Tables with the columns of `tables.DISK_LABELS` or `tables.REGION_LABELS`, `tables.SPLITS`, `tables.IMAGES` and
        `tables.CROPS`. Row k of `crops` is the crop at position k.

    Returns
    -------
    DataFrame
        The rows in the order of time, path and region, with the columns of `labels` and

        * ``block``;
        * of the crop, ``position``, ``x``, ``y`` and ``radius``;
        * of the image, ``bytes``, ``width``, ``height`` and ``place_in_folder``. The last is the image's number in its
          folder, from 0, in the order of names.

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
    if (incomplete := rows[["block", "position", "bytes"]].isna().any(axis=1)).any():
        first_key = " ".join(str(rows[name][incomplete.idxmax()]) for name in key)
        raise InputError(f"{first_key} has a label, but no split, crop or image; make them again with `dvc repro`")
    rows = rows[rows["fitted"] == "yes"].drop(columns="fitted")
    rows = rows.astype({"label": np.int64, "position": np.int64, "block": np.int64})
    return rows.sort_values(["time", *key], ignore_index=True)


def of_tables(rows: pd.DataFrame, coverage: pd.DataFrame) -> dict[str, Probe]:
    """Return, by name, the probes that see tables only: the rows of `labelled_rows`, and a `tables.COVERAGE` table."""
    time = rows["time"]
    columns = {
        "time_of_day": [time.dt.hour + time.dt.minute / 60, time.dt.minute],
        "place_in_folder": [rows["place_in_folder"]],
        "list_in_force": [_in_force(time, coverage)],
        "year": [time.dt.year],
        "day_of_year": [time.dt.dayofyear],
        "disk_geometry": [rows["radius"], rows["x"], rows["y"]],
        "file_bytes": [rows["bytes"]],
    }
    columns |= {name: [rows[name].fillna(-1)] for name in ("longitude", "latitude", "area") if name in rows}
    arrays = {name: [np.asarray(column, np.float32) for column in of_probe] for name, of_probe in columns.items()}
    return _probes({name: np.column_stack(of_probe) for name, of_probe in arrays.items()})


def of_files(rows: pd.DataFrame, raw: Path, instrument: Instrument, scheduler: str = PROCESSES) -> dict[str, Probe]:
    """Return, by name, the probes that see the images as they were received.

    Parameters
    ----------
    rows : DataFrame
        The rows that `labelled_rows` returns.
    raw, instrument
        The folder that the images' paths are relative to, and the instrument that took the images.
    scheduler
        Where the images are examined, as in `worker_pool`.
    """
    image_of_row, _ = pd.factorize(rows["path"])
    images = rows.drop_duplicates("path")
    places = [raw / path for path in images["path"]], images["time"], _disks(images)
    with worker_pool(scheduler) as pool:
        seen = pool.map(partial(_of_file, instrument), *places, chunksize=AT_ONCE)
        headers, printed, masked, sky = zip(*progress(seen, len(images), "files examined"), strict=True)
    of_image = {"file_format": pd.DataFrame(headers).fillna(-1).to_numpy(np.float32)}
    named = {"raw_printed_boxes": printed, "raw_masked_pixels": masked, "raw_sky": sky}
    of_image |= {name: np.stack(values) for name, values in named.items()}
    return _probes({name: values[image_of_row] for name, values in of_image.items()})


def _of_file(
    instrument: Instrument, path: Path, time: pd.Timestamp, disk: Disk
) -> tuple[dict[str, float], Features, Features, Features]:
    """Return what the headers of a file say, and block means of its printed boxes, its blanked pixels and its sky."""
    grey = Image.fromarray(imaging.decode(path, "L", instrument, time))
    light = np.asarray(grey, np.float32)[None, ..., None]
    difference = light - imaging.fill_value(instrument)
    masked, sky = imaging.blanked_pixels(instrument, light.shape[1:], disk), _sky(instrument, light.shape[1:], disk)
    means = (_block_means(difference * mask[..., None])[0] for mask in (masked, sky))
    return _header(path), _printed(grey, instrument), *means


def of_crops(rows: pd.DataFrame, crops: Crops, cutter: Cutter, scheduler: str = PROCESSES) -> dict[str, Probe]:
    """Return, by name, the probes that see the crops that the network gets.

    Blanked pixels have the instrument's fill value. The probes see only differences from that value. So they do not see
    where a mask ends: the end of a mask says where the Sun is, and this is no leak.

    Parameters
    ----------
    rows : DataFrame
        The rows that `labelled_rows` returns.
    crops, cutter
        The crops of the task, and the cutter that cut them.
    scheduler
        Where the crops are examined, as in `worker_pool`.
    """
    centres = with_positions(rows)
    images = rows.groupby("path", sort=False)  # in the order of the rows
    firsts = images.head(1)
    places = (
        zip(firsts["height"], firsts["width"], strict=True),
        _disks(firsts),
        (centres.loc[of_image.index] for _, of_image in images),
        (crops.files(of_image["position"]) for _, of_image in images),
    )
    features: dict[str, list[Features]] = defaultdict(list)
    with worker_pool(scheduler) as pool:
        seen = pool.map(partial(_of_image, cutter), *places, chunksize=AT_ONCE)
        for of_image in progress(seen, len(images), "images' crops examined"):
            for name, values in of_image.items():
                features[name].append(values)
    probes = _probes({name: np.concatenate(values) for name, values in features.items()})
    if cutter.instrument not in MAGNETOGRAPHS:
        probes["sky"] = replace(probes["sky"], kind="confounder")
    return probes


def _of_image(
    cutter: Cutter, shape: tuple[int, int], disk: Disk, centres: pd.DataFrame, files: Sequence[tuple[Path, int]]
) -> dict[str, Features]:
    """Return, by name, the features (n, k) of the n crops of an image."""
    instrument = cutter.instrument
    padded_disk = replace(disk, radius=disk.radius + ROUNDING)
    crop = read_crops(files).astype(np.float32)
    difference = crop - imaging.fill_value(instrument)
    masks = [imaging.blanked_pixels(instrument, shape, padded_disk), _sky(instrument, shape, padded_disk)]
    for box in imaging.annotation_boxes(instrument, shape):
        masks.append(np.zeros(shape, bool))
        masks[-1][box] = True
    mask_crops = [cutter.cut_squares(np.where(mask, FULL, 0).astype(np.uint8), disk, centres) for mask in masks]
    strength = np.abs(difference)
    features = {
        "masked_pixels": _block_means(difference * (mask_crops[0] == FULL)[..., None]),
        "sky": _block_means(difference * (mask_crops[1] == FULL)[..., None]),
        "printed_boxes": np.concatenate([_residue(box, difference) for box in mask_crops[2:]], axis=1),
        "brightness": np.column_stack([strength.mean(axis=(1, 2, 3)), strength.std(axis=(1, 2, 3))]),
    }
    if crop.shape[3] > 1:
        features["colour"] = crop.mean(axis=(1, 2)) / np.maximum(crop.mean(axis=(1, 2, 3)), 1)[:, None]
    return features


def _disks(images: pd.DataFrame) -> list[Disk]:
    """Return where the Sun is in images with ``x``, ``y`` and ``radius``."""
    places = zip(images["x"], images["y"], images["radius"], strict=True)
    return [Disk(x, y, radius, fitted=True) for x, y, radius in places]


def _probes(features: dict[str, Features]) -> dict[str, Probe]:
    """Return the probes that see these features, in the order of `QUESTIONS`."""
    return {name: Probe(*QUESTIONS[name], features[name]) for name in QUESTIONS if name in features}


def _in_force(time: pd.Series, coverage: pd.DataFrame) -> Features:
    """Return 1 where a list is complete at a time, else 0: one row per time, one column per list."""
    complete_lists = coverage[(coverage["status"] == "complete") & (coverage["list"] != "images")]
    names = sorted(complete_lists["list"].unique())
    in_force = np.zeros((len(time), len(names)), np.float32)
    for stretch in complete_lists.itertuples():
        in_force[(time >= stretch.start) & (time < stretch.end), names.index(stretch.list)] = 1
    return in_force


def _header(path: Path) -> dict[str, float]:
    """Return what the headers of a JPEG say, without its Huffman tables and its length: they depend on the picture.

    Of FITS and JPEG 2000, the width and the height.
    """
    if has_header(path):
        return dict(zip(("width", "height"), imaging.size(path), strict=True))
    with Image.open(path) as image:
        return _jpeg_header(image)


def _jpeg_header(image: Image.Image) -> dict[str, float]:
    header: dict[str, float] = {"width": image.width, "height": image.height, "channels": len(image.getbands())}
    for number, values in getattr(image, "quantization", {}).items():
        header |= {f"quantisation {number}, {place}": value for place, value in enumerate(values)}
    for number, (_, across, down, _) in enumerate(getattr(image, "layer", [])):
        header |= {f"samples across {number}": across, f"samples down {number}": down}
    for key, value in image.info.items():
        for place, part in enumerate(value if isinstance(value, tuple) else (value,)):
            # Of a text, such as an editor's notes, the length is taken.
            header[f"{key} {place}"] = float(part if isinstance(part, Real) else len(part))
    return header


def _sky(instrument: Instrument, shape: tuple[int, ...], disk: Disk) -> npt.NDArray[np.bool_]:
    """Return a mask, (H, W) bool, of the pixels that lie beyond the limb and in no printed box."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    edge = imaging.SKY if instrument in MAGNETOGRAPHS else LIMB
    beyond_edge = (columns - disk.x) ** 2 + (rows - disk.y) ** 2 > (edge * disk.radius) ** 2
    return beyond_edge & ~imaging.annotation_mask(instrument, shape)


def _printed(grey: Image.Image, instrument: Instrument) -> Features:
    """Return block means over the printed boxes of a raw image."""
    boxes = [
        grey.resize(BOX[::-1], Image.Resampling.BOX, box=(columns.start, rows.start, columns.stop, rows.stop))
        for rows, columns in imaging.annotation_boxes(instrument, grey.size[::-1])
    ]
    return np.concatenate([np.asarray(box, np.float32).ravel() for box in boxes] or [np.zeros(1, np.float32)])


def _residue(box: npt.NDArray[np.uint8], difference: Features) -> Features:
    """Return block means and extremes of crops (n, width, width, C), inside of a box with masks (n, width, width)."""
    residue = difference * (box == FULL)[..., None]
    means = np.zeros((len(box), *BOX), np.float32)
    for k in np.flatnonzero(residue.any(axis=(1, 2, 3))):
        (left, right), (top, bottom) = (_edges(box[k].max(axis=axis) / FULL) for axis in (0, 1))
        mean, box_of_crop = Image.fromarray(residue[k].mean(axis=2)), (left, top, right, bottom)
        means[k] = np.asarray(mean.resize(BOX[::-1], Image.Resampling.BILINEAR, box=box_of_crop))
    return np.concatenate([means.reshape(len(means), -1), np.abs(residue).max(axis=(1, 2))], axis=1)


def _edges(profile: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return where a stretch of ones with blurred ends begins and ends, to a fraction of a pixel.

    From image to image the disk moves, so that in the crop the print moves by less than a letter. The box follows it.
    """
    full_pixels = np.flatnonzero(profile == 1)
    start, end = int(full_pixels[0]), int(full_pixels[-1]) + 1
    return start - float(profile[max(0, start - BLUR) : start].sum()), end + float(profile[end : end + BLUR].sum())


def _block_means(difference: Features) -> Features:
    """Return means of crops (n, width, width, C) over a grid of blocks, and each channel's largest absolute value."""
    width = difference.shape[1]
    starts = np.linspace(0, width, min(GRID, width), endpoint=False).astype(int)
    means = np.add.reduceat(np.add.reduceat(difference, starts, axis=1), starts, axis=2) * (len(starts) / width) ** 2
    return np.concatenate([means.reshape(len(means), -1), np.abs(difference).max(axis=(1, 2))], axis=1)
