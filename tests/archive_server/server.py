"""A threaded HTTP server on the loopback over a folder and mounted pages; it remembers every request."""

import datetime as dt
import email.utils
import gzip
import hashlib
import html
import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from PIL import Image

from tests.archive_server.faults import Fault

ERROR_PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"
SOFT_MISSING_PAGE = (
    b"<!DOCTYPE html><html><body><h1>We could not find that page</h1>"
    b'<a href="/">Home</a> <a href="/about.html">About</a> <a href="/img/logo.jpg">Logo</a></body></html>'
)
HTML = "text/html"
TYPES = {
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".txt": "text/plain",
    ".json": "application/json",
    ".csv": "text/csv",
}
BOMB_SIDE = 30_000
DRIP = 0.3  # seconds between two drops


@dataclass(frozen=True)
class Page:
    """A page: its content and its type."""

    content: bytes
    content_type: str = HTML


Mount = Callable[[str, dict[str, str]], Page | None]
"""Takes the path below the mount and the query; returns None for what is not there."""


@dataclass
class Request:
    """A request as the server saw it: path with its query, headers in lower case, when, and the status it got."""

    path: str
    headers: dict[str, str]
    time: float
    status: int = 0


@dataclass
class ArchiveServer:
    """A site, between ``with`` and its end.

    Parameters
    ----------
    folder : Path
        Files and folders that are served as they are, folders as an index page.
    mounts : dict
        Pages by the prefix of their path.
    faults : list of Fault
        What goes wrong; the first that strikes counts.
    robots : str or None
        The site's robots.txt; None if it has none.
    """

    folder: Path
    mounts: dict[str, Mount] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    robots: str | None = None
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0

    def __enter__(self) -> "ArchiveServer":
        self._lock = threading.Lock()
        self._running = 0
        self._http = _Server(("127.0.0.1", self.port), _Handler)
        self._http.site = self
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def asked(self, part: str = "") -> list[Request]:
        """Return the requests whose path contains a text, robots.txt aside."""
        return [request for request in self.requests if part in request.path and request.path != "/robots.txt"]

    def begin(self, request: Request) -> None:
        """Remember a request that begins."""
        with self._lock:
            self.requests.append(request)
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)

    def end(self) -> None:
        """Count a request as answered: before the client can know of it, and ask for more."""
        with self._lock:
            self._running -= 1

    def page(self, path: str, query: dict[str, str]) -> Page | None:
        """Return what is at a path, or None."""
        if path == "/robots.txt":
            return None if self.robots is None else Page(self.robots.encode(), "text/plain")
        for prefix, mount in self.mounts.items():
            if path.startswith(prefix):
                return mount(path.removeprefix(prefix), query)
        file = self.folder / path.strip("/")
        if path.endswith("/") and file.is_dir():
            return Page(index(path, [entry.name + "/" * entry.is_dir() for entry in sorted(file.iterdir())]).encode())
        if file.is_file():
            return Page(file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))
        return None


def index(path: str, names: Iterable[str], absolute: bool | None = None) -> str:
    """Return an index page: links relative or, every other folder, absolute; sort links; anchors without an address."""
    absolute = bool(hashlib.sha256(path.encode()).digest()[0] % 2) if absolute is None else absolute
    links = "".join(
        f'<img src="/icons/image2.gif" alt="[IMG]"> <a href="{quote((path if absolute else "") + name)}">'
        f"{html.escape(name)}</a>   2019-02-01 10:31   61K\n"
        for name in names
    )
    return (
        f"<html><head><title>Index of {path}</title></head><body><h1>Index of {path}</h1><a name='top'>&nbsp;</a><pre>"
        '<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>'
        f'<a href="/pub/">Parent Directory</a>   -\n{links}</pre></body></html>'
    )


def bomb() -> bytes:
    """Return a JPEG that is small as a file and fills the memory as an image."""
    small = io.BytesIO()
    Image.new("L", (8, 8)).save(small, "JPEG")
    content = bytearray(small.getvalue())
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", BOMB_SIDE, BOMB_SIDE)
    return bytes(content)


class _Server(ThreadingHTTPServer):
    site: ArchiveServer
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    ahead = 0  # Seconds by which the server's clock is ahead

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return a time, or now, by the server's clock."""
        return super().date_time_string((time.time() if timestamp is None else timestamp) + self.ahead)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_seen = Request(self.path, headers, time.monotonic())
        self.site.begin(self.request_seen)
        self._answer()

    @property
    def site(self) -> ArchiveServer:
        """What is served."""
        return cast(_Server, self.server).site

    def _answer(self) -> None:
        site = self.site
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), {name: values[0] for name, values in parse_qs(parts.query).items()}
        fault = next((fault for fault in site.faults if fault.strikes(self.path)), None)
        page = site.page(path, query)
        if fault is not None:
            self._misbehave(fault, page)
        elif page is None:
            self._send(404, ERROR_PAGE)
        else:
            etag = f'"{hashlib.sha256(page.content).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == etag:
                self._send(304, b"", ETag=etag)
            else:
                self._send(200, page.content, page.content_type, ETag=etag)

    def _send(
        self, status: int, content: bytes, content_type: str = HTML, length: int | None = None, **headers: str
    ) -> None:
        self.request_seen.status = status
        self.site.end()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, drop: bytes) -> None:
        """Send the same again and again until the client hangs up."""
        self.close_connection = True
        with suppress(OSError):
            while True:
                self.wfile.write(drop)
                time.sleep(DRIP)

    def _misbehave(self, fault: Fault, page: Page | None) -> None:
        whole = page or Page(b"")
        match fault.kind:
            case "busy" | "crowded":
                self._send(503, ERROR_PAGE)
            case "throttled":
                self._send(429, ERROR_PAGE, Retry_After=str(fault.retry_after))
            case "throttled_until":
                until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=fault.retry_after)
                self._send(429, ERROR_PAGE, Retry_After=email.utils.format_datetime(until, usegmt=True))
            case "throttled_ahead":
                self.ahead = 3600
                by_its_clock = self.date_time_string(time.time() + fault.retry_after)
                self._send(429, ERROR_PAGE, Retry_After=by_its_clock)
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.site.end()
            case "truncated":
                self._send(200, whole.content[: len(whole.content) // 2], whole.content_type, len(whole.content) + 1)
                self.close_connection = True
            case "slow":
                self.connection.recv(1)  # until the client hangs up
                self.close_connection = True
                self.site.end()
            case "drip":
                self._send(200, b"", whole.content_type, 10**6)
                self._drip(b".")
            case "drip_headers":
                self.send_response(200)
                self.flush_headers()
                self.site.end()
                self._drip(b"X-More: yes\r\n")
            case "missing":
                self._send(404, ERROR_PAGE)
            case "forbidden":
                self._send(403, ERROR_PAGE)
            case "html":
                self._send(200, ERROR_PAGE, whole.content_type)
            case "soft_missing":
                self._send(200, SOFT_MISSING_PAGE)
            case "empty":
                self._send(200, b"", whole.content_type)
            case "cut":
                self._send(200, whole.content[: len(whole.content) // 2], whole.content_type)
            case "holed":
                content, hole = whole.content, min(4096, len(whole.content) // 3)
                self._send(200, content[: len(content) // 2] + content[len(content) // 2 + hole :], whole.content_type)
            case "ends_early":
                lines = whole.content.splitlines(keepends=True)
                self._send(200, b"".join(lines[: len(lines) // 2]), whole.content_type)
            case "huge":
                self._send(200, whole.content + bytes(10**7), whole.content_type)
            case "bomb":
                self._send(200, bomb(), whole.content_type)
            case "moved":
                self._send(301, b"", Location=fault.target + self.path)
            case "gzip":
                self._send(200, gzip.compress(whole.content), whole.content_type, Content_Encoding="gzip")
