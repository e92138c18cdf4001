"""The same folder over FTP: anonymous, passive, NLST and LIST."""

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

from tests.archive_server.faults import Fault
from tests.archive_server.server import DRIP

# Without a handler of its own it would set one up that speaks of every connection.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())


class Dripping:
    """What pyftpdlib reads a file from: a byte now and then, for ever."""

    def more(self) -> bytes:
        """Return the next byte."""
        time.sleep(DRIP)
        return b"."


@dataclass
class FtpServer:
    """An FTP site, between ``with`` and its end.

    Parameters
    ----------
    folder : Path
        What is served.
    faults : list of Fault
        What goes wrong: ``crowded``, ``truncated``, ``drip``, ``missing``, ``forbidden``.
    nlst : bool
        Whether names can be listed alone.
    """

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    nlst: bool = True
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> "FtpServer":
        authorizer = DummyAuthorizer()
        authorizer.add_anonymous(str(self.folder))
        site = self

        class Handler(FTPHandler):
            """One client."""

            def ftp_RETR(self, file: str) -> str | None:  # noqa: N802
                return None if self.misbehaves(file) else super().ftp_RETR(file)

            def ftp_CWD(self, path: str) -> str | None:  # noqa: N802
                return None if self.misbehaves(path) else super().ftp_CWD(path)

            def ftp_NLST(self, path: str) -> str | None:  # noqa: N802
                if not site.nlst:
                    self.respond("502 NLST not implemented.")
                    return None
                return super().ftp_NLST(path)

            def misbehaves(self, path: str) -> bool:
                """Tell whether a command goes wrong, and how."""
                virtual = self.fs.fs2ftp(path)
                site.commands.append(virtual)
                fault = next((fault for fault in site.faults if fault.strikes(virtual)), None)
                match fault and fault.kind:
                    case "crowded":
                        self.respond("421 There are too many connected users, please try later.")
                        self.close_when_done()
                    case "missing":
                        self.respond("550 No such file or directory.")
                    case "forbidden":
                        self.respond("530 Not logged in.")
                    case "truncated":
                        content = Path(path).read_bytes()
                        self.push_dtp_data(content[: len(content) // 2], isproducer=False, cmd="RETR")
                    case "drip":
                        self.push_dtp_data(Dripping(), isproducer=True, cmd="RETR")
                    case _:
                        return False
                return True

        Handler.authorizer = authorizer
        Handler.auth_failed_timeout = 0
        self._server = ThreadedFTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"timeout": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close_all()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return f"ftp://127.0.0.1:{self.port}"
