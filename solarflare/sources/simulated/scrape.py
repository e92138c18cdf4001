"""Simulates a Sun with realistic physics and known truth. It needs no data and no network.

`region_evolution`: active regions emerge, grow and decay. `region_reports`: the daily reports of the regions.
`flare_process`: the flares of the regions. `elements`: the magnetic flux of the regions. `magnetogram` draws that flux,
and `euv` draws the corona above it. `schedule` and `original_sampling` choose the times of the images. Every random
number is derived from the seed and its purpose. The same parameters therefore give the same bytes with any number of
processes.
"""

import hashlib
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.time import Time
from sunpy.coordinates import sun

from solarflare.core import tables
from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.core.workers import worker_pool
from solarflare.sources.common import matching
from solarflare.sources.simulated import (
    euv,
    flare_process,
    magnetogram,
    original_sampling,
    region_evolution,
    region_reports,
    schedule,
)
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.instruments import Instrument

log = logging.getLogger("solarflare")

WIDTHS: dict[Instrument, int] = {"gong": magnetogram.WIDTH, **dict.fromkeys(euv.DISPLAYS, euv.WIDTH)}
"""The simulated instruments, and the side of their images in pixels."""

MARGIN = np.timedelta64(31, "D")
"""Additional time simulated before and after the span, so that its ends cut no window and no report."""

CHUNK = 16
"""Number of images that a worker process receives at a time."""


@dataclass(frozen=True)
class SimulatedSun:
    """Everything needed to draw an image at any time."""

    regions: region_evolution.Regions
    flares: flare_process.Flares
    seed: int


@dataclass(frozen=True)
class ImageJob:
    """An image to draw and its file; radius in arcsec, tilt (B0) in radians."""

    instrument: Instrument
    time: np.datetime64
    radius: float
    tilt: float
    path: Path


def scrape(params: SimulatedParams, raw: Path) -> None:
    """Simulate a Sun and draw images of it.

    Parameters
    ----------
    params : SimulatedParams
        ``scrape.simulated`` says which Sun and how many images. ``label`` has the questions by which they are matched.
    raw : Path
        An empty folder; receives the tables and images of ``data/raw/``, and ``truth.csv``.

    Raises
    ------
    InputError
        If a task needs an instrument that is not simulated, or has a question for which this Sun has no pairs.
    """
    for task in params.tasks:
        if (instrument := params.instrument.of(task)) not in WIDTHS:
            raise InputError(
                f"params.yaml: key instrument.{task} is {instrument}, which the simulated Sun does not make; "
                f"choose {', '.join(WIDTHS)}"
            )
    settings = params.scrape.simulated
    start, end = np.datetime64(settings.start, "s") - MARGIN, np.datetime64(settings.end, "s") + MARGIN
    for_regions, for_flares, for_list, for_times = map(
        np.random.default_rng, np.random.SeedSequence(settings.seed).spawn(4)
    )
    regions = region_evolution.emerge(start, end, for_regions)
    rates = flare_process.true_rates(regions, start, end)
    flares = flare_process.erupt(regions, rates, for_flares)
    lists = matching.EventLists(
        flares=flare_process.listed(flares, regions, rates, for_list),
        regions=region_reports.daily(regions, start, end),
        coverage=schedule.coverage(start, end, flare_process.LIST, flare_process.COMPLETE_FROM),
    )
    log.info("regions: %d; flares: %d, of which %d are listed", len(regions.born), len(flares.flux), len(lists.flares))
    times, simulated = _times(params, lists, for_times), SimulatedSun(regions, flares, settings.seed)
    images = _draw_images(times, simulated, raw, params.compute.scheduler)
    tables.write(images, raw / "images.csv", tables.IMAGES)
    tables.write(lists.flares, raw / "flares.csv", tables.FLARES)
    tables.write(lists.regions, raw / "regions.csv", tables.REGIONS)
    tables.write(lists.coverage, raw / "coverage.csv", tables.COVERAGE)
    tables.write(rates, raw / "truth.csv", tables.TRUTH)


def _times(params: SimulatedParams, lists: matching.EventLists, generator: np.random.Generator) -> pd.DataFrame:
    """Return ``instrument``, ``drawn_as``, ``time`` and ``pair_id`` of all images."""
    choose = {"matched": schedule.matched, "original": original_sampling.unmatched}[params.scrape.simulated.sampling]
    parts = [
        choose(params, task, lists, generator).assign(instrument=params.instrument.of(task))
        for task in sorted(params.tasks)
    ]
    # Two tasks with the same instrument may choose the same second.
    images = pd.concat(parts).drop_duplicates(["instrument", "time"])
    return images.sort_values(["time", "instrument"], ignore_index=True)


def _draw_images(images: pd.DataFrame, simulated: SimulatedSun, raw: Path, scheduler: str) -> pd.DataFrame:
    """Draw all images and return their rows of `tables.IMAGES`."""
    radius = solar_radius(images["time"])
    tilt = np.asarray(sun.B0(Time(images["time"].to_numpy("datetime64[ns]"))).to_value(u.rad))
    times = images["time"].to_numpy("datetime64[s]")
    names = [schedule.file_name(*image) for image in zip(images["instrument"], times, strict=True)]
    files = images["time"].dt.strftime("%Y/%m/%d/") + names
    paths = "images/" + images["instrument"] + "/" + files
    jobs = [
        ImageJob(drawn_as, time, float(arcsec), float(b0), raw / path)
        for drawn_as, time, arcsec, b0, path in zip(images["drawn_as"], times, radius, tilt, paths, strict=True)
    ]
    # Not in the workers: after an interruption, one on another machine would bring the deleted folder back.
    for folder in sorted({job.path.parent for job in jobs}):
        folder.mkdir(parents=True)
    with worker_pool(scheduler) as pool:
        drawn = pool.map(partial(_draw, simulated), jobs, chunksize=CHUNK)
        sizes_and_hashes = list(progress(drawn, len(jobs), "images made"))
    width = images["instrument"].map(WIDTHS)
    return pd.DataFrame(
        {
            "path": paths,
            "instrument": images["instrument"],
            "time": images["time"],
            "width": width,
            "height": width,
            "bytes": [size for size, _ in sizes_and_hashes],
            "sha256": [digest for _, digest in sizes_and_hashes],
            "pair_id": images["pair_id"],
            "origin": "simulated/" + files,
        }
    )


def _draw(simulated: SimulatedSun, job: ImageJob) -> tuple[int, str]:
    """Draw one image, write it, and return its size in bytes and its SHA-256."""
    content = render(simulated, job.instrument, job.time, job.radius, job.tilt)
    job.path.write_bytes(content)
    return len(content), hashlib.sha256(content).hexdigest()


def render(simulated: SimulatedSun, instrument: Instrument, time: np.datetime64, radius: float, tilt: float) -> bytes:
    """Return an image as a JPEG file.

    Parameters
    ----------
    simulated : SimulatedSun
        The Sun to draw.
    instrument : str
        One of `WIDTHS`.
    time : datetime64
        UTC.
    radius : float
        The Sun's angular radius at that time, in arcsec.
    tilt : float
        Latitude of the disk's centre (B0) at that time, in radians.
    """
    if instrument == "gong":
        return magnetogram.render(simulated.regions, time, radius, tilt, simulated.seed)
    return euv.render(instrument, simulated.regions, simulated.flares, time, radius, tilt, simulated.seed)
