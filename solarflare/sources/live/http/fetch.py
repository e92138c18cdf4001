"""Returns files of the archives, from the cache or from the first mirror that has them. Checks and caches each file.

Retries are our own loop. urllib3's Retry sends a request again inside the connection, so the pace and the daily cap do
not count it. It also does not retry after a truncated body or a page of HTML instead of an image. Its parser of
Retry-After is used.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.cache import Cache
from solarflare.sources.live.http.deadlines import STOPPED
from solarflare.sources.live.http.outcomes import (
    Absent,
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
from solarflare.sources.live.http.pacing import AGENT, Host
from solarflare.sources.live.http.robots import Robots
from solarflare.sources.live.http.transport import Answer, Transport
from solarflare.sources.live.schema import Live, RequestLimits

__all__ = [
    "Absent",
    "Bases",
    "Fetcher",
    "HostDown",
    "Interrupted",
    "Lost",
    "Read",
    "Refused",
    "TooManyRequests",
    "Verify",
]

Bases = Sequence[str]  # The addresses of an archive at its mirrors, best first
Verify = Callable[[bytes], str | None]  # Returns what is wrong with the content, or None
Read = Callable[[str], bytes]  # Returns the content of an address, or raises Absent, Refused or Temporary
MAX_REDIRECTS = 5
T = TypeVar("T")


class Fetcher:
    """Fetches files at the pace that the parameters allow. Every request of a live scrape goes through a fetcher.

    Parameters
    ----------
    live : Live
        Which hosts get requests, and how often.
    folder : Path
        The folder of the cache.

    Attributes
    ----------
    lost : dict
        The reason by the first address, of each file that no mirror could send, though one may have it.
    """

    def __init__(self, live: Live, folder: Path) -> None:
        self.cache, self.robots_read = Cache(folder / "files"), Cache(folder / "robots")
        self.live = live
        self.agent = f"{AGENT} (research; {live.contact or 'no contact given'})"
        self.hosts = {name: Host(name, limits, folder / "requests") for name, limits in limits_by_host(live).items()}
        self._transport = Transport(self.agent, live.contact or "anonymous@", live.manners)
        self._stopped = threading.Event()
        self._checked: set[str] = set()
        self._absent: dict[str, Absent] = {}
        self.lost: dict[str, str] = {}

    def get(self, urls: Sequence[str], verify: Verify, *, keep: bool = True, read: Read | None = None) -> bytes:
        """Return a file, verified.

        Parameters
        ----------
        urls : sequence of str
            The addresses of one file, best first.
        verify : callable
            Returns what is wrong with the content, or None.
        keep : bool
            Whether the file has its final form: then it is fetched once. If not, each run asks the host once whether it
            has changed.
        read : callable or None
            Reads an address in another way than HTTP or FTP, for example in a browser. The pace is the same.

        Raises
        ------
        Absent
            If no mirror has a usable file. It is Lost if a mirror that failed may have one.
        Refused, HostDown, Interrupted
            If the hosts refuse requests, are down, or may get no more requests now.
        InputError
            If an address is not on a host of the parameters.
        """
        for url in urls:
            self._host(url)
        if self._stopped.is_set():
            raise Interrupted(STOPPED)
        for url in urls:
            known = url in self._checked or (keep and self.cache.is_final(url))
            if known and (content := self.cache.read(url)) is not None:
                return content
        failures: list[Exception] = []
        for url in urls:
            try:
                if read is None and url in self._absent:
                    raise self._absent[url]
                content = self._fetch(url, verify, keep, read)
            except (Absent, Refused, Interrupted) as failure:
                log.debug("%s: %s", url, failure)
                if isinstance(failure, Absent) and read is None:
                    self._absent[url] = failure
                failures.append(failure)
                continue
            log.debug("%s: %d bytes%s", url, len(content), f", after {len(failures)} others" if failures else "")
            self.lost.pop(urls[0], None)
            return content
        outcome = _combined(failures)
        if isinstance(outcome, Lost):
            self.lost[urls[0]] = outcome.reason
        raise outcome

    def concurrency(self, urls: Sequence[str]) -> int:
        """Return how many requests at a time may be sent to the hosts of some addresses."""
        return max(self._host(url).limits.concurrency for url in urls)

    def stop(self) -> None:
        """Let no further request start, and end those that have begun. Files in the cache are not returned either."""
        self._stopped.set()
        for host in self.hosts.values():
            host.stopped.set()
        self._transport.stop()

    def _host(self, url: str) -> Host:
        name = addresses.authority(url)
        if name not in self.hosts:
            raise InputError(f"{url!r} is on a host that neither scrape.live.urls nor scrape.live.extra_hosts names")
        return self.hosts[name]

    def _fetch(self, url: str, verify: Verify, keep: bool, read: Read | None) -> bytes:
        """Fetch the content of an address, verify it and cache it."""
        cached = self.cache.read(url)
        conditions = {} if cached is None else self.cache.conditions(url)

        def request() -> bytes:
            answer = self._follow(url, lambda url: Answer(read(url)) if read else self._transport.get(url, conditions))
            content = cached if answer.content is None else answer.content
            if content is None:
                raise Absent("not changed, by the host, but not in the cache either")
            if problem := verify(content):
                raise Unreadable(f"unreadable: {problem}")
            if answer.content is not None:
                self.cache.write(url, content, answer.headers, final=keep)
            elif keep:
                self.cache.finalize(url)
            self._checked.add(url)
            return content

        return self._retry(url, request)

    def _retry(self, url: str, request: Callable[[], T]) -> T:
        """Repeat a request until it succeeds, at most as often as the limits allow."""
        host = self._host(url)
        attempt = 0
        while True:
            try:
                answer = request()
            except Temporary as failure:
                if attempt == host.limits.retries:
                    raise host.give_up(failure, urlsplit(url).scheme) from None
                host.back_off(attempt, failure)
                attempt += 1
            else:
                host.succeeded()
                return answer

    def _follow(self, url: str, send: Callable[[str], Answer], *, robots: bool = True) -> Answer:
        """Request an address and follow its redirects. With `robots`, raise Refused if robots.txt forbids it."""
        for _ in range(MAX_REDIRECTS + 1):
            if robots:
                self._check_robots(url)
            host, scheme = self._host(url), urlsplit(url).scheme
            with host.slot(scheme):
                try:
                    answer = send(url)
                except Refused as refusal:
                    log.warning("%s: %s (%s); it gets no more requests", host.name, refusal.reason, url)
                    raise host.end(refusal, scheme) from None
            if len(answer.content or b"") > self.live.manners.max_bytes:
                raise Absent(f"larger than {self.live.manners.max_bytes} bytes")
            if answer.location is None:
                return answer
            url = addresses.redirected(url, answer.location, self.hosts)
        raise Absent(f"moved more than {MAX_REDIRECTS} times")

    def _check_robots(self, url: str) -> None:
        """Raise Refused if the host's robots.txt (RFC 9309) forbids an address. The first call for a host reads it."""
        parts = urlsplit(url)
        if parts.scheme == "ftp":
            return
        host = self._host(url)
        with host.robots_lock:
            if parts.scheme not in host.robots:
                host.obey(parts.scheme, self._read_robots(f"{parts.scheme}://{parts.netloc}/robots.txt"))
        if not host.robots[parts.scheme].allow(url):
            raise Refused("forbidden by robots.txt")

    def _read_robots(self, url: str) -> Robots:
        """Return a host's robots.txt. If it is absent, all is allowed. If it cannot be read, the run ends.

        A copy is kept for `estimate`; each run reads the file again.
        """

        def request() -> bytes:
            try:
                return self._follow(url, lambda url: self._transport.get(url, {}), robots=False).content or b""
            except Unreached:
                raise
            except Temporary as failure:
                outcome = Throttled if isinstance(failure, Throttled) else Unreached
                raise outcome(f"robots.txt: {failure.reason}", failure.retry_after) from failure

        try:
            content = self._retry(url, request)
        except Absent:
            content = b""
        self.robots_read.write(url, content, {}, final=False)
        return Robots(content)


def _combined(failures: Sequence[Exception]) -> Exception:
    """Return what the failures at all mirrors of a file mean together."""
    # A mirror without the file is a better reason than a mirror that does not answer.
    best = next(
        failure
        for kind in (Absent, Refused, HostDown, Interrupted)
        for failure in failures
        if isinstance(failure, kind)
    )
    if isinstance(best, Absent | Refused) and any(isinstance(failure, Lost | Interrupted) for failure in failures):
        return Lost(best.reason)
    return best


def limits_by_host(live: Live) -> dict[str, RequestLimits]:
    """Return the limits of each host. If several sources share a host, the strictest hold."""
    limits: dict[str, RequestLimits] = {}
    for source, bases in live.urls.items():
        of_source = live.manners.slowed(live.slower.get(source))
        for host in map(addresses.authority, bases):
            limits[host] = of_source.slowed(limits.get(host))
    return limits | {host: live.manners for host in live.extra_hosts if host not in limits}
