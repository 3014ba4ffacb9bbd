"""The thread that sends. It starts with the first call and sleeps while there is nothing to do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from featurememory_client.delivery.bell import Bell
from featurememory_client.delivery.courier import Courier
from featurememory_client.delivery.outbox import Outbox
from featurememory_client.delivery.parcels import Mark, Parcel
from featurememory_client.delivery.postponed import Postponed
from featurememory_client.delivery.spooling import Spooling
from featurememory_client.delivery.verdicts import DROPPED, LATER, SENT, UNKNOWN
from featurememory_client.errors import Reporter
from featurememory_client.http.deadline import SLICE_S
from featurememory_client.http.transport import Transport

GATHER_S = 0.1  # calls come in bursts: one request for many
MOST_PARCELS = 200  # written in some 2 ms of the interpreter's time, which callers wait for
MOST_BYTES = 1 << 20


class Sender:
    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        spooling: Spooling,
        write: Callable[[Parcel], bytes],
        reporter: Reporter,
    ) -> None:
        self._outbox = outbox
        self._spooling = spooling
        self._write = write
        self._reporter = reporter
        self._postponed = Postponed()
        self._bell = Bell()
        self._start_lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._is_idle = False
        self._is_retired = False
        self._hurry_until = 0.0
        self.courier = Courier(transport, reporter.report, self._look_around)

    # ---- called by other threads ----

    def notify(self) -> None:
        """There is something in the queue, or an error to be told."""
        if self._thread is None:
            self._start()
        if self._is_idle:
            self._bell.ring()

    def hurry(self, seconds: float) -> None:
        """Somebody waits: no gathering and no long pauses for so long."""
        self._hurry_until = time.monotonic() + seconds
        self._start()
        self._bell.ring()

    def retire(self) -> None:
        """End once the queue is empty."""
        self._is_retired = True
        self._bell.ring()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="feature-memory", daemon=True)
                # At the very end, or at the system's limit, there are no new threads.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def send_here(self, seconds: float) -> None:
        """In the caller's thread, when this one could not be started."""
        if self._thread is None:
            self.courier.answer_s = seconds
            while self._send_next():
                pass

    def put_postponed_back(self) -> None:
        for parcel in self._postponed.take_all():
            self._outbox.put(parcel)

    # ---- the thread ----

    def _run(self) -> None:
        while not (self._is_retired and self._outbox.is_empty):
            try:
                self._wait_until_needed()
                self._wait_until_allowed()
                while self._send_next():
                    pass
            except Exception as error:  # it has to live as long as the process
                self._reporter.report(error)
                time.sleep(GATHER_S)
        self.courier.close()

    @property
    def _hurries(self) -> bool:
        return time.monotonic() < self._hurry_until

    def _wait_until_needed(self) -> None:
        if self._outbox.is_empty:
            self._is_idle = True
            # Looked at again: what was put before it was idle did not ring.
            if self._outbox.is_empty and not self._is_retired:
                self._reporter.tell()
                self._bell.wait(self._find_pause())
            self._is_idle = False
        if not self._hurries and not self._outbox.is_pressed:
            self._bell.wait(GATHER_S)

    def _find_pause(self) -> float | None:
        """Seconds until something is to be tried again; None when there is nothing."""
        due = self._postponed.list_due()
        if self._spooling.holds_own:
            due.append(self.courier.retry_at)
        return min(due) - time.monotonic() if due else None

    def _wait_until_allowed(self) -> None:
        """After a failure, the pause; the queue may run full meanwhile."""
        while self.courier.retry_at > time.monotonic():
            if self._hurries:
                self.courier.wait_less()
            self._bell.wait(min(SLICE_S, self.courier.retry_at - time.monotonic()))
            self._look_around()

    def _look_around(self) -> None:
        self._reporter.tell()
        self._spooling.relieve()

    def _send_next(self) -> bool:
        """Send a batch, serve a mark or empty a file of the spool; False: nothing, or not now."""
        self._look_around()
        for parcel in self._postponed.take_due():
            self._outbox.put(parcel)
        mark = self._outbox.take_mark()
        if mark is not None:
            return self._serve_mark(mark)
        batch = self._outbox.take(MOST_PARCELS, MOST_BYTES)
        if not batch:
            return self._spooling.send_file(self.courier)
        if batch[0].is_feedback:
            return self._send_feedback(batch)
        return self._send_interactions(batch)

    def _send_interactions(self, batch: list[Parcel]) -> bool:
        try:
            fates = self.courier.send_batch([self._write(parcel) for parcel in batch])
        except Exception:
            self._outbox.put_back(batch)
            raise
        later = [parcel for parcel, fate in zip(batch, fates) if fate == LATER]
        for fate in (SENT, DROPPED):
            self._outbox.settle((p for p, given in zip(batch, fates) if given == fate), fate)
        self._outbox.put_back(later)
        return not later

    def _send_feedback(self, batch: list[Parcel]) -> bool:
        for number, parcel in enumerate(batch):
            try:
                fate = self.courier.send_feedback(self._write(parcel))
            except Exception:
                self._outbox.put_back(batch[number:])
                raise
            if fate == LATER:
                self._outbox.put_back(batch[number:])
                return False
            self._outbox.settle([parcel], DROPPED if fate == UNKNOWN else fate)
            if fate == UNKNOWN:
                self._postponed.add(parcel)
        return True

    def _serve_mark(self, mark: Mark) -> bool:
        """All before it has left the queue; of the spool one file a turn, so that new calls go on."""
        if mark.spool_too:
            self._spooling.look_now()
            if self._spooling.send_file(self.courier):
                self._outbox.put_mark(mark)
                return True
            if not self._spooling.is_empty:
                self._outbox.put_mark_back(mark)
                return False
        mark.reach(self._outbox.dropped)
        return True
