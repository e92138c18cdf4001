"""What `solarflare predict` says of images that its networks were not trained on, and of what is no Sun at all.

Run it from the project's folder after ``make`` and ``solarflare experiment sdo-euv --archive ../shared/sun``:
``python -m benchmarks.predict.answers ../shared/sun``. Every question is a process of its own, as a user starts it. The table
of answers, refusals and exit codes is written to ``docs/answers.md``; it fails where a process ends in a traceback.
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
from solarflare.sun.images import geometry, imaging
from solarflare.sun.images.imaging import Pixels

PAGE = Path("docs/answers.md")
MODELS = "sdo-euv-test-2014"
SUN = Path("euv/2014/02/02/20140202_061525_512_0211.jpg")
"""The image of the archive from which those that are no whole Sun are made."""

COMMAND = [sys.executable, "-m", "solarflare.cli", "predict", "--json"]
OTHER_COLOURS = np.array([1, 1, 0.3])


@dataclass(frozen=True)
class Said:
    """What a process said: its answers as JSON has them, its exit code, and what it wrote to standard error."""

    what: str
    answers: list[dict[str, Any]]
    exit_code: int
    error: str

    @property
    def refused(self) -> list[str]:
        """Why there is no answer, for each image that has none; a mistake refuses all of them."""
        mistakes = [self.error.splitlines()[-1].removeprefix("error: ")] if self.exit_code == 1 else []
        return mistakes + [answer["refusal"] for answer in self.answers if answer["refusal"]]

    @property
    def failed(self) -> bool:
        """Whether it ended in any other way than it promises."""
        return "Traceback" in self.error or self.exit_code not in (0, 1, 2)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="holds euv/, magnetogram/, samples/bbso/ and regions.csv")
    parser.add_argument("--models", default=MODELS, help="networks of SDO's EUV images that have not seen 2014")
    given = parser.parse_args()
    archive, models = given.archive, ["--models", given.models]
    reports = ["--regions", str(archive / "regions.csv")]
    of_archive = [
        ask("SDO/AIA 211 of 2014", archive / "euv/2014", *models, *reports),
        ask("the same, regions found in the image", archive / "euv/2014", *models, "--regions", "image"),
        ask("SDO/HMI magnetograms of 2026", archive / "magnetogram", *models),
        ask("GONG magnetograms of 2019", archive / "samples/bbso", *models),
        ask("the same, networks of the simulated Sun", archive / "samples/bbso"),
        ask("the same, with `--simulated-model`", archive / "samples/bbso", "--simulated-model"),
    ]
    with TemporaryDirectory() as folder:
        made = list(lay_out(archive / SUN, Path(folder)))
        odd = [
            ask(what, path, *models, "--regions", "image", *more)
            for what, path, more in progress(made, len(made), "odd images asked about")
        ]
    if failed := [said.what for said in (*of_archive, *odd) if said.failed]:
        raise SystemExit(f"error: a traceback, or an exit code that means nothing: {', '.join(failed)}")
    with atomic_path(PAGE) as partial:
        partial.write_text("\n".join(page(given.models, of_archive, odd)) + "\n")
    print(f"{PAGE}: {sum(len(said.answers) for said in (*of_archive, *odd)):,} images, no traceback")


def ask(what: str, path: Path, *options: str) -> Said:
    """Return what is said of a file or folder."""
    done = subprocess.run([*COMMAND, str(path), *options], capture_output=True, text=True, check=False)
    error = done.stderr.replace(f"{path.parent}/", "")
    return Said(what, [json.loads(line) for line in done.stdout.splitlines()], done.returncode, error)


Made = tuple[str, Path, tuple[str, ...]]
"""What an image is, where it lies, and the options with which it is asked about."""


def lay_out(sun: Path, folder: Path) -> Iterator[Made]:
    """Write images that are no whole Sun, each under the name of the image that they are made from or their own.

    Parameters
    ----------
    sun : Path
        An image of the real Sun.
    folder : Path
        Where to.
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
    for number, (what, content) in enumerate(contents.items()):
        path = folder / f"{number}" / sun.name
        path.parent.mkdir()
        path.write_bytes(content())
        yield what, path, ()
    holiday = folder / "china.jpg"
    holiday.write_bytes(jpeg(photograph))
    yield "a photograph under its own name", holiday, ()
    yield "the same, with instrument and time", holiday, ("--instrument", "aia211", "--time", "2014-02-02T06:15")
    yield "a file that is not there", folder / "none.jpg", ()
    (folder / "nothing").mkdir()
    yield "a folder without images", folder / "nothing", ()


def eclipsed(pixels: Pixels) -> Pixels:
    """Return an image of the Sun, (H, W, 3), that the Moon covers by half."""
    height, width, _ = pixels.shape
    disk = geometry.Disk(width / 2, height / 2, 0.4 * width, fitted=False)
    y, x = np.mgrid[:height, :width]
    moon = np.hypot(x - disk.x + disk.radius, y - disk.y) < disk.radius
    return np.where(moon[..., None], 0, pixels).astype(np.uint8)


def jpeg(pixels: Pixels) -> bytes:
    """Return pixels as a JPEG file."""
    return encoded(pixels, "JPEG")


def encoded(pixels: Pixels, form: str) -> bytes:
    """Return pixels as a file of a form that Pillow knows."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def page(models: str, of_archive: list[Said], odd: list[Said]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Answers and refusals"
    yield ""
    yield "Written by `python -m benchmarks.predict.answers ../shared/sun`: each row of the first two tables is a process."
    yield f"None ends in a traceback. Unless a row says otherwise, the networks are those of `{models}`,"
    yield "trained before 2014. What the exit codes mean: [Asking the networks about an image](predict.md)."
    yield ""
    yield "## Real images that the networks have not seen"
    yield ""
    yield "| images | answers | refusals | exit code | why there is no answer |"
    yield "|---|---|---|---|---|"
    for said in of_archive:
        refused, reasons = len(said.refused), "; ".join(sorted(set(said.refused)))
        yield f"| {said.what} | {len(said.answers) - refused} | {refused} | {said.exit_code} | {reasons} |"
    yield ""
    yield "## What is no whole Sun"
    yield ""
    yield "All but the last four carry the name of an image by SDO/AIA at 211 angstrom, of which most are made."
    yield ""
    yield "| file | exit code | what is said |"
    yield "|---|---|---|"
    for said in odd:
        yield f"| {said.what} | {said.exit_code} | {'; '.join(said.refused) or answered(said.answers[0])} |"
    yield ""
    yield "## Each image of 2014"
    yield ""
    yield "The disk's probability, and that of each region by its number, within 65 degrees of the central meridian."
    yield ""
    yield "| taken (UTC) | answer |"
    yield "|---|---|"
    for answer in of_archive[0].answers:
        yield f"| {answer['time'][:16].replace('T', ' ')} | {answer['refusal'] or answered(answer)} |"


def answered(answer: dict[str, Any]) -> str:
    """Return an answer in a line."""
    likely = [region for region in answer["regions"] or [] if region["probability"] is not None]
    likely = sorted(likely, key=lambda region: -region["probability"])
    each = ", ".join(f"{region['noaa_ar'] or 'a region'} {region['probability']:.2f}" for region in likely)
    return f"disk {answer['disk']:.2f}" + (f"; {each}" if each else "; no region to ask about")


if __name__ == "__main__":
    main()
