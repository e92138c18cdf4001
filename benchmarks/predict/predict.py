"""How long an image takes to be answered, from the start and once the networks are loaded, and the memory of 1,000.

Run it from the project's folder: ``python -m benchmarks.predict.predict MODELS FOLDER``, for example
``python -m benchmarks.predict.predict models data/raw/images``.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from solarflare.predict import images, predictor
from solarflare.sun.images import imaging

REPEATS = 40
STREAMED = 1000
STARTS = 5


def main() -> None:
    """Print medians, their ratios to what cannot be avoided, and peak memory after 100 and after 1,000 images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", help="a folder of networks, or an experiment")
    parser.add_argument("folder", type=Path, help="holds images that they know")
    given = parser.parse_args()
    begin = time.perf_counter()
    ask = predictor.Predictor(*predictor.trained(given.models), lambda time: None)
    print(f"networks loaded in {time.perf_counter() - begin:.1f} s, after TensorFlow's import")
    known = [one for one in images.listed([given.folder]) if one.instrument in ask.instruments]
    whole, alone = starts(given.models, known[0].path)
    print(f"start to answer {whole:.1f} s, {whole / alone:.1f} times `import tensorflow` alone ({alone:.1f} s)")
    answers, decodings = [], []
    for one in known[:REPEATS]:
        answers.append(milliseconds(partial(ask, one)))
        decodings.append(milliseconds(partial(imaging.decode, one.path, "RGB")))
    answer, decoding = median(answers), median(decodings)
    print(f"an answer {answer:.0f} ms, {answer / decoding:.0f} times the decoding of the image ({decoding:.1f} ms)")
    for number, one in enumerate(itertools.islice(itertools.cycle(known), STREAMED), start=1):
        ask(one)
        if number in (STREAMED // 10, STREAMED):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"peak memory after {number} images: {peak:.0f} MB")


def starts(models: str, path: Path) -> tuple[float, float]:
    """Return the median seconds of processes that answer for an image, and of some that import TensorFlow, in turns."""
    answering = ["-m", "solarflare.cli", "predict", "--models", models, "--regions", "image", str(path)]
    whole, alone = [], []
    for _ in range(STARTS):
        whole.append(milliseconds(partial(python, *answering)))
        alone.append(milliseconds(partial(python, "-c", "import tensorflow")))
    return median(whole) / 1000, median(alone) / 1000


def python(*arguments: str) -> None:
    """Run the interpreter."""
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


def milliseconds(what: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    what()
    return 1000 * (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
