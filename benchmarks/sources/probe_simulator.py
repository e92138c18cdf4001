"""Can images of the simulated Sun be told from real ones? The simulator is changed against this probe, without labels.

Run it from the project's folder: ``python -m benchmarks.sources.probe_simulator ../shared/sun``. It draws the simulated
Sun at the times of the real images, cuts both alike, and lets three models tell them apart: a logistic regression and
boosted trees on statistics of the crops, and the task's compact network. They are tested on blocks of days from which
they learned nothing. It prints each ROC-AUC with its interval; 0.5 means that they cannot be told apart. EUV images are
those before 2014. Magnetograms of HMI stand beside simulated ones in GONG's form: the archive has no series of GONG.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.time import Time
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sunpy.coordinates import sun

from solarflare.core.console import progress
from solarflare.core.tables import REGIONS, empty
from solarflare.core.tasks import Task
from solarflare.core.workers import worker_pool
from solarflare.dataset.crops.cutter import Cutter, places_of
from solarflare.dataset.samples.samples import Rows
from solarflare.dataset.splits.splits import blocks
from solarflare.networks import training
from solarflare.sources.common import event_tables, filenames
from solarflare.sources.common.matching import EventLists
from solarflare.sources.simulated import flare_process, region_evolution, region_reports, schedule
from solarflare.sources.simulated import scrape as simulated
from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument
from solarflare.verification.audit.forecasts import folds
from solarflare.verification.audit.statistics import ByFold
from solarflare.verification.evaluation.baselines import statistics
from solarflare.verification.scores.bootstrap import BlockBootstrap, Interval
from solarflare.verification.scores.scores import Ranking
from tests import parameters
from tests.parameters import AllParams

EUV_END = np.datetime64("2014-01-01", "s")  # the images of 2014 are kept for tests
MAX_LONGITUDE = 65  # degrees from the central meridian
CROPS = 300  # of each Sun, at most
OCTAVES = 6  # bands of the power spectrum
EPOCHS = 15
SEED = 1

Pixels = NDArray[np.uint8]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A kind of crop to compare: how it is cut, and the instruments of the real and of the simulated images."""

    task: Task
    real: Instrument
    drawn: Instrument


KINDS = {
    "region": Kind(Task.REGION, "aia211", "aia211"),
    "disk": Kind(Task.DISK, "aia211", "aia211"),
    "magnetogram": Kind(Task.DISK, "hmi", "gong"),
}


def main() -> None:
    """Print a line for each kind of crop and model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="a folder with real images at any depth, and regions.csv")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="what to compare")
    parser.add_argument("--every", type=int, default=1, help="take each n-th real image only")
    arguments = parser.parse_args()
    chosen = parameters.load()
    training.configure(chosen.compute)
    for name in arguments.kinds:
        kind = KINDS[name]
        end = None if kind.real in MAGNETOGRAPHS else EUV_END
        images = real_images(arguments.archive, kind.real, end).iloc[:: arguments.every]
        real = crops(kind.task, kind.real, images, event_tables.read_regions(arguments.archive / "regions.csv"), chosen)
        with TemporaryDirectory() as folder:
            drawn, lists = draw(kind.drawn, images["time"], Path(folder), chosen)
            made = crops(kind.task, kind.drawn, drawn, lists.regions, chosen)
        for model, auc in probe(kind, real, made, chosen).items():
            print(f"{name}, {model}: ROC-AUC {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]", flush=True)


def real_images(archive: Path, instrument: Instrument, end: np.datetime64 | None = None) -> pd.DataFrame:
    """Return ``path`` and ``time`` of an instrument's images before `end` and their ``folder``, by time."""
    names = sorted(archive.rglob("*.jpg"))
    stamps = [(path, filenames.parse(path.name)) for path in names]
    rows = [
        (str(path.relative_to(archive)), pd.Timestamp(stamp.time), str(archive))
        for path, stamp in stamps
        if stamp and stamp.instrument == instrument
    ]
    df = pd.DataFrame(rows, columns=["path", "time", "folder"]).sort_values("time", ignore_index=True)
    return df if end is None else df[df["time"] < end]


def draw(instrument: Instrument, times: pd.Series, folder: Path, chosen: AllParams) -> tuple[pd.DataFrame, EventLists]:
    """Draw the Sun of the parameters at some times; return a table like that of `real_images`, and that Sun's lists."""
    settings = chosen.scrape.simulated
    start = min(np.datetime64(settings.start, "s"), times.min().to_datetime64()) - simulated.MARGIN
    end = max(np.datetime64(settings.end, "s"), times.max().to_datetime64()) + simulated.MARGIN
    start, end, seed = start.astype("datetime64[s]"), end.astype("datetime64[s]"), settings.seed
    for_regions, for_flares, for_list = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    regions = region_evolution.emerge(start, end, for_regions)
    rates = flare_process.true_rates(regions, start, end)
    flares = flare_process.erupt(regions, rates, for_flares)
    lists = EventLists(
        flares=flare_process.listed(flares, regions, rates, for_list),
        regions=region_reports.daily(regions, start, end),
        coverage=schedule.coverage(start, end, flare_process.LIST, flare_process.COMPLETE_FROM),
    )
    moments = times.to_numpy("datetime64[s]")
    tilts = np.asarray(sun.B0(Time(times.to_numpy("datetime64[ns]"))).to_value(u.rad))
    paths = [schedule.file_name(instrument, moment) for moment in moments]
    jobs = list(zip(moments, solar_radius(times), tilts, paths, strict=True))
    write = partial(_write, simulated.SimulatedSun(regions, flares, seed), instrument, folder)
    with worker_pool() as pool:
        list(progress(pool.map(write, jobs, chunksize=8), len(jobs), f"images of {instrument} drawn"))
    return pd.DataFrame({"path": paths, "time": times.to_numpy(), "folder": str(folder)}), lists


def _write(
    observed: simulated.SimulatedSun, instrument: Instrument, folder: Path, job: tuple[np.datetime64, float, float, str]
) -> None:
    time, radius, tilt, name = job
    (folder / name).write_bytes(simulated.render(observed, instrument, time, float(radius), float(tilt)))


def crops(
    task: Task, instrument: Instrument, images: pd.DataFrame, regions: pd.DataFrame, chosen: AllParams
) -> tuple[pd.DataFrame, Pixels]:
    """Return ``time`` and the crop of each disk, or of each region with spots near the middle of the disk."""
    places = places_of(task, images, regions if task == Task.REGION else empty(REGIONS))
    if task == Task.REGION:
        places = places[(places["longitude"].abs() <= MAX_LONGITUDE) & (places["spots"] > 0)]
    if len(places) > CROPS:
        places = places.sample(CROPS, random_state=SEED).sort_index()
    return cut(task, instrument, images, places, chosen)


def cut(
    task: Task, instrument: Instrument, images: pd.DataFrame, places: pd.DataFrame, chosen: AllParams
) -> tuple[pd.DataFrame, Pixels]:
    """Return rows of `places_of`, in the order of their images, and the crop of each."""
    cutter = Cutter(task, instrument, Path(images["folder"].iloc[0]), chosen.crop)
    of_images = [of_image for _, of_image in places.groupby("path", sort=False)]
    parts = [cutter(of_image)[1] for of_image in progress(of_images, len(of_images), "images cut")]
    return pd.concat(of_images, ignore_index=True), np.concatenate(parts)


def probe(
    kind: Kind, real: tuple[pd.DataFrame, Pixels], made: tuple[pd.DataFrame, Pixels], chosen: AllParams
) -> dict[str, Interval]:
    """Return the ROC-AUC with which each model tells real crops from simulated ones of other days."""
    images = np.concatenate([real[1], made[1]])
    label = np.repeat([1, 0], [len(real[1]), len(made[1])])
    block = blocks(pd.concat([real[0]["time"], made[0]["time"]], ignore_index=True), chosen.split.block_days)
    fold = folds(label, block)
    if fold is None:
        raise SystemExit("error: the images lie in one block of days; take an archive of more than a month")
    plan = BlockBootstrap(block, chosen.evaluate.resamples, SEED)
    seen = features(images, kind.drawn)
    scores = {
        "logistic": _by_model(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)), seen, label, fold),
        "boosting": _by_model(HistGradientBoostingClassifier(random_state=SEED), seen, label, fold),
        "network": _by_network(kind.task, images, label, fold, chosen),
    }
    return {name: roc_auc(ByFold(label, score, fold), plan) for name, score in scores.items()}


def roc_auc(ranking: ByFold | Ranking, plan: BlockBootstrap) -> Interval:
    """Return the ROC-AUC of a ranking, with its interval."""

    def statistic(weight: Values) -> dict[str, Values]:
        return {"roc_auc": ranking.roc_auc(weight)}

    ones = np.ones((1, len(plan.groups.number)))
    return plan.interval(float(ranking.roc_auc(ones)[0]), plan.draws(statistic)["roc_auc"])


def features(images: Pixels, instrument: Instrument) -> Values:
    """Return what the trees see of crops (N, H, W, C): statistics, (N, k).

    Mean, spread and balance of the colours, as the audit's confounders see them, the seven statistics of the baseline
    `logistic`, and the logarithm of the power in `OCTAVES` bands of spatial frequency.
    """
    pixels = images.astype(np.float32)
    grey = pixels.mean(axis=3)
    mean = np.maximum(grey.mean(axis=(1, 2)), 1)
    colour = pixels.mean(axis=(1, 2)) / mean[:, None]
    width = grey.shape[1]
    window = np.hanning(width)[:, None] * np.hanning(width)
    power = np.abs(np.fft.rfft2((grey - mean[:, None, None]) * window)) ** 2
    k = np.hypot(np.fft.fftfreq(width)[:, None], np.fft.rfftfreq(width)[None, :])
    octave = np.clip(np.floor(-np.log2(np.maximum(k, 1e-9))), 0, OCTAVES - 1)
    bands = [power[:, octave == number].mean(axis=1) for number in range(OCTAVES) if (octave == number).any()]
    return np.column_stack([statistics(images, instrument), colour, np.log(np.column_stack(bands) + 1)])


def _by_model(
    model: HistGradientBoostingClassifier | Pipeline, seen: Values, label: NDArray[np.int64], fold: NDArray[np.int64]
) -> Values:
    score = np.zeros(len(label))
    for k in np.unique(fold):
        fitted = model.fit(seen[fold != k], label[fold != k])
        score[fold == k] = fitted.predict_proba(seen[fold == k])[:, 1]
    return score


def _by_network(
    task: Task, images: Pixels, label: NDArray[np.int64], fold: NDArray[np.int64], chosen: AllParams
) -> Values:
    settings = chosen.train(task).model_copy(
        update={
            "network": "compact" if task == Task.DISK else "compact_pooled",
            "ensemble": 1,
            "epochs": EPOCHS,
            "flips": False,
        }
    )
    held = Held(images)
    score = np.zeros(len(label))
    for k in progress(np.unique(fold), len(np.unique(fold)), "networks trained"):
        learned, tested = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        model, _ = training.fit(held, Rows(learned, label[learned]), None, settings, polarity=False)
        score[tested] = training.predict(model, held, tested)
    return score


@dataclass(frozen=True)
class Held:
    """Images in memory, by position."""

    pixels: Pixels

    def take(self, positions: NDArray[np.int64]) -> Pixels:
        """Return images (N, H, W, C)."""
        return self.pixels[positions]


if __name__ == "__main__":
    main()
