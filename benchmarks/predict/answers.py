"""Answers of `solarflare predict` for images that its networks were not trained on, and for files that show no Sun.

Run it from the project's folder after ``make`` and ``solarflare experiment sdo-euv-fusion --archive ../shared/sun``:
``python -m benchmarks.predict.answers ../shared/sun``. Each row is a process of its own. The tables of answers,
refusals and exit codes are written to ``docs/answers.md``. It fails if a process ends in a traceback.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

from solarflare.core.console import progress
from solarflare.core.files import atomic_path
from solarflare.sun.images import imaging
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels

PAGE = Path("docs/answers.md")
YEARS = ("<!-- years -->", "<!-- /years -->")
"""The marks around the section that `benchmarks.predict.range_by_year` writes. It is kept."""

MODELS = "sdo-euv-fusion-test-2014"
SUN = Path("euv/2014/02/02/20140202_061525_512_0211.jpg")
"""The image of the archive from which the odd images are made."""

COMMAND = [sys.executable, "-m", "solarflare.cli", "predict", "--json"]
OTHER_COLOURS = np.array([1, 1, 0.3])


@dataclass(frozen=True)
class Result:
    """The result of a process: its answers as JSON, its exit code, and its standard error."""

    name: str
    answers: list[dict[str, Any]]
    exit_code: int
    error: str

    @property
    def refusals(self) -> list[str]:
        """The reason for each image without an answer, or the error sentence that stands for all images."""
        errors = [self.error.splitlines()[-1].removeprefix("error: ")] if self.exit_code == 1 else []
        return errors + [answer["refusal"] for answer in self.answers if answer["refusal"]]

    @property
    def failed(self) -> bool:
        """Whether it ended with a traceback or an undocumented exit code."""
        return "Traceback" in self.error or self.exit_code not in (0, 1, 2)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="a folder with euv/, magnetogram/, samples/bbso/ and regions.csv")
    parser.add_argument("--models", default=MODELS, help="networks trained on SDO's EUV images before 2014")
    arguments = parser.parse_args()
    archive, models = arguments.archive, ["--models", arguments.models]
    reports = ["--regions", str(archive / "regions.csv")]
    of_archive = [
        run("SDO/AIA 211 of 2014", archive / "euv/2014", *models, *reports),
        run("the same, regions found in the image", archive / "euv/2014", *models, "--regions", "image"),
        run("SDO/HMI magnetograms of 2026", archive / "magnetogram", *models),
        run("GONG magnetograms of 2019", archive / "samples/bbso", *models),
        run("the same, networks of the simulated Sun", archive / "samples/bbso"),
        run("the same, with `--simulated-model`", archive / "samples/bbso", "--simulated-model"),
    ]
    with TemporaryDirectory() as folder:
        made = list(write_odd_images(archive / SUN, Path(folder)))
        odd = [
            run(name, path, *models, "--regions", "image", *options)
            for name, path, options in progress(made, len(made), "odd images")
        ]
    if failed := [result.name for result in (*of_archive, *odd) if result.failed]:
        raise SystemExit(f"error: a traceback or an undocumented exit code: {', '.join(failed)}")
    with atomic_path(PAGE) as partial:
        partial.write_text("\n".join(page(arguments.models, of_archive, odd)) + "\n")
    print(f"{PAGE}: {sum(len(result.answers) for result in (*of_archive, *odd)):,} images, no traceback")


def run(name: str, path: Path, *options: str) -> Result:
    """Return the result of `solarflare predict` for a file or folder."""
    process = subprocess.run([*COMMAND, str(path), *options], capture_output=True, text=True, check=False)
    error = process.stderr.replace(f"{path.parent}/", "")
    return Result(name, [json.loads(line) for line in process.stdout.splitlines()], process.returncode, error)


OddImage = tuple[str, Path, tuple[str, ...]]
"""A description of an image, its path, and further options of the command."""


def write_odd_images(sun: Path, folder: Path) -> Iterator[OddImage]:
    """Write images that do not show the whole Sun; most have the name of the image that they are made from.

    Parameters
    ----------
    sun : Path
        An image of the real Sun.
    folder : Path
        An empty folder.
    """
    pixels = imaging.decode(sun, "RGB")
    photograph = load_sample_image("china.jpg")
    contents: dict[str, Callable[[], bytes]] = {
        "a photograph, cut to a square": lambda: jpeg(photograph[:, :427]),
        "blank": lambda: jpeg(np.zeros_like(pixels)),
        "grey": lambda: jpeg(np.full_like(pixels, 128)),
        "noise": lambda: jpeg(np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8)),
        "the middle of the Sun": lambda: jpeg(pixels[128:384, 128:384].repeat(2, 0).repeat(2, 1)),
        "the Sun, shifted by 100 pixels": lambda: jpeg(np.roll(pixels, 100, axis=1)),
        "an eclipse": lambda: jpeg(eclipsed(pixels)),
        "the Sun in other colours": lambda: jpeg((pixels * OTHER_COLOURS).astype(np.uint8)),
        "the Sun in grey": lambda: jpeg(pixels.mean(axis=2).astype(np.uint8)),
        "the Sun upside down": lambda: jpeg(pixels[::-1]),
        "the Sun at twice the size": lambda: jpeg(pixels.repeat(2, 0).repeat(2, 1)),
        "a thumbnail of 128 pixels": lambda: jpeg(pixels[::4, ::4]),
        "16,384 x 16,384 pixels": lambda: jpeg(np.zeros((16_384, 16_384), dtype=np.uint8)),
        "truncated": lambda: sun.read_bytes()[:9000],
        "empty": lambda: b"",
        "text": lambda: b"No image at all.\n",
        "a PNG": lambda: encoded(pixels, "PNG"),
    }
    for number, (name, content) in enumerate(contents.items()):
        path = folder / f"{number}" / sun.name
        path.parent.mkdir()
        path.write_bytes(content())
        yield name, path, ()
    holiday = folder / "china.jpg"
    holiday.write_bytes(jpeg(photograph))
    yield "a photograph under its own name", holiday, ()
    yield "the same, with instrument and time", holiday, ("--instrument", "aia211", "--time", "2014-02-02T06:15")
    yield "a file that is not there", folder / "none.jpg", ()
    (folder / "nothing").mkdir()
    yield "a folder without images", folder / "nothing", ()


def eclipsed(pixels: Pixels) -> Pixels:
    """Return an image of the Sun, (H, W, 3), half covered by the Moon."""
    height, width, _ = pixels.shape
    disk = Disk(width / 2, height / 2, 0.4 * width, fitted=False)
    y, x = np.mgrid[:height, :width]
    moon = np.hypot(x - disk.x + disk.radius, y - disk.y) < disk.radius
    return np.where(moon[..., None], 0, pixels).astype(np.uint8)


def jpeg(pixels: Pixels) -> bytes:
    """Return pixels as a JPEG file."""
    return encoded(pixels, "JPEG")


def encoded(pixels: Pixels, file_format: str) -> bytes:
    """Return pixels as a file in one of Pillow's formats."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, file_format)
    return content.getvalue()


def page(models: str, of_archive: list[Result], odd: list[Result]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Answers and refusals"
    yield ""
    yield "Written by `python -m benchmarks.predict.answers ARCHIVE`, which needs the archive of the profile `sdo-euv`"
    yield "([how to build one](live.md#build-an-archive-for-the-profiles)), with HMI and GONG magnetograms. Each row"
    yield "of the first two tables is a process. None ends in a traceback. Unless a row says otherwise, the networks"
    yield f"are those of `{models}`, trained on images before 2014. Exit codes are explained in"
    yield "[Asking the networks about an image](predict.md). No base rate is stated for the real Sun, so probabilities"
    yield "hold for the sample's share of yes. For networks of the simulated Sun, probabilities and thresholds are"
    yield "corrected to `calibration.base_rate`; the thresholds in `reports/` and `metrics/` are not corrected."
    yield ""
    yield "## Real images that the networks were not trained on"
    yield ""
    yield "| images | answers | refusals | exit code | why there is no answer |"
    yield "|---|---|---|---|---|"
    for result in of_archive:
        refused, reasons = len(result.refusals), "; ".join(sorted(set(result.refusals)))
        yield f"| {result.name} | {len(result.answers) - refused} | {refused} | {result.exit_code} | {reasons} |"
    yield ""
    yield "## Files that do not show the whole Sun"
    yield ""
    yield "All but the last four have the name of an SDO/AIA image at 211 angstrom; most are made from that image."
    yield ""
    yield "| file | exit code | answer, or why there is none |"
    yield "|---|---|---|"
    for result in odd:
        outcome = "; ".join(result.refusals) or answered(result.answers[0])
        yield f"| {result.name} | {result.exit_code} | {outcome} |"
    yield ""
    yield "## Refusals by year"
    yield ""
    start, end = YEARS
    yield start + PAGE.read_text().split(start)[1].split(end)[0] + end
    yield ""
    yield "## Each image of 2014"
    yield ""
    yield "The probability for the disk, and for each region by its number, within 65 degrees of the central meridian."
    yield ""
    yield "| taken (UTC) | answer |"
    yield "|---|---|"
    for answer in of_archive[0].answers:
        yield f"| {answer['time'][:16].replace('T', ' ')} | {answer['refusal'] or answered(answer)} |"


def answered(answer: dict[str, Any]) -> str:
    """Return an answer as one line of text."""
    regions = [region for region in answer["regions"] or [] if region["probability"] is not None]
    regions = sorted(regions, key=lambda region: -region["probability"])
    each = ", ".join(f"{region['noaa_ar'] or 'a region'} {region['probability']:.2f}" for region in regions)
    return f"disk {answer['disk']:.2f}" + (f"; {each}" if each else "; no region has a probability")


if __name__ == "__main__":
    main()
