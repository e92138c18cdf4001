"""The ways in which a request can fail."""

from solarflare.core.errors import InputError


class Failure(Exception):  # noqa: N818 - the subclasses are outcomes, not mistakes
    """A request that returned no content. `retry_after`: the wait in seconds that the host asks for, or None."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Absent(Failure):
    """The file is not there, or cannot be used. A second request would not help."""


class Lost(Absent):
    """The file did not come, through the network or a broken answer. A later run may get it."""


class Refused(Failure):
    """The host refuses requests (403, robots.txt) and gets no more of them. Files in the cache stay."""


class Temporary(Failure):
    """The request failed, but a second try may work: a broken connection, half a file, a wrong file."""


class Unreadable(Temporary):
    """The host answered with something else than the file."""


class Overloaded(Temporary):
    """The host cannot answer now (429, 503, FTP's 421)."""


class Throttled(Overloaded):
    """The host says that it gets too many requests (429)."""


class Unreached(Temporary):
    """The host does not answer at all."""


class Interrupted(InputError):  # noqa: N818 - an outcome, not a mistake
    """No more requests to the host are possible now (daily cap, a long wait). A later run continues from the cache."""


class HostDown(Interrupted):
    """The host does not answer, or has failed for one file after another: it is left for this run.

    The next archive of an image may stand in; without one, the image is lost. A list without its host ends the run.
    """

    reason = "the host is down"


class TooManyRequests(Interrupted):
    """The host keeps saying that it gets too many requests, and gets no more of them in this run."""
