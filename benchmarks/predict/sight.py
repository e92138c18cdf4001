"""The best ROC-AUC that a disk network can reach: ``python -m benchmarks.predict.sight``.

A disk crop is blanked beyond `imaging.SKY`, so a network cannot see regions near the limb. For the question of
``params.yaml``, the data in ``data/`` and the test rows, it prints the ROC-AUC of a forecast that knows the true
probability of each region: of all regions on the disk, and of those that the crop shows. For flares on the simulated
Sun, the simulation gives the probability; for active regions it is 1 for a region with spots, else 0.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from solarflare.core import paths, tables
from solarflare.core.tasks import Task
from solarflare.dataset.samples import samples
from solarflare.dataset.shards.reader import Crops
from solarflare.sun.events import active_regions
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import regions_on_disk, with_positions
from solarflare.sun.labels import labels
from tests import parameters


def main() -> None:
    """Print the ROC-AUC for all regions and for those in sight."""
    question = parameters.load().label.disk
    rows = samples.read_samples(Task.DISK, Crops(Task.DISK.crops).index)
    test = rows[rows["part"] == "test"].drop_duplicates("path")
    all_regions = probabilities(test, question)
    for name, regions in (
        ("all regions on the disk", all_regions),
        ("those in sight", all_regions[all_regions["in_sight"]]),
    ):
        no_event = (1 - regions["probability"]).groupby(regions["path"]).prod().reindex(test["path"], fill_value=1.0)
        print(f"{name}: ROC-AUC {roc_auc_score(test['label'], 1 - no_event):.3f} of {len(test)} test rows")
    if test["true_probability"].notna().all():
        print(f"with those to come: ROC-AUC {roc_auc_score(test['label'], test['true_probability']):.3f}")


def probabilities(images: pd.DataFrame, question: DiskLabel) -> pd.DataFrame:
    """Return each region on the disk of each image with the columns ``probability`` of a yes and ``in_sight``."""
    reports = tables.read(paths.RAW_REGIONS, tables.REGIONS)
    on_disk = with_positions(regions_on_disk(images, reports))
    distance = np.hypot(on_disk["x"], on_disk["y"]) / on_disk["solar_radius"]
    on_disk["in_sight"] = distance < imaging.SKY
    if question.target == "active_region":
        return on_disk.assign(probability=active_regions.has_spots(on_disk).fillna(False).astype(float))
    region_question = RegionLabel(**question.model_dump(exclude={"target"}), max_longitude=90.0, unassigned="ignore")
    flares = tables.read(paths.RAW_FLARES, tables.FLARES)
    coverage = tables.read(paths.RAW_COVERAGE, tables.COVERAGE)
    truth = tables.read(paths.RAW_TRUTH, tables.TRUTH)
    labelled = labels.label_regions(images, flares, reports, coverage, truth, region_question)
    merged = on_disk.merge(labelled[["path", "noaa_ar", "true_probability"]], on=["path", "noaa_ar"], how="left")
    return merged.assign(probability=merged["true_probability"].fillna(0.0))


if __name__ == "__main__":
    main()
