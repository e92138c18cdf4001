"""Forecasts for real magnetograms by the disk network that was trained on the simulated Sun; never used for tuning.

Run it from the project's folder after ``make``: ``python -m benchmarks.predict.simulated_to_real ../shared/sun``. For
GONG images it prints each probability. HMI images have another scale of grey, so their probabilities mean nothing; for
them it prints the rank correlation of the network's logit with the image's strong-field area and with the day's number
of flares.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import spearmanr

from solarflare.core.console import progress
from solarflare.core.tables import REGIONS, empty
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter, places_of
from solarflare.networks import saved_model, training
from solarflare.sources.common import event_tables, filenames
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.evaluation.baselines import statistics
from tests import parameters

STRONG_FIELD = -1  # the index of the share of strong field in the statistics


def main() -> None:
    """Print a line for each GONG image in a folder, and two rank correlations over its HMI images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder with magnetograms at any depth, and flares.csv")
    folder = parser.parse_args().folder
    training.configure(parameters.load().compute.threads)
    gong, crops = cut(folder, "gong")
    for name, probability in zip(gong["path"], saved_model.probabilities(Task.DISK.model, crops), strict=True):
        print(f"{Path(name).name}: active with probability {probability:.3f}")
    hmi, crops = cut(folder, "hmi")
    if len(hmi):
        logits = logit(np.clip(saved_model.probabilities(Task.DISK.model, crops), 1e-7, 1 - 1e-7))
        strong = statistics(crops, "hmi")[:, STRONG_FIELD]
        day = hmi["time"].dt.floor("D")
        flares = event_tables.read_flares(folder / "flares.csv")["start"].dt.floor("D").value_counts()
        report("strong-field area of the image", logits, strong)
        daily = pd.DataFrame({"day": day, "logits": logits}).groupby("day")["logits"].mean()
        report("number of flares of the day", daily.to_numpy(), flares.reindex(daily.index, fill_value=0).to_numpy())


def cut(folder: Path, instrument: Instrument) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
    """Return path and time of each image of an instrument, and their full-disk crops, (N, H, W, 1)."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    stamps = {name: filenames.parse(Path(name).name) for name in names}
    rows = [
        (name, pd.Timestamp(stamp.time)) for name, stamp in stamps.items() if stamp and stamp.instrument == instrument
    ]
    images = pd.DataFrame(rows, columns=["path", "time"])
    cutter = Cutter(Task.DISK, instrument, folder, parameters.load().crop)
    crops = np.zeros((len(images), *cutter.shape), dtype=np.uint8)
    if len(images):
        places = places_of(Task.DISK, images, empty(REGIONS))
        for row in progress(range(len(images)), len(images), f"images of {instrument} cut"):
            crops[row] = cutter(places.iloc[[row]])[1][0]
    return images, crops


def report(name: str, logits: NDArray, values: NDArray) -> None:
    """Print the rank correlation of the logits with other values of the same rows."""
    result = spearmanr(logits, values)
    print(f"rank correlation of the logit with the {name}: {result.statistic:.2f} (n = {len(logits)})")


if __name__ == "__main__":
    main()
