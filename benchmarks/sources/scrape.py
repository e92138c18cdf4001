"""How fast images are fetched, verified and stored, beside aria2c fetching them and Pillow decoding them.

Both ask one server on the loopback, one after the other, with the same concurrency and no delay. It needs aria2c
(Debian: apt install aria2) and runs as ``python -m benchmarks.sources.scrape``.
"""

import io
import multiprocessing
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from solarflare.core.console import cores
from solarflare.sources.live.http.fetch import Fetcher
from solarflare.sun.images import usable
from tests import parameters
from tests.archive_server import ArchiveServer

FILES = 1000
CONCURRENCY = 4
ROUNDS = 3


def main() -> None:
    """Print seconds, their ratio, and peak memory for a quarter of the files and for all."""
    if shutil.which("aria2c") is None:
        sys.exit(
            "benchmarks.sources.scrape: aria2c is not there to fetch beside; install it (Debian: apt install aria2)"
        )
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = make(folder / "site")
        with serving(folder / "site") as url:
            urls = [f"{url}/{file}" for file in files]
            fetch(urls[::4], url, folder / "quarter")
            quarter = peak()
            own_seconds, aria2_seconds = zip(
                *((fetch(urls, url, folder / f"ours{n}"), aria2(urls, folder / f"theirs{n}")) for n in range(ROUNDS)),
                strict=True,
            )
    own_best, aria2_best = min(own_seconds), min(aria2_seconds)
    ratio = f"ratio {own_best / aria2_best:.2f} (best of {ROUNDS})"
    print(f"{FILES} JPEGs: {own_best:.2f} s; aria2c and Pillow {aria2_best:.2f} s; {ratio}")
    print(f"peak memory: {quarter:.0f} MB after {FILES // 4} files, {peak():.0f} MB after {FILES * ROUNDS} more")


def make(folder: Path) -> list[str]:
    """Write images of a magnetogram's form and size, each another, and return their names."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:860, :860]
    disk = np.hypot(x - 430, y - 415) < 380
    names = [f"{number:04d}.jpg" for number in range(FILES)]
    for name in names:
        coarse = rng.normal(128, 40, (108, 108)).clip(0, 255).astype(np.uint8)
        field = np.asarray(Image.fromarray(coarse).resize((860, 860), Image.Resampling.BICUBIC))
        Image.fromarray(np.where(disk, field, 0).astype(np.uint8)).save(folder / name, quality=92)
    return names


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder from a process of its own, and yield its address."""
    receiver, sender = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(folder, sender))
    server.start()
    try:
        yield receiver.recv()
    finally:
        receiver.send("stop")
        server.join()


def serve(folder: Path, pipe: Connection) -> None:
    """Serve until told to stop."""
    with ArchiveServer(folder) as server:
        pipe.send(server.url)
        pipe.recv()


def fetch(urls: list[str], base: str, cache: Path) -> float:
    """Return the seconds that this project takes."""
    live = parameters.load().scrape.live
    fast = {"delay": 0.0, "jitter": 0.0, "concurrency": CONCURRENCY, "daily_cap": 100_000}
    chosen = live.model_copy(update={"urls": {"bbso": (base,)}, "manners": live.manners.model_copy(update=fast)})
    fetcher = Fetcher(chosen, cache)
    start = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        total = sum(pool.map(lambda url: len(fetcher.get([url], refusal)), urls))
    assert total
    return time.perf_counter() - start


def refusal(content: bytes) -> str | None:
    """Return why something is no magnetogram."""
    return usable.refusal(io.BytesIO(content), "gong")


def aria2(urls: list[str], folder: Path) -> float:
    """Return the seconds that aria2c takes to fetch the files, and Pillow to decode them."""
    start = time.perf_counter()
    options = [f"--max-concurrent-downloads={CONCURRENCY}", "--split=1", "--file-allocation=none", "--quiet"]
    options += [f"--dir={folder}", "--input-file=-"]
    subprocess.run(["aria2c", *options], input="\n".join(urls), text=True, check=True)
    with ThreadPoolExecutor(cores()) as pool:
        assert len(list(pool.map(partial(decode, folder), urls))) == len(urls)
    return time.perf_counter() - start


def decode(folder: Path, url: str) -> None:
    """Decode a file with Pillow."""
    with Image.open(folder / url.rpartition("/")[2]) as image:
        image.load()


def peak() -> float:
    """Return the peak memory so far of this process, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
