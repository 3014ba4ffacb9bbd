"""What goes to the spool and what comes back from it, and its share in the counts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence

from featurememory_client.delivery.courier import Courier
from featurememory_client.delivery.outbox import Outbox
from featurememory_client.delivery.parcels import Parcel
from featurememory_client.delivery.spool import Spool, SpoolFile
from featurememory_client.delivery.verdicts import DROPPED, LATER, SENT

AT_ONCE = 500
BROKEN_S = 30.0  # a folder that could not be written to is left alone for so long
FEEDBACK_BEGINS = b'{"metric_name":'


class Spooling:
    """Without a spool everything here does nothing."""

    def __init__(
        self,
        spool: Spool | None,
        outbox: Outbox,
        write: Callable[[Parcel], bytes],
        report: Callable[[Exception], None],
    ) -> None:
        self._spool = spool
        self._outbox = outbox
        self._write = write
        self._report = report
        self._broken_until = 0.0
        self._lock = threading.RLock()
        self._claimed: SpoolFile | None = None
        self._is_closed = False
        self.recovered = 0  # sent for processes that ended before

    @property
    def is_there(self) -> bool:
        return self._spool is not None

    @property
    def holds_own(self) -> bool:
        return self._spool is not None and self._spool.holds_own

    def relieve(self) -> None:
        """Empty a queue that has run full."""
        while self._spool and self._outbox.is_pressed and time.monotonic() >= self._broken_until:
            parcels = self._outbox.take_for_spool(AT_ONCE)
            if not parcels:
                return
            stored = self._store(self._spool, parcels)
            self._outbox.settle(parcels[:stored], "spooled")
            self._outbox.put_back(parcels[stored:], retried=False)

    def store_left(self, parcels: Sequence[Parcel]) -> None:
        """At the end: everything into the spool; dropped where there is none."""
        stored = self._store(self._spool, parcels) if self._spool and parcels else 0
        self._outbox.settle_left(parcels[:stored], "spooled")
        self._outbox.settle_left(parcels[stored:], DROPPED)

    def _store(self, spool: Spool, parcels: Sequence[Parcel]) -> int:
        stored = 0
        try:
            bodies = [self._write(parcel) for parcel in parcels]
            stored = spool.write(bodies, [not parcel.is_feedback for parcel in parcels])
        except OSError as error:
            self._report(error)
        if stored < len(parcels):  # the disk or the spool's own share of it is full
            self._broken_until = time.monotonic() + BROKEN_S
        return stored

    def look_now(self) -> None:
        if self._spool is not None:
            self._spool.look_now()

    @property
    def is_empty(self) -> bool:
        """As far as the last look could tell."""
        return self._spool is None or not self._spool.is_due

    def send_file(self, courier: Courier) -> bool:
        """Send the oldest file; False when there is none, or it could not be sent now."""
        try:
            file = self._claim()
            if file is None:
                return False
            fates = self._send_lines(file.read(), courier)
            return self._release(file, fates)
        except OSError as error:  # the folder, not the server
            self._report(error)
            return False

    def _claim(self) -> SpoolFile | None:
        with self._lock:
            if self._spool is None or self._is_closed or not self._spool.is_due:
                return None
            self._claimed = self._spool.claim_next()
            return self._claimed

    def _release(self, file: SpoolFile, fates: list[str]) -> bool:
        """Remove it when all of it was sent, else give it back."""
        with self._lock:
            if self._claimed is not file or self._spool is None:
                return False  # `close` has given it back
            self._claimed = None
            if LATER in fates:
                self._spool.return_file(file)
                return False
            file.remove()
            self._count(file, fates)
            return True

    def close(self) -> None:
        """The process ends: a file that stayed claimed would be found again only after minutes."""
        with self._lock:
            file, self._claimed = self._claimed, None
            self._is_closed = True
            if file is not None and self._spool is not None:
                with contextlib.suppress(OSError):
                    self._spool.return_file(file)

    def _send_lines(self, lines: list[bytes], courier: Courier) -> list[str]:
        """The fates of the interactions in order, then those of feedback."""
        feedback = [line for line in lines if line.startswith(FEEDBACK_BEGINS)]
        bodies = [line for line in lines if not line.startswith(FEEDBACK_BEGINS)]
        fates = courier.send_batch(bodies) if bodies else []
        if LATER not in fates:
            fates += [LATER for line in feedback if courier.send_feedback(line) == LATER]
        return fates

    def _count(self, file: SpoolFile, fates: list[str]) -> None:
        sent = fates.count(SENT)
        if file.made_here:
            self._outbox.resettle_spooled(sent, file.made_here - sent)
        else:
            self.recovered += sent
