"""The pace of requests to one host: the time between two, the number at a time and per day, and its robots.txt.

Neither requests-ratelimiter nor the sleeps of urllib3's Retry are used. One pace has to cover HTTP, FTP and the
browser, in all threads. It has a jitter and obeys Crawl-delay and Retry-After. It ends the run at the daily cap or at a
wait that is too long, and it stops at once at Ctrl-C. `requests-ratelimiter` covers only sessions of requests, ignores
Retry-After, and cannot be woken from its sleep.
"""

import datetime as dt
import importlib.metadata
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from solarflare.sources.live.http.outcomes import (
    HostDown,
    Interrupted,
    Lost,
    Refused,
    Temporary,
    Throttled,
    TooManyRequests,
    Unreached,
    Unreadable,
)
from solarflare.sources.live.http.robots import NAME, Robots
from solarflare.sources.live.schema import RequestLimits

AGENT = f"{NAME}/{importlib.metadata.version('solarflare')}"  # Our name in the User-Agent header
# A wait after a failure is longer by a random share, at most this one, so that clients do not all return together.
BACKOFF_JITTER = 0.25
MAX_FAILED_FILES = 3  # If all retries of so many files in a row have failed, the host counts as down
MAX_UNREADABLE_FILES = 10  # The same for broken files: an archive may have kept some in a row since an outage
KEPT = "the files that were fetched are kept: run again"


class Host:
    """One host, and everything that a run remembers of it. `name` is its authority.

    The folder `counts` has a file for each host and day. Each request adds one byte to it, so that the daily cap holds
    across runs.
    """

    def __init__(self, name: str, limits: RequestLimits, counts: Path) -> None:
        self.name, self.limits, self._counts = name, limits, counts
        self.robots: dict[str, Robots] = {}
        self.robots_lock, self._lock = threading.Lock(), threading.Lock()
        self._ended: dict[str, Refused | Interrupted] = {}
        self._slots = threading.Semaphore(limits.concurrency)
        self._next_start, self._failed_files, self._unreadable_files = 0.0, 0, 0
        self._random = np.random.default_rng()
        self.stopped = threading.Event()

    @contextmanager
    def slot(self, scheme: str) -> Iterator[None]:
        """Wait until a request may start, count it, and occupy one of the host's slots while it runs.

        Raises Refused or Interrupted if the host gets no more requests, or its daily cap is reached.
        """
        if reason := self._ended.get(scheme) or self._ended.get(""):
            raise type(reason)(str(reason))
        with self._slots:
            self._wait()
            self._count()
            yield

    def end(self, reason: Refused | Interrupted, scheme: str = "") -> Refused | Interrupted:
        """Allow no more requests with a scheme (blank: any); return the reason. Https may refuse what http serves."""
        self._ended[scheme] = reason
        return reason

    def give_up(self, failure: Temporary, scheme: str) -> Lost | Refused | Interrupted:
        """Return what the failure of the last retry means: the file is lost, or the host is down or wants a rest."""
        if isinstance(failure, Throttled):
            return self.end(
                TooManyRequests(f"{self.name}: {failure.reason}, after all retries; {KEPT} later to continue")
            )
        unreadable = isinstance(failure, Unreadable)
        self._unreadable_files += unreadable
        self._failed_files += not unreadable
        down = HostDown(f"{self.name}: {failure.reason}; {KEPT} to continue")
        if isinstance(failure, Unreached):
            return self.end(down, scheme)
        if self._failed_files >= MAX_FAILED_FILES or self._unreadable_files >= MAX_UNREADABLE_FILES:
            return self.end(down)
        return Lost(failure.reason)

    def obey(self, scheme: str, robots: Robots) -> None:
        """Remember the robots.txt of a scheme. It was a request itself, so the next one waits for its Crawl-delay.

        Raises Interrupted if the delay is longer than ``max_wait``.
        """
        if robots.delay > self.limits.max_wait:
            raise self.end(
                Interrupted(
                    f"{self.name}: its robots.txt asks for {robots.delay:g} s between two requests, and max_wait in "
                    f"scrape.live.manners is {self.limits.max_wait:g} s; raise it, or leave the source out"
                )
            )
        self.robots[scheme] = robots
        with self._lock:
            self._next_start = max(self._next_start, time.monotonic() + robots.delay)

    def back_off(self, attempt: int, failure: Temporary) -> None:
        """Delay the next request. The delay doubles with each attempt (from 0), and is at least Retry-After.

        Raises Interrupted if the delay is longer than ``max_wait``.
        """
        seconds = self.limits.backoff * 2.0**attempt * (1 + self._random.uniform(0, BACKOFF_JITTER))
        seconds = max(seconds, failure.retry_after or 0.0)
        if seconds > self.limits.max_wait:
            wait = f"{failure.reason}, and it wants no request for {seconds:.0f} s"
            kind = TooManyRequests if isinstance(failure, Throttled) else Interrupted
            raise self.end(kind(f"{self.name}: {wait}; {KEPT} then to continue"))
        with self._lock:
            self._next_start = max(self._next_start, time.monotonic() + seconds)

    def succeeded(self) -> None:
        """Forget earlier failures."""
        self._failed_files = self._unreadable_files = 0

    def _wait(self) -> None:
        while not self.stopped.is_set():
            with self._lock:
                remaining = self._next_start - time.monotonic()
                if remaining <= 0:
                    crawl_delays = [robots.delay for robots in self.robots.values()]
                    delay = self.limits.delay + self._random.uniform(0, self.limits.jitter)
                    self._next_start = time.monotonic() + max(delay, *crawl_delays, 0.0)
                    return
            self.stopped.wait(min(remaining, threading.TIMEOUT_MAX))
        raise Interrupted(f"{self.name}: stopped; run again to continue")

    def _count(self) -> None:
        today = self._counts / f"{self.name.replace(':', '_')}-{dt.datetime.now(dt.UTC):%Y-%m-%d}"
        with self._lock:
            today.parent.mkdir(parents=True, exist_ok=True)
            with today.open("ab") as file:
                if file.tell() >= self.limits.daily_cap:
                    raise Interrupted(
                        f"{self.name}: its daily cap of {self.limits.daily_cap} requests is reached; {KEPT} tomorrow "
                        "(UTC), or raise daily_cap in scrape.live.manners"
                    )
                file.write(b".")
