"""The queue between the callers and the sender, and the count of what became of everything.

`made = sent + dropped + queued + spooled` holds whenever it is asked: one lock, short steps. The
lock is reentrant: a stream that is collected as garbage hands its call over from wherever the
interpreter happens to be, even from within `put`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Union

from featurememory_client.delivery.parcels import Mark, Parcel

Item = Union[Parcel, Mark]

MOST_BYTES = 40 << 20  # held in memory for a server that is away
MOST_FEEDBACK = 1000


class Outbox:
    def __init__(self, max_queue: int, has_spool: bool) -> None:
        # A spool takes what is too much; until it has, only the bytes are a limit to a burst.
        self._limit = MOST_BYTES if has_spool else max_queue
        self._max_queue = max_queue
        self._lock = threading.RLock()
        self._waiting: deque[Item] = deque()
        self._taken: dict[Parcel, None] = {}  # on their way to the server or the spool
        self._is_closed = False
        self._bytes = self._feedback = 0
        self.queued = self.sent = self.dropped = self.retried = self.spooled = 0

    # ---- callers ----

    def put(self, parcel: Parcel) -> bool:
        """False when there is no room for it, or it came after the end."""
        with self._lock:
            if self._has_room(parcel):
                self._count(parcel, 1)
                self._waiting.append(parcel)
                return True
            self.dropped += not parcel.is_feedback
            return False

    def _has_room(self, parcel: Parcel) -> bool:
        if self._is_closed or self._bytes + parcel.weight > MOST_BYTES:
            return False
        if parcel.is_feedback:
            return self._feedback < MOST_FEEDBACK
        return self.queued < self._limit

    def _count(self, parcel: Parcel, step: int) -> None:
        self._bytes += step * parcel.weight
        if parcel.is_feedback:
            self._feedback += step
        else:
            self.queued += step

    def put_mark(self, mark: Mark) -> None:
        with self._lock:
            self._waiting.append(mark)

    def put_mark_back(self, mark: Mark) -> None:
        with self._lock:
            self._waiting.appendleft(mark)

    def count(self) -> dict[str, int]:
        with self._lock:
            names = ("queued", "sent", "dropped", "retried", "spooled")
            return {name: getattr(self, name) for name in names}

    @property
    def is_empty(self) -> bool:
        with self._lock:
            return not self._waiting and not self._taken

    @property
    def is_pressed(self) -> bool:
        """Whether it is time for the spool."""
        return self.queued >= self._max_queue or self._bytes > MOST_BYTES // 2

    # ---- the sender ----

    def take_mark(self) -> Mark | None:
        """The mark at the head of the queue, if one stands there."""
        with self._lock:
            if self._waiting and isinstance(self._waiting[0], Mark):
                mark: Item = self._waiting.popleft()
                return mark if isinstance(mark, Mark) else None
            return None

    def take(self, most: int, most_bytes: int) -> list[Parcel]:
        """The next parcels of one kind. They count as queued until they are settled."""
        batch: list[Parcel] = []
        weight = 0
        with self._lock:
            while self._waiting and len(batch) < most and weight < most_bytes:
                head = self._waiting[0]
                if isinstance(head, Mark) or (batch and head.is_feedback != batch[0].is_feedback):
                    break
                weight += head.weight
                batch.append(head)
                self._waiting.popleft()
            self._taken.update(dict.fromkeys(batch))
        return batch

    def take_for_spool(self, most: int) -> list[Parcel]:
        """The next parcels of any kind; marks go to the end of the queue."""
        with self._lock:
            items = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._waiting.extend(item for item in items if isinstance(item, Mark))
            batch = [item for item in items if isinstance(item, Parcel)]
            self._taken.update(dict.fromkeys(batch))
        return batch

    def settle(self, parcels: Iterable[Parcel], fate: str) -> None:
        """They are `sent`, `dropped` or `spooled`; a no-op for what `close` took over."""
        with self._lock:
            for parcel in parcels:
                if self._let_go(parcel) and not parcel.is_feedback:
                    setattr(self, fate, getattr(self, fate) + 1)

    def put_back(self, parcels: list[Parcel], retried: bool = True) -> None:
        """They could not be sent now: to the head of the queue, in their order."""
        with self._lock:
            mine = [parcel for parcel in parcels if self._let_go(parcel)]
            for parcel in reversed(mine):
                self._count(parcel, 1)
                self._waiting.appendleft(parcel)
            self.retried += sum(retried and not parcel.is_feedback for parcel in mine)

    def _let_go(self, parcel: Parcel) -> bool:
        if parcel not in self._taken:
            return False
        del self._taken[parcel]
        self._count(parcel, -1)
        return True

    def resettle_spooled(self, sent: int, dropped: int) -> None:
        """What this process had put into the spool has left it."""
        with self._lock:
            self.spooled -= sent + dropped
            self.sent += sent
            self.dropped += dropped

    # ---- the end ----

    def close(self) -> list[Parcel]:
        """Everything that is left, also what the sender holds: it is the caller's now to settle."""
        with self._lock:
            waiting = [item for item in self._waiting if isinstance(item, Parcel)]
            self._waiting.clear()
            left = [*self._taken, *waiting]
            self._taken = {}
            self._is_closed = True
            return left

    def settle_left(self, left: Iterable[Parcel], fate: str) -> None:
        with self._lock:
            self._taken = dict.fromkeys(left)
            self.settle(list(self._taken), fate)
