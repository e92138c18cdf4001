"""Sends one request over HTTP or FTP, without waiting or retrying.

FTP uses ftplib, not `fsspec`. `fsspec` turns every failure (a full server, a refusal, a broken connection) into
FileNotFoundError. It has no size cap, does not notice a truncated file, and does not connect again.
"""

import datetime as dt
import email.utils
import ftplib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.deadlines import Deadlines, Transfer
from solarflare.sources.live.http.outcomes import Absent, Overloaded, Refused, Temporary, Throttled, Unreached
from solarflare.sources.live.schema import RequestLimits

CHUNK = 2**16
MAX_RETRY_AFTER = 10**9  # Seconds
REFUSED = {401, 403, 451}
THROTTLED = 429
OVERLOADED = {408, 425, 429, 500, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Answer:
    """A host's answer: content (None: not changed, or a redirect), headers in lower case, target of a redirect."""

    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str | None = None


Register = Callable[[socket.socket], None]  # Lets a connection be closed with the transfer that uses it


class _WatchedAdapter(HTTPAdapter):
    """An adapter of requests that registers each connection before it waits for an answer."""

    def __init__(self, register: Register) -> None:
        self._pools = {
            "http": _watched(urllib3.HTTPConnectionPool, register),
            "https": _watched(urllib3.HTTPSConnectionPool, register),
        }
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> urllib3.ProxyManager:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _watched(pool: Any, register: Register) -> Any:
    """Return a class of connection pools whose connections are registered."""

    class Connection(pool.ConnectionCls):
        def getresponse(self) -> Any:
            register(self.sock)
            return super().getresponse()

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


class _WatchedFtp(ftplib.FTP):
    """An FTP client that registers its connections: the one for commands and those for data."""

    def __init__(self, register: Register, timeout: float) -> None:
        self._register = register
        super().__init__(timeout=timeout, encoding="latin-1")

    def getresp(self) -> str:
        if self.sock is not None:
            self._register(self.sock)
        return super().getresp()

    def ntransfercmd(self, *arguments: Any) -> tuple[socket.socket, int | None]:
        connection, size = super().ntransfercmd(*arguments)
        self._register(connection)
        return connection, size


class _Connections(threading.local):
    """The open connections of a thread, and its transfer."""

    def __init__(self, agent: str) -> None:
        self.transfer = Transfer()
        self.ftp: dict[str, ftplib.FTP] = {}
        self.http = requests.Session()
        self.http.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        # Without this, requests would take a password from ~/.netrc.
        self.http.auth = lambda request: request
        for scheme in ("http://", "https://"):
            self.http.mount(scheme, _WatchedAdapter(self.watch))

    def watch(self, connection: socket.socket) -> None:
        """Let a connection be closed with the thread's transfer."""
        self.transfer.watch(connection)


class Transport:
    """Sends requests, over one open connection per thread and host.

    `contact` is the password of anonymous FTP, by custom an e-mail address. A request fails after ``timeout`` seconds
    without a byte, and if `Deadlines` ends it. An answer of more than ``max_bytes`` is not read to its end.
    """

    def __init__(self, agent: str, contact: str, limits: RequestLimits) -> None:
        self._contact, self._timeout, self._max_bytes = contact, limits.timeout, limits.max_bytes
        self._deadlines = Deadlines(limits.timeout, limits.min_speed, limits.max_seconds)
        self._thread = _Connections(agent)

    def get(self, url: str, conditions: dict[str, str]) -> Answer:
        """Send one request; raise Absent, Refused or Temporary if there is no content.

        `url` is an http, https or ftp address. If an ftp address ends in a slash, it is a folder: its content is the
        names in it, one per line.
        `conditions` are the headers of a conditional request.
        """
        with self._deadlines.transfer() as self._thread.transfer:
            return self._ftp(url) if urlsplit(url).scheme == "ftp" else self._http(url, conditions)

    def stop(self) -> None:
        """End all requests at once, also those that begin later."""
        self._deadlines.stop()

    def _http(self, url: str, conditions: dict[str, str]) -> Answer:
        try:
            get, timeout = self._thread.http.get, self._timeout
            with get(url, headers=conditions, timeout=timeout, allow_redirects=False, stream=True) as response:
                return self._answer(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _temporary(error) from error
        except ValueError as error:
            # The library requests parses the target of a redirect even if it does not follow the redirect.
            raise Absent("moved to another host") from error

    def _answer(self, response: requests.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = f"{response.status_code} {response.reason or ''}".strip()
        if response.status_code == 304:
            return Answer(headers=headers)
        if response.status_code in REDIRECTS:
            return Answer(headers=headers, location=headers.get("location", ""))
        wait = retry_after(headers.get("retry-after", ""), headers.get("date", ""))
        check_status(response.status_code, status, wait)
        # An encoded answer is not decoded: a few bytes of gzip can become gigabytes. The request asked for no encoding.
        if headers.get("content-encoding", "identity") != "identity":
            raise Absent(f"encoded as {headers['content-encoding']}, which was not asked for")
        content = bytearray()
        while chunk := response.raw.read1(CHUNK):
            self._extend(content, chunk)
        return Answer(bytes(content), headers)

    def _extend(self, content: bytearray, chunk: bytes) -> None:
        content += chunk
        self._thread.transfer.received += len(chunk)
        if len(content) > self._max_bytes:
            raise Absent(f"larger than {self._max_bytes} bytes")

    def _ftp(self, url: str) -> Answer:
        path = unquote(urlsplit(url).path) or "/"
        if any(ord(character) < 32 for character in path):
            raise Absent("a control character in its address")
        host, connected = addresses.authority(url), False
        try:
            connection = self._connection(url, host)
            connected = True
            return Answer(self._names(connection, path) if path.endswith("/") else self._retrieve(connection, path))
        except ftplib.error_perm as error:
            # Code 530 means that nobody may log in. Other codes are about the file.
            raise Refused(str(error)) if str(error).startswith("53") else Absent(str(error)) from error
        except (Absent, ftplib.Error, EOFError, OSError, UnicodeError) as error:
            # The transfer may have stopped in the middle, so the connection is not used again.
            self._thread.ftp.pop(host, None)
            if isinstance(error, Absent):
                raise
            if isinstance(error, ftplib.error_temp):
                raise Overloaded(str(error)) from error
            raise (Temporary if connected else Unreached)(f"connection broken ({error})") from error

    def _connection(self, url: str, host: str) -> ftplib.FTP:
        """Return the thread's connection to a host, logged in."""
        if host not in self._thread.ftp:
            parts = urlsplit(url)
            connection = _WatchedFtp(self._thread.watch, self._timeout)
            connection.connect(parts.hostname or "", parts.port or addresses.PORTS["ftp"])
            connection.login("anonymous", self._contact)
            self._thread.ftp[host] = connection
        return self._thread.ftp[host]

    def _names(self, connection: ftplib.FTP, folder: str) -> bytes:
        """Return the names in a folder, one per line."""
        connection.cwd(folder)
        names = bytearray()
        try:
            connection.retrlines("NLST", lambda name: self._extend(names, name.encode() + b"\n"))
        except ftplib.error_perm:
            # Some servers do not know NLST. Other servers answer 550 for an empty folder.
            connection.retrlines("LIST", lambda line: self._extend(names, line.rpartition(" ")[2].encode() + b"\n"))
        if not names:
            raise Absent("an empty folder")
        return bytes(names)

    def _retrieve(self, connection: ftplib.FTP, path: str) -> bytes:
        content = bytearray()
        connection.voidcmd("TYPE I")
        expected = connection.size(path)
        connection.retrbinary(f"RETR {path}", lambda chunk: self._extend(content, chunk), CHUNK)
        if expected is not None and len(content) != expected:
            raise OSError(f"{len(content)} of {expected} bytes came")
        return bytes(content)


def check_status(status: int, reason: str, wait: float | None = None) -> None:
    """Raise what a status of HTTP other than 200 means: Refused, Throttled, Overloaded or Absent.

    `wait` are the seconds that the host wants to get no request.
    """
    if status in REFUSED:
        raise Refused(reason)
    if status in OVERLOADED:
        raise (Throttled if status == THROTTLED else Overloaded)(reason, wait)
    if status != 200:
        raise Absent(reason)


def retry_after(value: str, date: str = "") -> float | None:
    """Return the seconds that a Retry-After header asks for, at least 0; None if it has neither seconds nor a date.

    `date` is the header Date of the same answer. A date in Retry-After is by the clock of the server, and that may
    differ from ours.
    """
    if value.strip().isdecimal():
        return float(min(int(value), MAX_RETRY_AFTER)) if len(value) < 100 else float(MAX_RETRY_AFTER)
    if (until := _http_date(value)) is None:
        return None
    now = _http_date(date) or dt.datetime.now(dt.UTC)
    return max(0.0, (until - now).total_seconds())


def _http_date(text: str) -> dt.datetime | None:
    """Return the time of a text in the form of HTTP (RFC 9110, 5.6.7), or None."""
    try:
        time = email.utils.parsedate_to_datetime(text)
        return time if time.tzinfo else time.replace(tzinfo=dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _temporary(error: Exception) -> Temporary:
    """Return the outcome that an error of the connection means."""
    cause = getattr(error.args[0], "reason", error) if error.args else error
    unreached = urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    on_the_way = requests.exceptions.SSLError | requests.exceptions.ProxyError
    if isinstance(error, on_the_way) or isinstance(cause, unreached):
        return Unreached(f"cannot be reached ({_why(cause)})")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return Temporary("no answer in time")
    return Temporary("truncated" if "IncompleteRead" in str(error) else "connection broken")


def _why(cause: Exception) -> str:
    """Return in words why there is no connection to a host: the texts of urllib3 have addresses of objects."""
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "its name is not found"
    if system := getattr(cause.__cause__, "strerror", None):
        return str(system)
    if isinstance(cause, urllib3.exceptions.ConnectTimeoutError):
        return "no answer in time"
    return str(cause.args[0] if cause.args else cause)
