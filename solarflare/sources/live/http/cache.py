"""Downloads kept by address, each beside a note of its hash and of what the server said of it."""

import hashlib
import json
import logging
from pathlib import Path

from solarflare.core.files import atomic_path

KEPT_HEADERS = ("content-type", "etag", "last-modified")

log = logging.getLogger("solarflare")


class Cache:
    """A folder of downloads that a killed process, a full disk or a flipped bit cannot spoil.

    The note is written after the content and holds its hash: a content without its note, or other than it says, is not
    there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, url: str) -> bytes | None:
        """Return what was kept of an address, or None if there is nothing, or it is not what was kept."""
        path, note = self._path(url), self._note(url)
        if note is None:
            return None
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() != note.get("sha256"):
            log.warning("the cached copy of %s is damaged; it is fetched again", url)
            return None
        return content

    def conditions(self, url: str) -> dict[str, str]:
        """Return the headers that ask a server whether an address has changed since it was kept (RFC 9110, 13.1)."""
        headers = (self._note(url) or {}).get("headers", {})
        asked = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
        return {name: value for name, value in asked.items() if value}

    def write(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Keep the content of an address."""
        kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
        note = {"url": url, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "headers": kept}
        path = self._path(url)
        with atomic_path(path) as partial:
            partial.write_bytes(content)
        with atomic_path(path.with_suffix(".json")) as partial:
            partial.write_text(json.dumps(note, indent=1))

    def _note(self, url: str) -> dict | None:
        try:
            note = json.loads(self._path(url).with_suffix(".json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return note if isinstance(note, dict) and note.get("url") == url else None

    def _path(self, url: str) -> Path:
        # A hash: no name from a server ever becomes a path.
        key = hashlib.sha256(url.encode()).hexdigest()
        return self.folder / key[:2] / key
