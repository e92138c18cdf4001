"""Whether the server of the shipped networks bears load: 50 clients for a minute, and nonsense among their requests.

Run it from the project's folder: ``python -m benchmarks.predict.serve``. It serves the model that ``solarflare export``
writes, on the loopback, with the command of the Dockerfile.
"""

import argparse
import itertools
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from solarflare.predict import served
from tests.image_rehearsal import IMAGE, ask, request, serve

NONSENSE_EVERY = 5  # requests
NONSENSE = (
    b"the Sun",
    b'{"inputs": []}',
    request({}),
    request({IMAGE.name: b"no image"}),
    request({"holiday.jpg": IMAGE.read_bytes()}),
)


def main() -> None:
    """Print the number of answers and errors, the 99th percentile of their times, images a second, and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served.export("aia211", folder / "model")
        with serve(folder) as (address, process):
            warm_up = time.monotonic() + arguments.seconds / 4
            clients(address, arguments.clients, warm_up)
            before, begin = memory(process), time.monotonic()
            answers = clients(address, arguments.clients, begin + arguments.seconds)
            passed, after = time.monotonic() - begin, memory(process)
    right = [seconds for status, wanted, seconds in answers if status == wanted == 200]
    refused = sum(status == wanted == 400 for status, wanted, _ in answers)
    errors = Counter(status for status, wanted, _ in answers if status != wanted)
    print(f"{len(right)} images answered, {refused} times nonsense refused, errors by status: {dict(errors) or 'none'}")
    per_second, p99 = len(right) / passed, np.quantile(right, 0.99)
    print(f"{per_second:.1f} images a second, p99 {p99:.2f} s, {arguments.clients} clients")
    print(f"memory of the server: {before / 1e6:.0f} MB after the warm-up, {after / 1e6:.0f} MB at the end")


def clients(address: str, number: int, end: float) -> list[tuple[int, int, float]]:
    """Ask from as many threads until a time. Return the status, the wanted status, and the seconds of each request."""
    good = request({IMAGE.name: IMAGE.read_bytes()})

    def client(first: int) -> list[tuple[int, int, float]]:
        answers: list[tuple[int, int, float]] = []
        for count in itertools.count(first):
            if time.monotonic() > end:
                return answers
            wrong = count % NONSENSE_EVERY == 0
            body, wanted = (NONSENSE[count // NONSENSE_EVERY % len(NONSENSE)], 400) if wrong else (good, 200)
            begin = time.monotonic()
            status, _answer = ask(address, body)
            answers.append((status, wanted, time.monotonic() - begin))
        return answers

    with ThreadPoolExecutor(number) as pool:
        return list(itertools.chain.from_iterable(pool.map(client, range(number))))


def memory(process: int) -> int:
    """Return the bytes of memory of a process and of those that it started."""
    started = psutil.Process(process)
    return sum(each.memory_info().rss for each in (started, *started.children(recursive=True)))


if __name__ == "__main__":
    main()
