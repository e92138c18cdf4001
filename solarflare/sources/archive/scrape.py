"""Imports a folder of images and tables into the form of the raw contract.

The header or the name of an image has its instrument and time.
"""

import hashlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from solarflare.core import printable, tables
from solarflare.core.console import cores, log, progress
from solarflare.core.errors import InputError
from solarflare.core.files import main_checkout, sha256
from solarflare.sources.archive import listing
from solarflare.sources.archive.listing import TABLES
from solarflare.sources.archive.schema import Archive, ArchiveParams
from solarflare.sources.common import coverage, event_tables, filenames, left_out
from solarflare.sun.events.flares import REPEAT, clean
from solarflare.sun.images import imaging, usable
from solarflare.sun.images.instruments import Instrument, impossible_time

SAME_NAME = "another file of this day has the same name; rename one"
NO_FOLDER = "{} is not a folder; name one with images, flares.csv and regions.csv"
T = TypeVar("T")
R = TypeVar("R")


def scrape(params: ArchiveParams, raw: Path) -> None:
    """Import an archive.

    Parameters
    ----------
    params : ArchiveParams
        ``scrape.archive`` has the folder and its digest. ``tasks`` and ``instrument`` say which images are needed.
    raw : Path
        An empty folder, filled with the raw contract.

    Raises
    ------
    InputError
        If the folder is missing or has another digest, the flares table is missing or cannot be read, or an instrument
        that a task needs has no usable image.
    """
    archive = named_folder(params.scrape.archive)
    events = _events(archive)
    instruments = sorted({params.instrument.of(task) for task in params.tasks})
    images = _inspect(archive, _of_tasks(archive, _find(archive), instruments))
    left_out.report(images)
    _require(instruments, images)
    kept = images[images["reason"] == ""]
    _in_parallel(
        lambda names: _copy(archive / names[0], raw / names[1]),
        list(zip(kept["file"], kept["path"], strict=True)),
        "images copied",
    )
    left_out.write(images, *events, raw)


def check(folder: Path) -> list[str]:
    """Read the tables of an archive and look at all its images, as `scrape` does; nothing is imported.

    Returns
    -------
    list of str
        A line for each file that cannot be used, with the reason, then one for each instrument. How much the tables
        hold, and where they are complete, is logged.

    Raises
    ------
    InputError
        If the folder or the flares table is missing, or a table cannot be read.
    """
    if not folder.is_dir():
        raise InputError(NO_FOLDER.format(folder))
    _events(folder)
    images = _inspect(folder, _find(folder))
    refused = images[images["reason"] != ""]
    lines = [f"{file}: {reason}" for file, reason in zip(refused["file"], refused["reason"], strict=True)]
    for instrument, of_instrument in images[images["instrument"] != ""].groupby("instrument"):
        usable_ones = (of_instrument["reason"] == "").sum()
        lines.append(f"{instrument}: {usable_ones:,} of {len(of_instrument):,} images can be used")
    return lines or [f"{folder} has no image"]


def digest(folder: Path) -> str:
    """Return a SHA-256 (64 hexadecimal digits) of everything that this origin reads in a folder.

    It covers the tables, the images with a time in their names, and all FITS and JPEG 2000 files: their sorted relative
    names and their contents. Raises an InputError if the folder is missing.
    """
    if not folder.is_dir():
        raise InputError(NO_FOLDER.format(folder))
    names = [file.name for file in listing.files(folder) if not file.reason]
    files = [file for file in names if filenames.needs_header(file) or filenames.parse(Path(file).name)]
    files += [name for name in TABLES if (folder / name).is_file()]
    contents = _in_parallel(lambda file: sha256(folder / file), sorted(files), "files hashed")
    lines = (f"{content}  {file}\n" for file, content in zip(sorted(files), contents, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def named_folder(archive: Archive) -> Path:
    """Return the folder that the parameters name; raise an InputError if its digest is not that of the parameters."""
    if archive.path is None:
        raise InputError(
            "params.yaml: key scrape.archive.path is null; set it to a folder with images, flares.csv and regions.csv"
        )
    folder = main_checkout() / archive.path
    if not folder.is_dir():
        raise InputError(
            f"params.yaml: key scrape.archive.path is {archive.path!r}; no such folder, relative to the project's"
        )
    if (actual := digest(folder)) != archive.digest:
        raise InputError(
            f"params.yaml: key scrape.archive.digest is {archive.digest!r}, but that of {archive.path} is {actual}; "
            "set the key to that, so that DVC sees which archive the results belong to"
        )
    return folder


def _events(archive: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the flares, merged, the region reports, and where the lists are complete."""
    if not (archive / "flares.csv").is_file():
        raise InputError(f"{archive} has no flares.csv; add one with the columns start and goes_class at least")
    flares = _printable(event_tables.read_flares(archive / "flares.csv"))
    reports = archive / "regions.csv"
    regions = event_tables.read_regions(reports) if reports.is_file() else tables.empty(tables.REGIONS)
    completeness = _coverage(archive, flares, regions)
    merged = event_tables.merge_lists(flares)
    used, repairs = clean(merged)
    log.info("flares: %d, after merging %d that a second list reports too", len(used), len(flares) - len(merged))
    if repeats := repairs.get(REPEAT, 0):
        log.info("flares: %d rows left out, which repeat the start, class and region of another row", repeats)
    log.info("flares: %d of %d name a region", used["noaa_ar"].notna().sum(), len(used))
    log.info("regions: %d rows", len(regions))
    return merged, regions, completeness


def _printable(df: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose names of lists, and reasons, are printable: they go into tables, pages and terminals."""
    return df.assign(**{name: df[name].map(printable.one_line) for name in df.columns.intersection(["list", "reason"])})


def _coverage(archive: Path, flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return where the lists are complete: from the archive's own table, or, without one, inferred from the lists."""
    path = archive / "coverage.csv"
    stated = path.is_file()
    completeness = _printable(event_tables.read_coverage(path)) if stated else coverage.infer(flares, regions)
    for name, start, end, weakest, status, _ in completeness.itertuples(index=False):
        what = f"{name} of {weakest} and up" if weakest else name
        log.info("coverage: %s %s from %s to %s", what, status, start, end)
    return completeness


def _find(archive: Path) -> pd.DataFrame:
    """Return the images with their instruments and times, and the files for which these are ``unknown``, with why."""
    files = listing.files(archive)
    identities = _in_parallel(lambda file: listing.identity(archive, file), files, "files identified")
    stamps = [identity.stamp for identity in identities]
    images = pd.DataFrame(
        {
            "file": pd.Series([printable.one_line(file.name) for file in files], dtype=object),
            "unknown": [identity.reason for identity in identities],
            "instrument": pd.Series([stamp.instrument if stamp else "" for stamp in stamps], dtype=object),
            "time": pd.Series([stamp.time if stamp else pd.NaT for stamp in stamps], dtype="datetime64[ns]"),
        }
    )
    return images.sort_values(["instrument", "time", "file"])


def _of_tasks(archive: Path, images: pd.DataFrame, instruments: list[Instrument]) -> pd.DataFrame:
    """Return the images of the tasks' instruments, and those that are ``unknown``."""
    for instrument in instruments:
        if not (images["instrument"] == instrument).any():
            raise InputError(
                f"{archive} has no image of {instrument} with a time in its header or its name; "
                f"understood are {', '.join(filenames.FORMS)}"
            )
    needed = images["instrument"].isin([*instruments, ""])
    for other, count in images.loc[~needed, "instrument"].value_counts().sort_index().items():
        log.info("images left aside: %d of %s, which no task uses", count, other)
    return images[needed]


def _inspect(archive: Path, images: pd.DataFrame) -> pd.DataFrame:
    """Add the size and hash of each image, or the reason why it cannot be used."""
    rows = _in_parallel(
        lambda image: _facts(archive / str(image.file), image),
        list(images.itertuples(index=False)),
        "images checked",
    )
    facts = pd.DataFrame(rows, index=images.index, columns=["reason", "width", "height", "bytes", "sha256"])
    images = left_out.mark_repeats(images.join(facts))
    day = images["time"].dt.strftime("%Y/%m/%d/")
    images["path"] = "images/" + images["instrument"] + "/" + day + images["file"].map(lambda file: Path(file).name)
    images["origin"] = "archive/" + images["file"]
    kept = images[images["reason"] == ""]
    images.loc[kept.index[kept["path"].duplicated()], "reason"] = SAME_NAME
    return images.assign(pair_id="").sort_values(["time", "path"], kind="stable", ignore_index=True)


def _facts(path: Path, image: Any) -> tuple[str, int, int, int, str]:
    """Return why an image cannot be used (blank if it can), its width, height and bytes, and its SHA-256."""
    reason = image.unknown or impossible_time(image.instrument, image.time)
    if reason := reason or usable.refusal(path, image.instrument, image.time):
        return reason, 0, 0, 0, ""
    return "", *imaging.size(path), path.stat().st_size, sha256(path)


def _require(instruments: list[Instrument], images: pd.DataFrame) -> None:
    """Raise an InputError if all images of an instrument were dropped."""
    for instrument in instruments:
        of_instrument = images[images["instrument"] == instrument]
        if not (of_instrument["reason"] == "").any():
            raise InputError(
                f"the archive has no usable image of {instrument}; of {len(of_instrument)}, the first is dropped as "
                f"{of_instrument['reason'].iloc[0]} ({of_instrument['file'].iloc[0]})"
            )


def _copy(source: Path, target: Path) -> None:
    """Copy a file. It is no link, because a later change of the archive would then change the data."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _in_parallel(function: Callable[[T], R], items: list[T], what: str) -> list[R]:
    """Apply a function to all items in threads (decoding, hashing and copying release the interpreter's lock)."""
    pool = ThreadPoolExecutor(cores())
    try:
        return list(progress(pool.map(function, items), len(items), what))
    finally:
        # After Ctrl-C no waiting call may start.
        pool.shutdown(cancel_futures=True)
