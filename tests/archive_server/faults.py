"""What goes wrong: for which paths, how, and how often."""

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "busy",  # 503
    "throttled",  # 429, with Retry-After in seconds
    "throttled_until",  # 429, with Retry-After as a date
    "throttled_ahead",  # the same, by a clock that is an hour ahead
    "crowded",  # FTP's 421
    "reset",  # the connection is reset
    "truncated",  # fewer bytes than announced
    "slow",  # no byte in time
    "drip",  # a byte now and then, for ever
    "drip_headers",  # headers now and then, without an end
    "missing",  # 404, FTP's 550
    "forbidden",  # 403
    "html",  # an error page that says 200
    "soft_missing",  # the same with links, as a listing has
    "empty",  # no byte at all, and 200
    "cut",  # half a file, announced as whole
    "holed",  # 4 kB (or a third) missing in the middle
    "ends_early",  # whole lines, but only the first half of them
    "huge",  # more bytes than any image has
    "bomb",  # a small file of many pixels
    "moved",  # 301 to the same path at `target`
    "gzip",  # encoded, though not asked for
]


@dataclass
class Fault:
    """Requests whose path matches a regular expression go wrong, for ever or so many times a path."""

    pattern: str
    kind: Kind
    times: int | None = None
    retry_after: int = 0
    target: str = ""
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, path: str) -> bool:
        """Tell whether this request goes wrong, and count it."""
        if not re.search(self.pattern, path):
            return False
        with self._lock:
            self._counts[path] = self._counts.get(path, 0) + 1
            return self.times is None or self._counts[path] <= self.times


BROKEN: tuple[Kind, ...] = ("busy", "throttled", "throttled_until", "reset", "truncated", "slow")
SLOW: tuple[Kind, ...] = ("slow", "drip", "drip_headers")
"""What a client ends by itself, after its timeout."""

TRANSIENT: tuple[Kind, ...] = (*BROKEN, "html", "empty", "cut", "holed")
"""What a client that tries again gets over."""

PERMANENT: tuple[Kind, ...] = ("missing", "html", "empty", "cut", "holed", "huge", "bomb", "gzip")
"""What loses a file for good."""
