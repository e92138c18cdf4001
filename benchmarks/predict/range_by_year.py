"""How often the input ranges refuse good images of a year that they do not know, and images that they should refuse.

Run it from the project's folder: ``python -m benchmarks.predict.range_by_year ../shared/sun --others FILE...``. The
archive is that of the profile ``sdo-euv``. FILES are JPEG 2000 images of other wavelengths, as Helioviewer serves them.
No network is trained or asked: for each year, ranges are fitted to the crops of the other years. The tables are written
between the marks in ``docs/answers.md``.
"""

import argparse
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageFilter

from benchmarks.predict.answers import OTHER_COLOURS, PAGE, YEARS, eclipsed, jpeg
from solarflare.core.console import progress
from solarflare.core.files import atomic_path
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import find_disk
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import calibration, description
from solarflare.networks.input_range import Ranges
from solarflare.predict import images, pretrained, regions
from solarflare.predict.network import Member, Network
from solarflare.predict.predictor import Predictor
from solarflare.sun.images import brightness, imaging
from solarflare.sun.images.coordinates import places_at
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument

FORM = pretrained.FOLDER / "aia211"
"""Its networks tell how crops are cut."""

EVERY = 24  # of so many images, one is made into each broken kind
MAGNETOGRAMS = 100  # of so many, one is shown in the colours of AIA 211
WIDTH = 512  # pixels: the side of the archive's images


def recoloured(grey: Pixels) -> Pixels:
    """Return grey levels, (H, W), as an image of AIA 211 of the archive's size, (512, 512, 3)."""
    reduced = Image.fromarray(grey).resize((WIDTH, WIDTH), Image.Resampling.BOX)
    return brightness.colours(np.asarray(reduced), "aia211")


def in_colours_of(channel: Instrument) -> Callable[[Pixels], Pixels]:
    """Return a function that shows an image of AIA 211 in the colours of another channel."""
    levels = np.arange(256, dtype=np.uint8)
    table, own = brightness.colours(levels, channel), brightness.colours(levels, "aia211")
    level_of = np.abs(levels[:, None] - own.mean(axis=1)).argmin(axis=1)
    return lambda rgb: table[level_of[rgb.mean(axis=2).astype(np.uint8)]]


def blurred(rgb: Pixels) -> Pixels:
    """Return an image out of focus."""
    return np.asarray(Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(4)))


def noisy(rgb: Pixels) -> Pixels:
    """Return an image with noise of 20 grey levels."""
    noise = np.random.default_rng(0).normal(0, 20, (*rgb.shape[:2], 1))
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


BROKEN: dict[str, Callable[[Pixels], Pixels]] = {
    "half covered by the Moon": eclipsed,
    "the left half missing": lambda rgb: np.where(np.arange(WIDTH)[:, None] < WIDTH / 2, 0, rgb).astype(np.uint8),
    "the middle, enlarged": lambda rgb: rgb[128:384, 128:384].repeat(2, 0).repeat(2, 1),
    "shifted by 100 pixels": lambda rgb: np.roll(rgb, 100, axis=1),
    "negative": lambda rgb: 255 - rgb,
    "out of focus": blurred,
    "noisy": noisy,
    "at half the brightness": lambda rgb: (rgb // 2).astype(np.uint8),
    "with little blue": lambda rgb: (rgb * OTHER_COLOURS).astype(np.uint8),
    "grey, as RGB": lambda rgb: np.repeat(rgb.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8),
    "in the colours of AIA 193": in_colours_of("aia193"),
    "in the colours of AIA 171": in_colours_of("aia171"),
    "upside down": lambda rgb: rgb[::-1],
}


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="a folder with euv/, magnetogram/ and regions.csv")
    parser.add_argument("--others", type=Path, nargs="+", required=True, help="JPEG 2000 images of other wavelengths")
    arguments = parser.parse_args()
    files = images.find_images([arguments.archive / "euv"])
    years = np.array([file.time.year for file in files if file.time])
    reports = regions.from_file(arguments.archive / "regions.csv")
    crops = {task: crops_of(task, files, reports) for task in TASKS}
    predictors = {year: predictor_without(year, years, crops) for year in sorted(set(years))}

    good = [
        predictors[year](file).refusal for file, year in progress(zip(files, years, strict=True), len(files), "good")
    ]
    broken: dict[str, list[str]] = {name: [] for name in BROKEN}
    some = list(zip(files, years, strict=True))[::EVERY]
    for file, year in progress(some, len(some), "broken"):
        if not predictors[year](file).refusal:
            for name, change in BROKEN.items():
                broken[name].append(predictors[year](shown(change(file.rgb()), file.time)).refusal)
    foreign: dict[str, list[str]] = {}
    magnetograms = images.find_images([arguments.archive / "magnetogram"])[::MAGNETOGRAMS]
    for file in [*images.find_images(arguments.others), *magnetograms]:
        picture = shown(recoloured(levels(file)), file.time)
        kind = "HMI magnetograms" if file.instrument == "hmi" else f"{file.instrument} of {file.time:%Y-%m-%d}"
        foreign.setdefault(kind, []).extend(predictor(picture).refusal for predictor in predictors.values())
    write(PAGE, list(tables(good, years, broken, foreign)))


def crops_of(task: Task, files: list[images.ImageFile], reports: regions.RegionLookup) -> list[Pixels]:
    """Return the crops of each image, (n, H, W, C): the disk, or the regions of the nearest report."""
    network = network_of(task, [])
    result = []
    for file in progress(files, len(files), f"cut for {task}"):
        rgb, (places, sun) = file.rgb(), located(file, reports)
        image = imaging.grey(rgb) if task == Task.DISK else rgb
        empty = task == Task.REGION and not places
        crops = np.empty((0, *network.cutter.shape), np.uint8) if empty else network.cutter.cut(image, sun, places)
        result.append(crops)
    return result


def located(file: images.ImageFile, reports: regions.RegionLookup) -> tuple[dict[str, npt.NDArray[np.float64]], Disk]:
    """Return the places of an image's regions, as `places_at` does, or none; and its disk."""
    assert file.time is not None
    assert file.instrument is not None
    sun = find_disk(imaging.grey(file.rgb()), file.instrument, file.time)
    known = reports(file.time)
    return (places_at(file.time, known.latitude, known.longitude) if known and len(known.numbers) else {}), sun


def network_of(task: Task, ranges: list[Ranges]) -> Network:
    """Return a network that answers 0.5 to what its ranges accept."""
    about, fitted = description.about(FORM / task), calibration.read(FORM / task / description.CALIBRATION)
    member = Member(lambda crops: np.full(len(crops), 0.5, np.float32), fitted, 0.5)
    return Network("by year", "", about, Crop.model_validate(dict(about.crop)), [member], ranges, None)


def predictor_without(year: int, years: npt.NDArray[np.int64], crops: dict[Task, list[Pixels]]) -> Predictor:
    """Return a predictor whose ranges do not know a year. It finds the regions in the image."""
    ranges = {
        task: Ranges.of([crop for crop, other in zip(of, years != year, strict=True) if other and len(crop)])
        for task, of in crops.items()
    }
    return Predictor({task: network_of(task, [of]) for task, of in ranges.items()}, lambda time: None)


def levels(file: images.ImageFile) -> Pixels:
    """Return the grey levels of an image, (H, W), whatever the colours of its instrument."""
    rgb = file.rgb()
    if file.instrument == "hmi":
        return imaging.grey(rgb)
    assert file.instrument  # its name told it
    table = brightness.colours(np.arange(256, dtype=np.uint8), file.instrument)
    level_of = np.zeros((256, 256, 256), np.uint8)
    level_of[tuple(table.T)] = np.arange(256)
    return level_of[tuple(np.moveaxis(rgb, 2, 0))]


def shown(rgb: Pixels, time: pd.Timestamp | None) -> images.ImageArray:
    """Return pixels as a browse image of AIA 211, after JPEG's compression."""
    decoded = np.asarray(Image.open(BytesIO(jpeg(rgb))))
    return images.from_array("image", decoded, "aia211", time)


def tables(
    good: list[str], years: npt.NDArray[np.int64], broken: dict[str, list[str]], foreign: dict[str, list[str]]
) -> Iterator[str]:
    """Yield the lines of the section."""
    yield "Written by `python -m benchmarks.predict.range_by_year ARCHIVE --others FILE...`. No network is asked:"
    yield "for each year, ranges are fitted to the crops of the other years, in the form of `pretrained/`, and the"
    yield "images of that year are looked at as `predict` does, with regions found in the image. Each 24th good"
    yield "image is made into each broken kind. Images of other wavelengths, and each hundredth magnetogram, are"
    yield "shown in the colours of AIA 211; all five ranges look at each. The statistics and the limit were chosen"
    yield "on these good images and on those of 171 and 193 angstrom, one of each: this measures no other"
    yield "instrument, and not AIA after 2014."
    yield ""
    yield "| real images of | images | refused | why |"
    yield "|---|---|---|---|"
    for year in sorted(set(years)):
        yield row(f"{year}", [reason for reason, of in zip(good, years, strict=True) if of == year])
    yield row("all years", good)
    yield ""
    yield "| images that show something else | images | refused | most frequent reason |"
    yield "|---|---|---|---|"
    for name, reasons in broken.items():
        yield row(f"the Sun, {name}", reasons)
    for name, reasons in foreign.items():
        yield row(f"{name}, in the colours of AIA 211", reasons)


def row(name: str, reasons: list[str]) -> str:
    """Return a row: how many of some images are refused, and the most frequent reason without its numbers."""
    refused = pd.Series([reason for reason in reasons if reason], dtype=str)
    short = refused.str.replace(r"^.*: (?:of the first, )?(its .*?) (?:is|differ) .*$", r"\1", regex=True)
    return f"| {name} | {len(reasons)} | {len(refused)} | {'' if short.empty else short.mode()[0]} |"


def write(page: Path, lines: list[str]) -> None:
    """Write the lines between the marks of a page."""
    start, end = YEARS
    before, rest = page.read_text().split(start)
    with atomic_path(page) as partial:
        partial.write_text("\n".join([before + start, *lines, end]) + rest.split(end)[1])
    print("\n".join(lines))


if __name__ == "__main__":
    main()
