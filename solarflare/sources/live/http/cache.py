"""Stores downloads on disk, one per address. A JSON file beside each download has its hash and headers.

requests-cache is not used: it has no size cap and does not check the content before storing it. It stores neither FTP
files nor browser pages, and keeps no hash of the content.
"""

import datetime as dt
import hashlib
from pathlib import Path

from solarflare.core import strict_json
from solarflare.core.console import log
from solarflare.core.files import atomic_path

SETTLED = dt.timedelta(days=30)  # A report or a listing of a day this long ago does not change any more
KEPT_HEADERS = ("content-type", "etag", "last-modified")


def settled(day: dt.date) -> bool:
    """Return whether the report or the listing of a day has its final form."""
    return dt.datetime.now(dt.UTC).date() - day > SETTLED


class Cache:
    """A folder of downloads. A killed process, a full disk or a flipped bit cannot make it return wrong content.

    The JSON file is written after the content and holds its hash. Content without a JSON file, or with another hash,
    counts as missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, url: str) -> bytes | None:
        """Return the content of an address, or None if it is missing or damaged."""
        if (facts := self._facts(url)) is None:
            return None
        try:
            content = self._path(url).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() != facts.get("sha256"):
            log.warning("the cached copy of %s is damaged; it is fetched again", url)
            return None
        return content

    def is_final(self, url: str) -> bool:
        """Return whether a copy is there, and was fetched when the file had its final form."""
        facts = self._facts(url)
        return facts is not None and facts.get("final") is not False

    def finalize(self, url: str) -> None:
        """Note that the copy of an address is final."""
        self._note(url, (self._facts(url) or {}) | {"final": True})

    def conditions(self, url: str) -> dict[str, str]:
        """Return the request headers that make the host send the content only if it has changed (RFC 9110, 13.1)."""
        headers = (self._facts(url) or {}).get("headers", {})
        conditions = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
        return {name: value for name, value in conditions.items() if value}

    def write(self, url: str, content: bytes, headers: dict[str, str], *, final: bool) -> None:
        """Store the content of an address. `final` says whether the file can still change at the host."""
        kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
        facts = {"url": url, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "headers": kept}
        with atomic_path(self._path(url)) as partial:
            partial.write_bytes(content)
        self._note(url, facts | {"final": final})

    def _note(self, url: str, facts: dict) -> None:
        with atomic_path(self._path(url).with_suffix(".json")) as partial:
            partial.write_text(strict_json.dumps(facts, indent=1), encoding="utf-8")

    def _facts(self, url: str) -> dict | None:
        try:
            facts = strict_json.parse(self._path(url).with_suffix(".json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return facts if isinstance(facts, dict) and facts.get("url") == url else None

    def _path(self, url: str) -> Path:
        # The path is a hash, so that no name from a server becomes a path.
        key = hashlib.sha256(url.encode()).hexdigest()
        return self.folder / key[:2] / key
