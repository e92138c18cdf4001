"""The observatories' sites on the loopback: real HTTP, real FTP, and every misbehaviour that has been seen of them.

`server` answers HTTP and keeps a log of who asked for what, `ftp` serves the same files over FTP, `faults` says which
requests go wrong and how, `observatories` lays out the image archives, `pages` writes the text reports.
"""

from tests.archive_server.faults import Fault
from tests.archive_server.server import ArchiveServer, Page

__all__ = ["ArchiveServer", "Fault", "Page"]
