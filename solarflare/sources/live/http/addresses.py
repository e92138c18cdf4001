"""Which addresses may be requested: http, https and ftp, on the hosts of the parameters, without credentials."""

from collections.abc import Iterable
from urllib.parse import quote, urljoin, urlsplit

from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.sources.live.http.outcomes import Absent

PORTS = {"http": 80, "https": 443, "ftp": 21}  # The allowed schemes, and their default ports


def authority(url: str) -> str:
    """Return the host of an address, with the port unless it is the default port of the scheme.

    Raises an InputError if the address is not http, https or ftp, names no host, or carries credentials.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise InputError(f"{url!r} is not an address; expected one such as https://www.example.org/data/") from None
    if scheme not in PORTS or not host:
        raise InputError(f"{url!r} cannot be fetched; expected an address with http, https or ftp and a host")
    if "@" in parts.netloc:
        raise InputError("an address in scrape.live.urls carries a user name; the archives need none: remove it")
    return host if port in (None, PORTS[scheme]) else f"{host}:{port}"


def redirected(url: str, location: str, hosts: Iterable[str]) -> str:
    """Return the target of a redirect (`location` is the header). Raise Absent if it is on none of the hosts."""
    try:
        target = urljoin(url, location)
        allowed = authority(target) in hosts
    except (ValueError, InputError):
        target, allowed = location, False
    if not allowed:
        log.warning("%s has moved to %r, on a host that scrape.live.extra_hosts does not list", url, target)
        raise Absent("moved to another host")
    return target


def join(base: str, *names: str) -> str:
    """Return an address below a base. Each name is quoted, also its slashes, so that it cannot leave its folder."""
    return base.rstrip("/") + "/" + "/".join(quote(name, safe="") for name in names)
