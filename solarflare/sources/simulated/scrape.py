"""The origin `simulated`: a Sun that is physically honest and fully known, so that no data and no network are needed.

`regions` emerge, grow and decay; `reports` names them each day; `flares` come from them. `elements` are the flux that
they are made of: `magnetogram` sees it as it is, `euv` through the corona that it holds. `schedule` says when images
are taken. Every random number follows from the seed and from what it is for, so that the same parameters give the same
bytes however many processes share the work.
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
from solarflare.core.workers import worker_processes
from solarflare.sources.common import matching
from solarflare.sources.simulated import euv, flares, magnetogram, original, regions, reports, schedule
from solarflare.sources.simulated.schema import SimulatedParams
from solarflare.sun.images.coordinates import solar_radius
from solarflare.sun.images.instruments import Instrument

log = logging.getLogger("solarflare")

WIDTHS: dict[Instrument, int] = {"gong": magnetogram.WIDTH, **dict.fromkeys(euv.DISPLAYS, euv.WIDTH)}
"""The instruments that are simulated, and the side of their images in pixels."""

MARGIN = np.timedelta64(31, "D")
"""The Sun is simulated for this much more on either side: no window and no report is cut by the ends of the span."""

AT_ONCE = 16
"""Images that a worker process takes at a time."""


@dataclass(frozen=True)
class Sun:
    """All that is needed to draw an image at any time."""

    regions: regions.Regions
    flares: flares.Flares
    seed: int


@dataclass(frozen=True)
class Job:
    """An image to draw and the file to write it to; radius in arcsec, tilt (B0) in radians."""

    instrument: Instrument
    time: np.datetime64
    radius: float
    tilt: float
    path: Path


def scrape(params: SimulatedParams, raw: Path) -> None:
    """Make a Sun and photograph it.

    Parameters
    ----------
    params : SimulatedParams
        ``scrape.simulated`` says which Sun and how many images, ``label`` which questions they are matched for.
    raw : Path
        An empty folder, filled with the raw contract and ``truth.csv``.

    Raises
    ------
    InputError
        If a task asks for an instrument that is not simulated, or for a question that this Sun has no pairs for.
    """
    for task in params.tasks:
        if (instrument := params.instrument.of(task)) not in WIDTHS:
            raise InputError(
                f"params.yaml: key instrument.{task} is {instrument}, which the simulated Sun does not make; "
                f"choose {', '.join(WIDTHS)}"
            )
    chosen = params.scrape.simulated
    start, end = np.datetime64(chosen.start, "s") - MARGIN, np.datetime64(chosen.end, "s") + MARGIN
    emerging, erupting, listing, choosing = map(np.random.default_rng, np.random.SeedSequence(chosen.seed).spawn(4))
    population = regions.emerge(start, end, emerging)
    rates = flares.true_rates(population, start, end)
    eruptions = flares.erupt(population, rates, erupting)
    known = matching.EventLists(
        flares=flares.listed(eruptions, population, rates, listing),
        regions=reports.daily(population, start, end),
        coverage=schedule.coverage(start, end, flares.LIST, flares.COMPLETE_FROM),
    )
    log.info(
        "regions: %d; flares: %d, of which %d are listed", len(population.born), len(eruptions.flux), len(known.flares)
    )
    images = _photograph(_times(params, known, choosing), Sun(population, eruptions, chosen.seed), raw)
    tables.write(images, raw / "images.csv", tables.IMAGES)
    tables.write(known.flares, raw / "flares.csv", tables.FLARES)
    tables.write(known.regions, raw / "regions.csv", tables.REGIONS)
    tables.write(known.coverage, raw / "coverage.csv", tables.COVERAGE)
    tables.write(rates, raw / "truth.csv", tables.TRUTH)


def _times(params: SimulatedParams, known: matching.EventLists, generator: np.random.Generator) -> pd.DataFrame:
    """Return instrument, what it is seen in, time and pair of all images."""
    choose = {"matched": schedule.matched, "original": original.unmatched}[params.scrape.simulated.sampling]
    parts = [
        choose(params, task, known, generator).assign(instrument=params.instrument.of(task))
        for task in sorted(params.tasks)
    ]
    # Two tasks of one instrument may want the same second.
    together = pd.concat(parts).drop_duplicates(["instrument", "time"])
    return together.sort_values(["time", "instrument"], ignore_index=True)


def _photograph(images: pd.DataFrame, simulated: Sun, raw: Path) -> pd.DataFrame:
    """Draw all images and return their rows of `tables.IMAGES`."""
    radius = solar_radius(images["time"])
    tilt = np.asarray(sun.B0(Time(images["time"].to_numpy("datetime64[ns]"))).to_value(u.rad))
    times = images["time"].to_numpy("datetime64[s]")
    names = [schedule.file_name(*image) for image in zip(images["instrument"], times, strict=True)]
    files = images["time"].dt.strftime("%Y/%m/%d/") + names
    paths = "images/" + images["instrument"] + "/" + files
    jobs = [
        Job(seen_in, time, float(arcsec), float(b0), raw / path)
        for seen_in, time, arcsec, b0, path in zip(images["seen_in"], times, radius, tilt, paths, strict=True)
    ]
    with worker_processes() as pool:
        drawn = pool.map(partial(_draw, simulated), jobs, chunksize=AT_ONCE)
        facts = list(progress(drawn, len(jobs), "images made"))
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
            "origin": "simulated/" + files,
        }
    )


def _draw(simulated: Sun, job: Job) -> tuple[int, str]:
    """Draw one image, write it, and return its size in bytes and its SHA-256."""
    content = render(simulated, job.instrument, job.time, job.radius, job.tilt)
    job.path.parent.mkdir(parents=True, exist_ok=True)
    job.path.write_bytes(content)
    return len(content), hashlib.sha256(content).hexdigest()


def render(simulated: Sun, instrument: Instrument, time: np.datetime64, radius: float, tilt: float) -> bytes:
    """Return an image as a JPEG file.

    Parameters
    ----------
    simulated : Sun
        Of which it is an image.
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
