"""Files from the archives: from the cache, or politely from the first mirror that has them; verified and kept."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from solarflare.core.errors import InputError
from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.cache import Cache
from solarflare.sources.live.http.outcomes import Absent, Interrupted, Refused, Temporary, Unreached
from solarflare.sources.live.http.pacing import AGENT, Host
from solarflare.sources.live.http.transport import Answer, Transport
from solarflare.sources.live.schema import Live, RequestLimits

__all__ = ["Absent", "Fetcher", "Interrupted", "Read", "Refused", "Verify"]

Verify = Callable[[bytes], str | None]
"""Returns why bytes are not what they should be, or None if they are."""

Read = Callable[[str], bytes]
"""Returns the content of an address, or raises Absent, Refused or Temporary."""

MOVES = 5
"""Redirects that are followed."""

log = logging.getLogger("solarflare")
T = TypeVar("T")


class Fetcher:
    """All that is fetched goes through here.

    Parameters
    ----------
    live : Live
        The hosts that may be asked, and how.
    folder : Path
        The cache.

    Attributes
    ----------
    live : Live
        As given.
    agent : str
        The User-Agent: who asks.
    """

    def __init__(self, live: Live, folder: Path) -> None:
        self.cache = Cache(folder / "files")
        self._hosts = {name: Host(name, manners, folder / "requests") for name, manners in host_manners(live).items()}
        common = live.manners
        self.live = live
        self.agent = f"{AGENT} (research; {live.contact or 'no contact given'})"
        self._transport = Transport(self.agent, live.contact or "anonymous@", common.timeout, common.max_bytes)
        self._fresh: set[str] = set()
        self._absent: dict[str, str] = {}

    def get(self, urls: Sequence[str], verify: Verify, *, keep: bool = True, read: Read | None = None) -> bytes:
        """Return a file.

        Parameters
        ----------
        urls : sequence of str
            Addresses of one and the same file, best first.
        verify : callable
            Returns why bytes are not the file that was asked for, or None.
        keep : bool
            Whether a copy in the cache is final. If not, the server is asked, once a run, whether it has changed.
        read : callable or None
            What asks instead, such as a browser, by the same manners; returns the content of an address.

        Returns
        -------
        bytes
            The content, verified.

        Raises
        ------
        Absent
            If a mirror says that it is not there, or what is there cannot be used, and no other has it.
        Refused
            If the hosts do not want to be asked.
        Interrupted
            If no host can say now whether it is there.
        InputError
            If an address is not one that the parameters allow.
        """
        for url in urls:
            self._host(url)
        for url in urls:
            if (keep or url in self._fresh) and (content := self.cache.read(url)) is not None:
                return content
        failures: list[Exception] = []
        for url in urls:
            try:
                if read is None and url in self._absent:
                    raise Absent(self._absent[url])
                content = self._fetch(url, verify, keep, read)
            except (Absent, Refused, Interrupted) as failure:
                log.debug("%s: %s", url, failure)
                if isinstance(failure, Absent) and read is None:
                    self._absent[url] = failure.reason
                failures.append(failure)
                continue
            log.debug("%s: %d bytes%s", url, len(content), f", after {len(failures)} others" if failures else "")
            return content
        # That one mirror does not have a file says more than that another cannot be asked.
        raise min(failures, key=lambda failure: (Absent, Refused, Interrupted).index(type(failure)))

    @property
    def hosts(self) -> list[str]:
        """The hosts that may be asked, with their ports where those are not the usual ones."""
        return sorted(self._hosts)

    def concurrency(self, urls: Sequence[str]) -> int:
        """Return how many requests at a time the hosts of some addresses take at most."""
        return max(self._host(url).manners.concurrency for url in urls)

    def stop(self) -> None:
        """Let no further request start."""
        for host in self._hosts.values():
            host.stop()

    def _host(self, url: str) -> Host:
        name = addresses.authority(url)
        if name not in self._hosts:
            raise InputError(f"{url!r} is on a host that neither scrape.live.urls nor scrape.live.extra_hosts names")
        return self._hosts[name]

    def _fetch(self, url: str, verify: Verify, keep: bool, read: Read | None) -> bytes:
        """Return what an address holds, verified, and keep it."""
        kept = None if keep else self.cache.read(url)
        conditions = {} if kept is None else self.cache.conditions(url)

        def ask() -> bytes:
            answer = self._follow(url, conditions) if read is None else self._read(url, read)
            content = kept if answer.content is None else answer.content
            if content is None:
                raise Absent("said to be as before, but never seen before")
            if reason := verify(content):
                raise Temporary(f"unreadable: {reason}")
            if answer.content is not None:
                self.cache.write(url, content, answer.headers)
            self._fresh.add(url)
            return content

        return self._persistently(url, ask)

    def _persistently(self, url: str, ask: Callable[[], T]) -> T:
        """Ask until there is an answer, as often as the manners allow."""
        host = self._host(url)
        attempt = 0
        while True:
            try:
                answer = ask()
            except Temporary as failure:
                if attempt == host.manners.retries:
                    raise host.given_up(failure, urlsplit(url).scheme) from None
                host.back_off(attempt, failure)
                attempt += 1
            else:
                host.well()
                return answer

    def _read(self, url: str, read: Read) -> Answer:
        """Let something else ask an address."""
        self._check_robots(url)
        answer = self._ask(url, lambda: Answer(read(url)))
        if len(answer.content or b"") > self.live.manners.max_bytes:
            raise Absent(f"larger than {self.live.manners.max_bytes} bytes")
        return answer

    def _follow(self, url: str, conditions: dict[str, str], *, robots: bool = True) -> Answer:
        """Ask an address, and where it points to: with `robots`, only what robots.txt allows."""
        for _ in range(MOVES + 1):
            if robots:
                self._check_robots(url)
            answer = self._get(url, conditions)
            if answer.location is None:
                return answer
            url = addresses.redirected(url, answer.location, self._hosts)
        raise Absent(f"moved more than {MOVES} times")

    def _get(self, url: str, conditions: dict[str, str]) -> Answer:
        return self._ask(url, lambda: self._transport.get(url, conditions))

    def _ask(self, url: str, request: Callable[[], Answer]) -> Answer:
        """Ask once, when it is this request's turn; remember a host that refuses."""
        host, scheme = self._host(url), urlsplit(url).scheme
        host.check(scheme)
        with host.turn():
            try:
                return request()
            except Refused as refusal:
                log.warning("%s: %s (%s); it is not asked any more", host.name, refusal.reason, url)
                raise host.end(refusal, scheme) from None

    def _check_robots(self, url: str) -> None:
        """Raise Refused if the host's robots.txt, read before anything else, forbids an address (RFC 9309)."""
        parts = urlsplit(url)
        if parts.scheme == "ftp":
            return
        host = self._host(url)
        with host.asking_robots:
            if parts.scheme not in host.robots:
                host.robots[parts.scheme] = self._read_robots(f"{parts.scheme}://{parts.netloc}/robots.txt")
        if not host.robots[parts.scheme].can_fetch(AGENT, url):
            raise Refused("forbidden by robots.txt")

    def _read_robots(self, url: str) -> RobotFileParser:
        """Return a host's robots.txt: where there is none, all is allowed; where it cannot be read, nothing is."""

        def ask() -> bytes:
            try:
                return self._follow(url, {}, robots=False).content or b""
            except Temporary as failure:
                raise Unreached(f"robots.txt: {failure.reason}", failure.retry_after) from failure

        robots = RobotFileParser(url)
        try:
            text = self._persistently(url, ask).decode(errors="replace")
        except Absent:
            text = ""
        robots.parse(text.splitlines())
        return robots


def host_manners(live: Live) -> dict[str, RequestLimits]:
    """Return how each host that may be asked is asked: where several sources share one, by the slowest manners."""
    manners: dict[str, RequestLimits] = {}
    for source, bases in live.urls.items():
        own = live.manners.slowed(live.slower.get(source))
        for name in map(addresses.authority, bases):
            manners[name] = own.slowed(manners.get(name))
    return manners | {name: live.manners for name in live.extra_hosts if name not in manners}
