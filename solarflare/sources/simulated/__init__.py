"""The origin `simulated`: a Sun that is physically honest and fully known, so that no data and no network are needed.

`regions` emerge, grow and decay; `flares` come from them; `sphere` places them before the Earth; `magnetogram` and
`euv` take their pictures; `schedule` says when. Every random number follows from the seed and from what it is for, so
that the same parameters give the same bytes however many processes share the work.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.time import Time
from sunpy.coordinates import sun

from solarflare import tables
from solarflare.console import cores, log, progress
from solarflare.errors import InputError
from solarflare.geometry import solar_radius
from solarflare.params import Instrument, Params
from solarflare.sources.simulated import euv, flares, magnetogram, regions, schedule

_simulated: "_Sun"  # in a worker process alone

AT_ONCE = 8  # images that a worker takes at a time
WIDTHS = {"gong": magnetogram.WIDTH, **dict.fromkeys(euv.WAVELENGTH, euv.WIDTH)}


@dataclass(frozen=True)
class _Sun:
    """What a worker needs to draw any image."""

    regions: regions.Regions
    flares: flares.Flares
    seed: int


@dataclass(frozen=True)
class _Job:
    """One image to draw, and where it goes."""

    instrument: Instrument
    time: np.datetime64
    radius: float
    tilt: float
    path: Path


def scrape(params: Params, raw: Path) -> None:
    """Make a Sun and photograph it.

    Parameters
    ----------
    params : Params
        ``scrape.simulated`` says which Sun and how many images, ``label`` which questions they are matched for.
    raw : Path
        An empty folder, filled with the raw contract and ``truth.csv``.

    Raises
    ------
    InputError
        If a task asks for an instrument that is not simulated, or for a question that this Sun has no pairs for.
    """
    chosen = params.scrape.simulated
    for task in params.tasks:
        if (instrument := getattr(params.instrument, task)) not in WIDTHS:
            raise InputError(
                f"params.yaml: instrument.{task} is {instrument}, which is not simulated; choose {', '.join(WIDTHS)}"
            )
    start, end = np.datetime64(chosen.start, "s"), np.datetime64(chosen.end, "s")
    generators = [np.random.default_rng(child) for child in np.random.SeedSequence(chosen.seed).spawn(4)]
    # A month more on either side, so that no window and no report is cut by the span's ends.
    margin = np.timedelta64(31, "D")
    population = regions.emerge(start - margin, end + margin, generators[0])
    rates = flares.true_rates(population, start - margin, end + margin)
    eruptions = flares.erupt(population, rates, generators[1])
    found = {
        "flares": tables.check(
            flares.listed(eruptions, population, rates, generators[2]), tables.FLARES, "the simulated flares"
        ),
        "regions": tables.check(
            regions.daily_reports(population, start - margin, end + margin), tables.REGIONS, "the simulated regions"
        ),
        "coverage": schedule.coverage(start - margin, end + margin, flares.LIST, flares.COMPLETE_FROM),
        "truth": tables.check(rates, tables.TRUTH, "the simulated truth"),
    }
    log.info(
        "%d regions, %d flares of which %d are listed", len(population.born), len(eruptions.flux), len(found["flares"])
    )
    images = _schedule(params, found, generators[3])
    images = _photograph(images, _Sun(population, eruptions, chosen.seed), raw)
    for schema in (tables.FLARES, tables.REGIONS, tables.COVERAGE, tables.TRUTH):
        tables.write(found[str(schema.name)], raw / f"{schema.name}.csv", schema)
    tables.write(images, raw / "images.csv", tables.IMAGES)


def _schedule(params: Params, found: dict[str, pd.DataFrame], generator: np.random.Generator) -> pd.DataFrame:
    """Return instrument, time and pair of all images; two tasks with one instrument have their own images."""
    wanted = {"disk": params.scrape.simulated.disk_images, "region": params.scrape.simulated.region_images}
    parts = [
        schedule.matched(params, task, wanted[task], found, generator).assign(
            instrument=getattr(params.instrument, task)
        )
        for task in sorted(params.tasks)
    ]
    together = pd.concat(parts, ignore_index=True).sort_values(["instrument", "time"], ignore_index=True)
    return together.drop_duplicates(["instrument", "time"], ignore_index=True)


def _photograph(images: pd.DataFrame, simulated: _Sun, raw: Path) -> pd.DataFrame:
    """Draw all images and return their rows of `tables.IMAGES`."""
    radius = solar_radius(images["time"])
    tilt = np.radians(sun.B0(Time(images["time"].to_numpy("datetime64[ns]"))).to_value("deg"))
    folders = images["time"].dt.strftime("%Y/%m/%d")
    instruments, times = images["instrument"].tolist(), images["time"].to_numpy("datetime64[s]")
    names = [schedule.file_name(*image) for image in zip(instruments, times, strict=True)]
    paths = [f"images/{i}/{f}/{n}" for i, f, n in zip(instruments, folders, names, strict=True)]
    jobs = [
        _Job(instrument, time, float(r), float(b), raw / path)
        for instrument, time, r, b, path in zip(instruments, times, radius, tilt, paths, strict=True)
    ]
    facts = list(progress(_drawn(jobs, simulated), len(jobs), "images made"))
    width = images["instrument"].map(WIDTHS)
    return pd.DataFrame(
        {
            "path": paths,
            "instrument": images["instrument"],
            "time": images["time"],
            "width": width,
            "height": width,
            "bytes": [size for size, _ in facts],
            "sha256": [digest for _, digest in facts],
            "pair_id": images["pair_id"],
            "origin": [f"simulated/{folder}/{name}" for folder, name in zip(folders, names, strict=True)],
        }
    )


def _drawn(jobs: list[_Job], simulated: _Sun) -> Iterator[tuple[int, str]]:
    with ProcessPoolExecutor(cores(), initializer=_remember, initargs=(simulated,)) as pool:
        yield from pool.map(_draw, jobs, chunksize=AT_ONCE)


def _remember(simulated: _Sun) -> None:
    """Keep the Sun in a worker, so that it is not sent with every image."""
    global _simulated
    _simulated = simulated


def _draw(job: _Job) -> tuple[int, str]:
    """Draw one image, write it, and return its size in bytes and its SHA-256."""
    its = _simulated
    if job.instrument == "gong":
        content = magnetogram.render(its.regions, job.time, job.radius, job.tilt, its.seed)
    else:
        content = euv.render(job.instrument, its.regions, its.flares, job.time, job.radius, job.tilt, its.seed)
    job.path.parent.mkdir(parents=True, exist_ok=True)
    job.path.write_bytes(content)
    return len(content), hashlib.sha256(content).hexdigest()
