"""How soon the shipped networks answer, with how much memory, and how long a folder of 1,000 images takes.

Run it from the project's folder: ``python -m benchmarks.predict.shipped``. The images are copies of the one in
``docs/images``, or those of a folder of SDO/AIA 211 images: ``python -m benchmarks.predict.shipped FOLDER``.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.ratios import Ratio, in_turns, run, timed
from solarflare.predict import pretrained
from solarflare.predict.images import find_images
from solarflare.predict.network import Network
from solarflare.predict.predictor import Predictor
from solarflare.sun.images.imaging import Pixels

FOLDER = Path("docs/images")
STARTS = 5
IMAGES = 1000


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="has images of SDO/AIA 211")
    print(*ratios(parser.parse_args().folder), sep="\n")


def ratios(images: Path = FOLDER) -> Iterator[Ratio]:
    """Yield the ratio of a first answer, and of a folder to the networks' own time."""
    files = [file.path for file in find_images([images]) if file.instrument == "aia211"]
    answer, interpreter = in_turns(STARTS, partial(predict, files[0]), partial(run, [sys.executable, "-c", "pass"]))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    detail = f"{answer:.2f} s, of them the interpreter {interpreter:.2f} s; {used.ru_maxrss / 1024:.0f} MB"
    yield Ratio("first answer of the shipped networks", "2 s", answer / 2, 1, detail)
    with tempfile.TemporaryDirectory() as name:
        for number, path in enumerate(itertools.islice(itertools.cycle(files), IMAGES)):
            copy = Path(name) / f"{number // len(files)}" / path.name
            copy.parent.mkdir(exist_ok=True)
            copy.symlink_to(path.resolve())
        whole = timed(predict, Path(name))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        own, crops = networks_alone(Path(name))
    detail = f"{spent:.1f} s and {own:.1f} s of processors for {IMAGES} images, {crops} crops; {whole:.1f} s in all"
    yield Ratio("`solarflare predict`, a folder", "its networks alone", spent / own, 1.3, detail)


def predict(path: Path) -> None:
    """Run `solarflare predict`."""
    command = [sys.executable, "-m", "solarflare.cli", "predict", "--regions", "image", str(path)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 2), done


def networks_alone(folder: Path) -> tuple[float, int]:
    """Return the seconds of a processor for the crops of a folder in the networks, and the number of crops."""
    networks = pretrained.load(pretrained.FOLDER / "aia211")
    timed = [_Timed(network) for network in networks.values()]
    predictor = Predictor(networks, lambda time: None)
    for file in find_images([folder]):
        predictor(file)
    return sum(clock.seconds for clock in timed), sum(clock.crops for clock in timed)


class _Timed:
    """Measures the time of a processor that a network spends on crops."""

    def __init__(self, network: Network) -> None:
        self.seconds, self.crops, self._answer = 0.0, 0, network.scores
        network.scores = self  # type: ignore[method-assign,assignment]

    def __call__(self, crops: Pixels) -> object:
        begin = time.process_time()
        result = self._answer(crops)
        self.seconds += time.process_time() - begin
        self.crops += len(crops)
        return result


if __name__ == "__main__":
    main()
