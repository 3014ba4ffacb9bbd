"""Everything that belongs to one server: the queue, its sender, the spool, and who asks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from featurememory_client.asking.asker import Asker
from featurememory_client.asking.decision import Decision
from featurememory_client.delivery.outbox import Outbox
from featurememory_client.delivery.parcels import Mark, Parcel
from featurememory_client.delivery.sender import Sender
from featurememory_client.delivery.spool import Spool
from featurememory_client.delivery.spooling import Spooling
from featurememory_client.errors import Reporter
from featurememory_client.http.address import Address
from featurememory_client.http.transport import Transport
from featurememory_client.recording.call import Call
from featurememory_client.recording.snapshot import LEFT_OUT
from featurememory_client.settings import Settings
from featurememory_client.shapes import Disguise

LOOK_S = 0.005
KNOWN_DEAD = 4  # failures in a row


class Client:
    """Opens nothing and starts no thread until the first call."""

    def __init__(self, settings: Settings, address: Address, agent: str) -> None:
        self.settings = settings
        in_shapes = settings.capture == "shapes"
        self._disguise = Disguise(settings.key).disguise if in_shapes else leave_as_it_is
        self.reporter = Reporter(settings.on_error)
        transport = Transport(address, settings.key, agent)
        self._outbox = Outbox(settings.max_queue, settings.spool is not None)
        spool = Spool(settings.spool, settings.key) if settings.spool else None
        report = self.reporter.report
        self._spooling = Spooling(spool, self._outbox, self._write, report)
        self._sender = Sender(self._outbox, transport, self._spooling, self._write, self.reporter)
        # What was answered before is a shape then: nothing to serve.
        self._asker = Asker(transport, self._disguise, not in_shapes, self.report)

    def _write(self, parcel: Parcel) -> bytes:
        try:
            return parcel.write(self._disguise)
        except Exception as error:  # nothing should get here; it must not stop the others
            self.reporter.report(error)
            return parcel.write(leave_out_texts)

    def report(self, error: Exception) -> None:
        self.reporter.report(error)
        if self.reporter.has_listener:
            self._sender.notify()

    # ---- recording ----

    def take(self, call: Call) -> None:
        """The ended call into the queue."""
        content = call.end()
        if self._outbox.put(Parcel(content, call.weight)):
            self._sender.notify()
        else:
            self.reporter.last_error = self.reporter.last_error or "the queue is full"

    def take_feedback(self, target: Mapping[str, str], values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            content = {"metric_name": name, "value": value, **target}
            self._outbox.put(Parcel(content, 500, is_feedback=True))
        self._sender.notify()

    # ---- asking ----

    def ask(
        self,
        task: Mapping[str, Any],
        timeout: float | None = None,
        session_id: str | None = None,
        models: Sequence[str] | None = None,
    ) -> Decision:
        seconds = self.settings.timeout if timeout is None else timeout
        return self._asker.ask(task, seconds, session_id, models)

    @property
    def would_wait(self) -> bool:
        return self._asker.would_wait

    # ---- waiting and ending ----

    def flush(self, seconds: float) -> bool:
        mark = self._put_mark(seconds, spool_too=True)
        return mark.wait(seconds) and mark.was_sent

    def _put_mark(self, seconds: float, spool_too: bool) -> Mark:
        mark = Mark(self._outbox.dropped, spool_too)
        self._outbox.put_mark(mark)
        self._sender.hurry(seconds)
        return mark

    def retire(self) -> None:
        self._sender.retire()
        self._asker.close()

    def let_go_in_child(self) -> None:
        """The connections are the parent's; here only their descriptors are closed."""
        self._sender.courier.close()
        self._asker.close()

    def close(self, deadline: float) -> None:
        """Send what is here until then; what stays goes to the spool, or is dropped."""
        try:
            if not self._outbox.is_empty:
                self._drain(deadline)
        finally:
            self._sender.put_postponed_back()
            self._spooling.close()
            left = self._outbox.close()
            self._spooling.store_left(left)

    def _drain(self, deadline: float) -> None:
        courier = self._sender.courier
        before = courier.failures
        # A spool takes it at once; and a server that was dead for long will not come back now.
        allowed = 1 if self._spooling.is_there or before >= KNOWN_DEAD else 1000
        # Up to a mark: other threads may go on making calls to the end.
        mark = self._put_mark(deadline - time.monotonic(), spool_too=False)
        self._sender.send_here(deadline - time.monotonic())
        while courier.failures < before + allowed and time.monotonic() < deadline:
            if mark.wait(LOOK_S):
                return

    # ---- what became of it ----

    def stats(self) -> dict[str, Any]:
        return {
            **self._outbox.count(),
            "recovered": self._spooling.recovered,
            "prepared": self._asker.prepared,
            "prepare_failed": self._asker.failed,
            "last_error": self.reporter.last_error,
        }


def leave_as_it_is(content: dict[str, Any]) -> dict[str, Any]:
    return content


def leave_out_texts(content: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "model_id", "task_type", "metadata", "success")
    return {"input": LEFT_OUT, "output": LEFT_OUT, **{name: content.get(name) for name in kept}}
