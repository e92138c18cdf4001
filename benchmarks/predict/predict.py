"""How long an answer takes, from the start and once the networks are loaded, and the memory for 1,000 images.

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

from solarflare.predict.choose import networks
from solarflare.predict.images import find_images
from solarflare.predict.predictor import Predictor
from solarflare.sun.images import imaging

REPEATS = 40
STREAMED = 1000
STARTS = 5


def main() -> None:
    """Print median times, their ratios to unavoidable work, and peak memory after 100 and after 1,000 images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", help="a folder of networks, or an experiment")
    parser.add_argument("folder", type=Path, help="has images of the networks' instruments")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    predictor = Predictor(networks(arguments.models), lambda time: None)
    print(f"networks loaded in {time.perf_counter() - begin:.1f} s, after TensorFlow's import")
    images = [image for image in find_images([arguments.folder]) if image.instrument in predictor.instruments]
    command, tensorflow = starts(arguments.models, images[0].path)
    ratio = command / tensorflow
    print(f"start to answer {command:.1f} s, {ratio:.1f} times `import tensorflow` alone ({tensorflow:.1f} s)")
    answers, decodings = [], []
    for image in images[:REPEATS]:
        answers.append(milliseconds(partial(predictor, image)))
        decodings.append(milliseconds(partial(imaging.decode, image.path, "RGB")))
    answer, decoding = median(answers), median(decodings)
    print(f"an answer {answer:.0f} ms, {answer / decoding:.0f} times the decoding of the image ({decoding:.1f} ms)")
    for number, image in enumerate(itertools.islice(itertools.cycle(images), STREAMED), start=1):
        predictor(image)
        if number in (STREAMED // 10, STREAMED):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"peak memory after {number} images: {peak:.0f} MB")


def starts(models: str, path: Path) -> tuple[float, float]:
    """Return the median seconds of `solarflare predict` for one image, and of an import of TensorFlow, in turns."""
    arguments = ["-m", "solarflare.cli", "predict", "--models", models, "--regions", "image", str(path)]
    command, tensorflow = [], []
    for _ in range(STARTS):
        command.append(milliseconds(partial(python, *arguments)))
        tensorflow.append(milliseconds(partial(python, "-c", "import tensorflow")))
    return median(command) / 1000, median(tensorflow) / 1000


def python(*arguments: str) -> None:
    """Run the interpreter."""
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


def milliseconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
