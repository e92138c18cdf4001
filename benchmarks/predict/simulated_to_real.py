"""Networks that were trained on the simulated Sun alone, asked about the real one. Real labels only score them.

Run it from the project's folder: ``python -m benchmarks.predict.simulated_to_real ../shared/sun``. It draws the
simulated Sun at the times of the archive's EUV images before 2014, cuts and labels it as the profile `sdo-euv` does the
real Sun, trains the networks of that profile and the baseline `logistic` on it, and prints how well they rank the real
images, by year. With ``--models models`` it also prints what the disk network of ``make`` makes of the archive's
magnetograms: of GONG images each probability; of HMI images, which have another scale of grey, two rank correlations.

Each reading of the real labels is counted in ``docs/simulated.md``: do not choose the simulator by them.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import spearmanr

from benchmarks.sources.probe_simulator import EUV_END, SEED, Held, cut, draw, real_images, roc_auc
from solarflare.core.tables import REGIONS, empty
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import places_of
from solarflare.dataset.samples.regression import logistic
from solarflare.dataset.samples.samples import Rows
from solarflare.dataset.splits.splits import blocks
from solarflare.networks import saved_model, training
from solarflare.sources.common import coverage, event_tables
from solarflare.sources.common.matching import EventLists
from solarflare.sun.images.instruments import Instrument
from solarflare.sun.labels.labels import label_images
from solarflare.tracking import profiles
from solarflare.verification.evaluation.baselines import statistics
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Ranking
from tests import parameters
from tests.parameters import AllParams

PROFILE = "sdo-euv"
INSTRUMENT: Instrument = "aia211"
MEMBERS = 3  # networks of an ensemble
STRONG_FIELD = -1  # the index of the share of strong field in the statistics


def main() -> None:
    """Print a line for each task and year, and what a trained network says of magnetograms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="a folder with images at any depth, flares.csv and regions.csv")
    parser.add_argument("--every", type=int, default=1, help="draw at the time of each n-th image only")
    parser.add_argument("--tasks", nargs="*", choices=[*TASKS], default=[*TASKS], help="what to train")
    parser.add_argument("--models", type=Path, help="the folder of the networks of `make`, for magnetograms")
    arguments = parser.parse_args()
    training.configure(parameters.load().compute)
    if arguments.tasks:
        euv(arguments.archive, [Task(name) for name in arguments.tasks], arguments.every)
    if arguments.models:
        magnetograms(arguments.archive, arguments.models / Task.DISK)


def euv(archive: Path, tasks: list[Task], every: int) -> None:
    """Train on the simulated Sun, and print ROC-AUC on the real one, by year."""
    chosen = as_profile()
    images = real_images(archive, INSTRUMENT)
    lists = event_lists(archive)
    with TemporaryDirectory() as folder:
        drawn, drawn_lists = draw(INSTRUMENT, images["time"][images["time"] < EUV_END][::every], Path(folder), chosen)
        simulated = {task: labelled(task, drawn, drawn_lists, chosen) for task in tasks}
    for task in tasks:
        rows, crops = simulated[task]
        label = rows["label"].to_numpy(np.int64)
        print(f"{task}: trained on {len(label)} simulated crops, {label.sum()} of them positive")
        settings = chosen.train(task).model_copy(update={"ensemble": MEMBERS, "patience": None, "teacher": 0.0})
        model, _ = training.fit(Held(crops), Rows(np.arange(len(label)), label), None, settings, polarity=False)
        regression = logistic(statistics(crops, INSTRUMENT), label)
        rows, crops = labelled(task, images, lists, chosen)
        scores = {
            "network": training.predict(model, Held(crops), np.arange(len(rows))),
            "logistic": regression.predict_proba(statistics(crops, INSTRUMENT))[:, 1],
        }
        for name, score in scores.items():
            report(f"{task}, {name}", rows, score, chosen)


def event_lists(archive: Path) -> EventLists:
    """Return the flares and region reports of an archive, and their coverage."""
    flares = event_tables.read_flares(archive / "flares.csv")
    reports = event_tables.read_regions(archive / "regions.csv")
    return EventLists(event_tables.merge_lists(flares), reports, coverage.infer(flares, reports))


def as_profile() -> AllParams:
    """Return the parameters with the questions, crops and networks of the profile."""
    content = parameters.load().model_dump(mode="json")
    for key, value in profiles.read(PROFILE).overrides.items():
        *groups, last = key.split(".")
        group = content
        for name in groups:
            group = group[name]
        group[last] = value
    return parameters.parse(content)


def labelled(task: Task, images: pd.DataFrame, lists: EventLists, chosen: AllParams) -> tuple[pd.DataFrame, NDArray]:
    """Return the rows of a task that have an answer, with ``label``, and their crops."""
    table = label_images(
        images.assign(pair_id=""), lists.flares, lists.regions, lists.coverage, None, chosen.label.of(task)
    )
    key = ["path", "noaa_ar"] if task == Task.REGION else ["path"]
    answers = table.dropna(subset="label")[[*key, "label"]]
    places = places_of(task, images, lists.regions if task == Task.REGION else empty(REGIONS))
    return cut(task, INSTRUMENT, images, places.merge(answers, on=key), chosen)


def report(what: str, rows: pd.DataFrame, score: NDArray, chosen: AllParams) -> None:
    """Print the ROC-AUC of all years, and of each."""
    block = blocks(rows["time"], chosen.split.block_days)
    year = rows["time"].dt.year.to_numpy()
    for name, part in {"all": year > 0, **{str(number): year == number for number in np.unique(year)}}.items():
        label = rows["label"].to_numpy(np.int64)[part]
        counts = f"{what}, {name}: {len(label)} real rows, {label.sum()} positive"
        if len(np.unique(label)) < 2:
            print(counts)
            continue
        interval = roc_auc(Ranking(label, score[part]), BlockBootstrap(block[part], chosen.evaluate.resamples, SEED))
        print(f"{counts}, ROC-AUC {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]", flush=True)


def magnetograms(archive: Path, model: Path) -> None:
    """Print a line for each GONG image, and two rank correlations over the HMI images."""
    gong, crops = magnetogram_crops(archive, "gong")
    if len(gong):
        for name, probability in zip(gong["path"], saved_model.probabilities(model, crops), strict=True):
            print(f"{Path(name).name}: active with probability {probability:.3f}")
    hmi, crops = magnetogram_crops(archive, "hmi")
    if len(hmi):
        logits = logit(np.clip(saved_model.probabilities(model, crops), 1e-7, 1 - 1e-7))
        strong = statistics(crops, "hmi")[:, STRONG_FIELD]
        day = hmi["time"].dt.floor("D")
        flares = event_tables.read_flares(archive / "flares.csv")["start"].dt.floor("D").value_counts()
        daily = pd.DataFrame({"day": day, "logits": logits}).groupby("day")["logits"].mean()
        correlate("strong-field area of the image", logits, strong)
        correlate("number of flares of the day", daily.to_numpy(), flares.reindex(daily.index, fill_value=0).to_numpy())


def magnetogram_crops(archive: Path, instrument: Instrument) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
    """Return path and time of each image of an instrument, and their full-disk crops, (N, H, W, 1)."""
    images = real_images(archive, instrument)
    if images.empty:
        return images, np.zeros((0, 1, 1, 1), np.uint8)
    return cut(Task.DISK, instrument, images, places_of(Task.DISK, images, empty(REGIONS)), parameters.load())


def correlate(name: str, logits: NDArray, values: NDArray) -> None:
    """Print the rank correlation of the logits with other values of the same rows."""
    result = spearmanr(logits, values)
    print(f"rank correlation of the logit with the {name}: {result.statistic:.2f} (n = {len(logits)})")


if __name__ == "__main__":
    main()
