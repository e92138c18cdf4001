"""How much of what a network's answers rest on lies where the Sun is, and how much where it is not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.sun.events.active import spotted
from solarflare.sun.images import imaging
from solarflare.sun.images.geometry import Disk, located, regions_on_disk
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap

SAMPLE = 64
"""Test rows that are explained, evenly spread over all. A full disk takes a twentieth of a second for each network that
is asked."""

NEAR = {"disk": 10.0, "region": 5.0}
"""Degrees on the Sun that count as near a region. A cutout shows little more than 10 around its own."""

WHOLLY = 255
"""Value of a pixel that lies in a mask with all that it was interpolated from."""

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Attribution:
    """What the pixels of n images contribute to a network's logits.

    Attributes
    ----------
    maps : (n, H, W) float32
        Summed over the channels; what is positive speaks for label 1.
    gap : (n,) float32
        The logit of each image less that of the baseline, which a perfect map adds up to.
    """

    maps: npt.NDArray[np.float32]
    gap: npt.NDArray[np.float32]


def sample(test: pd.DataFrame) -> pd.DataFrame:
    """Return `SAMPLE` of the test rows at most, evenly spread."""
    return test.iloc[np.unique(np.linspace(0, len(test) - 1, min(len(test), SAMPLE)).round().astype(int))]


def explain(
    tested: pd.DataFrame,
    found: Attribution,
    crops: pd.DataFrame,
    regions: pd.DataFrame,
    cutter: Cutter,
    settings: Evaluate,
) -> dict[str, Any]:
    """Return what `assess` says of test rows.

    Parameters
    ----------
    tested : DataFrame
        The n rows: ``path``, ``time``, ``position`` and ``block``, and of a cutout the ``latitude`` and ``longitude``
        of its region.
    found : Attribution
        Of these rows.
    crops : DataFrame
        Of `tables.CROPS`, by position.
    regions : DataFrame
        Of `tables.REGIONS`.
    cutter : Cutter
        That cut the crops.
    settings : Evaluate
        Resamples and their seed.
    """
    images = tables.read(cutter.raw / "images.csv", tables.IMAGES).set_index("path")[["width", "height"]]
    placed = tested.join(images, on="path").join(crops[["x", "y", "radius"]], on="position")
    plan = BlockBootstrap(tested["block"].to_numpy(), settings.resamples, settings.seed)
    return assess(found, places(placed, regions, cutter), plan)


def places(tested: pd.DataFrame, regions: pd.DataFrame, cutter: Cutter) -> dict[str, Mask]:
    """Return which pixels of each crop lie on the disk, where something was printed, and near a region.

    Parameters
    ----------
    tested : DataFrame
        The n rows: ``path``, ``time``, the disk's ``x``, ``y`` and ``radius``, the image's ``width`` and ``height``,
        and of a cutout the ``latitude`` and ``longitude`` of its region.
    regions : DataFrame
        Of `tables.REGIONS`.
    cutter : Cutter
        That cut the crops.

    Returns
    -------
    dict of (n, width, width) bool
        ``inside_disk``; ``printed_boxes``; and of full disks ``near_regions``, within `NEAR` of a region with spots, of
        cutouts ``near_centre``, within `NEAR` of its own.
    """
    around = located(tested)
    if cutter.task == Task.DISK:
        on_disk = regions_on_disk(tested, regions)
        near, centres = "near_regions", located(on_disk[spotted(on_disk).fillna(False)])
    else:
        near, centres = "near_centre", around
    found: dict[str, list[Mask]] = {"inside_disk": [], "printed_boxes": [], near: []}
    for index, row in tested.iterrows():
        shape, disk = (int(row["height"]), int(row["width"])), Disk(row["x"], row["y"], row["radius"], fitted=True)
        of_image = centres[centres["path"] == row["path"]] if cutter.task == Task.DISK else centres.loc[[index]]
        inside, within = on_sphere(shape, disk, of_image, NEAR[cutter.task])
        masks = inside, imaging.printed(cutter.instrument, shape), within
        for name, mask in zip(found, masks, strict=True):
            cut = cutter.squares(np.where(mask, WHOLLY, 0).astype(np.uint8), disk, around.loc[[index]])
            found[name].append(cut[0] == WHOLLY)
    return {name: np.stack(masks) for name, masks in found.items()}


def on_sphere(shape: tuple[int, int], disk: Disk, centres: pd.DataFrame, degrees: float) -> tuple[Mask, Mask]:
    """Return which pixels, (H, W), show the Sun, and which of it lies within some degrees of one of the `centres`.

    The Sun is a sphere seen from very far: from the Earth, at 215 radii, a place is a quarter of a degree off at most.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    disk : Disk
        Where the Sun is.
    centres : DataFrame
        Of `geometry.located`, with ``x``, ``y`` and ``solar_radius`` in arcsec.
    degrees : float
        Of a great circle.
    """
    rows, columns = np.indices(shape)
    pixels = towards_us((columns - disk.x) / disk.radius, (disk.y - rows) / disk.radius)
    inside = pixels[..., 2] > 0
    if centres.empty:
        return inside, np.zeros(shape, bool)
    middles = towards_us(*(centres[axis].to_numpy() / centres["solar_radius"].to_numpy() for axis in ("x", "y")))
    return inside, inside & (pixels @ middles.T >= np.cos(np.radians(degrees))).any(axis=-1)


def towards_us(west: npt.ArrayLike, north: npt.ArrayLike) -> Values:
    """Return places on the unit sphere, (..., 3): west, north, and the rest towards the Earth, 0 beyond the limb."""
    west, north = np.asarray(west), np.asarray(north)
    return np.stack([west, north, np.sqrt(np.maximum(0, 1 - west**2 - north**2))], axis=-1)


def assess(found: Attribution, masks: Mapping[str, Mask], plan: BlockBootstrap) -> dict[str, Any]:
    """Return how much of the attribution lies in each place, beside how much a uniform map would have there.

    Parameters
    ----------
    found : Attribution
        Of n rows; each map weighs the same, and signs do not count.
    masks : mapping of (n, H, W) bool
        Of `places`.
    plan : BlockBootstrap
        The resamples of these n rows.

    Returns
    -------
    dict
        Ready for JSON: ``n``; ``completeness_error``, how much the sums of the maps differ from the gaps, as a share
        of these, both summed over the rows; by place ``n``, the rows whose crop shows any of it, ``area``, its mean
        share of their pixels, and with its interval ``mass``, its mean share of their attribution. A place that no
        crop shows is ``{"absent": reason}``.
    """
    size = np.abs(found.maps).astype(np.float64)
    total = size.sum(axis=(1, 2))
    missing = np.abs(found.maps.sum(axis=(1, 2), dtype=np.float64) - found.gap).sum() / np.abs(found.gap).sum()
    content: dict[str, Any] = {"n": len(size), "completeness_error": float(missing)}
    for name, mask in masks.items():
        shown = mask.any(axis=(1, 2)) & (total > 0)
        if not shown.any():
            content[name] = {"absent": "no explained crop shows it"}
            continue
        mass = (size * mask).sum(axis=(1, 2))[shown] / total[shown]
        interval = plan.interval(float(mass.mean()), _means(mass, shown, plan))
        content[name] = {"n": int(shown.sum()), "area": float(mask[shown].mean()), "mass": asdict(interval)}
    return rounded(content)


def _means(values: Values, rows: Mask, plan: BlockBootstrap) -> Values:
    """Return the mean of some rows' values in every resample; NaN in one that has none of these rows."""

    def mean(weight: Values) -> dict[str, Values]:
        with np.errstate(invalid="ignore"):
            return {"mean": weight[:, rows] @ values / weight[:, rows].sum(axis=1)}

    return plan.draws(mean)["mean"]
