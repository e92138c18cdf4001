"""Reads robots.txt (RFC 9309): which addresses may be requested, and how often.

`protego` matches the rules: wildcards, the end of an address, the longest rule first. It would also apply the group of
an agent ``solar`` to ``solarflare``. So the group with exactly our name is taken, or else the group ``*``.
"""

import re

from protego import Protego

NAME = "solarflare"  # Our product token
_AGENT = re.compile(r"^(\s*user[- ]?agent\s*:?\s*)([a-z_-]+)[^\r\n]*$", re.IGNORECASE | re.MULTILINE)


class Robots:
    """The rules of a robots.txt for us.

    Parameters
    ----------
    content : bytes
        The file, UTF-8 with or without a byte order mark; blank if the host has none.
    """

    def __init__(self, content: bytes) -> None:
        text = content.decode("utf-8-sig", errors="replace")
        # What follows the name of an agent, such as its version, does not count.
        self._rules = Protego.parse(_AGENT.sub(r"\1\2", text))
        named = {match[2].lower() for match in _AGENT.finditer(text)}
        self._agent = NAME if NAME in named else "*"

    @property
    def delay(self) -> float:
        """The seconds between two requests that Crawl-delay asks for; 0 without it."""
        return float(self._rules.crawl_delay(self._agent) or 0)

    def allow(self, url: str) -> bool:
        """Return whether an address may be requested."""
        return self._rules.can_fetch(url, self._agent)
