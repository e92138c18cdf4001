"""Measures how much of a network's attribution lies on the Sun, near regions, and in printed boxes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.sun.events.active_regions import has_spots
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import regions_on_disk, with_positions
from solarflare.sun.images.disk import Disk
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap

SAMPLE = 64  # test rows that are explained at most; a full disk takes 0.05 s for each network of an ensemble

NEAR = {"disk": 10.0, "region": 5.0}  # degrees on the Sun; a cutout shows little more than 10 around its region
FULL = 255  # a pixel of a cut mask has this value if it was interpolated only from pixels in the mask

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Attribution:
    """Contributions of the pixels of n images to a network's logits.

    The maps (n, H, W) are summed over the channels. Positive values speak for label 1. The gap (n,) is the logit of
    each image minus the logit of the baseline. The sum of a perfect map equals its gap.
    """

    maps: npt.NDArray[np.float32]
    gap: npt.NDArray[np.float32]

    def divided(self, count: int) -> tuple["Attribution", "Attribution"]:
        """Return the attribution of the first `count` images, and that of the others."""
        first, others = slice(count), slice(count, None)
        return Attribution(self.maps[first], self.gap[first]), Attribution(self.maps[others], self.gap[others])


def sample(test: pd.DataFrame) -> pd.DataFrame:
    """Return at most `SAMPLE` of the test rows, evenly spread."""
    return test.iloc[np.unique(np.linspace(0, len(test) - 1, min(len(test), SAMPLE)).round().astype(int))]


def explain(
    tested: pd.DataFrame,
    attribution: Attribution,
    crops: pd.DataFrame,
    regions: pd.DataFrame,
    cutter: Cutter,
    settings: Evaluate,
) -> dict[str, Any]:
    """Return the result of `assess` for n test rows and their attribution.

    The rows have ``path``, ``time``, ``position`` and ``block``. Rows of cutouts also have the ``latitude`` and the
    ``longitude`` of their regions. `crops` has the columns of `tables.CROPS`. Its row k is the crop at position k.
    """
    images = tables.read(cutter.raw / "images.csv", tables.IMAGES).set_index("path")[["width", "height"]]
    placed = tested.join(images, on="path").join(crops[["x", "y", "radius"]], on="position")
    plan = BlockBootstrap(tested["block"].to_numpy(), settings.resamples, settings.seed)
    return assess(attribution, places(placed, regions, cutter), plan)


def places(tested: pd.DataFrame, regions: pd.DataFrame, cutter: Cutter) -> dict[str, Mask]:
    """Return masks, (n, width, width), of each crop's pixels that lie on the disk, in printed boxes, and near a region.

    The masks are ``inside_disk``, ``printed_boxes`` and a third one. For full disks it is ``near_regions``: within
    `NEAR` of a region with spots. For cutouts it is ``near_centre``: within `NEAR` of the cutout's region. The rows
    have the columns of `explain`, the disk's ``x``, ``y`` and ``radius``, and the image's ``width`` and ``height``.
    """
    located_rows = with_positions(tested)
    if cutter.task == Task.DISK:
        on_disk = regions_on_disk(tested, regions)
        near, centres = "near_regions", with_positions(on_disk[has_spots(on_disk).fillna(False)])
    else:
        near, centres = "near_centre", located_rows
    masks: dict[str, list[Mask]] = {"inside_disk": [], "printed_boxes": [], near: []}
    for index, row in tested.iterrows():
        shape, disk = (int(row["height"]), int(row["width"])), Disk(row["x"], row["y"], row["radius"], fitted=True)
        of_image = centres[centres["path"] == row["path"]] if cutter.task == Task.DISK else centres.loc[[index]]
        on_sun, within = on_sphere(shape, disk, of_image, NEAR[cutter.task])
        printed = imaging.annotation_mask(cutter.instrument, shape)
        for name, mask in zip(masks, (on_sun, printed, within), strict=True):
            crop = cutter.cut_squares(np.where(mask, FULL, 0).astype(np.uint8), disk, located_rows.loc[[index]])
            masks[name].append(crop[0] == FULL)
    return {name: np.stack(of_rows) for name, of_rows in masks.items()}


def on_sphere(shape: tuple[int, int], disk: Disk, centres: pd.DataFrame, degrees: float) -> tuple[Mask, Mask]:
    """Return two masks, (H, W): the pixels on the Sun, and the pixels within `degrees` of one of the `centres`.

    The centres are a table of `coordinates.with_positions`. The Sun is taken as a sphere seen from infinity. The Earth
    is 215 solar radii away, so a place is off by at most 0.25 degrees.
    """
    rows, columns = np.indices(shape)
    pixels = on_unit_sphere((columns - disk.x) / disk.radius, (disk.y - rows) / disk.radius)
    on_sun = pixels[..., 2] > 0
    if centres.empty:
        return on_sun, np.zeros(shape, bool)
    directions = on_unit_sphere(*(centres[axis].to_numpy() / centres["solar_radius"].to_numpy() for axis in ("x", "y")))
    return on_sun, on_sun & (pixels @ directions.T >= np.cos(np.radians(degrees))).any(axis=-1)


def on_unit_sphere(west: npt.ArrayLike, north: npt.ArrayLike) -> Values:
    """Return points on the unit sphere, (..., 3): west, north and towards the Earth. The last is 0 beyond the limb."""
    west, north = np.asarray(west), np.asarray(north)
    return np.stack([west, north, np.sqrt(np.maximum(0, 1 - west**2 - north**2))], axis=-1)


def assess(attribution: Attribution, masks: Mapping[str, Mask], plan: BlockBootstrap) -> dict[str, Any]:
    """Return the share of the attribution in each place, and the share of the area for comparison, ready for JSON.

    Each of the n maps has the same weight, and absolute values count. ``n`` is the number of maps.
    ``completeness_error`` is the sum of the absolute differences between a map's sum and its gap, divided by the sum of
    the absolute gaps. Each place has ``n``, the number of crops that show it, ``area``, its mean share of the pixels of
    these crops, and ``mass``, its mean share of their attribution, with an interval. A place that no crop shows is
    ``{"absent": reason}``.
    """
    size = np.abs(attribution.maps).astype(np.float64)
    total = size.sum(axis=(1, 2))
    missing = np.abs(attribution.maps.sum(axis=(1, 2), dtype=np.float64) - attribution.gap).sum()
    error = missing / np.abs(attribution.gap).sum()
    content: dict[str, Any] = {"n": len(size), "completeness_error": float(error)}
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
    """Return the mean of the values of some rows in every resample. It is NaN in a resample without these rows."""

    def mean(weight: Values) -> dict[str, Values]:
        with np.errstate(invalid="ignore"):
            return {"mean": weight[:, rows] @ values / weight[:, rows].sum(axis=1)}

    return plan.draws(mean)["mean"]
