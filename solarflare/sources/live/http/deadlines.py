"""Cuts transfers that are too slow or too long, and all transfers at Ctrl-C.

The timeout of a socket is not enough: it starts again with each byte, so a host that sends one now and then is waited
for without end.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from solarflare.sources.live.http.outcomes import Interrupted, Temporary

PERIOD = 0.1  # Seconds between two checks
IDLE = 2.0  # Seconds without a transfer after which the thread that checks ends
STOPPED = "stopped; run again to continue"


class Transfer:
    """A request and its answer. `received` counts the bytes of the content; `cut` is why it was ended, or blank."""

    def __init__(self) -> None:
        self.received, self.cut = 0, ""
        self._sockets: list[socket.socket] = []
        self._begin = self._window_begin = time.monotonic()
        self._window_received = 0

    def watch(self, connection: socket.socket) -> None:
        """Let a connection be closed with the transfer."""
        if connection not in self._sockets:
            self._sockets.append(connection)
            self._window_begin = time.monotonic()
        if self.cut:
            self.end(self.cut)

    def end(self, reason: str) -> None:
        """Close the connections: a thread that waits for a byte goes on at once."""
        self.cut = self.cut or reason
        for connection in list(self._sockets):
            # The method of an SSL socket would change the socket while another thread reads from it.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def check(self, window: float, min_speed: float, max_seconds: float) -> None:
        """End the transfer if its last window of so many seconds was too slow, or if all of it takes too long."""
        now = time.monotonic()
        if now - self._begin > max_seconds:
            self.end(f"not complete after {max_seconds:g} s")
        if now - self._window_begin > window + PERIOD:
            if self.received - self._window_received < min_speed * window:
                self.end(f"slower than {min_speed:g} bytes a second for {window:g} s")
            self._window_begin, self._window_received = now, self.received


class Deadlines:
    """Watches all transfers of a run.

    Parameters
    ----------
    window : float
        Seconds over which the speed is measured.
    min_speed : float
        Bytes a second. A slower transfer is cut.
    max_seconds : float
        Seconds that a transfer may take as a whole.
    """

    def __init__(self, window: float, min_speed: float, max_seconds: float) -> None:
        self._limits = window, min_speed, max_seconds
        self._transfers: set[Transfer] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    @contextmanager
    def transfer(self) -> Iterator[Transfer]:
        """Yield a new transfer. After the block raise Temporary if it was cut, or Interrupted if the run stopped."""
        transfer = Transfer()
        with self._lock:
            self._transfers.add(transfer)
            if self._stopped.is_set():
                transfer.end(STOPPED)
            elif self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
        try:
            yield transfer
        except Exception as error:
            if transfer.cut:
                raise self._outcome(transfer) from error
            raise
        finally:
            with self._lock:
                self._transfers.discard(transfer)
        if transfer.cut:
            # Without a Content-Length, an answer that was cut looks complete.
            raise self._outcome(transfer)

    def stop(self) -> None:
        """Cut all transfers, also those that begin later."""
        with self._lock:
            self._stopped.set()
            for transfer in self._transfers:
                transfer.end(STOPPED)

    def _outcome(self, transfer: Transfer) -> Temporary | Interrupted:
        return Interrupted(transfer.cut) if self._stopped.is_set() else Temporary(transfer.cut)

    def _watch(self) -> None:
        idle_since = time.monotonic()
        while not self._stopped.wait(PERIOD):
            with self._lock:
                for transfer in self._transfers:
                    transfer.check(*self._limits)
                if self._transfers:
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > IDLE:
                    self._thread = None
                    return
