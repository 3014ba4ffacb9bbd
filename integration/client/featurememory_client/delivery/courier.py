"""Brings batches to the server and says what became of each of their parts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from featurememory_client.delivery.verdicts import (
    DROPPED,
    LATER,
    Verdict,
    judge_batch,
    judge_feedback,
)
from featurememory_client.http.connection import Connection
from featurememory_client.http.deadline import Deadline
from featurememory_client.http.reply import BadReply, HttpReply
from featurememory_client.http.transport import Transport

BATCH, FEEDBACK = "/api/v1/interactions/batch/", "/api/v1/feedback/"
ANSWER_S = 25.0  # a busy server may keep a batch waiting for 20 s before it says so
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0


class Courier:
    """Used by the sender alone. `failures` counts what failed in a row."""

    def __init__(
        self,
        transport: Transport,
        report: Callable[[Exception], None],
        meanwhile: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._report = report
        self._meanwhile = meanwhile
        self._connection: Connection | None = None
        self.answer_s = ANSWER_S
        self.failures = 0
        self.retry_at = 0.0
        self._asked_pause = 0.0

    def send_batch(self, bodies: list[bytes]) -> list[str]:
        """The fate of each. What the server refuses as a whole is halved until it is found."""
        verdict = self._post(BATCH, b"[" + b",".join(bodies) + b"]", len(bodies))
        if verdict.fates is not None:
            return verdict.fates
        if len(bodies) == 1:
            return [DROPPED]
        half = len(bodies) // 2
        first = self.send_batch(bodies[:half])
        if LATER in first:
            return first + [LATER] * (len(bodies) - half)
        return first + self.send_batch(bodies[half:])

    def send_feedback(self, body: bytes) -> str:
        fates = self._post(FEEDBACK, body, 0).fates or [DROPPED]
        return fates[0]

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _post(self, path: str, body: bytes, size: int) -> Verdict:
        try:
            if self._connection is None:
                self._connection = self._transport.make_connection()
            reply = self._connection.post(path, body, Deadline(self.answer_s, self._meanwhile))
        except (OSError, BadReply) as error:
            return self._note(Verdict([LATER] * max(1, size)), error)
        verdict = self._judge(reply, size)
        return self._note(verdict, OSError(verdict.reason) if verdict.reason else None)

    def _judge(self, reply: HttpReply, size: int) -> Verdict:
        return judge_batch(reply, size) if size else judge_feedback(reply)

    def _note(self, verdict: Verdict, error: Exception | None) -> Verdict:
        if error is not None:
            self._report(error)
        if verdict.fates is None or LATER not in verdict.fates:
            self.failures, self.retry_at = 0, 0.0
        else:
            self.failures += 1
            self._asked_pause = verdict.pause_s
            self.retry_at = time.monotonic() + (verdict.pause_s or self._choose_pause())
        return verdict

    def _choose_pause(self) -> float:
        """Longer each time, and never for all processes of a server at once."""
        longest: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.failures, 10))
        return longest * (0.5 + os.urandom(1)[0] / 512)

    def wait_less(self) -> None:
        """Somebody waits for the sender now: only short pauses, but those the server asks for."""
        pause = max(2 * FIRST_PAUSE_S, min(self._asked_pause, 1.0))
        self.retry_at = min(self.retry_at, time.monotonic() + pause)
