"""How a request can end, other than with the file."""

from solarflare.core.errors import InputError


class Absent(Exception):  # noqa: N818 - an outcome, not a mistake
    """A file is not there, or is there and cannot be used; to ask again would change nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):  # noqa: N818 - an outcome, not a mistake
    """A host does not want to be asked (403, robots.txt): stop with this host, keep what is there."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Interrupted(InputError):  # noqa: N818 - an outcome, not a mistake
    """A host cannot be asked any more today (daily cap, no answer): what is there is kept, a later run continues."""


class Temporary(Exception):  # noqa: N818 - an outcome, not a mistake
    """A request failed in a way that may pass: a broken connection, half a file, something else than the file."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Overloaded(Temporary):
    """The host itself says that it cannot answer now (429, 503, FTP's 421), perhaps for how many seconds."""


class Unreached(Temporary):
    """Nobody answers."""
