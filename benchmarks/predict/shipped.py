"""How soon the shipped networks answer, with how much memory, and how long a folder of 1,000 images takes.

Run it from the project's folder: ``python -m benchmarks.predict.shipped FOLDER``, with images of SDO/AIA 211 in the
folder, such as an archive of the profile ``sdo-euv``.
"""

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from solarflare.predict import pretrained
from solarflare.predict.images import find_images
from solarflare.predict.network import Network
from solarflare.predict.predictor import Predictor
from solarflare.sun.images.imaging import Pixels

STARTS = 5
IMAGES = 1000
WORKERS = 2  # the cores of a small machine


def main() -> None:
    """Print seconds and megabytes of a first answer, and the time of a folder in units of the networks' own time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="has images of SDO/AIA 211")
    files = [file.path for file in find_images([parser.parse_args().folder]) if file.instrument == "aia211"]
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    walls = [predict(files[0]) for _ in range(STARTS)]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = (used.ru_utime + used.ru_stime) / STARTS
    print(f"first answer: {median(walls):.2f} s, {processor:.2f} s of them on a core, {used.ru_maxrss / 1024:.0f} MB")
    with tempfile.TemporaryDirectory() as name:
        for number, path in enumerate(itertools.islice(itertools.cycle(files), IMAGES)):
            copy = Path(name) / f"{number // len(files)}" / path.name
            copy.parent.mkdir(exist_ok=True)
            copy.symlink_to(path.resolve())
        whole = predict(Path(name))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        own, counted = networks_alone(Path(name))
    print(f"{IMAGES} images: {whole:.1f} s, {spent:.1f} s of processors; {counted} crops in the networks: {own:.1f} s")
    idle = spent / min(os.cpu_count() or 1, WORKERS)
    print(f"ratio {whole / own:.2f}; {idle / own:.2f} if {WORKERS} cores were idle")


def predict(path: Path) -> float:
    """Return the seconds of `solarflare predict`."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "solarflare.cli", "predict", "--regions", "image", str(path)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 2), done
    return time.perf_counter() - begin


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
