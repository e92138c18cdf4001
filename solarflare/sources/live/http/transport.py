"""One request over HTTP or FTP: the content, or why there is none. Nothing here waits or tries again."""

import datetime as dt
import email.utils
import ftplib
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3

from solarflare.sources.live.http import addresses
from solarflare.sources.live.http.outcomes import Absent, Overloaded, Refused, Temporary, Unreached

CHUNK = 2**16
REFUSALS = {401, 403, 451}
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Answer:
    """What a host answered: content, None if it has not changed; headers in lower case; where else to look."""

    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str | None = None


class Transport:
    """Connections, one per thread and host, kept open.

    Parameters
    ----------
    agent : str
        The User-Agent.
    contact : str
        The password of anonymous FTP, by custom an e-mail address.
    timeout : float
        Seconds without a byte after which a host is thought not to answer.
    max_bytes : int
        A larger answer is not read to its end.
    """

    def __init__(self, agent: str, contact: str, timeout: float, max_bytes: int) -> None:
        self._agent, self._contact, self._timeout, self._max_bytes = agent, contact, timeout, max_bytes
        self._local = threading.local()

    def get(self, url: str, conditions: dict[str, str]) -> Answer:
        """Ask once.

        Parameters
        ----------
        url : str
            An http, https or ftp address; an FTP folder ends in a slash, and its content is its names, one a line.
        conditions : dict
            Headers of a conditional request.

        Raises
        ------
        Absent, Refused, Temporary
            If there is no content.
        """
        return self._ftp(url) if urlsplit(url).scheme == "ftp" else self._http(url, conditions)

    def _http(self, url: str, conditions: dict[str, str]) -> Answer:
        try:
            with self._session().get(
                url, headers=conditions, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                status = f"{response.status_code} {response.reason or ''}".strip()
                if response.status_code == 304:
                    return Answer(headers=headers)
                if response.status_code in REDIRECTS:
                    return Answer(headers=headers, location=headers.get("location", ""))
                if response.status_code in REFUSALS:
                    raise Refused(status)
                if response.status_code in TEMPORARY:
                    raise Overloaded(status, retry_after=retry_after(headers.get("retry-after", "")))
                if response.status_code != 200:
                    raise Absent(status)
                # Not decoded: a few bytes of gzip can be gigabytes, and no encoding was asked for.
                if headers.get("content-encoding", "identity") != "identity":
                    raise Absent(f"encoded as {headers['content-encoding']}, which was not asked for")
                return Answer(self._read(response.raw), headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _temporary(error) from error
        except ValueError as error:
            # Requests looks at where a redirect leads, even if it is not to follow it.
            raise Absent("moved to another host") from error

    def _read(self, stream: urllib3.HTTPResponse) -> bytes:
        content = bytearray()
        while chunk := stream.read(CHUNK):
            content += chunk
            self._check(len(content))
        return bytes(content)

    def _check(self, length: int) -> None:
        if length > self._max_bytes:
            raise Absent(f"larger than {self._max_bytes} bytes")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.headers.update({"User-Agent": self._agent, "Accept-Encoding": "identity"})
            # Without this, requests would take a password from ~/.netrc.
            session.auth = lambda request: request
            self._local.session = session
        return self._local.session

    def _ftp(self, url: str) -> Answer:
        path = addresses.path(url)
        if any(ord(character) < 32 for character in path):
            raise Absent("a control character in its address")
        connected = False
        try:
            connection = self._connection(url)
            connected = True
            return Answer(self._names(connection, path) if path.endswith("/") else self._retrieve(connection, path))
        except ftplib.error_perm as error:
            raise _denied(error) from error
        except Absent:
            # Broken off in the middle of a transfer, perhaps.
            self._connections().pop(addresses.authority(url), None)
            raise
        except (ftplib.Error, EOFError, OSError, UnicodeError) as error:
            # The connection may be out of step: it is not used again.
            self._connections().pop(addresses.authority(url), None)
            if isinstance(error, ftplib.error_temp):
                raise Overloaded(str(error)) from error
            raise (Temporary if connected else Unreached)(f"connection broken ({error})") from error

    def _connections(self) -> dict[str, ftplib.FTP]:
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        return self._local.connections

    def _connection(self, url: str) -> ftplib.FTP:
        """Return the thread's connection to a host, logged in."""
        name, parts = addresses.authority(url), urlsplit(url)
        if name not in self._connections():
            connection = ftplib.FTP(timeout=self._timeout, encoding="latin-1")  # noqa: S321 - public archives
            connection.connect(parts.hostname or "", parts.port or addresses.PORTS["ftp"])
            connection.login("anonymous", self._contact)
            connection.set_pasv(True)
            self._connections()[name] = connection
        return self._connections()[name]

    def _names(self, connection: ftplib.FTP, folder: str) -> bytes:
        """Return the names in a folder, one a line."""
        connection.cwd(folder)
        names = bytearray()

        def keep(name: str) -> None:
            names.extend(name.encode() + b"\n")
            self._check(len(names))

        try:
            connection.retrlines("NLST", keep)
        except ftplib.error_perm:
            # Some servers know no NLST, and others answer 550 where a folder is empty.
            connection.retrlines("LIST", lambda line: keep(line.rpartition(" ")[2]))
        if not names:
            raise Absent("an empty folder")
        return bytes(names)

    def _retrieve(self, connection: ftplib.FTP, path: str) -> bytes:
        content = bytearray()

        def keep(chunk: bytes) -> None:
            content.extend(chunk)
            self._check(len(content))

        connection.voidcmd("TYPE I")
        expected = connection.size(path)
        connection.retrbinary(f"RETR {path}", keep, CHUNK)
        if expected is not None and len(content) != expected:
            raise OSError(f"{len(content)} of {expected} bytes came")
        return bytes(content)


def retry_after(value: str) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or until a date (RFC 9110, 10.2.3).

    Parameters
    ----------
    value : str
        The header's value; blank if there is none.

    Returns
    -------
    float or None
        At least 0; None if there is no such header, or it says neither.
    """
    if value.strip().isdecimal():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())


def _temporary(error: Exception) -> Temporary:
    """Say what went wrong with a connection."""
    cause = getattr(error.args[0], "reason", error) if error.args else error
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError) or isinstance(
        cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    ):
        return Unreached(f"cannot be reached ({cause})")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return Temporary("no answer in time")
    return Temporary("truncated" if "IncompleteRead" in str(error) else "connection broken")


def _denied(error: ftplib.error_perm) -> Absent | Refused:
    """Tell a file that is not there from a host that lets nobody in."""
    text = str(error)
    return Refused(text) if text.startswith("53") else Absent(text)
