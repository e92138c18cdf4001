"""How much of a full disk's answer lies where its crop shows the Sun: ``python -m benchmarks.predict.sight``.

For the question of ``params.yaml`` and the data in ``data/``, on the rows of the test. Regions beyond `imaging.SKY` are
blanked with the ragged edge of the disk, and no network that sees the crop alone can know of them. It prints the
ROC-AUC of somebody who knows of each other region what the labels know of it: whether it has spots, or, where flares
are asked for on the simulated Sun, its true probability.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.samples import samples
from solarflare.dataset.shards.reader import Crops
from solarflare.sun.events import active
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images import imaging
from solarflare.sun.images.geometry import located, regions_on_disk
from solarflare.sun.labels import labels
from tests import parameters

RAW = Path("data/raw")


def main() -> None:
    """Print the ceiling of all regions and of those in sight."""
    question = parameters.load().label.disk
    rows = samples.read_samples(Task.DISK, Crops(Path("data/crops/disk")).index)
    test = rows[rows["part"] == "test"].drop_duplicates("path")
    known = probabilities(test, question)
    for what, regions in (("all regions on the disk", known), ("those in sight", known[known["in_sight"]])):
        none = (1 - regions["probability"]).groupby(regions["path"]).prod().reindex(test["path"], fill_value=1.0)
        print(f"{what}: ROC-AUC {roc_auc_score(test['label'], 1 - none):.3f} of {len(test)} test rows")
    if test["true_probability"].notna().all():
        print(f"with those to come: ROC-AUC {roc_auc_score(test['label'], test['true_probability']):.3f}")


def probabilities(images: pd.DataFrame, question: DiskLabel) -> pd.DataFrame:
    """Return each region on the disk of each image, how probably it makes the answer yes, and whether it is seen."""
    listed = tables.read(RAW / "regions.csv", tables.REGIONS)
    on_disk = located(regions_on_disk(images, listed))
    distance = np.hypot(on_disk["x"], on_disk["y"]) / on_disk["solar_radius"]
    on_disk["in_sight"] = distance < imaging.SKY
    if question.target == "active_region":
        return on_disk.assign(probability=active.spotted(on_disk).fillna(False).astype(float))
    of_regions = RegionLabel(**question.model_dump(exclude={"target"}), max_longitude=90.0, unassigned="ignore")
    flares, coverage, truth = (
        tables.read(RAW / f"{name}.csv", schema)
        for name, schema in (("flares", tables.FLARES), ("coverage", tables.COVERAGE), ("truth", tables.TRUTH))
    )
    answered = labels.label_regions(images, flares, listed, coverage, truth, of_regions)
    merged = on_disk.merge(answered[["path", "noaa_ar", "true_probability"]], on=["path", "noaa_ar"], how="left")
    return merged.assign(probability=merged["true_probability"].fillna(0.0))


if __name__ == "__main__":
    main()
