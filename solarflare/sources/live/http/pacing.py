"""One polite stream of requests to a host: how far apart, how many at once, how many a day, and what it forbids."""

import datetime as dt
import importlib.metadata
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.robotparser import RobotFileParser

import numpy as np

from solarflare.sources.live.http.outcomes import Absent, Interrupted, Overloaded, Refused, Temporary, Unreached
from solarflare.sources.live.schema import RequestLimits

AGENT = f"solarflare/{importlib.metadata.version('solarflare')}"
"""Who asks, as robots.txt may name it."""

BACKOFF_JITTER = 0.25
"""Share by which a wait may be longer, so that several who were turned away do not come back together."""


class Host:
    """What is remembered of a host while it is asked.

    Parameters
    ----------
    name : str
        Its authority.
    manners : RequestLimits
        How it is asked.
    ledger : Path
        A folder of files that grow by a byte with every request, one a day: the daily cap outlives the process.
    """

    STRIKES = 3
    """Files in a row that may fail in spite of all retries before the host is thought to be down."""

    def __init__(self, name: str, manners: RequestLimits, ledger: Path) -> None:
        self.name = name
        self.manners = manners
        self.robots: dict[str, RobotFileParser] = {}
        self.asking_robots = threading.Lock()
        self._lock = threading.Lock()
        self._ended: dict[str, Refused | Interrupted] = {}
        self._ledger = ledger
        self._slots = threading.Semaphore(manners.concurrency)
        self._next = 0.0
        self._strikes = 0
        self._random = np.random.default_rng()
        self._stopped = threading.Event()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may be sent, count it, and hold one of the host's places while it runs.

        Raises
        ------
        Interrupted
            If it would be one more than the daily cap.
        """
        with self._slots:
            self._wait()
            self._count()
            yield

    def end(self, why: Refused | Interrupted, scheme: str = "") -> Refused | Interrupted:
        """Ask no more: by one scheme (what is refused over https may be served over http), or at all."""
        self._ended[scheme] = why
        return why

    def check(self, scheme: str) -> None:
        """Raise why a host is not asked any more by a scheme, if it is not."""
        if why := self._ended.get(scheme) or self._ended.get(""):
            raise type(why)(str(why))

    def given_up(self, failure: Temporary, scheme: str) -> Absent | Refused | Interrupted:
        """Return what a file that failed in spite of all retries means: that it is lost, or that the host is."""
        self._strikes += isinstance(failure, Overloaded)
        why = Interrupted(f"{self.name}: {failure.reason}; what was fetched is kept: run again to continue")
        if isinstance(failure, Unreached):
            return self.end(why, scheme)
        return self.end(why) if self._strikes >= self.STRIKES else Absent(failure.reason)

    def back_off(self, attempt: int, failure: Temporary) -> None:
        """Wait longer with every attempt, and at least as long as the host asks for.

        Raises
        ------
        Interrupted
            If it asks for more than the manners' ``max_wait``.
        """
        seconds = self.manners.backoff * 2.0**attempt * (1 + self._random.uniform(0, BACKOFF_JITTER))
        if failure.retry_after is not None:
            seconds = max(seconds, failure.retry_after)
        if seconds > self.manners.max_wait:
            raise self.end(
                Interrupted(
                    f"{self.name}: {failure.reason}, to be asked again in {seconds:.0f} s; what was fetched is kept: "
                    "run again then to continue"
                )
            )
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def well(self) -> None:
        """Forget the failures: the host has answered."""
        self._strikes = 0

    def stop(self) -> None:
        """Wake those who wait, and let nobody start."""
        self._stopped.set()

    def _wait(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                left = self._next - time.monotonic()
                if left <= 0:
                    self._next = time.monotonic() + self._delay()
                    return
            self._stopped.wait(left)
        raise Interrupted(f"{self.name}: stopped; run again to continue")

    def _delay(self) -> float:
        """Return the seconds until the next request may start."""
        asked = [float(robots.crawl_delay(AGENT) or 0) for robots in self.robots.values()]
        return max(self.manners.delay + self._random.uniform(0, self.manners.jitter), *asked, 0.0)

    def _count(self) -> None:
        today = self._ledger / f"{self.name.replace(':', '_')}-{dt.datetime.now(dt.UTC):%Y-%m-%d}"
        with self._lock:
            today.parent.mkdir(parents=True, exist_ok=True)
            with today.open("ab") as file:
                if file.tell() >= self.manners.daily_cap:
                    raise Interrupted(
                        f"{self.name}: its daily cap of {self.manners.daily_cap} requests is reached; what was fetched "
                        "is kept: run again tomorrow (UTC), or raise daily_cap in scrape.live.manners"
                    )
                file.write(b".")
